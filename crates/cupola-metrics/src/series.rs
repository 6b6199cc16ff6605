//! The series of one metric: a cell for each combination of label values, found without a lock.
//!
//! Series are added and never taken out, so the table is a row of slots that are each set once: a reader probes from the
//! slot that the hash names to the first one that is empty. Only the thread that adds a series takes the lock, and
//! whether a combination is over the limit never changes once it was. What is counted up under some labels is therefore
//! counted down under the same.

mod text;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// The value of a label from an open set, once the metric has all the series that it may have.
pub(crate) const OTHER: &str = "_OTHER";

/// How many series there may be beyond the limit for what is over it: methods, statuses and errors are few.
const OVERFLOW_ROOM: usize = 64;

/// The labels of a metric: their names, and which of them take values from sets that are not closed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Labels<const N: usize> {
    pub(crate) names: [&'static str; N],
    pub(crate) open: [bool; N],
}

/// The cells of one metric, by the values of its labels; an empty value is an absent label.
pub(crate) struct Series<const N: usize, C> {
    labels: Labels<N>,
    limit: usize,
    seed: u64,
    slots: Box<[OnceLock<Box<Entry<N, C>>>]>,
    len: AtomicUsize,
    adding: Mutex<()>,
    overflowed: AtomicU64,
    make: Box<dyn Fn() -> C + Send + Sync>,
}

struct Entry<const N: usize, C> {
    hash: u64,
    values: [Box<str>; N],
    cell: C,
}

impl<const N: usize, C> Series<N, C> {
    pub(crate) fn new(labels: Labels<N>, limit: usize, make: impl Fn() -> C + Send + Sync + 'static) -> Self {
        // A third stays empty at least, which keeps the probes short and ends each of them.
        let slots = (limit + OVERFLOW_ROOM + 1).saturating_mul(3) / 2;
        Self {
            labels,
            limit,
            seed: RandomState::new().hash_one(N),
            slots: (0..slots.next_power_of_two()).map(|_| OnceLock::new()).collect(),
            len: AtomicUsize::new(0),
            adding: Mutex::new(()),
            overflowed: AtomicU64::new(0),
            make: Box::new(make),
        }
    }

    /// The cell of these values, made where it is new, or the one that stands for them where there are too many.
    pub(crate) fn get(&self, values: [&str; N]) -> Option<&C> {
        let hash = self.hash(&values);
        self.find(hash, &values).or_else(|| self.get_new(hash, values))
    }

    /// Each series there is: its labels as pairs, and its cell.
    pub(crate) fn each(&self, mut show: impl FnMut(&[(&str, &str)], &C)) {
        for entry in self.slots.iter().filter_map(OnceLock::get) {
            let pairs: [(&str, &str); N] = std::array::from_fn(|i| (self.labels.names[i], &*entry.values[i]));
            show(&pairs, &entry.cell);
        }
    }

    /// How often a cell was asked for and another stood for it.
    pub(crate) fn overflowed(&self) -> u64 {
        self.overflowed.load(Ordering::Relaxed)
    }

    fn hash(&self, values: &[&str; N]) -> u64 {
        values.iter().fold(self.seed, |hash, value| text::hash(hash, value))
    }

