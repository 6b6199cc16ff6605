//! Rollups in a day's file: rows that grow while their minute is written, and are read in one go.

use std::ops::RangeInclusive;

use rusqlite::{OptionalExtension as _, Row, params};
use rustc_hash::FxHashMap;

use crate::block::{Reader, Torn};
use crate::file::{DayFile, FileError, Seal};
use crate::rollup::{Cell, Durations, Exemplar, Key, Minutes, Step, What};

/// More different keys than this no file has; what comes then is counted as `_OTHER`.
const MAX_KEYS: i64 = 4_096;
const OTHER: &str = "_OTHER";
const MINUTE: i64 = 60_000_000_000;

/// A row as it is read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rollup {
    /// When the minute or the hour begins, in nanoseconds since 1970.
    pub(crate) start: i64,
    pub(crate) key: Key,
    pub(crate) cell: Cell,
}

impl DayFile {
    /// Rows of this kind whose minute or hour begins in this time, by their beginning.
    pub(crate) fn rollups(
        &self,
        times: &RangeInclusive<i64>,
        step: Step,
        what: What,
    ) -> Result<Vec<Rollup>, FileError> {
        let first = times.start().div_euclid(MINUTE) + i64::from(times.start().rem_euclid(MINUTE) > 0);
        let sql = "SELECT start, what, service, name, class, count, errors, data FROM rollups JOIN keys ON keys.id = rollups.key
                   WHERE step = ?1 AND start BETWEEN ?2 AND ?3 AND what = ?4 ORDER BY start, key";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows =
            statement.query(params![step.minutes(), first, times.end().div_euclid(MINUTE), what.number()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let start: i64 = row.get(0)?;
            found.push(Rollup { start: start.saturating_mul(MINUTE), key: read_key(row)?, cell: read_cell(row, 5)? });
        }
        Ok(found)
    }
}

fn read_key(row: &Row<'_>) -> Result<Key, FileError> {
    let what = What::numbered(row.get(1)?).ok_or(Torn("a rollup of what is not known"))?;
    Ok(Key { what, service: row.get(2)?, name: row.get(3)?, class: row.get(4)? })
}

/// Count, errors and data, from this column on.
fn read_cell(row: &Row<'_>, at: usize) -> Result<Cell, FileError> {
    let count = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
    let mut cell = Cell { count: count(at)?, errors: count(at + 1)?, ..Cell::default() };
    let data = row.get_ref(at + 2)?.as_blob().map_err(rusqlite::Error::from)?;
    let mut from = Reader(data);
    if !data.is_empty() {
        for _ in 0..from.byte()? {
            let (trace_id, is_error) = (from.array()?, from.byte()? != 0);
            cell.exemplars.push(Exemplar { trace_id, duration_ms: f32::from_le_bytes(from.array()?), is_error });
        }
    }
    cell.durations = Durations::get(&mut from)?;
    Ok(cell)
}

/// How many exemplars, each as `trace(16) error(1) duration(4)`, then the durations; nothing where there is neither.
fn put_data(cell: &Cell) -> Vec<u8> {
    let mut out = Vec::new();
    if cell.durations == Durations::default() && cell.exemplars.is_empty() {
        return out;
    }
    out.push(u8::try_from(cell.exemplars.len()).expect("there are few"));
    for exemplar in &cell.exemplars {
        out.extend_from_slice(&exemplar.trace_id);
        out.push(u8::from(exemplar.is_error));
        out.extend_from_slice(&exemplar.duration_ms.to_le_bytes());
    }
    cell.durations.put(&mut out);
    out
}

impl Seal<'_> {
    /// Adds what these minutes say to the rows that there are; to those of the hours when it is committed.
    pub(super) fn roll_up(&mut self, minutes: &Minutes) -> Result<(), FileError> {
        let mut numbers: FxHashMap<&Key, i64> = FxHashMap::default();
        for ((minute, key), cell) in minutes {
            let number = match numbers.get(key) {
                Some(number) => *number,
                None => self.key(key)?,
            };
            numbers.insert(key, number);
            self.add_to(Step::Minute, *minute, number, cell)?;
            let hour = minute.div_euclid(Step::Hour.minutes()) * Step::Hour.minutes();
            self.hours.entry((hour, number)).or_default().merge(cell);
        }
        Ok(())
    }

    pub(super) fn roll_up_hours(&self) -> Result<(), FileError> {
        self.hours.iter().try_for_each(|((hour, number), cell)| self.add_to(Step::Hour, *hour, *number, cell))
    }

    fn add_to(&self, step: Step, start: i64, key: i64, cell: &Cell) -> Result<(), FileError> {
        let sql = "SELECT count, errors, data FROM rollups WHERE step = ?1 AND start = ?2 AND key = ?3";
        let place = params![step.minutes(), start, key];
        let found = self.transaction.prepare_cached(sql)?.query_row(place, |row| Ok(read_cell(row, 0))).optional()?;
        let merged = match found {
            // What cannot be read any more is begun anew: it is a sum, and nothing else hangs on it.
            Some(Ok(mut before)) => {
                before.merge(cell);
                Some(before)
            }
            Some(Err(_)) | None => None,
        };
        let cell = merged.as_ref().unwrap_or(cell);
        let sql =
            "INSERT OR REPLACE INTO rollups (step, start, key, count, errors, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let (count, errors) = (cell.count.cast_signed(), cell.errors.cast_signed());
        self.transaction.prepare_cached(sql)?.execute(params![
            step.minutes(),
            start,
            key,
            count,
            errors,
            put_data(cell)
        ])?;
        Ok(())
    }

    /// The number of a key, given to it now if it has none. Names that nobody bounds do not fill the file: they become one.
    fn key(&self, key: &Key) -> Result<i64, FileError> {
        if let Some(number) = self.find_key(key)? {
            return Ok(number);
        }
        let count: i64 = self.transaction.query_row("SELECT coalesce(max(id), 0) FROM keys", [], |row| row.get(0))?;
        if count < MAX_KEYS {
            return self.new_key(key);
        }
        let other = Key { service: OTHER.into(), name: OTHER.into(), ..key.clone() };
        self.find_key(&other)?.map_or_else(|| self.new_key(&other), Ok)
    }

    fn find_key(&self, key: &Key) -> Result<Option<i64>, FileError> {
        let sql = "SELECT id FROM keys WHERE what = ?1 AND service = ?2 AND name = ?3 AND class = ?4";
        let place = params![key.what.number(), key.service, key.name, key.class];
        Ok(self.transaction.prepare_cached(sql)?.query_row(place, |row| row.get(0)).optional()?)
    }

    fn new_key(&self, key: &Key) -> Result<i64, FileError> {
        let sql = "INSERT INTO keys (what, service, name, class) VALUES (?1, ?2, ?3, ?4)";
        let place = params![key.what.number(), key.service, key.name, key.class];
        Ok(self.transaction.prepare_cached(sql)?.insert(place)?)
    }
}
