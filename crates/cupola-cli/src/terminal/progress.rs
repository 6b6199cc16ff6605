//! How far work that takes long has come, for whoever waits before a terminal.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::log::input::Input;

/// How often it is shown.
const PERIOD: Duration = Duration::from_millis(200);

/// Bytes read of all that are to be read.
pub(crate) struct Progress {
    total: u64,
    done: AtomicU64,
    /// When it was last shown; `None` where nobody is to see it.
    shown: Option<Mutex<Shown>>,
}

struct Shown {
    at: Instant,
    is_there: bool,
}

impl Progress {
    pub(crate) fn new(inputs: &[Input], quiet: bool) -> Self {
        let sizes = inputs.iter().filter_map(|input| input.path.as_ref()?.metadata().ok());
        Self::of_bytes(sizes.map(|found| found.len()).sum(), quiet)
    }

    #[expect(clippy::disallowed_methods, reason = "a person waits, whose time nobody can pause")]
    pub(crate) fn of_bytes(total: u64, quiet: bool) -> Self {
        let shown = Shown { at: Instant::now(), is_there: false };
        let is_seen = !quiet && io::stderr().is_terminal();
        Self { total, done: AtomicU64::new(0), shown: is_seen.then(|| Mutex::new(shown)) }
    }

    pub(crate) fn add(&self, bytes: u64) {
        let done = self.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let Some(shown) = &self.shown else { return };
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        let since = shown.at.elapsed();
        if since < PERIOD {
            return;
        }
        shown.at += since;
        shown.is_there = true;
        let _ = write!(io::stderr(), "\r{}", self.text(done));
    }

    /// Makes room for a line.
    pub(crate) fn clear(&self) {
        let Some(shown) = &self.shown else { return };
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut shown.is_there) {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }

    fn text(&self, done: u64) -> String {
        let percent = (done as f64 / self.total.max(1) as f64 * 100.0).min(100.0);
        format!("{percent:3.0} % of {} MB", self.total.div_ceil(1_000_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let progress = Progress { total: 2_500_000, done: AtomicU64::new(0), shown: None };
        assert_eq!(progress.text(0), "  0 % of 3 MB");
        assert_eq!(progress.text(1_250_000), " 50 % of 3 MB");
        assert_eq!(progress.text(9_999_999), "100 % of 3 MB");
    }
}
