//! The account of all lines: accepted = written + dropped, by reason, + collapsed.

use std::sync::atomic::{AtomicU64, Ordering};

/// What has become of all lines so far.
///
/// `accepted == written + dropped() + collapsed + waiting` at any time, and nothing waits after a shutdown that made its deadline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Lines that were offered.
    pub accepted: u64,
    /// Lines that the output has taken.
    pub written: u64,
    /// Lines that said what another had said just before, and are counted in the line that tells how many there were.
    pub collapsed: u64,
    /// Lines that found the queue full.
    pub dropped_queue_full: u64,
    /// Lines that the output has refused.
    pub dropped_output: u64,
    /// Lines that came after the shutdown, or that its deadline left behind.
    pub dropped_shutdown: u64,
    /// Values that were cut because they were too long.
    pub cut_values: u64,
    /// Fields that were left out of lines that were too long.
    pub dropped_fields: u64,
}

impl Counts {
    /// Lines that are lost, for whatever reason.
    pub const fn dropped(&self) -> u64 {
        self.dropped_queue_full + self.dropped_output + self.dropped_shutdown
    }
}

/// The counters behind [`Counts`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) accepted: AtomicU64,
    pub(crate) written: AtomicU64,
    pub(crate) collapsed: AtomicU64,
    pub(crate) queue_full: AtomicU64,
    pub(crate) output: AtomicU64,
    pub(crate) shutdown: AtomicU64,
    pub(crate) cut_values: AtomicU64,
    pub(crate) dropped_fields: AtomicU64,
}

impl Counters {
    pub(crate) fn read(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            accepted: read(&self.accepted),
            written: read(&self.written),
            collapsed: read(&self.collapsed),
            dropped_queue_full: read(&self.queue_full),
            dropped_output: read(&self.output),
            dropped_shutdown: read(&self.shutdown),
            cut_values: read(&self.cut_values),
            dropped_fields: read(&self.dropped_fields),
        }
    }
}

pub(crate) fn add(counter: &AtomicU64, number: u64) {
    counter.fetch_add(number, Ordering::Relaxed);
}
