//! One job, as the queue keeps it: nothing in it is secret.

use serde::{Deserialize, Serialize};

use crate::vm::{VmId, VmState};

/// What is to be done with a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Make it.
    Provision,
    /// Start it.
    Start,
    /// Stop it.
    Stop,
    /// Take it away.
    Destroy,
}

impl Work {
    /// What the log calls it.
    pub const fn operation(self) -> &'static str {
        match self {
            Self::Provision => "provision_vm",
            Self::Start => "start_vm",
            Self::Stop => "stop_vm",
            Self::Destroy => "destroy_vm",
        }
    }

    /// In which states a machine waits for it, or is in the midst of it.
    pub(super) const fn states(self) -> &'static [VmState] {
        match self {
            Self::Provision => &[VmState::Pending, VmState::Provisioning],
            Self::Start => &[VmState::Starting],
            Self::Stop => &[VmState::Stopping],
            Self::Destroy => &[VmState::Deleting],
        }
    }

    /// The state of a machine in the midst of it.
    pub(super) const fn through(self) -> VmState {
        match self {
            Self::Provision => VmState::Provisioning,
            Self::Start => VmState::Starting,
            Self::Stop => VmState::Stopping,
            Self::Destroy => VmState::Deleting,
        }
    }
}

/// One job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The machine.
    pub vm_id: VmId,
    /// What to do with it.
    pub work: Work,
}
