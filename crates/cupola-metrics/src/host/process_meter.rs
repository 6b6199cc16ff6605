//! What this process uses, asked for whenever somebody wants to know.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cupola_record::{Meter, ProcessUsage};
use sysinfo::{Pid, Process, ProcessRefreshKind, ProcessesToUpdate, System};

/// Asks the operating system what this process uses: some tens of microseconds each time.
///
/// ```
/// use cupola_metrics::host::ProcessMeter;
/// use cupola_record::Meter;
///
/// let meter = ProcessMeter::new().expect("the operating system tells of processes");
/// assert!(meter.usage().memory.is_some_and(|bytes| bytes > 0));
/// ```
pub struct ProcessMeter {
    pid: Pid,
    system: Mutex<System>,
    #[cfg(feature = "nvidia")]
    gpus: Option<crate::gpu::Gpus>,
}

impl ProcessMeter {
    /// A meter of this process; `None` where the operating system tells nothing of processes.
    pub fn new() -> Option<Self> {
        let (pid, system) = (sysinfo::get_current_pid().ok()?, System::new().ok()?);
        Some(Self {
            pid,
            system: Mutex::new(system),
            #[cfg(feature = "nvidia")]
            gpus: None,
        })
    }

    /// The memory that it has on these GPUs is told too.
    #[cfg(feature = "nvidia")]
    #[must_use]
    pub fn with_gpus(mut self, gpus: Option<crate::gpu::Gpus>) -> Self {
        self.gpus = gpus;
        self
    }

    fn gpu_memory(&self) -> Option<u64> {
        #[cfg(feature = "nvidia")]
        return self.gpus.as_ref()?.memory_of(self.pid.as_u32());
        #[cfg(not(feature = "nvidia"))]
        None
    }
}

impl Meter for ProcessMeter {
    fn usage(&self) -> ProcessUsage {
        let mut system = self.system.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = ProcessRefreshKind::nothing().with_cpu().with_memory().with_disk_usage();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[self.pid]), true, kind);
        let usage = system.process(self.pid).map(usage_of).unwrap_or_default();
        ProcessUsage { gpu_memory: self.gpu_memory(), ..usage }
    }
}

fn usage_of(process: &Process) -> ProcessUsage {
    let disk = process.disk_usage();
    ProcessUsage {
        cpu: Some(Duration::from_millis(process.accumulated_cpu_time())),
        memory: Some(process.memory()),
        read: Some(disk.total_read_bytes),
        written: Some(disk.total_written_bytes),
        open_files: process.open_files().map(|files| files as u64),
        gpu_memory: None,
    }
}

impl fmt::Debug for ProcessMeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessMeter").field("pid", &self.pid).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cupola_record::ResourceUse;

    #[test]
    fn what_was_done_meanwhile_is_seen() {
        let meter = ProcessMeter::new().unwrap();
        let before = meter.usage();
        let mut memory = Vec::new();
        memory.resize(64 << 20, 7_u8);
        let mut sum: u64 = memory.iter().map(|byte| u64::from(*byte)).sum();
        while meter.usage().cpu.unwrap() < before.cpu.unwrap() + Duration::from_millis(50) {
            sum += memory.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        }
        let used = ResourceUse::between(&before, &meter.usage());
        assert!(sum > 0 && used.cpu.unwrap() >= Duration::from_millis(50), "{used:?}");
        // Tests beside this one take and give memory too.
        assert!(used.memory.unwrap() > 16 << 20, "{used:?}");
        assert!(used.read.is_some() && used.written.is_some(), "{used:?}");
    }
}
