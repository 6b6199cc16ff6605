//! Instruments with labels.

use std::collections::{HashMap, HashSet};
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

/// One instrument for each combination of labels that is used: `By<State, Gauge>` is a gauge by state.
///
/// What [`Self::with`] gives is a handle, to be kept where the combination stays the same: using it takes no lock, while
/// looking it up does, and allocates.
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
    overflow: AtomicU64,
}

struct Series<I> {
    by_values: HashMap<Box<[Box<str>]>, Entry<I>>,
    /// The values that each label has had so far.
    had: Vec<HashSet<Box<str>>>,
}

struct Entry<I> {
    instrument: I,
    created: SystemTime,
    /// What it said when it last changed, and when that was seen.
    seen: AtomicU64,
    changed: AtomicU64,
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
        let mut values = Vec::with_capacity(L::LABELS.len());
        labels.each(&mut |value| values.push(value.into()));
        self.inner.get(values)
    }
}

impl<I: Clone> Inner<I> {
    pub(crate) fn new(
        family: Family,
        labels: Vec<(&'static str, Values)>,
        terms: Terms,
        make: impl Fn() -> I + Send + Sync + 'static,
    ) -> Self {
        let had = labels.iter().map(|_| HashSet::new()).collect();
        Self {
            family,
            labels,
            limit: terms.limit,
            expire_after: terms.expire_after,
            clock: terms.clock,
            make: Box::new(make),
            series: RwLock::new(Series { by_values: HashMap::new(), had }),
            overflow: AtomicU64::new(0),
        }
    }

    /// The instrument of these values, of which there are as many as labels.
    pub(crate) fn get(&self, mut values: Vec<Box<str>>) -> I {
        self.close(&mut values);
        if let Some(entry) = self.read().by_values.get(&values[..]) {
            return entry.instrument.clone();
        }
        self.get_new(values)
    }

    /// Values from outside a closed set become `_OTHER`.
    fn close(&self, values: &mut [Box<str>]) {
        for ((_, allowed), value) in self.labels.iter().zip(values) {
            let known = match allowed {
                Values::Only(list) => value.is_empty() || list.contains(&&**value),
                Values::AtMost(_) => true,
            };
            if !known {
                self.count_overflow();
                *value = OTHER.into();
            }
        }
    }

    fn get_new(&self, mut values: Vec<Box<str>>) -> I {
        let series = &mut *self.write();
        self.bound(&mut series.had, &mut values);
        let full = series.by_values.len() >= self.limit && !series.by_values.contains_key(&values[..]);
        if full {
            self.count_overflow();
            values.iter_mut().for_each(|value| *value = OTHER.into());
        }
        let new = || Entry {
            instrument: (self.make)(),
            created: (self.clock)(),
            seen: AtomicU64::new(0),
            changed: AtomicU64::new(seconds((self.clock)())),
        };
        series.by_values.entry(values.into()).or_insert_with(new).instrument.clone()
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
        for (values, entry) in &self.read().by_values {
            let names = self.labels.iter().map(|(name, _)| *name);
            samples.series(
                names.zip(values.iter().map(|value| &**value)),
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
        if self.read().by_values.values().all(stays) {
            return;
        }
        let series = &mut *self.write();
        series.by_values.retain(|_, entry| stays(entry));
        for (label, had) in series.had.iter_mut().enumerate() {
            had.retain(|value| series.by_values.keys().any(|values| values[label] == *value));
        }
    }
}

impl<I: Instrument> Entry<I> {
    fn is_idle(&self, now: u64, after: u64) -> bool {
        let says = self.instrument.mark();
        if self.seen.swap(says, Ordering::Relaxed) != says {
            self.changed.store(now, Ordering::Relaxed);
        }
        now.saturating_sub(self.changed.load(Ordering::Relaxed)) >= after
    }
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
