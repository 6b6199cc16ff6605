//! How often a foreign sampled flag may raise sampling.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const SECOND: u64 = 1_000_000;

/// So many callers' sampled flags a second are obeyed where our own sampler would not record; clones share the count.
///
/// A caller that marks all its traces as sampled would otherwise decide what tracing costs here. A second's worth may
/// come at once.
#[derive(Clone, Debug)]
pub struct RaiseLimit {
    /// Microseconds for which one flag uses the limit up; `None` where none is obeyed.
    each: Option<u64>,
    /// Until when it is used up, in microseconds since the epoch.
    used_until: Arc<AtomicU64>,
}

impl Default for RaiseLimit {
    /// Ten a second.
    fn default() -> Self {
        Self::per_second(10)
    }
}

impl RaiseLimit {
    /// So many a second; none at all where it is zero.
    pub fn per_second(flags: u32) -> Self {
        Self { each: SECOND.checked_div(flags.into()), used_until: Arc::default() }
    }

    /// Whether one more is obeyed now.
    pub(crate) fn take(&self, unix_ms: u64) -> bool {
        let Some(each) = self.each else { return false };
        let now = unix_ms.saturating_mul(1000);
        let next = |used_until: u64| {
            // Further ahead than it can be: the wall clock was set back.
            let used_until = if used_until > now + SECOND { now } else { used_until.max(now) };
            let until = used_until + each;
            (until <= now + SECOND).then_some(until)
        };
        self.used_until.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn obeyed(limit: &RaiseLimit, unix_ms: u64) -> usize {
        (0..1000).filter(|_| limit.take(unix_ms)).count()
    }

    #[test]
    fn a_seconds_worth_at_once_and_then_as_time_goes() {
        let limit = RaiseLimit::per_second(10);
        assert_eq!(obeyed(&limit, 1_795_000_000_000), 10);
        assert_eq!(obeyed(&limit, 1_795_000_000_099), 0);
        assert_eq!(obeyed(&limit, 1_795_000_000_100), 1);
        assert_eq!(obeyed(&limit, 1_795_000_000_450), 3);
        assert_eq!(obeyed(&limit, 1_795_000_060_000), 10);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_close_it_for_long() {
        let limit = RaiseLimit::per_second(10);
        assert_eq!(obeyed(&limit, 1_795_000_000_000), 10);
        assert_eq!(obeyed(&limit, 1_700_000_000_000), 10);
    }

    #[test]
    fn none_and_as_good_as_all() {
        assert_eq!(obeyed(&RaiseLimit::per_second(0), 1_795_000_000_000), 0);
        assert_eq!(obeyed(&RaiseLimit::per_second(u32::MAX), 1_795_000_000_000), 1000);
    }

    #[test]
    fn threads_together_get_no_more() {
        let limit = RaiseLimit::per_second(100);
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let limit = limit.clone();
                std::thread::spawn(move || obeyed(&limit, 1_795_000_000_000))
            })
            .collect();
        assert_eq!(threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>(), 100);
    }
}
