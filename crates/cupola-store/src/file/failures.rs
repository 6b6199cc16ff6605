//! Errors that are alike in a day's file: what each minute and each hour had of them, in one row, and the last of each kind.
//!
//! A row is, for each fingerprint in ascending order: `fingerprint(8)`, when the first one came after the row's beginning, how long the
//! last one came after it, the number of the version, how many services there are, and of each its number and its errors.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use cupola_line::fingerprint::Fingerprint;
use rusqlite::{OptionalExtension as _, params};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::block::{Example, Reader, Torn, put_varint};
use crate::column::Owned;
use crate::file::{DayFile, FileError, Seal};
use crate::rollup::{Known, Names, Step, Sum, Sums};

/// More groups than this no file has; the errors of others are counted together.
const MAX_GROUPS: i64 = 10_000;
/// More services and versions than this no file has.
const MAX_NAMES: usize = 4_096;
const OTHER: &str = "_OTHER";
/// Those that have no group of their own.
const BEYOND: Fingerprint = Fingerprint::of_number(0);
const MINUTE: i64 = 60_000_000_000;

/// What one minute or hour had.
pub(crate) type Row = BTreeMap<Fingerprint, Sum>;

/// What a seal adds.
#[derive(Debug, Default)]
pub(crate) struct Growing {
    /// By step and beginning, in minutes since 1970.
    rows: BTreeMap<(Step, i64), Row>,
    known: FxHashMap<Fingerprint, Known>,
    names: Option<Names>,
}

impl DayFile {
    /// Whether all its errors were added up, by the rules of today. Those of files that were begun before there was such a thing are not.
    pub(crate) fn has_failures(&self) -> Result<bool, FileError> {
        if let Some(has) = self.has_failures.get() {
            return Ok(*has);
        }
        let sql = "SELECT count(*) FROM sqlite_schema WHERE name = 'failures'";
        let is_there = self.connection.query_row(sql, [], |row| row.get::<_, i64>(0))? > 0;
        let rules = || self.connection.query_row("SELECT version FROM failure_rules", [], |row| row.get::<_, u32>(0));
        let has = is_there && rules().optional()? == Some(Fingerprint::VERSION);
        Ok(*self.has_failures.get_or_init(|| has))
    }

    /// Calls `each` with what was added up of errors in the minutes or hours that begin within these minutes since 1970. Those that have no
    /// group are of none.
    pub(crate) fn failures(
        &self,
        step: Step,
        minutes: &RangeInclusive<i64>,
        mut each: impl FnMut(i64, Option<Fingerprint>, &Sum),
    ) -> Result<(), FileError> {
        let sql = "SELECT start, data FROM failures WHERE step = ?1 AND start BETWEEN ?2 AND ?3";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![step.minutes(), minutes.start(), minutes.end()])?;
        while let Some(row) = rows.next()? {
            let start: i64 = row.get::<_, i64>(0)?.saturating_mul(MINUTE);
            let data = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            read(data, start, |fingerprint, sum| {
                each(start, (fingerprint != BEYOND).then_some(fingerprint), sum);
            })?;
        }
        Ok(())
    }

    /// The groups of these targets.
    pub(crate) fn failures_of(&self, targets: &[String]) -> Result<FxHashSet<Fingerprint>, FileError> {
        let mut found = FxHashSet::default();
        let mut statement =
            self.connection.prepare_cached("SELECT fingerprint FROM failure_groups WHERE target = ?1")?;
        for target in targets {
            let mut rows = statement.query([target])?;
            while let Some(row) = rows.next()? {
                found.insert(Fingerprint::of_number(row.get::<_, i64>(0)?.cast_unsigned()));
            }
        }
        Ok(found)
    }

    /// The groups of this route, as the last error of each says.
    pub(crate) fn failures_at(&self, route: &str) -> Result<FxHashSet<Fingerprint>, FileError> {
        let mut statement = self.connection.prepare_cached("SELECT fingerprint, example FROM failure_groups")?;
        let mut rows = statement.query([])?;
        let mut found = FxHashSet::default();
        while let Some(row) = rows.next()? {
            let example = Example(row.get(1)?);
            let is_its = |(name, value): &(&str, Owned)| {
                *name == "route" && matches!(value, Owned::Text(text) if **text == *route)
            };
            if example.fields().unwrap_or_default().iter().any(is_its) {
                found.insert(Fingerprint::of_number(row.get::<_, i64>(0)?.cast_unsigned()));
            }
        }
        Ok(found)
    }

    /// The services and versions that have numbers.
    pub(crate) fn failure_names(&self) -> Result<Names, FileError> {
        let mut statement = self.connection.prepare_cached("SELECT id, name FROM failure_names")?;
        let mut rows = statement.query([])?;
        let mut names = Names::default();
        while let Some(row) = rows.next()? {
            names.insert(&row.get::<_, String>(1)?, row.get(0)?);
        }
        Ok(names)
    }

    /// What errors that are alike have in common, and the last of them.
    pub(crate) fn failure(&self, fingerprint: Fingerprint) -> Result<Option<Known>, FileError> {
        let sql = "SELECT target, template, last, example FROM failure_groups WHERE fingerprint = ?1";
        let read = |row: &rusqlite::Row<'_>| {
            let example = Example(row.get(3)?);
            Ok(Known { target: row.get(0)?, template: row.get(1)?, last: row.get(2)?, example })
        };
        Ok(self.connection.prepare_cached(sql)?.query_row([fingerprint.number().cast_signed()], read).optional()?)
    }
}

