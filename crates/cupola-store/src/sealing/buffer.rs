//! Entries of one file that are not sealed yet.

use std::time::{Duration, Instant};

use crate::block::{MAX_ROWS, Place, Table};
use crate::writer::Part;

/// So many entries are sealed at once: several full blocks, and at most one second's.
const MANY_ROWS: usize = 8 * MAX_ROWS;
/// So many bytes are sealed, however few entries they are.
const MANY_BYTES: usize = 32 << 20;
/// About so many bytes of entries go into a block, at most.
const BLOCK_BYTES: usize = 8 << 20;
/// What has waited so long is sealed, however little it is.
pub(crate) const LONGEST: Duration = Duration::from_secs(1);

/// In the order in which they came.
#[derive(Debug)]
pub(crate) struct Buffer {
    parts: Vec<Part>,
    pub(crate) rows: usize,
    pub(crate) bytes: usize,
    /// The first and the last record of the journal that have entries here.
    pub(crate) records: Option<(u64, u64)>,
    since: Instant,
    /// It could not be sealed, so many times, and is left alone for a while.
    failures: u32,
    not_before: Instant,
}

impl Buffer {
    pub(crate) fn new(now: Instant) -> Self {
        Self { parts: Vec::new(), rows: 0, bytes: 0, records: None, since: now, failures: 0, not_before: now }
    }

    pub(crate) fn add(&mut self, part: Part, record: Option<u64>) {
        self.rows += part.rows();
        self.bytes += part.bytes;
        self.parts.push(part);
        if let Some(record) = record {
            self.records = Some((self.records.map_or(record, |(first, _)| first), record));
        }
    }

    /// When it is to be sealed.
    pub(crate) fn due(&self) -> Instant {
        let filled = if self.rows >= MANY_ROWS || self.bytes >= MANY_BYTES { self.since } else { self.since + LONGEST };
        filled.max(self.not_before)
    }

    /// It could not be sealed: the next attempt waits, the longer the more there were.
    pub(crate) fn put_off(&mut self, now: Instant) {
        self.not_before = now + Duration::from_millis(250 << self.failures.min(7));
        self.failures += 1;
    }

    pub(crate) fn table(&self) -> Table<'_> {
        Table::new(self.parts.iter().map(|part| &*part.batch).collect())
    }

    /// All entries by time; those of one time in the order in which they came.
    pub(crate) fn order(&self, table: &Table<'_>) -> Vec<Place> {
        let places = (0..).zip(&self.parts).flat_map(|(batch, part)| part.places(batch));
        let mut timed: Vec<(i64, Place)> = places.map(|place| (table.time(place), place)).collect();
        timed.sort_by_key(|(time, _)| *time);
        timed.into_iter().map(|(_, place)| place).collect()
    }

    /// Of how many entries its blocks are: full ones, or all of one size a little below.
    pub(crate) fn block_rows(&self) -> usize {
        self.rows.div_ceil(blocks(self.rows, self.bytes)).max(1)
    }
}

/// In how many blocks these go.
pub(crate) fn blocks(rows: usize, bytes: usize) -> usize {
    rows.div_ceil(MAX_ROWS).max(bytes.div_ceil(BLOCK_BYTES)).max(1)
}
