//! What the log says of exports: that a collector fails, that it is back, and what was lost.

use std::sync::Arc;
use std::time::Duration;

use cupola_line::{Key, LineWriter};
use tokio::time::Instant;
use tracing_core::Level;

use super::counts::ExportCounts;
use super::names::Signal;
use super::reply::Failure;
use crate::own_line;
use crate::queue::Lines;

/// Losses are told together.
const BETWEEN_LOSSES: Duration = Duration::from_secs(10);

/// Writes lines by itself: the thread that exports is muted, and has no subscriber of its own.
#[derive(Debug)]
pub(crate) struct Report {
    lines: Arc<Lines>,
    signal: Signal,
    origin: String,
    failing: bool,
    told_losses: u64,
    told_at: Option<Instant>,
}

impl Report {
    pub(crate) const fn new(lines: Arc<Lines>, signal: Signal, origin: String) -> Self {
        Self { lines, signal, origin, failing: false, told_losses: 0, told_at: None }
    }

    /// An attempt has failed: told once, until one succeeds.
    pub(crate) fn failed(&mut self, failure: &Failure) {
        if !std::mem::replace(&mut self.failing, true) {
            let error = failure.what.to_string();
            self.write(Level::WARN, "the collector does not take what is exported", |line| {
                line.str(Key::new("error"), &error);
            });
        }
    }

    /// An attempt has succeeded.
    pub(crate) fn succeeded(&mut self) {
        if std::mem::take(&mut self.failing) {
            self.write(Level::INFO, "the collector takes what is exported again", |_| {});
        }
    }

    /// Tells what was lost since the last time, `at_once` where there will be no other.
    pub(crate) fn losses(&mut self, counts: &ExportCounts, at_once: bool) {
        let dropped = counts.dropped();
        let quiet = self.told_at.is_some_and(|told| told.elapsed() < BETWEEN_LOSSES);
        if dropped == self.told_losses || (quiet && !at_once) {
            return;
        }
        let new = dropped - self.told_losses;
        (self.told_losses, self.told_at) = (dropped, Some(Instant::now()));
        self.write(Level::WARN, "items to be exported were lost", |line| {
            line.u64(Key::new("lost"), new);
            line.u64(Key::new("lost_queue_full_total"), counts.dropped_queue_full);
            line.u64(Key::new("lost_rejected_total"), counts.dropped_rejected);
            line.u64(Key::new("lost_expired_total"), counts.dropped_expired);
            line.u64(Key::new("lost_shutdown_total"), counts.dropped_shutdown);
        });
    }

    fn write(&self, level: Level, message: &str, more: impl FnOnce(&mut LineWriter<'_>)) {
        own_line::offer(&self.lines, level, ("cupola::otlp", "general"), message, |line| {
            line.str(Key::new("signal"), self.signal.as_str());
            line.str(Key::new("endpoint"), &self.origin);
            more(line);
        });
    }
}
