//! The instruments of one family by their label values, found without an allocation.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use crate::instrument::Instrument;
use crate::table::text;

/// Shows each label's value to whoever asks, in order.
pub(super) type Each<'a> = &'a dyn Fn(&mut dyn FnMut(&str));

/// The series of one family.
pub(super) struct Series<I> {
    /// By the hash of their values, which differs from process to process.
    by_hash: HashMap<u64, Vec<Entry<I>>, BuildHasherDefault<Known>>,
    len: usize,
    /// The values that each label has had so far.
    pub(super) had: Vec<HashSet<Box<str>>>,
}

/// One series.
pub(super) struct Entry<I> {
    pub(super) values: Box<[Box<str>]>,
    pub(super) instrument: I,
    pub(super) created: SystemTime,
    /// What it said when it last changed, and when that was seen.
    seen: AtomicU64,
    changed: AtomicU64,
}

impl<I> Series<I> {
    pub(super) fn new(labels: usize) -> Self {
        let had = (0..labels).map(|_| HashSet::new()).collect();
        Self { by_hash: HashMap::default(), len: 0, had }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// The one of these values.
    pub(super) fn find(&self, hash: u64, each: Each<'_>) -> Option<&Entry<I>> {
        self.by_hash.get(&hash)?.iter().find(|entry| entry.has(each))
    }

    pub(super) fn push(&mut self, hash: u64, entry: Entry<I>) {
        self.by_hash.entry(hash).or_default().push(entry);
        self.len += 1;
    }

    /// All of them, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry<I>> {
        self.by_hash.values().flatten()
    }

    /// Leaves out what does not stay, and of the values that labels have had those that no series has any more.
    pub(super) fn retain(&mut self, stays: impl Fn(&Entry<I>) -> bool) {
        self.by_hash.values_mut().for_each(|entries| entries.retain(&stays));
        self.by_hash.retain(|_, entries| !entries.is_empty());
        self.len = self.by_hash.values().map(Vec::len).sum();
        let Self { by_hash, had, .. } = self;
        for (label, had) in had.iter_mut().enumerate() {
            had.retain(|value| by_hash.values().flatten().any(|entry| entry.values[label] == *value));
        }
    }
}

impl<I> Entry<I> {
    pub(super) fn new(values: Box<[Box<str>]>, instrument: I, created: SystemTime, now: u64) -> Self {
        Self { values, instrument, created, seen: AtomicU64::new(0), changed: AtomicU64::new(now) }
    }

    fn has(&self, each: Each<'_>) -> bool {
        let (mut values, mut same) = (self.values.iter(), true);
        each(&mut |value| same &= values.next().is_some_and(|own| **own == *value));
        same
    }
}

impl<I: Instrument> Entry<I> {
    pub(super) fn is_idle(&self, now: u64, after: u64) -> bool {
        let says = self.instrument.mark();
        if self.seen.swap(says, Ordering::Relaxed) != says {
            self.changed.store(now, Ordering::Relaxed);
        }
        now.saturating_sub(self.changed.load(Ordering::Relaxed)) >= after
    }
}

/// What hashes of values begin with.
pub(super) fn seed() -> u64 {
    RandomState::new().hash_one(0u8)
}

pub(super) fn hash(seed: u64, each: Each<'_>) -> u64 {
    let mut hash = seed;
    each(&mut |value| hash = hash_on(hash, value));
    hash
}

/// Takes the next value into a hash.
pub(super) fn hash_on(hash: u64, value: &str) -> u64 {
    text::hash(hash, value)
}

/// A hash of what is a hash already.
#[derive(Default)]
pub(super) struct Known(u64);

impl Hasher for Known {
    fn finish(&self) -> u64 {
        self.0
    }

    /// Only numbers come.
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = text::mix(self.0, u64::from(*byte)));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(all(test, not(cupola_model)))]
mod tests {
    use super::*;

    fn entry(values: &[&str], instrument: u8) -> Entry<u8> {
        Entry::new(values.iter().map(|value| (*value).into()).collect(), instrument, SystemTime::UNIX_EPOCH, 0)
    }

    #[test]
    fn two_of_one_hash_are_told_apart() {
        let mut series = Series::new(2);
        series.push(7, entry(&["a", "b"], 1));
        series.push(7, entry(&["ab", ""], 2));
        let find = |series: &Series<u8>, values: [&str; 2]| {
            series.find(7, &|visit| values.iter().for_each(|value| visit(value))).map(|entry| entry.instrument)
        };
        assert_eq!(
            (find(&series, ["a", "b"]), find(&series, ["ab", ""]), find(&series, ["b", "a"])),
            (Some(1), Some(2), None)
        );
        series.retain(|entry| entry.instrument == 2);
        assert_eq!((series.len(), find(&series, ["a", "b"]), find(&series, ["ab", ""])), (1, None, Some(2)));
    }

    #[test]
    fn where_one_value_ends_counts() {
        let of = |values: [&str; 2]| hash(7, &|visit| values.iter().for_each(|value| visit(value)));
        assert_ne!(of(["a", "b"]), of(["ab", ""]));
        assert_ne!(of(["", "ab"]), of(["ab", ""]));
        assert_eq!(of(["a", "b"]), of(["a", "b"]));
    }
}
