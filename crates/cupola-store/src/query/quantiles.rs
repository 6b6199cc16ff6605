//! How the numbers of a field are spread: all together, by the values of another field, step by step.

use std::cmp::Reverse;
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::error::QueryError;
use super::json;
use super::keys::{Adopted, Few, Key, Keys};
use super::opened::Opened;
use super::rows::Rows;
use super::scan::{Hit, Scan};
use super::selection::{Partial, Scanned, Selection};
use super::sketch::Sketch;
use super::steps::Steps;
use super::wanted::Place;
use crate::value::Value;

/// So many spreads are kept; numbers of others are counted, and nothing else.
const MAX_SPREADS: usize = 2_000;

/// A question for quantiles.
#[derive(Clone, Debug)]
pub struct Quantiles {
    /// Which entries; with `step`, it is to say from when to when.
    pub selection: Selection,
    /// The field whose numbers are meant. Entries that have none there do not count.
    pub field: String,
    /// A field whose values are told apart.
    pub by: Option<String>,
    /// Tells of each step of time apart.
    pub step: Option<Duration>,
    /// Which shares, from 0 to 1: 0.5, 0.95.
    pub shares: Vec<f64>,
    /// How many values of `by`, those with the most numbers.
    pub values: usize,
}

/// Quantiles.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// Those with the most numbers first, each value's steps one behind the other.
    pub measures: Vec<Measure>,
    /// The same of all steps together, where steps were asked for.
    pub whole: Vec<Measure>,
    /// Numbers that no measure tells of.
    pub others: u64,
    /// Why it does not tell of all.
    pub partial: Option<Partial>,
    /// What was done for it.
    pub scanned: Scanned,
}

/// How some numbers are spread.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// The value of the other field; `None` of entries that do not have it.
    pub value: Option<String>,
    /// When its step begins, in nanoseconds since 1970.
    pub start: Option<i64>,
    /// How many numbers.
    pub count: u64,
    /// All of them together.
    pub sum: f64,
    /// The least.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// The numbers below which the shares lie that were asked for, to about one per cent.
    pub quantiles: Vec<f64>,
}

impl Quantiles {
    pub(super) fn answer(&self, mut scan: Scan<'_>) -> Result<Measured, QueryError> {
        if let Some(share) = self.shares.iter().find(|share| !(0.0..=1.0).contains(*share)) {
            return Err(QueryError::asked(format!("{share} is no share: one is from 0 to 1")));
        }
        let steps = self.step.map(|step| Steps::new(&self.selection, step)).transpose()?;
        let make = || Spreads {
            field: Place::of(&self.field),
            keys: self.by.as_ref().map(|by| Keys::new(by, MAX_SPREADS)),
            steps,
            sketches: Vec::new(),
            places: FxHashMap::default(),
            others: 0,
        };
        let mut spreads = make();
        scan.gather(make, Spreads::add, |part| spreads.merge(part))?;
        Ok(Measured { partial: scan.partial, scanned: scan.scanned, ..spreads.finish(self) })
    }
}

#[derive(Debug)]
struct Spreads {
    field: Place,
    keys: Option<Keys>,
    steps: Option<Steps>,
    sketches: Vec<Sketch>,
    /// Which of them is of which value and step.
    places: FxHashMap<(Key, usize), usize>,
    others: u64,
}

impl Spreads {
    fn add(&mut self, hit: &Hit<'_>) -> Result<(), QueryError> {
        let mut numbers = Vec::with_capacity(hit.rows.len());
        each_number(&self.field, hit.opened, hit.rows, |row, number| numbers.push((row, number)))?;
        if numbers.is_empty() {
            return Ok(());
        }
        // Of a field that is in several columns.
        if !numbers.is_sorted_by_key(|(row, _)| *row) {
            numbers.sort_by_key(|(row, _)| *row);
        }
        let parts = match &self.steps {
            Some(steps) => steps.parts(&hit.opened.times()?),
            None => vec![(0, 0..hit.rows.len())],
        };
        let keys = self.keys.as_mut().map(|keys| keys.few(hit.opened, hit.rows)).transpose()?;
        let mut numbers = &numbers[..];
        for (step, range) in parts {
            let (before, rest) = numbers.split_at(numbers.partition_point(|(row, _)| *row < range.end));
            numbers = rest;
            let these = &before[before.partition_point(|(row, _)| *row < range.start)..];
            match &keys {
                Some(keys) => self.add_by(keys, step, these),
                None => self.add_all(Key::None, step, these),
            }
        }
        Ok(())
    }

    fn add_all(&mut self, key: Key, step: usize, numbers: &[(usize, f64)]) {
        match self.place(key, step) {
            Some(place) => numbers.iter().for_each(|(_, number)| self.sketches[place].add(*number)),
            None => self.others += numbers.len() as u64,
        }
    }

