//! Why an envelope is not believed.

use std::fmt;

/// Why an envelope is not believed. The job is none the worse for it: it is worked on in a context of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidEnvelope {
    /// It does not begin as one.
    Foreign,
    /// It is of another major version.
    UnknownVersion,
    /// It is longer than 8 KiB.
    TooLong,
    /// It begins as one, and goes on as something else.
    Malformed,
    /// It has no seal, and must have one.
    Unsealed,
    /// Its seal is of another text, or made by another key.
    BadSeal,
}

impl InvalidEnvelope {
    /// The reason as fields and labels name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Foreign => "foreign",
            Self::UnknownVersion => "unknown_version",
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::Unsealed => "unsealed",
            Self::BadSeal => "bad_seal",
        }
    }
}

impl fmt::Display for InvalidEnvelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => "the text is no envelope",
            Self::UnknownVersion => "the envelope is of a version that is not known here",
            Self::TooLong => "the envelope is longer than 8 KiB",
            Self::Malformed => "the envelope is malformed",
            Self::Unsealed => "the envelope has no seal",
            Self::BadSeal => "the envelope's seal is not of a key that is known here",
        })
    }
}

impl std::error::Error for InvalidEnvelope {}
