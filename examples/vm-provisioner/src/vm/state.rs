//! Where a machine is in its life.

use crate::named::named;

named! {
    /// The state of a machine.
    VmState {
        /// Asked for; no worker has begun.
        Pending = "pending",
        /// A worker is making it.
        Provisioning = "provisioning",
        /// It runs.
        Running = "running",
        /// A worker is stopping it.
        Stopping = "stopping",
        /// It is stopped, and keeps its address.
        Stopped = "stopped",
        /// A worker is starting it.
        Starting = "starting",
        /// A worker is taking it away; then there is no record of it.
        Deleting = "deleting",
        /// Something went wrong; its address is back in the pool.
        Failed = "failed",
    }
}

impl VmState {
    /// Those in which it stays until its owner asks for something.
    pub const FINAL: &'static [Self] = &[Self::Running, Self::Stopped, Self::Failed];

    /// Whether it is one of those.
    pub fn is_final(self) -> bool {
        Self::FINAL.contains(&self)
    }
}

named! {
    /// The steps of a worker's job, in their order.
    Step {
        /// The job waits for a worker.
        Queued = "queued",
        /// The machine's record is read.
        RecordLoaded = "record_loaded",
        /// An address of the pool is the machine's.
        AddressAllocated = "ip_allocated",
        /// The hypervisor has prepared what the machine needs to run.
        MachineProvisioned = "machine_provisioned",
        /// The hypervisor has started the machine, and it has booted.
        MachineStarted = "machine_started",
        /// Its playbook has configured the machine.
        MachineConfigured = "machine_configured",
        /// The hypervisor has stopped the machine.
        MachineStopped = "machine_stopped",
        /// The hypervisor has taken the machine away.
        MachineDestroyed = "machine_destroyed",
        /// The new state is written.
        StatusUpdated = "status_updated",
        /// Nothing is left to do.
        Done = "done",
    }
}

impl Step {
    /// How far a job is after this step.
    pub const fn percent(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::RecordLoaded => 10,
            Self::AddressAllocated => 30,
            Self::MachineProvisioned => 50,
            Self::MachineStarted | Self::MachineStopped | Self::MachineDestroyed => 80,
            Self::MachineConfigured => 90,
            Self::StatusUpdated => 95,
            Self::Done => 100,
        }
    }

    /// What the log says when the step is done.
    pub const fn said(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::RecordLoaded => "record loaded",
            Self::AddressAllocated => "IP address allocated",
            Self::MachineProvisioned => "machine provisioned",
            Self::MachineStarted => "machine started",
            Self::MachineConfigured => "machine configured",
            Self::MachineStopped => "machine stopped",
            Self::MachineDestroyed => "machine destroyed",
            Self::StatusUpdated => "status updated",
            Self::Done => "done",
        }
    }
}
