//! A counter: it only goes up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only goes up; clones are handles on the same one.
///
/// ```
/// let counter = cupola_metrics::Counter::new();
/// counter.add(2);
/// counter.increment();
/// assert_eq!(counter.get(), 3);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    /// Zero, and in no registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more.
    pub fn increment(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    /// How many there are.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
