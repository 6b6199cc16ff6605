//! A number that many threads add to.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::cells::stripe;

/// A sum of additions; subtraction is the addition of what makes it wrap.
#[derive(Debug, Default)]
pub(crate) struct Striped {
    main: AtomicU64,
    met: AtomicU32,
    stripes: OnceLock<Box<[Stripe]>>,
}

/// Alone in its cache lines: processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe(AtomicU64);

impl Striped {
    #[inline]
    pub(crate) fn add(&self, amount: u64) {
        if let Some(stripes) = self.stripes.get() {
            return add_own(stripes, amount);
        }
        let now = self.main.load(Ordering::Relaxed);
        let next = now.wrapping_add(amount);
        if self.main.compare_exchange(now, next, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            self.add_met(amount);
        }
    }

    /// Another thread was here at the same time.
    #[cold]
    fn add_met(&self, amount: u64) {
        if self.met.fetch_add(1, Ordering::Relaxed) < stripe::MEETINGS {
            self.main.fetch_add(amount, Ordering::Relaxed);
            return;
        }
        add_own(self.stripes.get_or_init(|| (0..stripe::count()).map(|_| Stripe::default()).collect()), amount);
    }

    pub(crate) fn get(&self) -> u64 {
        let stripes = self.stripes.get().map_or(&[][..], |stripes| stripes);
        let sum = stripes.iter().map(|stripe| stripe.0.load(Ordering::Relaxed));
        sum.fold(self.main.load(Ordering::Relaxed), u64::wrapping_add)
    }
}

#[inline]
fn add_own(stripes: &[Stripe], amount: u64) {
    stripes[stripe::own(stripes.len())].0.fetch_add(amount, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_meet_lose_nothing() {
        let number = Striped::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..100_000).for_each(|_| number.add(3)));
                scope.spawn(|| (0..100_000).for_each(|_| number.add(u64::MAX)));
            }
        });
        assert_eq!(number.get(), 800_000);
    }

    #[test]
    fn what_was_counted_before_the_stripes_stays() {
        let number = Striped::default();
        number.add(5);
        (0..=stripe::MEETINGS).for_each(|_| number.add_met(1));
        assert!(number.stripes.get().is_some());
        number.add(2);
        assert_eq!(number.get(), 5 + u64::from(stripe::MEETINGS) + 1 + 2);
    }
}