impl Seal<'_> {
    /// Adds what these sums say, when it is committed.
    pub(super) fn add_failures(&mut self, sums: &Sums) -> Result<(), FileError> {
        if sums.minutes.is_empty() || !self.file.has_failures()? {
            return Ok(());
        }
        let numbers = self.failure_numbers(&sums.names)?;
        let number = |name: u32| numbers.get(&name).copied().unwrap_or(0);
        let growing = &mut self.failures;
        let names = growing.names.get_or_insert_default();
        for ((minute, fingerprint), sum) in &sums.minutes {
            let hour = minute.div_euclid(Step::Hour.minutes()) * Step::Hour.minutes();
            for place in [(Step::Minute, *minute), (Step::Hour, hour)] {
                growing.rows.entry(place).or_default().entry(*fingerprint).or_default().merge(sum, number, names);
            }
        }
        for (fingerprint, known) in &sums.known {
            match growing.known.get_mut(fingerprint) {
                Some(before) if before.last > known.last => {}
                Some(before) => *before = known.clone(),
                None => _ = growing.known.insert(*fingerprint, known.clone()),
            }
        }
        Ok(())
    }

    /// The numbers that these names have in the file, given to them now if they have none.
    fn failure_numbers(&mut self, of: &Names) -> Result<FxHashMap<u32, u32>, FileError> {
        let mut names = match self.failures.names.take() {
            Some(names) => names,
            None => self.file.failure_names()?,
        };
        let mut numbers = FxHashMap::default();
        for (number, name) in of.iter() {
            let name = if names.find(name).is_none() && names.len() >= MAX_NAMES { OTHER } else { name };
            let here = match names.find(name) {
                Some(here) => here,
                None => {
                    let here = names.number(name);
                    let sql = "INSERT INTO failure_names (id, name) VALUES (?1, ?2)";
                    self.transaction.prepare_cached(sql)?.execute(params![here, name])?;
                    here
                }
            };
            numbers.insert(number, here);
        }
        self.failures.names = Some(names);
        Ok(numbers)
    }

    pub(super) fn write_failures(&self) -> Result<(), FileError> {
        let Growing { rows, known, names } = &self.failures;
        let Some(names) = names else { return Ok(()) };
        let beyond = self.write_groups(known)?;
        for ((step, start), row) in rows {
            let mut merged = self.failure_row(*step, *start)?;
            for (fingerprint, sum) in row {
                let fingerprint = if beyond.contains(fingerprint) { BEYOND } else { *fingerprint };
                merged.entry(fingerprint).or_default().merge(sum, |number| number, names);
            }
            let sql = "INSERT OR REPLACE INTO failures (step, start, data) VALUES (?1, ?2, ?3)";
            let data = put(&merged, start.saturating_mul(MINUTE));
            self.transaction.prepare_cached(sql)?.execute(params![step.minutes(), start, data])?;
        }
        Ok(())
    }

    fn failure_row(&self, step: Step, start: i64) -> Result<Row, FileError> {
        let sql = "SELECT data FROM failures WHERE step = ?1 AND start = ?2";
        let place = params![step.minutes(), start];
        let found: Option<Vec<u8>> =
            self.transaction.prepare_cached(sql)?.query_row(place, |row| row.get(0)).optional()?;
        let mut row = Row::new();
        // What cannot be read any more is begun anew: it is a sum, and nothing else hangs on it.
        let done = read(&found.unwrap_or_default(), start.saturating_mul(MINUTE), |fingerprint, sum| {
            row.insert(fingerprint, sum.clone());
        });
        Ok(if done.is_ok() { row } else { Row::new() })
    }

    /// Writes what is known of groups; gives those for which there is no room.
    fn write_groups(&self, known: &FxHashMap<Fingerprint, Known>) -> Result<FxHashSet<Fingerprint>, FileError> {
        let mut beyond = FxHashSet::default();
        let sql = "SELECT coalesce(max(id), 0) FROM failure_groups";
        let mut groups: i64 = self.transaction.query_row(sql, [], |row| row.get(0))?;
        for (fingerprint, Known { target, template, last, example }) in known {
            let number = fingerprint.number().cast_signed();
            let sql = "UPDATE failure_groups SET last = max(last, ?2), example = iif(?2 >= last, ?3, example) WHERE fingerprint = ?1";
            if self.transaction.prepare_cached(sql)?.execute(params![number, last, example.0])? > 0 {
                continue;
            }
            if groups >= MAX_GROUPS || *fingerprint == BEYOND {
                beyond.insert(*fingerprint);
                continue;
            }
            let sql =
                "INSERT INTO failure_groups (fingerprint, target, template, last, example) VALUES (?1, ?2, ?3, ?4, ?5)";
            self.transaction.prepare_cached(sql)?.execute(params![number, target, template, last, example.0])?;
            groups += 1;
        }
        Ok(beyond)
    }
}

