//! A table of cells by key, bounded, in which a cell is found without a lock.
//!
//! Entries are added and never taken out, so the table is a row of slots that are each set once: a reader probes from the
//! slot that the hash names to the first one that is empty. Only a thread that adds takes the lock, and whether a key is
//! over the limit never changes once it was: what is counted up under a key is counted down under the same.

pub(crate) mod text;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// How many entries there may be beyond the limit for what is over it: methods, statuses and errors are few.
pub(crate) const OVERFLOW_ROOM: usize = 64;

/// What is looked up: borrowed, so that looking up allocates nothing.
pub(crate) trait Key: Copy {
    /// The same as an entry keeps it.
    type Owned;

    fn own(self) -> Self::Owned;
    fn is(self, owned: &Self::Owned) -> bool;
    fn hash(self, seed: u64) -> u64;

    /// What stands for this key over the limit: what it has from closed sets.
    fn folded(self) -> Self;

    /// What stands for all keys of the table in the end.
    fn last(self) -> Self;
}

/// Cells by key; `O` is the key as it is kept.
pub(crate) struct Table<O, C> {
    limit: usize,
    seed: u64,
    slots: Box<[Slot<O, C>]>,
    len: AtomicUsize,
    adding: Mutex<()>,
    make: Box<dyn Fn() -> C + Send + Sync>,
}

/// Set once, and never emptied.
type Slot<O, C> = OnceLock<Box<Entry<O, C>>>;

/// A key and its cell.
#[derive(Debug)]
pub(crate) struct Entry<O, C> {
    pub(crate) key: O,
    pub(crate) cell: C,
    /// Whether it stands for keys over the limit.
    pub(crate) folded: bool,
    hash: u64,
}

impl<O, C> Table<O, C> {
    pub(crate) fn new(limit: usize, make: impl Fn() -> C + Send + Sync + 'static) -> Self {
        // A third stays empty at least, which keeps the probes short and ends each of them.
        let slots = (limit + OVERFLOW_ROOM + 1).saturating_mul(3) / 2;
        Self {
            limit,
            seed: RandomState::new().hash_one(limit),
            slots: (0..slots.next_power_of_two()).map(|_| OnceLock::new()).collect(),
            len: AtomicUsize::new(0),
            adding: Mutex::new(()),
            make: Box::new(make),
        }
    }

    /// The entry of this key, made where it is new, or the one that stands for it where there are too many.
    #[inline]
    pub(crate) fn get<K: Key<Owned = O>>(&self, key: K) -> Option<&Entry<O, C>> {
        match self.find(key.hash(self.seed), key) {
            Some(entry) => Some(entry),
            None => self.get_new(key),
        }
    }

