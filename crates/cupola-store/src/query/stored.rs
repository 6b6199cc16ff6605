//! Stores for tests: a directory of day files, written block by block.

use std::path::Path;

use tempfile::TempDir;

use super::Selection;
use super::entry::Entry;
use crate::batch::Batch;
use crate::block::{Sealer, Table};
use crate::column::Owned;
use crate::day::Day;
use crate::file::{DayFile, Durability};
use crate::language::{Expression, Meaning, parse};
use crate::layout;
use crate::signal::Signal;

/// 2026-11-21T03:46:02Z.
pub(crate) const START: i64 = 1_795_232_762_000_000_000;
pub(crate) const SECOND: i64 = 1_000_000_000;

pub(crate) fn expression(text: &str) -> Expression {
    let meaning = Meaning { now: "2026-11-21T12:00:00+00:00[UTC]".parse().unwrap(), ignore_case: false };
    parse(text, &meaning).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn logs(text: &str) -> Selection {
    let expression = if text.is_empty() { None } else { Some(expression(text)) };
    Selection { expression, ..Selection::of(Signal::Logs) }
}

pub(crate) fn entry(time: i64, fields: &[(&str, Owned)]) -> Entry {
    let mut entry = Entry::new(time);
    fields.iter().for_each(|(name, value)| entry.push(name, value.clone()));
    entry
}

pub(crate) fn text(text: &str) -> Owned {
    Owned::Text(text.into())
}

pub(crate) fn batch<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Batch {
    let mut batch = Batch::new(Signal::Logs);
    for entry in entries {
        let mut row = batch.row(entry.time());
        entry.fields().for_each(|(name, value)| {
            row.set(name, value);
        });
    }
    batch
}

/// A directory with files.
#[derive(Debug)]
pub(crate) struct Stored {
    dir: TempDir,
}

impl Stored {
    pub(crate) fn new() -> Self {
        Self { dir: TempDir::new().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    fn file(&self, signal: Signal, day: Day) -> DayFile {
        let path = layout::day_file(self.path(), signal, day);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        DayFile::write(&path, Durability::Process).unwrap()
    }

    /// Entries as blocks, one for each day that they are of.
    pub(crate) fn add(&self, signal: Signal, entries: &[Entry]) {
        let mut sorted: Vec<_> = entries.iter().collect();
        sorted.sort_by_key(|entry| entry.time());
        for of_day in sorted.chunk_by(|one, next| Day::of(one.time()) == Day::of(next.time())) {
            let file = self.file(signal, Day::of(of_day[0].time()));
            let batch = batch(of_day.iter().copied());
            let table = Table::new(vec![&batch]);
            let mut seal = file.seal().unwrap();
            seal.add_new(&Sealer::new().seal(&table, &table.places())).unwrap();
            seal.commit().unwrap();
        }
    }

    /// Makes one block of the two of a day that were written first.
    pub(crate) fn merge(&self, signal: Signal, day: Day) {
        let file = self.file(signal, day);
        let mut blocks = file.blocks(&(i64::MIN..=i64::MAX)).unwrap();
        blocks.sort_by_key(|block| block.id);
        let [first, second, ..] = &blocks[..] else { return };
        let mut entries = Vec::new();
        for block in [second, first] {
            let rows: Vec<_> = (0..block.header.rows as usize).collect();
            entries.extend(super::opened::Opened::new(&file, block).entries(&rows).unwrap());
        }
        entries.sort_by_key(Entry::time);
        let batch = batch(&entries);
        let table = Table::new(vec![&batch]);
        let mut seal = file.seal().unwrap();
        seal.add(&Sealer::new().seal(&table, &table.places())).unwrap();
        seal.remove(first.id).unwrap();
        seal.remove(second.id).unwrap();
        seal.commit().unwrap();
    }
}
