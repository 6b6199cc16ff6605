//! Blocks: a few thousand entries, a column for each field, checked and compressed, with filters that say what a block has not.
//!
//! A block is what is written and read as one. Whoever asks reads the header, then a filter, then of the columns those that the
//! question names. All numbers are little-endian. What is written here stays readable: an encoding is added, never changed.

mod blob;
mod decode;
mod encode;
mod example;
mod filter;
mod gather;
mod ids;
mod ints;
mod reader;
mod seal;
#[cfg(test)]
mod tests;
mod torn;

pub(crate) use example::Example;
pub(crate) use filter::Filter;
pub(crate) use gather::{Gathered, Place, Table};
pub(crate) use ids::trace_id;
pub(crate) use reader::{Reader, put_varint};
pub(crate) use seal::Sealer;
pub(crate) use torn::Torn;

use crate::column::Column;
use crate::rollup::{Minutes, Sums};

/// More entries than this no block has.
pub(crate) const MAX_ROWS: usize = 4_096;
/// So many columns have a blob of their own; the rarest others share one.
pub(crate) const MAX_COLUMNS: usize = 256;
/// The name of the column in which the others are.
pub(crate) const REST: &str = "(rest)";

/// A block, ready to be written.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) header: Header,
    /// Blobs of the two filters.
    pub(crate) words: Vec<u8>,
    pub(crate) traces: Vec<u8>,
    pub(crate) times: Vec<u8>,
    /// Names and blobs, [`REST`] among them where there are too many.
    pub(crate) columns: Vec<(Box<str>, Vec<u8>)>,
    /// Its entries, added up.
    pub(crate) minutes: Minutes,
    /// Its errors, added up.
    pub(crate) failures: Sums,
}

/// What is known of a block without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) rows: u32,
    /// Nanoseconds since 1970, both within.
    pub(crate) min_time: i64,
    pub(crate) max_time: i64,
    pub(crate) levels: Levels,
}

/// How many entries have each level; those of another level or of none are the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Levels(pub(crate) [u32; 5]);

impl Levels {
    /// The names, in the order of the counts.
    pub(crate) const NAMES: [&str; 5] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"];

    #[cfg(test)]
    pub(crate) fn of(&self, level: &str) -> Option<u32> {
        Self::NAMES.iter().position(|name| *name == level).map(|place| self.0[place])
    }

    fn count(&mut self, level: &[u8]) {
        if let Some(place) = Self::NAMES.iter().position(|name| name.as_bytes() == level) {
            self.0[place] += 1;
        }
    }
}

impl Sealed {
    /// How many bytes its blobs have.
    pub(crate) fn bytes(&self) -> usize {
        let columns: usize = self.columns.iter().map(|(_, blob)| blob.len()).sum();
        self.words.len() + self.traces.len() + self.times.len() + columns
    }
}

/// The times of a block of so many entries.
pub(crate) fn times(blob: &[u8], rows: usize) -> Result<Vec<i64>, Torn> {
    let bytes = unfold(blob, rows)?;
    let mut from = Reader(&bytes);
    let times = ints::get(&mut from, rows)?;
    if from.0.is_empty() { Ok(times) } else { Err(Torn("more than its times")) }
}

/// A column of a block of so many entries.
pub(crate) fn column(blob: &[u8], rows: usize) -> Result<Column, Torn> {
    decode::column(&unfold(blob, rows)?, rows)
}

/// A column in which a text may be found; ids are in lower-case hexadecimal, some with dashes.
pub(crate) fn speaking_column(blob: &[u8], rows: usize, with_ids: bool) -> Result<Option<Column>, Torn> {
    decode::speaking(&unfold(blob, rows)?, rows, with_ids)
}

/// The column of this name among those that share the blob of [`REST`].
pub(crate) fn rest_column(blob: &[u8], rows: usize, name: &str) -> Result<Option<Column>, Torn> {
    let bytes = unfold(blob, rows)?;
    let mut found = rest(&bytes);
    found
        .find_map(|part| part.map(|(called, raw)| (called == name).then_some(raw)).transpose())
        .transpose()?
        .map(|raw| decode::column(raw, rows))
        .transpose()
}

/// All columns that share the blob of [`REST`], with their names.
pub(crate) fn rest_columns(blob: &[u8], rows: usize) -> Result<Vec<(Box<str>, Column)>, Torn> {
    let bytes = unfold(blob, rows)?;
    rest(&bytes).map(|part| part.and_then(|(name, raw)| Ok((name.into(), decode::column(raw, rows)?)))).collect()
}

/// One of the two filters.
pub(crate) fn filter(blob: &[u8]) -> Result<Filter, Torn> {
    Filter::new(blob::unfold(blob)?)
}

fn unfold(blob: &[u8], rows: usize) -> Result<Vec<u8>, Torn> {
    if rows > MAX_ROWS { Err(Torn("more entries than a block has")) } else { blob::unfold(blob) }
}

fn rest(bytes: &[u8]) -> impl Iterator<Item = Result<(&str, &[u8]), Torn>> {
    let mut from = Reader(bytes);
    std::iter::from_fn(move || {
        if from.0.is_empty() {
            return None;
        }
        let part = from.text().and_then(|name| from.len().map(|len| (name, len)));
        let part = part.and_then(|(name, len)| Ok((name, from.take(len)?)));
        if part.is_err() {
            from.0 = &[];
        }
        Some(part)
    })
}
