//! Where machines are, as whoever watches them is told.

use serde::Serialize;
use utoipa::ToSchema;

use crate::ansible::TaskStatus;
use crate::vm::{Step, Vm, VmId, VmState};

/// Where a machine is right now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Progress {
    /// Whose progress it is.
    pub vm_id: VmId,
    /// The machine's state.
    pub state: VmState,
    /// The last step that was done, or the one that failed.
    pub step: Step,
    /// How far the job is.
    pub percent: u8,
    /// Why it failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The task of a playbook that has just ended, where this is what is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskProgress>,
}

/// A task of a playbook that has ended.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TaskProgress {
    /// Its name.
    pub name: String,
    /// How it ended.
    pub status: TaskStatus,
}

impl Progress {
    /// Whether nothing more will be told of the job.
    pub fn is_last(&self) -> bool {
        self.state.is_final() || (self.state, self.step) == (VmState::Deleting, Step::Done)
    }
}

impl From<&Vm> for Progress {
    fn from(vm: &Vm) -> Self {
        Self {
            vm_id: vm.id.clone(),
            state: vm.state,
            step: vm.step,
            percent: vm.step.percent(),
            failure: vm.failure.clone(),
            task: None,
        }
    }
}
