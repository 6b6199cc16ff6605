//! Instruments with labels.

mod series;

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, SystemTime};

use crate::encoder::Encoder;
use crate::family::Family;
use crate::instrument::Instrument;
use crate::labels::{LabelSet, OTHER, Values};
use crate::overflow;
use series::{Each, Entry, Series};

/// One instrument for each combination of labels that is used: `By<State, Gauge>` is a gauge by state.
///
/// What [`Self::with`] gives is a handle, to be kept where the combination stays the same: using it takes no lock, while
/// looking it up does.
pub struct By<L, I> {
    inner: Arc<Inner<I>>,
    labels: PhantomData<fn(&L)>,
}

/// The same without the labels' type, as the registry asks it.
pub(crate) struct Inner<I> {
    family: Family,
    labels: Vec<(&'static str, Values)>,
    limit: usize,
    expire_after: Option<Duration>,
    clock: fn() -> SystemTime,
    make: Box<dyn Fn() -> I + Send + Sync>,
    series: RwLock<Series<I>>,
    seed: u64,
    overflow: AtomicU64,
}

/// What the registry says about all its instruments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) limit: usize,
    pub(crate) expire_after: Option<Duration>,
    pub(crate) clock: fn() -> SystemTime,
}

impl<L: LabelSet, I: Clone> By<L, I> {
    pub(crate) fn new(inner: Arc<Inner<I>>) -> Self {
        Self { inner, labels: PhantomData }
    }

    /// The instrument of these labels.
    pub fn with(&self, labels: &L) -> I {
        self.inner.of(&|visit| labels.each(visit))
    }

    /// The same for values that nobody has made labels of, in the order of the labels.
    pub(crate) fn with_values(&self, values: &[&str]) -> I {
        debug_assert_eq!(values.len(), L::LABELS.len(), "each label has a value");
        self.inner.of(&|visit| values.iter().for_each(|value| visit(value)))
    }
}

impl<I: Clone> Inner<I> {
    pub(crate) fn new(
        family: Family,
        labels: Vec<(&'static str, Values)>,
        terms: Terms,
        make: impl Fn() -> I + Send + Sync + 'static,
    ) -> Self {
        Self {
            family,
            limit: terms.limit,
            expire_after: terms.expire_after,
            clock: terms.clock,
            make: Box::new(make),
            series: RwLock::new(Series::new(labels.len())),
            seed: series::seed(),
            overflow: AtomicU64::new(0),
            labels,
        }
    }

    /// The only instrument, where there are no labels.
    pub(crate) fn only(&self) -> I {
        self.of(&|_| ())
    }

    /// The instrument of the values that `each` shows, of which there are as many as labels.
    fn of(&self, each: Each<'_>) -> I {
        // The values of a series that is there are closed: whoever shows those very ones needs no look at what is allowed.
        if let Some(entry) = self.read().find(series::hash(self.seed, each), each) {
            return entry.instrument.clone();
        }
        self.of_closed(each)
    }

    /// The same, where it is not known yet, or has values from outside a closed set.
    fn of_closed(&self, each: Each<'_>) -> I {
        let mut values = Vec::with_capacity(self.labels.len());
        let strangers = self.close(each, &mut |value| values.push(value.into()));
        if strangers > 0 {
            self.overflow.fetch_add(strangers, Ordering::Relaxed);
            if let Some(entry) = self.read().find(self.hash(&values), &shown(&values)) {
                return entry.instrument.clone();
            }
        }
        self.get_new(values)
    }

    /// Shows values from outside a closed set as `_OTHER`, and gives how many there were.
    fn close(&self, each: Each<'_>, visit: &mut dyn FnMut(&str)) -> u64 {
        let (mut labels, mut strangers) = (self.labels.iter(), 0);
        each(&mut |value| {
            let known = match labels.next() {
                Some((_, Values::Only(list))) => value.is_empty() || list.contains(&value),
                _ => true,
            };
            strangers += u64::from(!known);
            visit(if known { value } else { OTHER });
        });
        strangers
    }

    fn get_new(&self, mut values: Vec<Box<str>>) -> I {
        let series = &mut *self.write();
        self.bound(&mut series.had, &mut values);
        if let Some(entry) = series.find(self.hash(&values), &shown(&values)) {
            return entry.instrument.clone();
        }
        if series.len() >= self.limit {
            self.count_overflow();
            values.iter_mut().for_each(|value| *value = OTHER.into());
        }
        let hash = self.hash(&values);
        if let Some(entry) = series.find(hash, &shown(&values)) {
            return entry.instrument.clone();
        }
        let (instrument, now) = ((self.make)(), (self.clock)());
        series.push(hash, Entry::new(values.into(), instrument.clone(), now, seconds(now)));
        instrument
    }

    fn hash(&self, values: &[Box<str>]) -> u64 {
        series::hash(self.seed, &shown(values))
    }

    /// Values that are too many become `_OTHER`.
    fn bound(&self, had: &mut [HashSet<Box<str>>], values: &mut [Box<str>]) {
        for (((_, allowed), had), value) in self.labels.iter().zip(had).zip(values) {
            let Values::AtMost(most) = *allowed else { continue };
            let passes = value.is_empty() || &**value == OTHER || had.contains(value) || had.len() < most;
            if !passes {
                self.count_overflow();
                *value = OTHER.into();
            } else if !value.is_empty() && &**value != OTHER {
                had.insert(value.clone());
            }
        }
    }

    fn count_overflow(&self) {
        self.overflow.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self) -> RwLockReadGuard<'_, Series<I>> {
        self.series.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Series<I>> {
        self.series.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<I: Instrument> Inner<I> {
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        self.expire(encoder.time());
        let detail = encoder.detail();
        let mut samples = encoder.family(&self.family);
        for entry in self.read().iter() {
            let names = self.labels.iter().map(|(name, _)| *name);
            samples.series(
                names.zip(entry.values.iter().map(|value| &**value)),
                Some(entry.created),
                entry.instrument.read(detail),
            );
        }
        if !self.labels.is_empty() {
            overflow::encode(encoder, &self.family, self.overflow.load(Ordering::Relaxed));
        }
    }

    /// Takes out what has not changed for too long and what nobody has a handle on, so that nothing can be lost.
    fn expire(&self, now: SystemTime) {
        let Some(after) = self.expire_after else { return };
        let stays = |entry: &Entry<I>| entry.instrument.is_shared() || !entry.is_idle(seconds(now), after.as_secs());
        if self.read().iter().all(stays) {
            return;
        }
        self.write().retain(stays);
    }
}

fn shown(values: &[Box<str>]) -> impl Fn(&mut dyn FnMut(&str)) {
    move |visit| values.iter().for_each(|value| visit(value))
}

pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl<L, I> Clone for By<L, I> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), labels: PhantomData }
    }
}

impl<L, I> fmt::Debug for By<L, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("By").field("family", &self.inner.family).finish_non_exhaustive()
    }
}
