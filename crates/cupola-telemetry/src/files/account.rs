//! What each output has taken.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What has become of the lines that one output was to take: whole in it, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutputCounts {
    /// `console`, `api.log`, or the name of a category and a slash.
    pub output: String,
    /// Lines that it has whole.
    pub written: u64,
    /// Lines that it has not taken.
    pub dropped: u64,
    /// Its last line was not taken.
    pub failing: bool,
}

/// The counters behind [`OutputCounts`].
pub(crate) struct Account {
    output: String,
    written: AtomicU64,
    dropped: AtomicU64,
    failing: AtomicBool,
}

impl Account {
    pub(crate) fn new(output: impl Into<String>) -> Self {
        let (written, dropped) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { output: output.into(), written, dropped, failing: AtomicBool::new(false) }
    }

    /// Adds what has become of some lines.
    pub(crate) fn add(&self, written: u64, dropped: u64) {
        self.written.fetch_add(written, Ordering::Relaxed);
        self.dropped.fetch_add(dropped, Ordering::Relaxed);
        self.failing.store(dropped > 0, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> OutputCounts {
        OutputCounts {
            output: self.output.clone(),
            written: self.written.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            failing: self.failing.load(Ordering::Relaxed),
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read().fmt(f)
    }
}
