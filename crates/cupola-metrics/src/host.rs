//! Host and process: what the machine and this process use, sampled now and then.
//!
//! Feature `host`. A sample takes some milliseconds of reading what the operating system tells, so it is taken in the
//! background, and not by whoever asks for the metrics.

mod names;
mod process_meter;
mod reading;
mod snapshot;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::encoder::Encoder;
use crate::host::reading::{Reader, Reading};
use crate::registry::Registry;

pub use crate::host::process_meter::ProcessMeter;
pub use crate::host::snapshot::SystemSnapshot;

/// How often a sample is taken, unless somebody says otherwise.
pub const SAMPLE_PERIOD: Duration = Duration::from_secs(30);

/// The metrics of the host and the process; clones are handles on the same ones.
///
/// | metric | attributes |
/// |---|---|
/// | `system.cpu.utilization` `system.cpu.logical.count` `system.cpu.load_average.1m` `.5m` `.15m` | – |
/// | `system.memory.usage` `system.paging.usage` | `system.memory.state`, `system.paging.state`: `used`, `free` |
/// | `system.memory.limit` `system.memory.utilization` `system.uptime` | – |
/// | `system.filesystem.usage` | `system.filesystem.mountpoint`, `system.filesystem.state` |
/// | `system.disk.io` | `system.device`, `disk.io.direction` |
/// | `system.network.io` `system.network.errors` | `network.interface.name`, `network.io.direction` |
/// | `process.cpu.time` `process.cpu.utilization` `process.memory.usage` `process.memory.virtual` | – |
/// | `process.disk.io` | `disk.io.direction` |
/// | `process.thread.count` `process.unix.file_descriptor.count` `process.unix.file_descriptor.limit` `process.uptime` | – |
///
/// What the operating system does not tell is absent. Of file systems, devices and interfaces there are at most 32 each.
///
/// ```
/// use cupola_metrics::Registry;
/// use cupola_metrics::host::Host;
///
/// let registry = Registry::new();
/// let host = Host::new(&registry);
/// assert!(host.snapshot().is_none(), "nothing was sampled yet");
/// host.sample(); // every 30 seconds, in the background
/// assert!(host.snapshot().is_some_and(|system| system.memory_total > 0));
/// assert!(registry.render().contains("process_memory_usage_bytes "));
/// ```
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    reader: Mutex<Reader>,
    /// The last sample: looked at by whoever asks, and never locked while one is taken.
    last: Mutex<Option<Arc<Reading>>>,
}

impl Host {
    /// The metrics of this host and process, in a registry. They are absent until [`Self::sample`] was called.
    pub fn new(registry: &Registry) -> Self {
        let host = Self(Arc::new(Inner { reader: Mutex::new(Reader::new()), last: Mutex::new(None) }));
        let read = host.clone();
        registry.source(move |encoder| read.encode(encoder));
        host
    }

    /// Takes a sample. It blocks for some milliseconds.
    pub fn sample(&self) {
        let reading = Arc::new(guard(&self.0.reader).read());
        *guard(&self.0.last) = Some(reading);
    }

    /// What the last sample says in short, for log entries; `None` before the first.
    pub fn snapshot(&self) -> Option<SystemSnapshot> {
        self.last().map(|reading| SystemSnapshot::of(&reading))
    }

    fn last(&self) -> Option<Arc<Reading>> {
        guard(&self.0.last).clone()
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        if let Some(reading) = self.last() {
            names::encode(encoder, &reading);
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("snapshot", &self.snapshot()).finish()
    }
}

fn guard<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
