//! A setting of a receiver that is not accepted.

use std::error::Error;
use std::fmt;

/// A setting of a receiver is not accepted. It says which and why, and not what the setting was: that may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    field: &'static str,
    why: String,
}

impl SettingError {
    pub(crate) fn new(field: &'static str, why: impl Into<String>) -> Self {
        Self { field, why: why.into() }
    }

    /// Which: `url`, `to`.
    pub fn field(&self) -> &'static str {
        self.field
    }

    pub(crate) fn why(&self) -> &str {
        &self.why
    }
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.why)
    }
}

impl Error for SettingError {}
