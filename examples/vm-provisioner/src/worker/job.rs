//! One job, and the request it came from.

use crate::secret::Secret;
use crate::vm::VmId;

/// What is to be done with a machine.
#[derive(Debug)]
pub enum Work {
    /// Make it.
    Provision {
        /// The first password of its administrator, handed to what configures it and kept nowhere.
        admin_password: Option<Secret>,
    },
    /// Start it.
    Start,
    /// Stop it.
    Stop,
    /// Take it away.
    Destroy,
}

impl Work {
    /// What the log calls it.
    pub const fn operation(&self) -> &'static str {
        match self {
            Self::Provision { .. } => "provision_vm",
            Self::Start => "start_vm",
            Self::Stop => "stop_vm",
            Self::Destroy => "destroy_vm",
        }
    }
}

/// One job.
#[derive(Debug)]
pub struct Job {
    /// The machine.
    pub vm_id: VmId,
    /// What to do with it.
    pub work: Work,
    /// The context of the request that asked for it.
    pub context: Option<cupola::context::Context>,
}

impl Job {
    /// A job that belongs to the request that is being served right now.
    pub fn here(vm_id: VmId, work: Work) -> Self {
        Self { vm_id, work, context: cupola::context::current() }
    }
}
