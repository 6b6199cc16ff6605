//! What a check has said.

use std::sync::Arc;
use std::time::Duration;

use cupola_redact::Masked;

/// How one check stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CheckReport {
    /// The check's name.
    pub name: Arc<str>,
    /// Whether it is well, and if not, why not.
    pub status: CheckStatus,
    /// How long the answer took.
    pub took: Duration,
    /// How long ago it was given.
    pub age: Duration,
    /// The error's text, masked.
    pub error: Option<Masked>,
}

/// Whether a check is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckStatus {
    /// It is.
    Ok,
    /// It has given an error.
    Failed,
    /// It has given no answer in its time.
    TimedOut,
    /// It has panicked.
    Panicked,
}

impl CheckStatus {
    /// As a report says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Panicked => "panicked",
        }
    }
}

impl CheckReport {
    /// Whether it is well.
    pub fn is_ok(&self) -> bool {
        self.status == CheckStatus::Ok
    }
}