    fn find(&self, hash: u64, values: &[&str; N]) -> Option<&C> {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let entry = self.slots.get(slot)?.get()?;
            if entry.hash == hash && entry.is(values) {
                return Some(&entry.cell);
            }
            slot = (slot + 1) & mask;
        }
    }

    #[cold]
    fn get_new(&self, hash: u64, values: [&str; N]) -> Option<&C> {
        if let Some(cell) = self.get_within(self.limit, hash, values) {
            return Some(cell);
        }
        self.overflowed.fetch_add(1, Ordering::Relaxed);
        let closed = std::array::from_fn(|i| if self.labels.open[i] { OTHER } else { values[i] });
        let room = self.limit + OVERFLOW_ROOM;
        self.get_within(room, self.hash(&closed), closed).or_else(|| self.last_resort(room + 1))
    }

    /// One series for all the rest: its place is free, since no other may be the last one.
    fn last_resort(&self, limit: usize) -> Option<&C> {
        let values = std::array::from_fn(|i| if self.labels.open[i] { OTHER } else { "" });
        self.get_within(limit, self.hash(&values), values)
    }

    fn get_within(&self, limit: usize, hash: u64, values: [&str; N]) -> Option<&C> {
        self.add_within(limit, hash, &values);
        self.find(hash, &values)
    }

    /// Adds a series if it is still missing, and if there are fewer than the limit.
    fn add_within(&self, limit: usize, hash: u64, values: &[&str; N]) {
        // A full table is not worth the lock: it stays full, and all that it holds is visible with its length.
        if self.len.load(Ordering::Acquire) >= limit {
            return;
        }
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let len = self.len.load(Ordering::Relaxed);
        if len < limit && self.find(hash, values).is_none() {
            self.push(Entry { hash, values: values.map(Into::into), cell: (self.make)() });
            self.len.store(len + 1, Ordering::Release);
        }
    }

    /// Puts an entry into the first empty slot from its own on.
    fn push(&self, entry: Entry<N, C>) {
        let mask = self.slots.len() - 1;
        let mut slot = entry.hash as usize & mask;
        let mut entry = Box::new(entry);
        while let Err(back) = self.slots[slot].set(entry) {
            (entry, slot) = (back, (slot + 1) & mask);
        }
    }
}

impl<const N: usize, C> Entry<N, C> {
    fn is(&self, values: &[&str; N]) -> bool {
        self.values.iter().zip(values).all(|(own, value)| text::same(own, value))
    }
}

impl<const N: usize, C> fmt::Debug for Series<N, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Series").field("labels", &self.labels.names).field("len", &self.len).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: Labels<2> = Labels { names: ["open", "closed"], open: [true, false] };

    fn series(limit: usize) -> Series<2, AtomicU64> {
        Series::new(LABELS, limit, AtomicU64::default)
    }

    fn count(series: &Series<2, AtomicU64>, values: [&str; 2]) {
        series.get(values).unwrap().fetch_add(1, Ordering::Relaxed);
    }

    fn all(series: &Series<2, AtomicU64>) -> Vec<(String, u64)> {
        let mut all = Vec::new();
        series.each(|labels, cell| {
            let text: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
            all.push((text.join(" "), cell.load(Ordering::Relaxed)));
        });
        all.sort();
        all
    }

    #[test]
    fn each_combination_has_one_cell() {
        let series = series(10);
        for values in [["a", "b"], ["a", "b"], ["b", "a"], ["ab", ""], ["", "ab"]] {
            count(&series, values);
        }
        let expected = [("open= closed=ab", 1), ("open=a closed=b", 2), ("open=ab closed=", 1), ("open=b closed=a", 1)];
        assert_eq!(all(&series), expected.map(|(labels, count)| (labels.to_owned(), count)));
        assert_eq!(series.overflowed(), 0);
    }

    #[test]
    fn over_the_limit_open_sets_fold_and_closed_ones_stay() {
        let series = series(1);
        for values in [["a", "x"], ["b", "x"], ["c", "y"], ["a", "x"], ["d", "x"]] {
            count(&series, values);
        }
        let expected = [("open=_OTHER closed=x", 2), ("open=_OTHER closed=y", 1), ("open=a closed=x", 2)];
        assert_eq!(all(&series), expected.map(|(labels, count)| (labels.to_owned(), count)));
        assert_eq!(series.overflowed(), 3);
    }

    #[test]
    fn a_set_that_proves_to_be_open_folds_too() {
        let series = series(3);
        for number in 0..10_000 {
            count(&series, ["a", &number.to_string()]);
        }
        let all = all(&series);
        assert_eq!(all.len(), 3 + OVERFLOW_ROOM + 1);
        assert_eq!(all.iter().map(|(_, count)| count).sum::<u64>(), 10_000);
        assert_eq!(all[0], ("open=_OTHER closed=".to_owned(), 10_000 - 3 - OVERFLOW_ROOM as u64));
    }

    #[test]
    fn threads_that_add_the_same_series_get_the_same_cell() {
        let series = series(40);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|n| count(&series, [&(n % 50).to_string(), "x"])));
            }
        });
        let all = all(&series);
        assert_eq!(all.len(), 41);
        assert_eq!(all.iter().map(|(_, count)| count).sum::<u64>(), 40_000);
        assert!(all.iter().filter(|(labels, _)| !labels.contains(OTHER)).all(|(_, count)| *count == 800));
    }
}
