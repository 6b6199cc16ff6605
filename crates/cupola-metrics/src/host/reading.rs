//! One sample, and who takes it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sysinfo::{Disks, Networks, Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// The most file systems, devices and interfaces.
const MOST: usize = 32;

/// What was read at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    /// Of all cores together, from 0 to 1; `None` at the first reading, which has nothing to compare with.
    pub(super) cpu: Option<f64>,
    pub(super) cores: u64,
    pub(super) load: Option<[f64; 3]>,
    pub(super) memory: Use,
    pub(super) swap: Use,
    pub(super) uptime: Option<u64>,
    pub(super) file_systems: BTreeMap<String, Use>,
    pub(super) disks: BTreeMap<String, Moved>,
    pub(super) networks: BTreeMap<String, Network>,
    pub(super) process: Option<Process>,
    pub(super) host: Option<String>,
}

/// Bytes that are used, of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Use {
    pub(super) used: u64,
    pub(super) total: u64,
}

impl Use {
    pub(super) fn share(self) -> Option<f64> {
        (self.total > 0).then(|| self.used as f64 / self.total as f64)
    }
}

/// Bytes that went in and out since the start of the machine or the process.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Moved {
    pub(super) r#in: u64,
    pub(super) out: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Network {
    pub(super) bytes: Moved,
    pub(super) errors: Moved,
}

/// What this process uses.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Process {
    pub(super) cpu_time: Duration,
    /// From 0 to 1, of all cores.
    pub(super) cpu: Option<f64>,
    pub(super) resident: u64,
    pub(super) r#virtual: u64,
    pub(super) disk: Moved,
    pub(super) threads: Option<u64>,
    pub(super) open_files: Option<u64>,
    pub(super) open_files_limit: Option<u64>,
    pub(super) uptime: Duration,
}

/// Reads, and remembers what it read before.
pub(super) struct Reader {
    system: Option<System>,
    pid: Option<Pid>,
    disks: Option<Disks>,
    networks: Option<Networks>,
    before: Option<Before>,
    host: Option<String>,
}

/// When the last sample was taken, and what the process had used by then.
struct Before {
    at: SystemTime,
    cpu_time: Duration,
}

impl Reader {
    pub(super) fn new() -> Self {
        Self {
            system: System::new().ok(),
            pid: sysinfo::get_current_pid().ok(),
            disks: Disks::new().ok(),
            networks: Networks::new().ok(),
            before: None,
            host: System::host_name().ok(),
        }
    }

    pub(super) fn read(&mut self) -> Reading {
        let had_before = self.before.is_some();
        let mut reading = Reading {
            load: System::load_average().ok().map(|load| [load.one, load.five, load.fifteen]),
            uptime: System::uptime().ok(),
            file_systems: self.file_systems(),
            disks: self.devices(),
            networks: self.networks(),
            host: self.host.clone(),
            ..Reading::default()
        };
        if let Some(system) = &mut self.system {
            system.refresh_memory();
            system.refresh_cpu_usage();
            reading.cpu = had_before.then(|| f64::from(system.global_cpu_usage()) / 100.0);
            reading.cores = system.cpus().len() as u64;
            let (total, available) = (system.total_memory(), system.available_memory());
            reading.memory = Use { used: total.saturating_sub(available), total };
            reading.swap = Use { used: system.used_swap(), total: system.total_swap() };
        }
        let process = self.process(reading.cores);
        self.before = Some(Before { at: SystemTime::now(), cpu_time: process.unwrap_or_default().cpu_time });
        Reading { process, ..reading }
    }

    fn process(&mut self, cores: u64) -> Option<Process> {
        let (pid, system) = (self.pid?, self.system.as_mut()?);
        let kind = ProcessRefreshKind::nothing().with_cpu().with_memory().with_disk_usage().with_tasks();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, kind);
        let process = system.process(pid)?;
        let (disk, now) = (process.disk_usage(), SystemTime::now());
        let cpu_time = Duration::from_millis(process.accumulated_cpu_time());
        let share = |before: &Before| {
            let passed = now.duration_since(before.at).ok().filter(|passed| !passed.is_zero())?;
            let used = cpu_time.saturating_sub(before.cpu_time).as_secs_f64();
            Some(used / passed.as_secs_f64() / cores.max(1) as f64)
        };
        let began = UNIX_EPOCH + Duration::from_secs(process.start_time());
        Some(Process {
            cpu_time,
            cpu: self.before.as_ref().and_then(share),
            resident: process.memory(),
            r#virtual: process.virtual_memory(),
            disk: Moved { r#in: disk.total_read_bytes, out: disk.total_written_bytes },
            threads: process.tasks().map(|tasks| tasks.len() as u64 + 1),
            open_files: process.open_files().map(|files| files as u64),
            open_files_limit: process.open_files_limit().map(|files| files as u64),
            uptime: now.duration_since(began).unwrap_or_default(),
        })
    }

    fn file_systems(&mut self) -> BTreeMap<String, Use> {
        let Some(disks) = &mut self.disks else { return BTreeMap::new() };
        disks.refresh(true);
        let file_system = |disk: &sysinfo::Disk| {
            let used = disk.total_space().saturating_sub(disk.available_space());
            (disk.mount_point().to_string_lossy().into_owned(), Use { used, total: disk.total_space() })
        };
        disks.iter().map(file_system).take(MOST).collect()
    }

    /// A device that holds several file systems is told of once.
    fn devices(&self) -> BTreeMap<String, Moved> {
        let device = |disk: &sysinfo::Disk| {
            let moved = disk.usage();
            let moved = Moved { r#in: moved.total_read_bytes, out: moved.total_written_bytes };
            (disk.name().to_string_lossy().into_owned(), moved)
        };
        self.disks.iter().flat_map(|disks| disks.iter()).map(device).take(MOST).collect()
    }

    fn networks(&mut self) -> BTreeMap<String, Network> {
        let Some(known) = &mut self.networks else { return BTreeMap::new() };
        known.refresh(true);
        let mut networks: BTreeMap<String, Network> = BTreeMap::new();
        for (name, data) in known.iter() {
            let bytes = Moved { r#in: data.total_received(), out: data.total_transmitted() };
            let errors = Moved { r#in: data.total_errors_on_received(), out: data.total_errors_on_transmitted() };
            networks.insert(name.to_string_lossy().into_owned(), Network { bytes, errors });
        }
        networks.into_iter().take(MOST).collect()
    }
}
