//! Why an index cannot be used.

use std::fmt;

/// Why bytes are not an index that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexError {
    /// They do not begin as an index does.
    NotAnIndex,
    /// It is of a later version than this one.
    Version(u16),
    /// It was cut, or is not what was written.
    Damaged,
}

impl fmt::Display for IndexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnIndex => f.write_str("not an index"),
            Self::Version(major) => write!(f, "an index of version {major}, which is not known here"),
            Self::Damaged => f.write_str("a damaged index"),
        }
    }
}

impl std::error::Error for IndexError {}
