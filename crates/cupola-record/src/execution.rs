//! Executions: units of work that have a life of their own, from pending to an end, with all that belongs to them.

mod check;
mod error;
mod event;
mod facts;
mod log;
mod open;
mod parts;
mod plan;
mod read;
mod resources;
#[cfg(feature = "serde")]
mod serialize;
mod state;

pub use check::Check;
pub use error::{IllegalTransition, RetriesExhausted, TransitionError};
pub use event::{End, ExecutionEvent};
pub use facts::Execution;
pub use log::{EXECUTION_TARGET, ExecutionLog};
pub use open::OpenExecution;
pub use parts::{FileUse, Override, Retried, Snapshot, Step};
pub use plan::{ExecutionPlan, SNAPSHOT_CAP};
pub use resources::{Meter, ProcessUsage, ResourceUse};
pub use state::ExecutionState;

#[cfg(test)]
mod tests;
