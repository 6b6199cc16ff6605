//! Which entries a question is about, and how much may be done for it.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::language::Expression;
use crate::signal::Signal;

/// Which entries a question is about, and how much may be done for it.
///
/// ```
/// use std::time::Duration;
/// use cupola_store::{Selection, Signal};
///
/// let selection = Selection { since: Some(1_795_232_762_000_000_000), ..Selection::of(Signal::Logs) };
/// assert_eq!(selection.deadline, Duration::from_secs(10));
/// ```
#[derive(Clone, Debug)]
pub struct Selection {
    /// What is asked for.
    pub signal: Signal,
    /// What entries have to be; `None` for all.
    pub expression: Option<Expression>,
    /// From this time on, in nanoseconds since 1970.
    pub since: Option<i64>,
    /// Before this time, in nanoseconds since 1970.
    pub until: Option<i64>,
    /// How long may be read; what has been found by then is the answer, which says that it is partial. Looked at before each block of a few
    /// thousand entries.
    pub deadline: Duration,
    /// Over how many entries may be read. Those of blocks that are passed over do not count.
    pub budget: u64,
}

impl Selection {
    /// All of a signal, for at most ten seconds and a hundred million entries.
    pub fn of(signal: Signal) -> Self {
        Self {
            signal,
            expression: None,
            since: None,
            until: None,
            deadline: Duration::from_secs(10),
            budget: 100_000_000,
        }
    }

    /// The times that are meant, both ends within.
    pub(crate) fn times(&self) -> RangeInclusive<i64> {
        let last = self.until.map_or(i64::MAX, |until| until.saturating_sub(1));
        self.since.unwrap_or(i64::MIN)..=last
    }
}

/// Why an answer does not tell of all that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Partial {
    /// The time was over.
    Deadline,
    /// So many entries had been read as may be.
    Budget,
    /// Some blocks or files of the store cannot be read.
    Damaged,
    /// Whoever asked waits for it no longer.
    Cancelled,
}

/// What was done for an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scanned {
    /// Entries of the blocks that were read.
    pub entries: u64,
    /// Blocks that were read.
    pub blocks: u64,
    /// Blocks of the time that was asked for that were passed over, because they cannot hold what was.
    pub passed: u64,
    /// Blocks and files that cannot be read.
    pub damaged: u64,
}

impl Scanned {
    pub(super) fn add(&mut self, other: &Self) {
        self.entries += other.entries;
        self.blocks += other.blocks;
        self.passed += other.passed;
        self.damaged += other.damaged;
    }
}