fn put(row: &Row, start: i64) -> Vec<u8> {
    let mut out = Vec::with_capacity(24 * row.len());
    for (fingerprint, sum) in row {
        out.extend_from_slice(&fingerprint.number().to_le_bytes());
        put_varint(&mut out, sum.first.wrapping_sub(start).cast_unsigned());
        put_varint(&mut out, sum.last.wrapping_sub(sum.first).cast_unsigned());
        put_varint(&mut out, sum.version.into());
        put_varint(&mut out, sum.services.len() as u64);
        for (service, count) in &sum.services {
            put_varint(&mut out, (*service).into());
            put_varint(&mut out, *count);
        }
    }
    out
}

/// Reads a row, one group after the other into the same sum.
fn read(data: &[u8], start: i64, mut each: impl FnMut(Fingerprint, &Sum)) -> Result<(), Torn> {
    let (mut from, mut sum) = (Reader(data), Sum::default());
    let short = |number: u64| u32::try_from(number).map_err(|_| Torn("a name that there is not"));
    while !from.0.is_empty() {
        let fingerprint = Fingerprint::of_number(u64::from_le_bytes(from.array()?));
        sum.first = start.wrapping_add(from.varint()?.cast_signed());
        sum.last = sum.first.wrapping_add(from.varint()?.cast_signed());
        sum.version = short(from.varint()?)?;
        sum.services.clear();
        sum.count = 0;
        for _ in 0..from.len()? {
            let (service, count) = (short(from.varint()?)?, from.varint()?);
            sum.count = sum.count.saturating_add(count);
            sum.services.push((service, count));
        }
        each(fingerprint, &sum);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_comes_back() {
        let (mut row, start) = (Row::new(), 1_795_232_760_000_000_000);
        let sum =
            |count, services| Sum { count, first: start + 7, last: start + 59 * 1_000_000_000, version: 3, services };
        row.insert(Fingerprint::of_number(u64::MAX), sum(3, vec![(0, 1), (7, 2)]));
        row.insert(Fingerprint::of_number(1), sum(1 << 40, vec![(1, 1 << 40)]));
        let data = put(&row, start);
        let mut found = Row::new();
        read(&data, start, |fingerprint, sum| _ = found.insert(fingerprint, sum.clone())).unwrap();
        assert_eq!(found, row);
        for end in 1..data.len() {
            let mut groups = 0;
            let done = read(&data[..end], start, |_, _| groups += 1);
            assert!(groups <= 1 && (done.is_err() || groups == 1), "{end}");
        }
    }
}
