//! A gauge: it goes up and down.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A whole number that goes up and down; clones are handles on the same one.
///
/// What is measured rather than counted, as a temperature, is better read when it is asked for: see
/// [`crate::Registry::source`].
///
/// ```
/// let gauge = cupola_metrics::Gauge::new();
/// gauge.add(2);
/// gauge.subtract(3);
/// assert_eq!(gauge.get(), -1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<AtomicI64>);

impl Gauge {
    /// Zero, and in no registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets it.
    pub fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// So many more.
    pub fn add(&self, amount: i64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    /// So many fewer.
    pub fn subtract(&self, amount: i64) {
        self.0.fetch_sub(amount, Ordering::Relaxed);
    }

    /// How many there are.
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}
