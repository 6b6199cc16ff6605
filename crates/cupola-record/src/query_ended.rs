//! What the end of a query adds to what its beginning knew.

use std::time::Duration;

use tracing::Level;

use crate::query_error::QueryError;

/// How a query ended; exactly one of these is recorded for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueryOutcome {
    /// Its answer came whole, or as much of it as was asked for.
    Complete,
    /// It failed.
    Failed(QueryError),
    /// The caller dropped it before its end.
    Dropped,
}

impl QueryOutcome {
    /// The outcome as fields and labels name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Failed(_) => "failed",
            Self::Dropped => "dropped",
        }
    }

    /// The line's message.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Complete => "query completed",
            Self::Failed(_) => "query failed",
            Self::Dropped => "query dropped before its end",
        }
    }
}

/// How a query ended, and what was measured of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct QueryEnded {
    /// How.
    pub outcome: QueryOutcome,
    /// From the call to the end of the answer, the wait for a free connection of a pool included.
    pub duration: Duration,
    /// Rows that came, where an answer has rows.
    pub rows: Option<u64>,
    /// Rows that it changed, where that is known.
    pub rows_affected: Option<u64>,
    /// It took longer than is expected of queries.
    pub slow: bool,
}

impl QueryEnded {
    pub(crate) const fn begun() -> Self {
        Self { outcome: QueryOutcome::Dropped, duration: Duration::ZERO, rows: None, rows_affected: None, slow: false }
    }

    /// What went wrong.
    pub const fn error(&self) -> Option<&QueryError> {
        match &self.outcome {
            QueryOutcome::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// The level of its line: ERROR where it failed, WARN where applications live with such a failure or where it was slow,
    /// else DEBUG.
    pub fn level(&self) -> Level {
        match self.error() {
            Some(error) if !error.kind().is_ordinary() => Level::ERROR,
            Some(_) => Level::WARN,
            None if self.slow => Level::WARN,
            None => Level::DEBUG,
        }
    }
}
