//! What happens to an execution.

use std::time::Duration;

use cupola_context::Amount;
use cupola_redact::Masked;

use super::check::Check;
use super::facts::Execution;
use super::parts::{FileUse, Override, Retried, Snapshot, Step};
use super::resources::ResourceUse;
use super::state::ExecutionState;

/// Something that happened to an execution: one line each, and [`Execution::apply`] takes it in.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ExecutionEvent {
    /// It is there, and waits: what was known of it then.
    Created(Box<Execution>),
    /// An attempt has begun.
    Started {
        /// Which one, from 1.
        attempt: u32,
        /// How long it has waited, of the first.
        waited: Option<Duration>,
    },
    /// A part of it has begun, gone on or ended.
    Step(Step),
    /// Something was looked at.
    Checked(Check),
    /// An attempt has failed, and it waits for another.
    Retried(Retried),
    /// A file was read or written.
    File(FileUse),
    /// Settings are other than usual.
    Overridden(Override),
    /// It is over.
    Ended(Box<End>),
}

/// How an execution ended.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct End {
    /// Completed, failed or cancelled.
    pub state: ExecutionState,
    /// From its first attempt.
    pub duration: Option<Duration>,
    /// What came out.
    pub output: Option<Snapshot>,
    /// Why it failed or was cancelled: a type from a closed set.
    pub error_type: Option<Box<str>>,
    /// The same in words.
    pub error: Option<Masked>,
    /// By how much the use of the process changed.
    pub resources: ResourceUse,
    /// What was added up inside.
    pub totals: Vec<(Box<str>, Amount)>,
}
