//! The most frequent values of a field.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use super::error::QueryError;
use super::keys::{Key, Keys};
use super::scan::Scan;
use super::selection::{Partial, Scanned, Selection};

/// So many different values are counted.
const MAX_VALUES: usize = 100_000;

/// A question for the most frequent values of a field.
#[derive(Clone, Debug)]
pub struct Top {
    /// Which entries.
    pub selection: Selection,
    /// The field.
    pub field: String,
    /// How many values.
    pub limit: usize,
}

/// The most frequent values of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topped {
    /// Values and how many entries have them, the most frequent first.
    pub values: Vec<(String, u64)>,
    /// How many different values were counted.
    pub distinct: usize,
    /// Entries with values that were counted and are not shown.
    pub others: u64,
    /// Entries with values that were not counted, since there were a hundred thousand before: where it is not 0, a value may be missing that
    /// is as frequent.
    pub uncounted: u64,
    /// Entries that do not have the field.
    pub without: u64,
    /// Why the counts are too small.
    pub partial: Option<Partial>,
    /// What was done for it.
    pub scanned: Scanned,
}

impl Top {
    pub(super) fn answer(&self, mut scan: Scan<'_>) -> Result<Topped, QueryError> {
        let make = || (Keys::new(&self.field, MAX_VALUES), FxHashMap::<Key, u64>::default());
        let (mut keys, mut counts) = make();
        scan.gather(
            make,
            |(keys, counts), hit| {
                let all = [(0, 0..hit.rows.len())];
                keys.count(hit.opened, hit.rows, &all, |key, _, entries| *counts.entry(key).or_default() += entries)
            },
            |(others, of_others)| {
                let adopted = keys.adopt(&others);
                of_others.iter().for_each(|(key, entries)| *counts.entry(adopted.key(*key)).or_default() += entries);
            },
        )?;
        let mut topped = Topped {
            without: counts.remove(&Key::None).unwrap_or(0),
            uncounted: counts.remove(&Key::Beyond).unwrap_or(0),
            distinct: counts.len(),
            partial: scan.partial,
            scanned: scan.scanned,
            ..Topped::default()
        };
        let mut all: Vec<_> = counts.into_iter().filter_map(|(key, count)| Some((keys.text(key)?, count))).collect();
        all.sort_unstable_by_key(|(text, count)| (Reverse(*count), *text));
        topped.others = all.iter().skip(self.limit).map(|(_, count)| count).sum();
        topped.values = all.into_iter().take(self.limit).map(|(text, count)| (text.to_owned(), count)).collect();
        Ok(topped)
    }
}
