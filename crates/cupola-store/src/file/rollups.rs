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

/// A row as it is stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored<'a> {
    /// When the minute or the hour begins, in nanoseconds since 1970.
    pub(crate) start: i64,
    /// The number of its key.
    pub(crate) key: i64,
    pub(crate) count: u64,
    pub(crate) errors: u64,
    /// For [`read_data`].
    pub(crate) data: &'a [u8],
}

impl DayFile {
    /// Rows of this kind whose minute or hour begins in this time, by their beginning.
    pub(crate) fn rollups(
        &self,
        times: &RangeInclusive<i64>,
        step: Step,
        what: What,
    ) -> Result<Vec<Rollup>, FileError> {
        let keys = self.rollup_keys(what)?;
        let mut found = Vec::new();
        self.each_rollup(times, step, |row| {
            if let Some(key) = keys.get(&row.key) {
                let cell = read_cell(row.count, row.errors, row.data)?;
                found.push(Rollup { start: row.start, key: key.clone(), cell });
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// The keys of this kind, by their numbers.
    pub(crate) fn rollup_keys(&self, what: What) -> Result<FxHashMap<i64, Key>, FileError> {
        let mut statement =
            self.connection.prepare_cached("SELECT id, service, name, class FROM keys WHERE what = ?1")?;
        let key = |row: &Row<'_>| {
            Ok((row.get(0)?, Key { what, service: row.get(1)?, name: row.get(2)?, class: row.get(3)? }))
        };
        Ok(statement.query_map([what.number()], key)?.collect::<Result<_, _>>()?)
    }

    /// Shows the rows, of all kinds, whose minute or hour begins in this time, by their beginning.
    pub(crate) fn each_rollup(
        &self,
        times: &RangeInclusive<i64>,
        step: Step,
        mut show: impl FnMut(Stored<'_>) -> Result<(), Torn>,
    ) -> Result<(), FileError> {
        let first = times.start().div_euclid(MINUTE) + i64::from(times.start().rem_euclid(MINUTE) > 0);
        let sql = "SELECT start, key, count, errors, data FROM rollups
                   WHERE step = ?1 AND start BETWEEN ?2 AND ?3 ORDER BY start, key";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![step.minutes(), first, times.end().div_euclid(MINUTE)])?;
        while let Some(row) = rows.next()? {
            let (start, [count, errors]) = (row.get::<_, i64>(0)?, counts(row, 2)?);
            let data = row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?;
            show(Stored { start: start.saturating_mul(MINUTE), key: row.get(1)?, count, errors, data })?;
        }
        Ok(())
    }
}

/// Count and errors, from this column on.
fn counts(row: &Row<'_>, at: usize) -> Result<[u64; 2], FileError> {
    let count = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
    Ok([count(at)?, count(at + 1)?])
}

fn read_cell(count: u64, errors: u64, data: &[u8]) -> Result<Cell, Torn> {
    let mut cell = Cell { count, errors, ..Cell::default() };
    let mut durations = read_data(data, |exemplar| cell.exemplars.push(exemplar))?;
    cell.durations = Durations::get(&mut durations)?;
    Ok(cell)
}

/// Shows the exemplars of a row's data, and gives what is behind them: its durations.
pub(crate) fn read_data(data: &[u8], mut show: impl FnMut(Exemplar)) -> Result<Reader<'_>, Torn> {
    let mut from = Reader(data);
    if !data.is_empty() {
        for _ in 0..from.byte()? {
            let (trace_id, is_error) = (from.array()?, from.byte()? != 0);
            show(Exemplar { trace_id, duration_ms: f32::from_le_bytes(from.array()?), is_error });
        }
    }
    Ok(from)
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
        let read = |row: &Row<'_>| -> Result<Cell, FileError> {
            let [count, errors] = counts(row, 0)?;
            Ok(read_cell(count, errors, row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?)?)
        };
        let found = self.transaction.prepare_cached(sql)?.query_row(place, |row| Ok(read(row))).optional()?;
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
