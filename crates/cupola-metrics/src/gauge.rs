//! Gauges: they go up and down.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::cells::histogram::add_real;
use crate::sync::AtomicU64;

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
pub struct Gauge(pub(crate) Arc<AtomicI64>);

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

/// A measure that goes up and down and need not be whole; clones are handles on the same one.
///
/// ```
/// let ratio = cupola_metrics::FloatGauge::new();
/// ratio.set(0.5);
/// ratio.add(-0.125);
/// assert_eq!(ratio.get(), 0.375);
/// ```
#[derive(Clone, Debug, Default)]
pub struct FloatGauge(pub(crate) Arc<AtomicU64>);

impl FloatGauge {
    /// Zero, and in no registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets it.
    pub fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }

    /// So much more, or less where it is negative.
    pub fn add(&self, amount: f64) {
        add_real(&self.0, amount);
    }

    /// What it is.
    pub fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}
