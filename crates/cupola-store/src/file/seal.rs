//! Writes blocks into a day's file: all of a seal or nothing.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Transaction, params};

use crate::block::Sealed;
use crate::file::failures::Growing;
use crate::file::{BlockId, DayFile, FileError, MAX_NAMES, TIMES, column_id};
use crate::rollup::Cell;

/// Blocks on their way into a file. Dropped before `commit`, none of them was ever there.
#[derive(Debug)]
pub(crate) struct Seal<'a> {
    pub(super) file: &'a DayFile,
    pub(super) transaction: Transaction<'a>,
    next: i64,
    /// Names that the file did not have before.
    new_names: Vec<(Box<str>, i64)>,
    /// What is added up by hour and key.
    pub(super) hours: BTreeMap<(i64, i64), Cell>,
    /// Errors that are alike.
    pub(super) failures: Growing,
    /// Columns that found no place, because the file has too many names.
    pub(crate) dropped_columns: u64,
}

impl DayFile {
    /// Begins to write.
    pub(crate) fn seal(&self) -> Result<Seal<'_>, FileError> {
        let transaction = self.connection.unchecked_transaction()?;
        let next = transaction.query_row("SELECT coalesce(max(id), 0) + 1 FROM blocks", [], |row| row.get(0))?;
        Ok(Seal {
            file: self,
            transaction,
            next,
            new_names: Vec::new(),
            hours: BTreeMap::new(),
            failures: Growing::default(),
            dropped_columns: 0,
        })
    }
}

impl Seal<'_> {
    /// Writes one block of entries that are new, and adds them up.
    pub(crate) fn add_new(&mut self, sealed: &Sealed) -> Result<BlockId, FileError> {
        self.roll_up(&sealed.minutes)?;
        self.add_failures(&sealed.failures)?;
        self.add(sealed)
    }

    /// Writes one block.
    pub(crate) fn add(&mut self, sealed: &Sealed) -> Result<BlockId, FileError> {
        let block = self.next;
        self.next += 1;
        let header = &sealed.header;
        let levels: Vec<u8> = header.levels.0.iter().flat_map(|count| count.to_le_bytes()).collect();
        let sql = "INSERT INTO blocks (id, min_time, max_time, rows, bytes, levels) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let bytes = i64::try_from(sealed.bytes()).expect("a block fits into memory");
        self.transaction.prepare_cached(sql)?.execute(params![
            block,
            header.min_time,
            header.max_time,
            header.rows,
            bytes,
            levels
        ])?;
        self.put("INSERT INTO words (block, filter) VALUES (?1, ?2)", block, &sealed.words)?;
        self.put("INSERT INTO traces (block, filter) VALUES (?1, ?2)", block, &sealed.traces)?;
        self.put_columns(block, sealed)?;
        Ok(BlockId(block))
    }

    fn put_columns(&mut self, block: i64, sealed: &Sealed) -> Result<(), FileError> {
        let mut columns = vec![(column_id(BlockId(block), TIMES), &sealed.times)];
        for (name, blob) in &sealed.columns {
            match self.name(name)? {
                Some(name) => columns.push((column_id(BlockId(block), name), blob)),
                None => self.dropped_columns += 1,
            }
        }
        // In the order of their numbers, so that the file grows at its end.
        columns.sort_unstable_by_key(|(id, _)| *id);
        columns
            .into_iter()
            .try_for_each(|(id, blob)| self.put("INSERT INTO columns (id, data) VALUES (?1, ?2)", id, blob))
    }

    fn put(&self, sql: &str, id: i64, blob: &[u8]) -> Result<(), FileError> {
        self.transaction.prepare_cached(sql)?.execute(params![id, blob])?;
        Ok(())
    }

    /// The number of a name, given to it now if it has none; `None` where there are too many.
    fn name(&mut self, name: &str) -> Result<Option<i64>, FileError> {
        if let Some((_, id)) = self.new_names.iter().find(|(new, _)| **new == *name) {
            return Ok(Some(*id));
        }
        if let Some(id) = self.file.name(name)? {
            return Ok(Some(id));
        }
        let sql = "INSERT INTO names (name) SELECT ?1 WHERE (SELECT coalesce(max(id), 0) FROM names) < ?2 RETURNING id";
        let id: Option<i64> =
            self.transaction.prepare_cached(sql)?.query_row(params![name, MAX_NAMES], |row| row.get(0)).optional()?;
        self.new_names.extend(id.map(|id| (name.into(), id)));
        Ok(id)
    }

    /// Takes a block out; others have its entries.
    pub(crate) fn remove(&self, block: BlockId) -> Result<(), FileError> {
        for sql in [
            "DELETE FROM blocks WHERE id = ?1",
            "DELETE FROM words WHERE block = ?1",
            "DELETE FROM traces WHERE block = ?1",
        ] {
            self.transaction.prepare_cached(sql)?.execute([block.0])?;
        }
        let (first, last) = (column_id(block, TIMES), column_id(block, MAX_NAMES));
        self.transaction.prepare_cached("DELETE FROM columns WHERE id BETWEEN ?1 AND ?2")?.execute([first, last])?;
        Ok(())
    }

    /// Says of a block that it cannot be read, so that nobody tries it again.
    pub(crate) fn set_torn(&self, block: BlockId) -> Result<(), FileError> {
        self.transaction.prepare_cached("UPDATE blocks SET torn = 1 WHERE id = ?1")?.execute([block.0])?;
        Ok(())
    }

    /// Says up to which record of which journal the file has what belongs into it.
    pub(crate) fn mark(&self, journal: u64, record: u64) -> Result<(), FileError> {
        let sql = "INSERT INTO marks VALUES (?1, ?2) ON CONFLICT (journal) DO UPDATE SET record = max(record, excluded.record)";
        self.transaction.prepare_cached(sql)?.execute([journal.cast_signed(), record.cast_signed()])?;
        Ok(())
    }

    /// Makes all of it true.
    pub(crate) fn commit(self) -> Result<(), FileError> {
        self.roll_up_hours()?;
        self.write_failures()?;
        self.transaction.commit()?;
        self.file.names.borrow_mut().extend(self.new_names);
        Ok(())
    }
}
