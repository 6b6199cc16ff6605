//! A budget of retries: when all fail, few are tried again.

use std::sync::atomic::{AtomicU32, Ordering};

/// One retry, in the unit of the store.
const RETRY: u32 = 100;

/// What an authority's calls may spend on retries: each call earns a share of a retry, each retry costs one. It begins full,
/// and never holds more than it began with, so that over any stretch of calls there are at most `reserve` + share × calls
/// retries. Without a clock: who makes no calls needs no retries.
#[derive(Debug)]
pub(crate) struct Budget {
    left: AtomicU32,
    full: u32,
    share: u32,
}

impl Budget {
    /// `reserve` retries to begin with, and `percent` retries for a hundred calls.
    pub(crate) const fn new(reserve: u16, percent: u8) -> Self {
        let full = reserve as u32 * RETRY;
        Self { left: AtomicU32::new(full), full, share: percent as u32 }
    }

    /// A call begins.
    pub(crate) fn earn(&self) {
        let more = |left: u32| Some(left.saturating_add(self.share).min(self.full));
        let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    /// Pays for a retry; false where there is not enough left.
    pub(crate) fn spend(&self) -> bool {
        let less = |left: u32| left.checked_sub(RETRY);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_are_a_share_of_calls() {
        let budget = Budget::new(10, 20);
        let mut retries = 0;
        for _ in 0..1_000 {
            budget.earn();
            // Each call would like three.
            retries += (0..3).filter(|_| budget.spend()).count();
        }
        assert_eq!(retries, 10 + 199);
    }

    #[test]
    fn quiet_calls_do_not_save_up() {
        let budget = Budget::new(2, 20);
        (0..10_000).for_each(|_| budget.earn());
        assert_eq!((0..100).filter(|_| budget.spend()).count(), 2);
    }

    #[test]
    fn none_is_none() {
        let budget = Budget::new(0, 0);
        budget.earn();
        assert!(!budget.spend());
    }
}
