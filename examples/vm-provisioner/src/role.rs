//! What a process does of the service's work.

use clap::ValueEnum;

/// What a process does: a service may be one process, or several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// It answers requests and does jobs.
    #[default]
    All,
    /// It answers requests; jobs are done by others.
    Api,
    /// It does jobs.
    Worker,
}

impl Role {
    /// As the option has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Api => "api",
            Self::Worker => "worker",
        }
    }

    /// Whether it answers requests, those for metrics and health aside.
    pub fn answers(self) -> bool {
        self != Self::Worker
    }

    /// Whether it does jobs.
    pub fn works(self) -> bool {
        self != Self::Api
    }
}
