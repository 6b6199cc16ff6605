//! An error with a name from a closed set.

use std::error::Error;
use std::fmt;

/// Any error, as handlers give it.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// An error with a name, so that lines and metrics can tell it apart: its text may be anything, and is no label.
///
/// ```
/// use cupola_job::{BoxError, TypedError};
///
/// fn work() -> Result<u8, BoxError> {
///     Ok("7".parse().map_err(|error| TypedError::new("bad_number", error))?)
/// }
/// # assert!(work().is_ok());
/// ```
#[derive(Debug)]
pub struct TypedError {
    name: &'static str,
    error: BoxError,
}

impl TypedError {
    /// This error under this name: a few letters, digits and `_.:-`.
    pub fn new(name: &'static str, error: impl Into<BoxError>) -> Self {
        Self { name, error: error.into() }
    }

    /// The name.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl fmt::Display for TypedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for TypedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}
