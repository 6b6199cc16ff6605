//! The cells of one histogram.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use cupola_context::Context;

use crate::cells::exemplar::{Exemplar, Exemplars};
use crate::cells::layout::Layout;
use crate::cells::shard::{Met, Shard};
use crate::cells::stripe;
use crate::distribution::{Detail, Distribution};
use crate::sync::{AtomicU32, AtomicU64};

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// The longest duration that is told apart: a year. A broken clock cannot bring the sum near its end.
const LONGEST: u64 = 365 * 24 * 3600 * NANOS_PER_SECOND;

/// What the sum is kept in: whole parts add up exactly and in one step, anything else does not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Summed {
    /// In whole nanoseconds, shown in seconds.
    Nanos,
    /// In whole units, shown as they are.
    Whole,
    /// In the bits of an `f64`.
    Real,
}

/// How many values fell into each cell, and their sum. The count is the sum of the cells, so that the two never disagree.
#[derive(Debug)]
pub(crate) struct HistogramCells {
    layout: Arc<Layout>,
    summed: Summed,
    main: Shard,
    met: AtomicU32,
    stripes: OnceLock<Box<[Stripe]>>,
    exemplars: OnceLock<Exemplars>,
}

/// Alone in its cache lines: processors fetch them in pairs.
#[derive(Debug)]
#[repr(align(128))]
struct Stripe(Shard);

impl Summed {
    /// The layout of histograms with these bounds; `None` where they are none.
    pub(crate) fn layout(self, bounds: &[f64]) -> Option<Arc<Layout>> {
        Layout::new(bounds, if self == Self::Nanos { NANOS_PER_SECOND as f64 } else { 1.0 })
    }
}

impl HistogramCells {
    pub(crate) fn new(layout: Arc<Layout>, summed: Summed) -> Self {
        let main = Shard::new(layout.cells());
        let (stripes, exemplars) = (OnceLock::new(), OnceLock::new());
        Self { layout, summed, main, met: AtomicU32::new(0), stripes, exemplars }
    }

    /// One more that took so long; gives the cell that it fell into.
    #[inline]
    pub(crate) fn observe(&self, duration: Duration) -> usize {
        let nanos = whole_nanos(duration);
        // By way of a signed number, which the processor turns in one step.
        self.count(nanos as i64 as f64, |sum| _ = sum.fetch_add(nanos, Ordering::Relaxed))
    }

    /// One more of so many units.
    #[inline]
    pub(crate) fn observe_whole(&self, units: u64) {
        self.count(units as f64, |sum| _ = sum.fetch_add(units, Ordering::Relaxed));
    }

    /// One more of this value, which is neither negative nor no number.
    #[inline]
    pub(crate) fn observe_real(&self, value: f64) {
        self.count(value, |sum| add_real(sum, value));
    }

    #[inline]
    fn count(&self, value: f64, add: impl Fn(&AtomicU64)) -> usize {
        let cell = self.layout.cell(value);
        match self.stripes.get() {
            Some(stripes) => count_own(stripes, cell, add),
            None => match self.main.try_count(cell) {
                Ok(()) => add(&self.main.sum),
                Err(met) => self.count_met(cell, add, met),
            },
        }
        cell
    }

    #[cold]
    fn count_met(&self, cell: usize, add: impl Fn(&AtomicU64), _: Met) {
        if self.met.fetch_add(1, Ordering::Relaxed) < stripe::MEETINGS {
            self.main.count(cell);
            add(&self.main.sum);
            return;
        }
        let grow = || (0..stripe::count()).map(|_| Stripe(Shard::new(self.layout.cells()))).collect();
        count_own(self.stripes.get_or_init(grow), cell, add);
    }

    /// Keeps the trace of a duration that fell into this cell at about this time, if it is one to be kept.
    #[inline]
    pub(crate) fn offer(&self, cell: usize, context: &Context, duration: Duration, time: SystemTime) {
        if !context.trace().flags.is_sampled() {
            return;
        }
        let bucket = self.layout.bucket(cell);
        if self.exemplars.get().is_none_or(|known| known.wants(bucket, time)) {
            self.keep(bucket, &Exemplar::of(context, whole_nanos(duration) as f64 / NANOS_PER_SECOND as f64, time));
        }
    }

    #[cold]
    fn keep(&self, bucket: usize, exemplar: &Exemplar) {
        let buckets = self.layout.bounds().len() + 1;
        self.exemplars.get_or_init(|| Exemplars::new(buckets)).offer(bucket, exemplar);
    }

