//! How many entries there were: in each step of time, with each value of a field.

use std::ops::Range;
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::error::QueryError;
use super::keys::{Adopted, Key, Keys};
use super::rows::Rows;
use super::scan::{Hit, Scan};
use super::selection::{Partial, Scanned, Selection};
use super::steps::Steps;
use crate::block::Levels;

/// Of more values than this the others are counted together while they are counted.
const MAX_VALUES: usize = 1_000;

/// A question for counts over time.
#[derive(Clone, Debug)]
pub struct Counts {
    /// Which entries; it is to say from when to when.
    pub selection: Selection,
    /// How long a step is. There are at most [`MAX_STEPS`](super::MAX_STEPS).
    pub step: Duration,
    /// A field whose values are counted apart.
    pub by: Option<String>,
    /// So many values, the most frequent ones, have counts of their own.
    pub values: usize,
}

/// Counts over time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// When the first step begins, in nanoseconds since 1970: at a multiple of its length.
    pub start: i64,
    /// How long each step is, in nanoseconds.
    pub step: i64,
    /// The most frequent first; one without a value where none was asked for.
    pub series: Vec<Series>,
    /// Entries with other values, step by step.
    pub others: Vec<u64>,
    /// All of them.
    pub total: u64,
    /// Why they are too few.
    pub partial: Option<Partial>,
    /// What was done for it.
    pub scanned: Scanned,
}

/// How often a value came in each step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// `None` of entries that do not have the field.
    pub value: Option<String>,
    /// One for each step.
    pub counts: Vec<u64>,
}

impl Counts {
    pub(super) fn answer(&self, mut scan: Scan<'_>) -> Result<Counted, QueryError> {
        let steps = Steps::new(&self.selection, self.step)?;
        let keys = || self.by.as_ref().map(|by| Keys::new(by, MAX_VALUES));
        let mut sums = Sums { steps, keys: keys(), counts: FxHashMap::default() };
        let make = || Tally { steps, keys: keys(), counts: FxHashMap::default() };
        scan.gather(make, Tally::add, |part| sums.merge(part))?;
        Ok(Counted { partial: scan.partial, scanned: scan.scanned, ..sums.finish(self.values) })
    }
}

/// What some blocks have.
#[derive(Debug)]
struct Tally {
    steps: Steps,
    keys: Option<Keys>,
    /// By value and step: a few blocks have few steps, of which others wait meanwhile.
    counts: FxHashMap<(Key, usize), u64>,
}

/// What all of them have.
#[derive(Debug)]
struct Sums {
    steps: Steps,
    keys: Option<Keys>,
    counts: FxHashMap<Key, Vec<u64>>,
}

impl Tally {
    fn add(&mut self, hit: &Hit<'_>) -> Result<(), QueryError> {
        let header = &hit.block.header;
        // Where all of a block lies in one step its times are not read.
        let one = self.steps.of(header.min_time).filter(|step| self.steps.of(header.max_time) == Some(*step));
        if let Some(step) = one
            && self.add_header(hit, step)
        {
            return Ok(());
        }
        let parts = match one {
            Some(step) => vec![(step, 0..hit.rows.len())],
            None => self.steps.parts(&hit.opened.times()?),
        };
        let counts = &mut self.counts;
        let count = |key, step, entries| *counts.entry((key, step)).or_default() += entries;
        match &mut self.keys {
            Some(keys) => keys.count(hit.opened, hit.rows, &parts, count),
            None => {
                count_rows(hit.rows, &parts, count);
                Ok(())
            }
        }
    }

    /// Counts a block by its header alone, where that tells.
    fn add_header(&mut self, hit: &Hit<'_>, step: usize) -> bool {
        let (rows, header) = (hit.rows.count() as u64, &hit.block.header);
        let Some(keys) = &mut self.keys else {
            self.count(Key::None, step, rows);
            return true;
        };
        let known: u32 = header.levels.0.iter().sum();
        if !keys.is_of("level") || rows != u64::from(header.rows) || known != header.rows {
            return false;
        }
        for (name, count) in Levels::NAMES.into_iter().zip(header.levels.0).filter(|(_, count)| *count > 0) {
            let Some(keys) = &mut self.keys else { return false };
            let key = keys.key(name);
            self.count(key, step, u64::from(count));
        }
        true
    }

    fn count(&mut self, key: Key, step: usize, entries: u64) {
        *self.counts.entry((key, step)).or_default() += entries;
    }
}

impl Sums {
    fn merge(&mut self, part: Tally) {
        let adopted = match (&mut self.keys, &part.keys) {
            (Some(keys), Some(others)) => keys.adopt(others),
            _ => Adopted::default(),
        };
        for ((key, step), entries) in part.counts {
            self.counts.entry(adopted.key(key)).or_insert_with(|| vec![0; self.steps.count])[step] += entries;
        }
    }

    fn finish(mut self, values: usize) -> Counted {
        let sum = |counts: &[u64]| counts.iter().sum::<u64>();
        let total = self.counts.values().map(|counts| sum(counts)).sum();
        let beyond = self.counts.remove(&Key::Beyond);
        let mut all: Vec<_> = self.counts.drain().collect();
        all.sort_by_cached_key(|(key, counts)| (std::cmp::Reverse(sum(counts)), self.text(*key)));
        let left = all.split_off(values.max(1).min(all.len()));
        let mut others = vec![0; self.steps.count];
        for counts in left.into_iter().map(|(_, counts)| counts).chain(beyond) {
            others.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        let series = all.into_iter().map(|(key, counts)| Series { value: self.text(key), counts }).collect();
        let Steps { start, length: step, .. } = self.steps;
        Counted { start, step, series, others, total, ..Counted::default() }
    }

    fn text(&self, key: Key) -> Option<String> {
        self.keys.as_ref()?.text(key).map(str::to_owned)
    }
}

fn count_rows(rows: &Rows, parts: &[(usize, Range<usize>)], mut count: impl FnMut(Key, usize, u64)) {
    for (step, range) in parts {
        count(Key::None, *step, rows.count_within(range) as u64);
    }
}
