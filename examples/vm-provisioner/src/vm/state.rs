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
        /// Something went wrong; its address is back in the pool.
        Failed = "failed",
    }
}

impl VmState {
    /// Whether it stays so until its owner asks for something.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Running | Self::Stopped | Self::Failed)
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
        /// The hypervisor has made the machine.
        MachineProvisioned = "machine_provisioned",
        /// The hypervisor has started the machine.
        MachineStarted = "machine_started",
        /// The hypervisor has stopped the machine.
        MachineStopped = "machine_stopped",
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
            Self::MachineProvisioned | Self::MachineStarted | Self::MachineStopped => 80,
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
            Self::MachineStopped => "machine stopped",
            Self::StatusUpdated => "status updated",
            Self::Done => "done",
        }
    }
}
