//! Where an execution is, and where it may go from there.

use std::fmt;

use tracing::Level;

/// Where an execution is.
///
/// ```text
/// pending ──► running ──► completed
///    ▲ │         │ │ └──► failed
///    │ └─────────┼─┴────► cancelled      (a pending one can fail too: it was never begun)
///    └── retry ──┘
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExecutionState {
    /// It waits to be begun, for the first time or for another attempt.
    #[default]
    Pending,
    /// It is being worked on.
    Running,
    /// It has done what it should.
    Completed,
    /// It has not, and will not.
    Failed,
    /// Nobody waits for it any more.
    Cancelled,
}

impl ExecutionState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Running, Self::Completed, Self::Failed, Self::Cancelled];

    /// The state as the field has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether it stays there for ever.
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// Whether it may go from here to there.
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Pending => matches!(next, Self::Running | Self::Failed | Self::Cancelled),
            Self::Running => matches!(next, Self::Pending | Self::Completed | Self::Failed | Self::Cancelled),
            Self::Completed | Self::Failed | Self::Cancelled => false,
        }
    }

    pub(super) const fn level(self) -> Level {
        match self {
            Self::Pending | Self::Running | Self::Completed => Level::INFO,
            Self::Cancelled => Level::WARN,
            Self::Failed => Level::ERROR,
        }
    }
}

impl fmt::Display for ExecutionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_these_ways_are_open() {
        use ExecutionState::{Cancelled, Completed, Failed, Pending, Running};
        let open = [
            (Pending, Running),
            (Pending, Failed),
            (Pending, Cancelled),
            (Running, Pending),
            (Running, Completed),
            (Running, Failed),
            (Running, Cancelled),
        ];
        for from in ExecutionState::ALL {
            for to in ExecutionState::ALL {
                assert_eq!(from.may_become(to), open.contains(&(from, to)), "{from} to {to}");
            }
            assert_eq!(ExecutionState::named(from.as_str()), Some(from));
        }
        assert_eq!(ExecutionState::named("done"), None);
    }
}
