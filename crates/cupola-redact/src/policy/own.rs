//! Names that the user gave.

use super::PolicyError;
use super::error::Problem;
use crate::name::{Name, WINDOW};

/// A name that the user gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum OwnName {
    /// Compared by its letters, in any spelling.
    Letters(Box<[u8]>),
    /// Not in the Latin alphabet: compared whole, without regard to case.
    Exact(Box<str>),
}

impl OwnName {
    pub(super) fn new(name: &str) -> Result<Self, PolicyError> {
        if name.chars().any(|c| !c.is_ascii() && c.is_alphanumeric()) {
            return Ok(Self::Exact(name.to_lowercase().into()));
        }
        let read = Name::new(name.as_bytes());
        if read.squashed().is_empty() || name.len() > WINDOW {
            return Err(PolicyError::new(name, Problem::Unreadable));
        }
        Ok(Self::Letters(read.squashed().into()))
    }

    pub(super) fn is(&self, bytes: &[u8], name: &Name) -> bool {
        match self {
            Self::Letters(letters) => bytes.len() <= WINDOW && *name.squashed() == **letters,
            Self::Exact(text) => String::from_utf8_lossy(bytes).to_lowercase() == **text,
        }
    }

    /// Whether the name ends in this one's words, as `old_customer_ref` does in `customer_ref`.
    pub(super) fn ends(&self, bytes: &[u8], name: &Name) -> bool {
        match self {
            Self::Letters(letters) => {
                name.squashed().strip_suffix(&**letters).is_some_and(|rest| name.is_boundary(rest.len()))
            }
            Self::Exact(_) => self.is(bytes, name),
        }
    }
}