    fn add_by(&mut self, keys: &Few, step: usize, numbers: &[(usize, f64)]) {
        // Where the sketch of each value is, once one was looked for.
        let mut places: Vec<Option<Option<usize>>> = vec![None; keys.keys.len()];
        for (row, number) in numbers {
            let key = keys.of_rows[*row] as usize;
            match *places[key].get_or_insert_with(|| self.place(keys.keys[key], step)) {
                Some(place) => self.sketches[place].add(*number),
                None => self.others += 1,
            }
        }
    }

    /// Where the sketch of a value and step is; `None` where there is no room for one.
    fn place(&mut self, key: Key, step: usize) -> Option<usize> {
        if let Some(place) = self.places.get(&(key, step)) {
            return Some(*place);
        }
        if self.sketches.len() >= MAX_SPREADS || key == Key::Beyond {
            return None;
        }
        self.sketches.push(Sketch::default());
        self.places.insert((key, step), self.sketches.len() - 1);
        Some(self.sketches.len() - 1)
    }

    /// Adds what was counted elsewhere.
    fn merge(&mut self, other: Self) {
        let adopted = match (&mut self.keys, &other.keys) {
            (Some(keys), Some(others)) => keys.adopt(others),
            _ => Adopted::default(),
        };
        self.others += other.others;
        let mut places: Vec<_> = other.places.into_iter().collect();
        places.sort_unstable();
        for ((key, step), place) in places {
            let sketch = &other.sketches[place];
            match self.place(adopted.key(key), step) {
                Some(place) => self.sketches[place].merge(sketch),
                None => self.others += sketch.count,
            }
        }
    }

    fn finish(self, asked: &Quantiles) -> Measured {
        let mut totals: FxHashMap<Key, u64> = FxHashMap::default();
        let counted = self.places.iter().map(|((key, _), place)| (*key, self.sketches[*place].count));
        counted.for_each(|(key, count)| *totals.entry(key).or_default() += count);
        let text = |key: Key| self.keys.as_ref().and_then(|keys| keys.text(key));
        let mut order: Vec<Key> = totals.keys().copied().collect();
        order.sort_by_key(|key| (Reverse(totals[key]), text(*key)));
        let shown = asked.values.max(1).min(order.len());
        let left: u64 = order[shown..].iter().map(|key| totals[key]).sum();
        let ranks: FxHashMap<Key, usize> = order[..shown].iter().enumerate().map(|(rank, key)| (*key, rank)).collect();
        let mut chosen: Vec<_> = self
            .places
            .iter()
            .filter_map(|((key, step), place)| Some((*ranks.get(key)?, *step, *key, &self.sketches[*place])))
            .collect();
        chosen.sort_by_key(|(rank, step, ..)| (*rank, *step));
        let measure = |key: Key, start: Option<i64>, sketch: &Sketch| Measure {
            value: text(key).map(str::to_owned),
            start,
            count: sketch.count,
            sum: sketch.sum,
            min: sketch.min,
            max: sketch.max,
            quantiles: asked.shares.iter().map(|share| sketch.quantile(*share)).collect(),
        };
        let whole = |same: &[(usize, usize, Key, &Sketch)]| {
            let mut all = Sketch::default();
            same.iter().for_each(|(.., sketch)| all.merge(sketch));
            measure(same[0].2, None, &all)
        };
        let by_value = chosen.chunk_by(|(one, ..), (other, ..)| one == other);
        let whole = self.steps.map(|_| by_value.map(whole).collect()).unwrap_or_default();
        let start = |step: usize| self.steps.map(|steps| steps.start + step as i64 * steps.length);
        let measures = chosen.iter().map(|(_, step, key, sketch)| measure(*key, start(*step), sketch)).collect();
        Measured { measures, whole, others: self.others + left, ..Measured::default() }
    }
}

/// The numbers that these entries have at a place.
fn each_number(
    place: &Place,
    opened: &Opened<'_>,
    rows: &Rows,
    mut each: impl FnMut(usize, f64),
) -> Result<(), QueryError> {
    let mut left = rows.clone();
    for name in place.names() {
        let Some(column) = opened.column(name)? else { continue };
        column.each_row(|row, at| {
            if left.has(row) {
                left.remove(row);
                let number = column.values.get(at).and_then(|value| value.as_f64());
                number.filter(|number| number.is_finite()).into_iter().for_each(|number| each(row, number));
            }
        });
    }
    if let Some((head, path)) = place.inside.as_ref().filter(|_| !left.is_empty())
        && let Some(column) = opened.column(head)?
    {
        column.each_row(|row, at| {
            let found = match column.values.get(at) {
                Some(Value::Json(text)) if left.has(row) => json::within(text, path).and_then(|found| found.as_f64()),
                _ => None,
            };
            found.into_iter().for_each(|number| each(row, number));
        });
    }
    Ok(())
}
