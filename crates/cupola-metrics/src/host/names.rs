//! The names of what is sampled: those of OpenTelemetry's conventions for systems and processes.

use super::reading::{Moved, Process, Reading, Use};
use crate::encoder::{Encoder, Number};
use crate::family::Family;

const CPU: Family = Family::gauge("system.cpu.utilization", "How busy all cores together are, from 0 to 1.").unit("1");
const CORES: Family = Family::up_down("system.cpu.logical.count", "Logical cores.").unit("{cpu}");
const LOADS: [Family; 3] = [
    Family::gauge("system.cpu.load_average.1m", "The load of the last minute.").unit("{thread}"),
    Family::gauge("system.cpu.load_average.5m", "The load of the last five minutes.").unit("{thread}"),
    Family::gauge("system.cpu.load_average.15m", "The load of the last fifteen minutes.").unit("{thread}"),
];
const MEMORY: Family = Family::up_down("system.memory.usage", "Memory, by state.").unit("By");
const MEMORY_LIMIT: Family = Family::up_down("system.memory.limit", "Memory of the machine.").unit("By");
const MEMORY_SHARE: Family =
    Family::gauge("system.memory.utilization", "How much of the memory is used, from 0 to 1.").unit("1");
const SWAP: Family = Family::up_down("system.paging.usage", "Swap space, by state.").unit("By");
const UPTIME: Family = Family::gauge("system.uptime", "Since the machine was started.").unit("s");
const FILE_SYSTEMS: Family = Family::up_down("system.filesystem.usage", "Space of file systems, by state.").unit("By");
const DISKS: Family = Family::counter("system.disk.io", "Bytes moved by disks.").unit("By");
const NETWORKS: Family = Family::counter("system.network.io", "Bytes moved by network interfaces.").unit("By");
const NETWORK_ERRORS: Family =
    Family::counter("system.network.errors", "Packets with an error, by network interface.").unit("{error}");

const PROCESS_CPU: Family = Family::counter("process.cpu.time", "CPU time of this process.").unit("s");
const PROCESS_CPU_SHARE: Family =
    Family::gauge("process.cpu.utilization", "How much of all cores this process uses, from 0 to 1.").unit("1");
const RESIDENT: Family = Family::up_down("process.memory.usage", "Memory of this process that is resident.").unit("By");
const VIRTUAL: Family = Family::up_down("process.memory.virtual", "Memory that this process has mapped.").unit("By");
const PROCESS_DISK: Family =
    Family::counter("process.disk.io", "Bytes that this process has moved by disks.").unit("By");
const THREADS: Family = Family::up_down("process.thread.count", "Threads of this process.").unit("{thread}");
const FILES: Family =
    Family::up_down("process.unix.file_descriptor.count", "File descriptors in use.").unit("{file_descriptor}");
const FILES_LIMIT: Family =
    Family::up_down("process.unix.file_descriptor.limit", "File descriptors that may be in use.")
        .unit("{file_descriptor}");
const PROCESS_UPTIME: Family = Family::gauge("process.uptime", "Since this process was started.").unit("s");

pub(super) fn encode(encoder: &mut Encoder<'_>, reading: &Reading) {
    one(encoder, &CPU, reading.cpu);
    one(encoder, &CORES, Some(reading.cores));
    for (family, load) in LOADS.iter().zip(reading.load.into_iter().flatten()) {
        one(encoder, family, Some(load));
    }
    used(encoder, &MEMORY, "system.memory.state", reading.memory);
    one(encoder, &MEMORY_LIMIT, Some(reading.memory.total));
    one(encoder, &MEMORY_SHARE, reading.memory.share());
    used(encoder, &SWAP, "system.paging.state", reading.swap);
    one(encoder, &UPTIME, reading.uptime);
    let mut samples = encoder.family(&FILE_SYSTEMS);
    for (mounted, space) in &reading.file_systems {
        for (state, bytes) in [("used", space.used), ("free", space.total.saturating_sub(space.used))] {
            let labels = [("system.filesystem.mountpoint", mounted.as_str()), ("system.filesystem.state", state)];
            samples.value(&labels, bytes);
        }
    }
    for (device, bytes) in &reading.disks {
        moved(encoder, &DISKS, ("system.device", device), *bytes, ["read", "write"], "disk.io.direction");
    }
    for (name, network) in &reading.networks {
        let (label, directions) = (("network.interface.name", name.as_str()), ["receive", "transmit"]);
        moved(encoder, &NETWORKS, label, network.bytes, directions, "network.io.direction");
        moved(encoder, &NETWORK_ERRORS, label, network.errors, directions, "network.io.direction");
    }
    if let Some(process) = &reading.process {
        encode_process(encoder, process);
    }
}

fn encode_process(encoder: &mut Encoder<'_>, process: &Process) {
    one(encoder, &PROCESS_CPU, Some(process.cpu_time.as_secs_f64()));
    one(encoder, &PROCESS_CPU_SHARE, process.cpu);
    one(encoder, &RESIDENT, Some(process.resident));
    one(encoder, &VIRTUAL, Some(process.r#virtual));
    moved(encoder, &PROCESS_DISK, ("", ""), process.disk, ["read", "write"], "disk.io.direction");
    one(encoder, &THREADS, process.threads);
    one(encoder, &FILES, process.open_files);
    one(encoder, &FILES_LIMIT, process.open_files_limit);
    one(encoder, &PROCESS_UPTIME, Some(process.uptime.as_secs_f64()));
}

fn one(encoder: &mut Encoder<'_>, family: &Family, value: Option<impl Into<Number>>) {
    if let Some(value) = value {
        encoder.family(family).value(&[], value);
    }
}

fn used(encoder: &mut Encoder<'_>, family: &Family, label: &str, bytes: Use) {
    let mut samples = encoder.family(family);
    samples.value(&[(label, "used")], bytes.used);
    samples.value(&[(label, "free")], bytes.total.saturating_sub(bytes.used));
}

fn moved(
    encoder: &mut Encoder<'_>,
    family: &Family,
    label: (&str, &str),
    bytes: Moved,
    directions: [&str; 2],
    direction: &str,
) {
    let mut samples = encoder.family(family);
    for (value, bytes) in directions.into_iter().zip([bytes.r#in, bytes.out]) {
        samples.value(&[label, (direction, value)], bytes);
    }
}
