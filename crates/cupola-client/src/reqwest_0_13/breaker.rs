//! A circuit breaker: who failed too often is left alone for a while.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// When a host that fails is not asked any more.
///
/// After so many failures in a row (no response, or a 5xx), calls fail at once as `circuit_open`, without an attempt. After
/// the rest one request is let through: if it succeeds all may pass again, if it fails the next is let through after another rest.
///
/// ```
/// use std::time::Duration;
/// use cupola_client::{Breaker, HostPolicy};
///
/// let policy = HostPolicy::new().breaker(Breaker::new(5, Duration::from_secs(10)));
/// # let _ = policy;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    rest: Duration,
}

impl Breaker {
    /// Opens after so many failures in a row, 0 being 1, for so long.
    pub const fn new(failures: u32, rest: Duration) -> Self {
        Self { failures: if failures == 0 { 1 } else { failures }, rest }
    }
}

/// Clocks do not go for ever.
const LONGEST_REST: Duration = Duration::from_secs(365 * 24 * 3600);

/// The state of one host's breaker.
#[derive(Debug)]
pub(crate) struct BreakerState {
    breaker: Breaker,
    now: Mutex<Row>,
}

/// Failures in a row, and until when nobody passes.
#[derive(Debug, Default)]
struct Row {
    failures: u32,
    closed_until: Option<Instant>,
}

impl BreakerState {
    pub(crate) fn new(breaker: Breaker) -> Self {
        Self { breaker: Breaker { rest: breaker.rest.min(LONGEST_REST), ..breaker }, now: Mutex::default() }
    }

    /// Whether a request may go. The one that is let through after a rest holds up the others for another rest: should
    /// nobody ever hear of it again, nothing is stuck.
    pub(crate) fn may_pass(&self, now: Instant) -> bool {
        let mut row = self.row();
        match row.closed_until {
            Some(until) if now < until => false,
            Some(_) => {
                row.closed_until = Some(now + self.breaker.rest);
                true
            }
            None => true,
        }
    }

    pub(crate) fn succeeded(&self) {
        *self.row() = Row::default();
    }

    pub(crate) fn failed(&self, now: Instant) {
        let mut row = self.row();
        row.failures = row.failures.saturating_add(1);
        if row.failures >= self.breaker.failures {
            row.closed_until = Some(now + self.breaker.rest);
        }
    }

    fn row(&self) -> MutexGuard<'_, Row> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_may_be_for_ever() {
        #[allow(clippy::disallowed_methods)]
        let now = Instant::from_std(std::time::Instant::now());
        let state = BreakerState::new(Breaker::new(0, Duration::MAX));
        state.failed(now);
        assert!(!state.may_pass(now + Duration::from_secs(1_000_000)));
    }

    #[test]
    fn after_a_row_of_failures_nobody_passes_for_a_rest() {
        #[allow(clippy::disallowed_methods)]
        let start = Instant::from_std(std::time::Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let state = BreakerState::new(Breaker::new(3, Duration::from_secs(10)));
        state.failed(at(0));
        state.failed(at(0));
        state.succeeded();
        state.failed(at(1));
        state.failed(at(1));
        assert!(state.may_pass(at(1)), "two in a row are not three");
        state.failed(at(1));
        assert!(!state.may_pass(at(2)) && !state.may_pass(at(10)));
        assert!(state.may_pass(at(11)), "one is let through");
        assert!(!state.may_pass(at(12)), "and only one");
        state.failed(at(13));
        assert!(!state.may_pass(at(22)) && state.may_pass(at(23)));
        state.succeeded();
        assert!(state.may_pass(at(23)) && state.may_pass(at(23)));
    }
}
