//! How a store is kept.

use std::time::Duration;

use crate::file::Durability;

/// How long, how much, and how sure.
///
/// ```
/// use std::time::Duration;
/// use cupola_store::Settings;
///
/// let settings = Settings::default().retention(Duration::from_hours(30 * 24)).max_bytes(50 << 30);
/// ```
#[derive(Clone, Debug)]
pub struct Settings {
    pub(crate) retention: Duration,
    pub(crate) max_bytes: u64,
    pub(crate) queue_bytes: usize,
    pub(crate) durability: Durability,
    pub(crate) threads: usize,
}

impl Default for Settings {
    /// Fourteen days, 20 GiB, 64 MiB in the queue, as many threads as there are cores but at most four.
    fn default() -> Self {
        Self {
            retention: Duration::from_hours(14 * 24),
            max_bytes: 20 << 30,
            queue_bytes: 64 << 20,
            durability: Durability::default(),
            threads: std::thread::available_parallelism().map_or(1, |cores| cores.get().min(4)),
        }
    }
}

impl Settings {
    /// Files of days that ended longer ago than this are deleted, and older entries refused.
    #[must_use]
    pub fn retention(mut self, age: Duration) -> Self {
        self.retention = age;
        self
    }

    /// Where all files together have more bytes than this, those of the oldest days are deleted; never those of today.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// So many bytes of entries wait in memory, at most.
    #[must_use]
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.queue_bytes = bytes;
        self
    }

    /// What outlives what.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// So many threads encode blocks where there is much to do; at least one.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }
}
