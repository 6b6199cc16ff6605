//! What an execution refuses.

use std::fmt;

use super::state::ExecutionState;

/// An execution cannot go from this state to that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "it is the two states, and nothing else")]
pub struct IllegalTransition {
    /// Where it is.
    pub from: ExecutionState,
    /// Where somebody wanted it to go.
    pub to: ExecutionState,
}

/// Why a change of state was refused. Nothing has changed, and nothing was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransitionError {
    /// No way leads there.
    Illegal(IllegalTransition),
    /// Its retries are used up.
    Exhausted(RetriesExhausted),
}

/// All attempts that an execution may have were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "it is a number, and nothing else")]
pub struct RetriesExhausted {
    /// How many retries there may be.
    pub max_retries: u32,
}

impl fmt::Display for IllegalTransition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {} execution cannot become {}", self.from, self.to)
    }
}

impl fmt::Display for RetriesExhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.max_retries {
            0 => f.write_str("the execution may not be tried again"),
            1 => f.write_str("the execution's only retry is used up"),
            most => write!(f, "all {most} retries of the execution are used up"),
        }
    }
}

impl fmt::Display for TransitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Illegal(error) => error.fmt(f),
            Self::Exhausted(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for IllegalTransition {}
impl std::error::Error for RetriesExhausted {}
impl std::error::Error for TransitionError {}

impl From<IllegalTransition> for TransitionError {
    fn from(error: IllegalTransition) -> Self {
        Self::Illegal(error)
    }
}

impl From<RetriesExhausted> for TransitionError {
    fn from(error: RetriesExhausted) -> Self {
        Self::Exhausted(error)
    }
}
