//! What is wrong with bytes that are no block.

use std::error::Error;
use std::fmt;

/// Bytes that were cut, changed, or never a part of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Torn(pub(crate) &'static str);

impl fmt::Display for Torn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a torn block: {}", self.0)
    }
}

impl Error for Torn {}
