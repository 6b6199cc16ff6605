//! Why a machine was not configured.

use std::fmt;
use std::io;
use std::time::Duration;

use super::event::{TaskEnd, TaskStatus};

/// Why a machine was not configured. Its text is for the machine's owner, its source for the log.
#[derive(Debug)]
pub enum AnsibleError {
    /// A task failed.
    Failed {
        /// Its name.
        task: String,
        /// What it says itself.
        reason: Reason,
    },
    /// The machine was not reached.
    Unreachable {
        /// The task that tried to.
        task: String,
        /// What it says itself.
        reason: Reason,
    },
    /// It took longer than this.
    Deadline(Duration),
    /// Ansible does not start.
    Start(io::Error),
    /// Ansible ended, and has not told why.
    Ended(Reason),
}

/// What somebody else says.
#[derive(Debug)]
pub struct Reason(pub(super) String);

impl AnsibleError {
    /// Why the task ended the playbook, if it did.
    pub(super) fn of(end: &TaskEnd) -> Option<Self> {
        if !end.is_failure() {
            return None;
        }
        let (task, reason) = (end.task.clone(), Reason(end.reason().unwrap_or("it does not say why").to_owned()));
        Some(match end.status {
            TaskStatus::Unreachable => Self::Unreachable { task, reason },
            _ => Self::Failed { task, reason },
        })
    }
}

impl fmt::Display for AnsibleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { task, .. } => write!(f, "the task {task:?} failed"),
            Self::Unreachable { task, .. } => write!(f, "the machine cannot be reached for the task {task:?}"),
            Self::Deadline(deadline) => write!(f, "it is not configured after {} s", deadline.as_secs_f64()),
            Self::Start(_) => f.write_str("what configures it does not start"),
            Self::Ended(_) => f.write_str("what configures it ended early"),
        }
    }
}

impl std::error::Error for AnsibleError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed { reason, .. } | Self::Unreachable { reason, .. } | Self::Ended(reason) => Some(reason),
            Self::Start(error) => Some(error),
            Self::Deadline(_) => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Reason {}
