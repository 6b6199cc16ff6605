//! Jobs: work that a queue keeps for later, when it is queued, when it begins and when it ends.

mod ended;
mod enqueue;
mod facts;
mod log;
mod open;
#[cfg(test)]
mod tests;

pub use ended::{JobEnded, JobOutcome, JobRetry};
pub use enqueue::{Enqueue, EnqueueEnded, EnqueueOutcome, OpenEnqueue};
pub use facts::{Job, JobOrigin};
pub use log::{JOB_ACTION, JOB_TARGET, JobLog};
pub use open::OpenJob;