    /// All entries, in no order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry<O, C>> {
        self.slots.iter().filter_map(|slot| slot.get().map(Box::as_ref))
    }

    #[inline]
    fn find<K: Key<Owned = O>>(&self, hash: u64, key: K) -> Option<&Entry<O, C>> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut slot = hash as usize & mask;
        loop {
            let entry = self.slots.get(slot)?.get()?;
            if entry.hash == hash && key.is(&entry.key) {
                return Some(entry);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// The last resort has its place for certain, since no other entry may be the last one of all.
    #[cold]
    fn get_new<K: Key<Owned = O>>(&self, key: K) -> Option<&Entry<O, C>> {
        let room = self.limit + OVERFLOW_ROOM;
        let usual = self.get_within(self.limit, key);
        usual.or_else(|| self.get_within(room, key.folded())).or_else(|| self.get_within(room + 1, key.last()))
    }

    fn get_within<K: Key<Owned = O>>(&self, limit: usize, key: K) -> Option<&Entry<O, C>> {
        let hash = key.hash(self.seed);
        self.add_within(limit, hash, key);
        self.find(hash, key)
    }

    /// Adds an entry if it is still missing, and if there are fewer than the limit.
    fn add_within<K: Key<Owned = O>>(&self, limit: usize, hash: u64, key: K) {
        // A full table is not worth the lock: it stays full, and all that it holds is visible with its length.
        if self.len.load(Ordering::Acquire) >= limit {
            return;
        }
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let len = self.len.load(Ordering::Relaxed);
        if len < limit && self.find(hash, key).is_none() {
            self.push(Entry { key: key.own(), cell: (self.make)(), folded: limit > self.limit, hash });
            self.len.store(len + 1, Ordering::Release);
        }
    }

    /// Puts an entry into the first empty slot from its own on.
    fn push(&self, entry: Entry<O, C>) {
        let mask = self.slots.len() - 1;
        let mut slot = entry.hash as usize & mask;
        let mut entry = Box::new(entry);
        while let Err(back) = self.slots[slot].set(entry) {
            (entry, slot) = (back, (slot + 1) & mask);
        }
    }
}

impl<O, C> fmt::Debug for Table<O, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("len", &self.len).field("limit", &self.limit).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;

    /// An open set, then one that is said to be closed.
    #[derive(Clone, Copy)]
    struct Pair<'a>(&'a str, &'a str);

    impl Key for Pair<'_> {
        type Owned = [String; 2];

        fn own(self) -> [String; 2] {
            [self.0.to_owned(), self.1.to_owned()]
        }

        fn is(self, owned: &[String; 2]) -> bool {
            self.0 == owned[0] && self.1 == owned[1]
        }

        fn hash(self, seed: u64) -> u64 {
            text::hash(text::hash(seed, self.0), self.1)
        }

        fn folded(self) -> Self {
            Pair("_OTHER", self.1)
        }

        fn last(self) -> Self {
            Pair("_OTHER", "")
        }
    }

    type Counts = Table<[String; 2], AtomicU64>;

    fn counts(limit: usize) -> Counts {
        Table::new(limit, AtomicU64::default)
    }

    fn count(table: &Counts, open: &str, closed: &str) {
        table.get(Pair(open, closed)).unwrap().cell.fetch_add(1, Ordering::Relaxed);
    }

    fn all(table: &Counts) -> Vec<(String, u64)> {
        let show = |entry: &Entry<[String; 2], AtomicU64>| (entry.key.join(" "), entry.cell.load(Ordering::Relaxed));
        let mut all: Vec<_> = table.entries().map(show).collect();
        all.sort();
        all
    }

    #[test]
    fn each_key_has_one_cell() {
        let table = counts(10);
        for (open, closed) in [("a", "b"), ("a", "b"), ("b", "a"), ("ab", ""), ("", "ab")] {
            count(&table, open, closed);
        }
        let expected = [(" ab", 1), ("a b", 2), ("ab ", 1), ("b a", 1)];
        assert_eq!(all(&table), expected.map(|(key, count)| (key.to_owned(), count)));
    }

    #[test]
    fn over_the_limit_open_sets_fold_and_closed_ones_stay() {
        let table = counts(1);
        for (open, closed) in [("a", "x"), ("b", "x"), ("c", "y"), ("a", "x"), ("d", "x")] {
            count(&table, open, closed);
        }
        let expected = [("_OTHER x", 2), ("_OTHER y", 1), ("a x", 2)];
        assert_eq!(all(&table), expected.map(|(key, count)| (key.to_owned(), count)));
        assert_eq!(table.entries().filter(|entry| entry.folded).count(), 2);
    }

    #[test]
    fn a_set_that_proves_to_be_open_folds_too() {
        let table = counts(3);
        (0..10_000).for_each(|number| count(&table, "a", &number.to_string()));
        let all = all(&table);
        assert_eq!(all.len(), 3 + OVERFLOW_ROOM + 1);
        assert_eq!(all.iter().map(|(_, count)| count).sum::<u64>(), 10_000);
        assert_eq!(all[0], ("_OTHER ".to_owned(), 10_000 - 3 - OVERFLOW_ROOM as u64));
    }

    #[test]
    fn threads_that_add_the_same_key_get_the_same_cell() {
        let table = counts(40);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|n| count(&table, &(n % 50).to_string(), "x")));
            }
        });
        let all = all(&table);
        assert_eq!(all.len(), 41);
        assert!(all.iter().filter(|(key, _)| !key.starts_with('_')).all(|(_, count)| *count == 800));
        assert_eq!(all[40], ("_OTHER x".to_owned(), 8_000));
    }
}
