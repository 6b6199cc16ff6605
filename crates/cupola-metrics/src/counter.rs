//! Counters: they only go up.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::cells::histogram::add_real;
use crate::cells::striped::Striped;
use crate::sync::AtomicU64;

/// A number that only goes up; clones are handles on the same one.
///
/// An addition is one atomic step, without a lock, and threads that are seen to meet in it get cells of their own.
///
/// ```
/// let counter = cupola_metrics::Counter::new();
/// counter.add(2);
/// counter.increment();
/// assert_eq!(counter.get(), 3);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Counter(pub(crate) Arc<Striped>);

impl Counter {
    /// Zero, and in no registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more.
    #[inline]
    pub fn increment(&self) {
        self.add(1);
    }

    /// So many more.
    #[inline]
    pub fn add(&self, amount: u64) {
        self.0.add(amount);
    }

    /// How many there are.
    pub fn get(&self) -> u64 {
        self.0.get()
    }
}

/// A quantity that only goes up and need not be whole: seconds, money. Clones are handles on the same one.
///
/// ```
/// let cost = cupola_metrics::FloatCounter::new();
/// cost.add(0.25);
/// cost.add(-1.0); // it does not go down
/// assert_eq!(cost.get(), 0.25);
/// ```
#[derive(Clone, Debug, Default)]
pub struct FloatCounter(pub(crate) Arc<AtomicU64>);

impl FloatCounter {
    /// Zero, and in no registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// So much more; what is negative or no number is left out.
    #[inline]
    pub fn add(&self, amount: f64) {
        if amount > 0.0 && amount.is_finite() {
            add_real(&self.0, amount);
        }
    }

    /// How much there is.
    pub fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}
