//! The system in short, as log entries carry it.

use super::reading::Reading;

/// How the machine was at the last sample.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct SystemSnapshot {
    /// How busy all cores together were, from 0 to 1; `None` at the first sample, which has nothing to compare with.
    pub cpu: Option<f64>,
    /// The load of the last minute, where the operating system tells it.
    pub load: Option<f64>,
    /// Bytes of memory that were used.
    pub memory_used: u64,
    /// Bytes of memory.
    pub memory_total: u64,
    /// Bytes of the root file system that were used, or of the fullest where none is mounted there.
    pub disk_used: u64,
    /// Bytes of the same file system.
    pub disk_total: u64,
    /// The host's name.
    pub host: Option<String>,
}

impl SystemSnapshot {
    pub(super) fn of(reading: &Reading) -> Self {
        let share = |space: &super::reading::Use| space.share().unwrap_or_default();
        let fullest = || reading.file_systems.values().max_by(|a, b| share(a).total_cmp(&share(b)));
        let disk = reading.file_systems.get("/").or_else(fullest).copied().unwrap_or_default();
        Self {
            cpu: reading.cpu,
            load: reading.load.map(|load| load[0]),
            memory_used: reading.memory.used,
            memory_total: reading.memory.total,
            disk_used: disk.used,
            disk_total: disk.total,
            host: reading.host.clone(),
        }
    }
}
