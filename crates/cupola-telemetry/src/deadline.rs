//! A deadline that several waits share.

use std::time::{Duration, Instant};

/// So much time from its beginning on, whoever uses it up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    began: Instant,
    limit: Duration,
}

/// Below it nothing could be written, even where there is nothing to wait for.
const LEAST: Duration = Duration::from_millis(50);

impl Deadline {
    #[allow(clippy::disallowed_methods, reason = "threads wait for it, which no test can pause")]
    pub(crate) fn in_time(limit: Duration) -> Self {
        Self { began: Instant::now(), limit }
    }

    /// What is left; a little always is.
    pub(crate) fn left(&self) -> Duration {
        self.limit.saturating_sub(self.began.elapsed()).max(LEAST.min(self.limit))
    }
}
