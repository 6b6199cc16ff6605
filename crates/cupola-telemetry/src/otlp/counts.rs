//! The account of what was exported: accepted = exported + dropped + waiting, by reason.

use std::sync::atomic::{AtomicU64, Ordering};

/// What has become of all items (spans, data points, log records) so far.
///
/// `accepted == exported + dropped() + waiting` at any time, and nothing waits after a shutdown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportCounts {
    /// Items that were offered.
    pub accepted: u64,
    /// Items that the collector has taken.
    pub exported: u64,
    /// Items that found no room.
    pub dropped_queue_full: u64,
    /// Items of which the collector itself has said that it did not take them, or will not.
    pub dropped_rejected: u64,
    /// Items that were tried again for so long that nobody wants them any more.
    pub dropped_expired: u64,
    /// Items that came after the shutdown, or that it had to leave behind.
    pub dropped_shutdown: u64,
    /// How often a message had to be sent again.
    pub retries: u64,
}

impl ExportCounts {
    /// Items that are lost, for whatever reason.
    pub const fn dropped(&self) -> u64 {
        self.dropped_queue_full + self.dropped_rejected + self.dropped_expired + self.dropped_shutdown
    }
}

/// The counters behind [`ExportCounts`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) accepted: AtomicU64,
    pub(crate) exported: AtomicU64,
    pub(crate) queue_full: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) expired: AtomicU64,
    pub(crate) shutdown: AtomicU64,
    pub(crate) retries: AtomicU64,
}

impl Counters {
    pub(crate) fn read(&self) -> ExportCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ExportCounts {
            accepted: read(&self.accepted),
            exported: read(&self.exported),
            dropped_queue_full: read(&self.queue_full),
            dropped_rejected: read(&self.rejected),
            dropped_expired: read(&self.expired),
            dropped_shutdown: read(&self.shutdown),
            retries: read(&self.retries),
        }
    }
}
