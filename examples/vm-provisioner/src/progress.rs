//! News about machines, from the workers to whoever watches.

use serde::Serialize;
use tokio::sync::broadcast;
use utoipa::ToSchema;

use crate::ansible::{TaskEnd, TaskStatus};
use crate::vm::{Step, Vm, VmId, VmState};

/// How many pieces of news a slow watcher may be behind before it has to look into the store instead.
const KEPT: usize = 256;

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

/// The place where news is told; clones share it.
#[derive(Clone, Debug)]
pub struct News {
    sender: broadcast::Sender<Progress>,
}

impl Default for News {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(KEPT) }
    }
}

impl News {
    /// Tells where the machine is.
    pub fn tell(&self, vm: &Vm) {
        // An error means that nobody watches, which is fine.
        let _ = self.sender.send(Progress::from(vm));
    }

    /// Tells that a task has ended with which the machine is configured.
    pub fn tell_task(&self, vm: &Vm, end: &TaskEnd) {
        let task = Some(TaskProgress { name: end.task.clone(), status: end.status });
        let _ = self.sender.send(Progress { task, ..Progress::from(vm) });
    }

    /// All news from now on.
    pub fn watch(&self) -> broadcast::Receiver<Progress> {
        self.sender.subscribe()
    }
}
