//! Why an evaluation was not finished.

use std::error::Error;
use std::fmt;

use cupola_store::MetadataError;

/// What was decided could not be read or written.
#[derive(Debug)]
pub struct EvaluateError(MetadataError);

impl From<MetadataError> for EvaluateError {
    fn from(error: MetadataError) -> Self {
        Self(error)
    }
}

impl fmt::Display for EvaluateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the state of alerts cannot be read or written")
    }
}

impl Error for EvaluateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}
