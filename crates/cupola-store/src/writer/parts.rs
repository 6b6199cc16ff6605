//! Which entries of a batch go into which day's file, and which into none.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::batch::Batch;
use crate::block::Place;
use crate::day::Day;
use crate::signal::Signal;

/// The file of one signal and day.
pub(crate) type FileKey = (Signal, Day);

/// Those entries of a batch that go into one file.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) batch: Arc<Batch>,
    /// Which entries, ascending; `None` where all go.
    rows: Option<Vec<u32>>,
    /// About how many bytes of memory they take.
    pub(crate) bytes: usize,
}

/// How many entries were refused, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// Their time is more than a day ahead.
    pub future: u64,
    /// Their time is longer ago than entries are kept.
    pub too_old: u64,
}

impl Refused {
    /// All of them.
    pub fn all(&self) -> u64 {
        self.future + self.too_old
    }
}

/// Batches, taken apart.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) parts: Vec<(FileKey, Part)>,
    pub(crate) rows: u64,
    pub(crate) bytes: usize,
    pub(crate) refused: Refused,
}

impl Part {
    /// How many entries.
    pub(crate) fn rows(&self) -> usize {
        self.rows.as_ref().map_or(self.batch.rows(), Vec::len)
    }

    /// Whether an entry of the batch is one of its own.
    pub(crate) fn has(&self, row: u32) -> bool {
        self.rows.as_ref().is_none_or(|rows| rows.binary_search(&row).is_ok())
    }

    /// Its entries, as those of the batch with this number.
    pub(crate) fn places(&self, batch: u32) -> impl Iterator<Item = Place> {
        let all = self.rows.is_none().then(|| (0..).take(self.batch.rows())).into_iter().flatten();
        self.rows.iter().flatten().copied().chain(all).map(move |row| Place { batch, row })
    }
}

impl Parts {
    /// Takes batches apart by the days of their entries, of which those of other times than these are refused.
    pub(crate) fn of(batches: Vec<Batch>, kept: &RangeInclusive<i64>) -> Self {
        let mut parts = Self::default();
        batches.into_iter().filter(|batch| batch.rows() > 0).for_each(|batch| parts.add(batch, kept));
        parts
    }

    fn add(&mut self, batch: Batch, kept: &RangeInclusive<i64>) {
        let (first, last) =
            (batch.times.iter().min().copied().unwrap_or(0), batch.times.iter().max().copied().unwrap_or(0));
        let key = (batch.signal, Day::of(first));
        if key.1 == Day::of(last) && kept.contains(&first) && kept.contains(&last) {
            let bytes = batch.bytes();
            self.push(key, Part { batch: Arc::new(batch), rows: None, bytes });
        } else {
            self.split(batch, kept);
        }
    }

    fn split(&mut self, batch: Batch, kept: &RangeInclusive<i64>) {
        let mut days: BTreeMap<Day, Vec<u32>> = BTreeMap::new();
        for (row, time) in (0..).zip(&batch.times) {
            if time > kept.end() {
                self.refused.future += 1;
            } else if time < kept.start() {
                self.refused.too_old += 1;
            } else {
                days.entry(Day::of(*time)).or_default().push(row);
            }
        }
        let (bytes_a_row, signal) = (batch.bytes() / batch.rows(), batch.signal);
        let batch = Arc::new(batch);
        for (day, rows) in days {
            let bytes = bytes_a_row * rows.len();
            self.push((signal, day), Part { batch: Arc::clone(&batch), rows: Some(rows), bytes });
        }
    }

    fn push(&mut self, key: FileKey, part: Part) {
        self.rows += part.rows() as u64;
        self.bytes += part.bytes;
        self.parts.push((key, part));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_go_to_their_days_and_those_of_strange_times_nowhere() {
        const DAY: i64 = 86_400_000_000_000;
        let mut batch = Batch::new(Signal::Logs);
        for time in [5 * DAY, 3 * DAY, 9 * DAY, 5 * DAY + 1, DAY, 3 * DAY - 1] {
            batch.row(time);
        }
        let parts = Parts::of(vec![batch, Batch::new(Signal::Spans)], &(2 * DAY..=6 * DAY));
        let found: Vec<_> =
            parts.parts.iter().map(|((signal, day), part)| (*signal, day.0, part.rows.clone())).collect();
        let logs = |day, rows: &[u32]| (Signal::Logs, day, Some(rows.to_vec()));
        assert_eq!(found, [logs(2, &[5]), logs(3, &[1]), logs(5, &[0, 3])]);
        assert_eq!((parts.rows, parts.refused), (4, Refused { future: 1, too_old: 1 }));
    }
}
