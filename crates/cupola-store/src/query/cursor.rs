//! Where a page ends: a place that stays the same however blocks are put together meanwhile.

use std::fmt;
use std::str::FromStr;

use super::error::QueryError;

/// Where the next page begins.
///
/// Its text is opaque; it is read with [`str::parse`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// All entries after this time have been given.
    pub(super) time: i64,
    /// Of those of this time, the ones whose digests are less,
    pub(super) digest: u64,
    /// and so many that have this one.
    pub(super) given: u64,
}

impl Cursor {
    /// Before all entries of this time.
    pub(super) fn before(time: i64) -> Self {
        Self { time, digest: 0, given: 0 }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}-{:x}", self.time.cast_unsigned(), self.digest, self.given)
    }
}

impl FromStr for Cursor {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        let mut numbers = text.split('-').map(|digits| u64::from_str_radix(digits, 16).ok());
        let read = (numbers.next().flatten(), numbers.next().flatten(), numbers.next().flatten(), numbers.next());
        match read {
            (Some(time), Some(digest), Some(given), None) => Ok(Self { time: time.cast_signed(), digest, given }),
            _ => Err(QueryError::asked("no cursor: it is what an earlier answer gave, as it was")),
        }
    }
}
