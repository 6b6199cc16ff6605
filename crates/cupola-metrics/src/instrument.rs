//! Instruments, as a registry reads them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::counter::{Counter, FloatCounter};
use crate::distribution::Detail;
use crate::gauge::{FloatGauge, Gauge};
use crate::histogram::{DurationHistogram, Histogram};
use crate::snapshot::Value;

/// A handle on a cell.
pub(crate) trait Instrument: Clone + Send + Sync + 'static {
    fn read(&self, detail: Detail) -> Value;

    /// A number that differs where something has been recorded in between.
    fn mark(&self) -> u64;

    /// Whether somebody else holds a handle on the same cell.
    fn is_shared(&self) -> bool;
}

macro_rules! instrument {
    ($($type:ty, |$cell:ident, $detail:pat_param| $read:expr, $mark:expr;)+) => {$(
        impl Instrument for $type {
            fn read(&self, $detail: Detail) -> Value {
                let $cell = self;
                $read
            }

            fn mark(&self) -> u64 {
                let $cell = self;
                $mark
            }

            fn is_shared(&self) -> bool {
                Arc::strong_count(&self.0) > 1
            }
        }
    )+};
}

instrument! {
    Counter, |cell, _| Value::Number(cell.get().into()), cell.get();
    FloatCounter, |cell, _| Value::Number(cell.get().into()), cell.0.load(Ordering::Relaxed);
    Gauge, |cell, _| Value::Number(cell.get().into()), cell.get() as u64;
    FloatGauge, |cell, _| Value::Number(cell.get().into()), cell.0.load(Ordering::Relaxed);
    DurationHistogram, |cell, detail| Value::Distribution(cell.0.read(detail)), cell.0.count_all();
    Histogram, |cell, detail| Value::Distribution(cell.0.read(detail)), cell.0.count_all();
}