    pub(crate) fn read(&self, detail: Detail) -> Distribution {
        let mut read = Distribution::new(&self.layout, detail);
        match (detail, self.stripes.get()) {
            (Detail::Stated, _) => {
                let (buckets, ends) = read.stated();
                self.shards().for_each(|shard| shard.add_to(buckets, ends));
            }
            (Detail::All, None) => self.main.each(|cell, count| read.add(cell, count)),
            (Detail::All, Some(_)) => {
                let mut counts = vec![0; self.layout.cells()];
                self.shards().for_each(|shard| shard.each(|cell, count| counts[cell] += count));
                let counted = counts.iter().enumerate().filter(|(_, count)| **count > 0);
                counted.for_each(|(cell, count)| read.add(cell, *count));
            }
        }
        let sum = self.shards().map(|shard| self.shown(shard.sum.load(Ordering::Relaxed))).sum();
        read.with(sum, self.exemplars.get().map_or_else(Vec::new, Exemplars::read))
    }

    /// How many there are: enough to know whether anything was counted.
    pub(crate) fn count_all(&self) -> u64 {
        let mut sum = [0];
        self.shards().for_each(|shard| shard.add_to(&mut sum, &[self.layout.cells()]));
        sum[0]
    }

    fn shards(&self) -> impl Iterator<Item = &Shard> {
        let stripes = self.stripes.get().into_iter().flatten();
        std::iter::once(&self.main).chain(stripes.map(|stripe| &stripe.0))
    }

    fn shown(&self, sum: u64) -> f64 {
        match self.summed {
            Summed::Nanos => sum as f64 / NANOS_PER_SECOND as f64,
            Summed::Whole => sum as f64,
            Summed::Real => f64::from_bits(sum),
        }
    }
}

#[inline]
fn count_own(stripes: &[Stripe], cell: usize, add: impl Fn(&AtomicU64)) {
    let own = &stripes[stripe::own(stripes.len())].0;
    own.count(cell);
    add(&own.sum);
}

/// Adds to a number that is kept in its bits.
#[inline]
pub(crate) fn add_real(sum: &AtomicU64, value: f64) {
    let mut now = sum.load(Ordering::Relaxed);
    loop {
        let next = (f64::from_bits(now) + value).to_bits();
        match sum.compare_exchange_weak(now, next, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return,
            Err(found) => now = found,
        }
    }
}

#[inline]
fn whole_nanos(duration: Duration) -> u64 {
    let seconds = duration.as_secs().saturating_mul(NANOS_PER_SECOND);
    seconds.saturating_add(u64::from(duration.subsec_nanos())).min(LONGEST)
}

#[cfg(all(test, not(cupola_model)))]
mod tests {
    use super::*;

    fn cells(bounds: &[f64], summed: Summed) -> HistogramCells {
        HistogramCells::new(summed.layout(bounds).expect("they rise"), summed)
    }

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let histogram = cells(&[0.005, 1.0], Summed::Nanos);
        for nanos in [0, 5_000_000, 5_000_001, 1_000_000_000, 1_000_000_001] {
            histogram.observe(Duration::from_nanos(nanos));
        }
        let read = histogram.read(Detail::Stated);
        let cumulative: Vec<_> = read.cumulative().collect();
        assert_eq!(cumulative, [(0.005, 2), (1.0, 4), (f64::INFINITY, 5)]);
        assert_eq!((read.count(), read.sum()), (5, 2.010_000_002));
    }

    #[test]
    fn the_longest_duration_does_not_wrap_the_sum() {
        let histogram = cells(&[1.0], Summed::Nanos);
        (0..3).for_each(|_| _ = histogram.observe(Duration::MAX));
        assert_eq!(histogram.read(Detail::Stated).sum(), 3.0 * 365.0 * 24.0 * 3600.0);
        assert_eq!(histogram.read(Detail::Stated).cumulative().last(), Some((f64::INFINITY, 3)));
    }

    #[test]
    fn threads_that_meet_lose_nothing() {
        let (whole, real) = (cells(&[10.0], Summed::Whole), cells(&[10.0], Summed::Real));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for number in 0..50_000_u64 {
                        whole.observe_whole(number % 20);
                        real.observe_real(0.5);
                    }
                });
            }
        });
        assert_eq!((whole.read(Detail::Stated).count(), whole.read(Detail::Stated).sum()), (200_000, 200_000.0 * 9.5));
        assert_eq!(whole.read(Detail::Stated).cumulative().next(), Some((10.0, 110_000)));
        assert_eq!((real.read(Detail::Stated).count(), real.read(Detail::Stated).sum()), (200_000, 100_000.0));
    }

    #[test]
    fn what_was_counted_before_the_stripes_stays() {
        let histogram = cells(&[10.0], Summed::Whole);
        let units = |units: u64| histogram.observe_whole(units);
        units(3);
        for _ in 0..=stripe::MEETINGS {
            histogram.count_met(histogram.layout.cell(3.0), |sum| _ = sum.fetch_add(3, Ordering::Relaxed), Met);
        }
        assert!(histogram.stripes.get().is_some());
        units(3);
        let count = u64::from(stripe::MEETINGS) + 3;
        assert_eq!(
            (histogram.read(Detail::Stated).count(), histogram.read(Detail::Stated).sum()),
            (count, count as f64 * 3.0)
        );
    }
}
