//! Exemplars: for each part of a histogram the trace of one request that fell into it.
//!
//! A slot is written by whoever finds it old and free, and read only where nobody has written meanwhile: neither waits.

use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cupola_context::{Context, SpanId, TraceId};

use crate::sync::{AtomicU64, fence};

/// Three neighbouring buckets share a slot, so that they cost little and a rare slow request is not displaced by fast ones.
const BUCKETS: usize = 3;

/// How long an exemplar stays at least: whoever reads them comes more rarely.
const STAYS_MILLIS: u64 = 1_000;

/// A trace, and what was observed in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Exemplar {
    pub(crate) trace: TraceId,
    pub(crate) span: SpanId,
    /// In the terms that the histogram shows.
    pub(crate) value: f64,
    pub(crate) time: SystemTime,
}

impl Exemplar {
    pub(crate) fn of(context: &Context, value: f64, time: SystemTime) -> Self {
        let trace = context.trace();
        Self { trace: trace.trace_id, span: trace.span_id, value, time }
    }
}

/// The exemplars of one series.
#[derive(Debug)]
pub(crate) struct Exemplars(Box<[Slot]>);

#[derive(Debug)]
struct Slot {
    /// Until when it stays, in milliseconds since 1970, twice; one more while it is written. It only grows, so that who
    /// reads it twice knows whether anything was written in between.
    state: AtomicU64,
    trace: [AtomicU64; 2],
    span: AtomicU64,
    value: AtomicU64,
}

impl Exemplars {
    /// For a histogram of so many buckets.
    pub(crate) fn new(buckets: usize) -> Self {
        Self((0..buckets.div_ceil(BUCKETS)).map(|_| Slot::new()).collect())
    }

    /// Whether the exemplar of a bucket is old enough to be replaced at this time.
    #[inline]
    pub(crate) fn wants(&self, bucket: usize, time: SystemTime) -> bool {
        let slot = self.0.get(bucket / BUCKETS);
        slot.is_some_and(|slot| millis(time) >= slot.state.load(Ordering::Relaxed) / 2)
    }

    pub(crate) fn offer(&self, bucket: usize, exemplar: &Exemplar) {
        if let Some(slot) = self.0.get(bucket / BUCKETS) {
            slot.write(exemplar);
        }
    }

    pub(crate) fn read(&self) -> Vec<Exemplar> {
        self.0.iter().filter_map(Slot::read).collect()
    }
}

impl Slot {
    fn new() -> Self {
        let zero = || AtomicU64::new(0);
        Self { state: zero(), trace: [zero(), zero()], span: zero(), value: zero() }
    }

    /// Does nothing where another thread is at it, or was at the same time.
    fn write(&self, exemplar: &Exemplar) {
        let (state, next) = (self.state.load(Ordering::Relaxed), (millis(exemplar.time) + STAYS_MILLIS) * 2);
        let free = state % 2 == 0 && state < next;
        let taken = || self.state.compare_exchange(state, state + 1, Ordering::Acquire, Ordering::Relaxed);
        if !free || taken().is_err() {
            return;
        }
        fence(Ordering::Release);
        let trace = u128::from_be_bytes(exemplar.trace.to_bytes());
        self.trace[0].store((trace >> 64) as u64, Ordering::Relaxed);
        self.trace[1].store(trace as u64, Ordering::Relaxed);
        self.span.store(u64::from_be_bytes(exemplar.span.to_bytes()), Ordering::Relaxed);
        self.value.store(exemplar.value.to_bits(), Ordering::Relaxed);
        self.state.store(next, Ordering::Release);
    }

    /// `None` where nothing was written yet, or somebody is writing.
    fn read(&self) -> Option<Exemplar> {
        let state = self.state.load(Ordering::Acquire);
        let trace = [0, 1].map(|half: usize| u128::from(self.trace[half].load(Ordering::Relaxed)));
        let span = self.span.load(Ordering::Relaxed);
        let value = self.value.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        let whole = state % 2 == 0 && state == self.state.load(Ordering::Relaxed);
        Some(Exemplar {
            trace: TraceId::from_bytes((trace[0] << 64 | trace[1]).to_be_bytes()).filter(|_| whole)?,
            span: SpanId::from_bytes(span.to_be_bytes())?,
            value: f64::from_bits(value),
            time: UNIX_EPOCH + Duration::from_millis((state / 2).saturating_sub(STAYS_MILLIS)),
        })
    }
}

fn millis(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() * 1_000 + u64::from(since.subsec_millis()))
}

#[cfg(test)]
fn exemplar(number: u64) -> Exemplar {
    let wide = u128::from(number) << 64 | u128::from(number);
    Exemplar {
        trace: TraceId::from_bytes(wide.to_be_bytes()).expect("not zero"),
        span: SpanId::from_bytes(number.to_be_bytes()).expect("not zero"),
        value: number as f64,
        time: UNIX_EPOCH + Duration::from_millis(number),
    }
}

#[cfg(all(test, not(cupola_model)))]
mod tests {
    use super::*;

    #[test]
    fn a_slot_stays_for_a_while() {
        let exemplars = Exemplars::new(15);
        assert!(exemplars.read().is_empty());
        let at = |millis| UNIX_EPOCH + Duration::from_millis(millis);
        exemplars.offer(3, &exemplar(10_000));
        assert_eq!(exemplars.read(), [exemplar(10_000)]);
        assert!(!exemplars.wants(4, at(10_999)) && !exemplars.wants(5, at(10_999)));
        assert!(exemplars.wants(3, at(11_000)) && exemplars.wants(14, at(0)));
        exemplars.offer(5, &exemplar(11_000));
        exemplars.offer(14, &exemplar(7));
        exemplars.offer(99, &exemplar(8));
        assert_eq!(exemplars.read(), [exemplar(11_000), exemplar(7)]);
    }
}

/// Every order in which threads can come: `RUSTFLAGS="--cfg cupola_model" cargo test -p cupola-metrics --lib`.
#[cfg(all(test, cupola_model))]
mod model {
    use super::*;
    use loom::sync::Arc;
    use loom::thread;

    #[test]
    fn no_reader_sees_the_halves_of_two_exemplars() {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(|| {
            let slot = Arc::new(Slot::new());
            let writers: Vec<_> = [1, 2]
                .map(|number| {
                    let slot = slot.clone();
                    thread::spawn(move || slot.write(&exemplar(number)))
                })
                .into();
            if let Some(read) = slot.read() {
                assert!(read == exemplar(1) || read == exemplar(2), "{read:?}");
            }
            writers.into_iter().for_each(|writer| writer.join().unwrap());
            assert!(slot.read().is_some());
        });
    }
}
