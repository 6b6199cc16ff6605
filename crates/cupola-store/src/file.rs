//! The file of one signal and one day: an SQLite database of blocks.
//!
//! | table | what it holds |
//! |---|---|
//! | `blocks` | a header for each block: the first and last time, how many entries, how many of each level |
//! | `words`, `traces` | the filters of each block |
//! | `names` | a number for each name of a field |
//! | `columns` | the blobs: `id` is the block's number times 2^20 and the name's; the times have the name 0 |
//! | `marks` | up to which record of which journal the entries are here |
//! | `rollups`, `keys` | what is added up by minute and by hour (`step` is its minutes, `start` is in minutes since 1970), and by what |
//! | `failures` | errors that are alike, added up by minute and by hour |
//! | `failure_groups`, `failure_names`, `failure_rules` | what each group has in common and its last error; services and versions; by which rules errors are alike |
//!
//! One writes, any number read meanwhile (WAL). Whose file it is stands in `application_id`, its version in `user_version`: the major one
//! in the upper half.

mod error;
mod failures;
mod open;
mod rollups;
mod seal;
#[cfg(test)]
mod tests;
mod whole;

use std::cell::{OnceCell, RefCell};
use std::ops::RangeInclusive;
use std::rc::Rc;

pub(crate) use error::FileError;
pub use open::Durability;
pub(crate) use open::beside;
#[cfg(test)]
pub(crate) use rollups::Rollup;
pub(crate) use rollups::{Stored, read_data};
pub(crate) use seal::Seal;

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction};
use rustc_hash::FxHashMap;

use crate::block::{self, Filter, Header, Levels, REST};
use crate::column::Column;

/// Version 1.1: of 1.0 errors were not added up.
const VERSION: u32 = 1 << 16 | 1;
/// Bits of a column's number that are its name's.
const NAME_BITS: u32 = 20;
/// Names have numbers from 1 to this.
const MAX_NAMES: i64 = (1 << NAME_BITS) - 1;
/// What the times are called.
const TIMES: i64 = 0;

/// Columns with their names, in the order of the file.
pub(crate) type Named = Vec<(Box<str>, Rc<Column>)>;

/// An open file.
#[derive(Debug)]
pub(crate) struct DayFile {
    connection: Connection,
    /// The numbers of names that were asked for.
    names: RefCell<FxHashMap<Box<str>, i64>>,
    /// Whether its errors are added up, once that is known.
    has_failures: OnceCell<bool>,
}

/// Which block of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct BlockId(pub(crate) i64);

/// A block, before anything of it is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    pub(crate) id: BlockId,
    pub(crate) header: Header,
    /// It was found to be damaged, and is left alone.
    pub(crate) torn: bool,
}

impl DayFile {
    fn of(connection: Connection) -> Self {
        connection.set_prepared_statement_cache_capacity(32);
        Self { connection, names: RefCell::default(), has_failures: OnceCell::new() }
    }

    /// While what it gives is there, all that is read is of one moment: no block goes away under a reader.
    pub(crate) fn snapshot(&self) -> Result<Transaction<'_>, FileError> {
        Ok(self.connection.unchecked_transaction()?)
    }

    /// Begins to read, for as long as the file is open: what is read first tells of which moment all is.
    pub(crate) fn begin(&self) -> Result<(), FileError> {
        Ok(self.connection.execute_batch("BEGIN")?)
    }

    /// A number for what blocks there are: another one once any has come, gone, or been found to be damaged.
    pub(crate) fn moment(&self) -> Result<(i64, i64, i64), FileError> {
        let sql = "SELECT count(*), coalesce(max(id), 0), coalesce(sum(torn), 0) FROM blocks";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        Ok(self.connection.prepare_cached(sql)?.query_row([], read)?)
    }

    /// Blocks that may have entries of these times, the newest first (by their last entries).
    pub(crate) fn blocks(&self, times: &RangeInclusive<i64>) -> Result<Vec<Block>, FileError> {
        let sql = "SELECT id, min_time, max_time, rows, levels, torn FROM blocks
                   WHERE max_time >= ?1 AND min_time <= ?2 ORDER BY max_time DESC, id DESC";
        let mut statement = self.connection.prepare_cached(sql)?;
        let blocks = statement.query_map([times.start(), times.end()], read_block)?;
        Ok(blocks.collect::<Result<_, _>>()?)
    }

    /// What a block knows of the words of its texts.
    pub(crate) fn words(&self, block: BlockId) -> Result<Filter, FileError> {
        self.filter("SELECT filter FROM words WHERE block = ?1", block)
    }

    /// What a block knows of the traces of its entries.
    pub(crate) fn traces(&self, block: BlockId) -> Result<Filter, FileError> {
        self.filter("SELECT filter FROM traces WHERE block = ?1", block)
    }

    fn filter(&self, sql: &str, block: BlockId) -> Result<Filter, FileError> {
        Ok(self
            .connection
            .prepare_cached(sql)?
            .query_row([block.0], |row| Ok(block::filter(row.get_ref(0)?.as_blob()?)))??)
    }

    /// The times of a block's entries, in nanoseconds since 1970, ascending.
    pub(crate) fn times(&self, block: &Block) -> Result<Vec<i64>, FileError> {
        let rows = block.header.rows as usize;
        let times = self.blob(block.id, TIMES, |blob| block::times(blob, rows))?;
        times.ok_or(FileError::Torn(block::Torn("it has no times")))
    }

    /// The values of one field; `None` where no entry of the block has it.
    pub(crate) fn column(&self, block: &Block, name: &str) -> Result<Option<Column>, FileError> {
        let rows = block.header.rows as usize;
        if name != REST
            && let Some(number) = self.name(name)?
            && let Some(column) = self.blob(block.id, number, |blob| block::column(blob, rows))?
        {
            return Ok(Some(column));
        }
        let Some(rest) = self.name(REST)? else { return Ok(None) };
        Ok(self.blob(block.id, rest, |blob| block::rest_column(blob, rows, name))?.flatten())
    }

    /// All fields of a block.
    pub(crate) fn columns(&self, block: &Block) -> Result<Vec<(Box<str>, Column)>, FileError> {
        self.columns_by(block, |_, blob, rows| block::column(blob, rows).map(Some), |column| column)
    }

    /// All fields of a block, of which some may be known already.
    pub(crate) fn columns_beside(
        &self,
        block: &Block,
        known: impl Fn(&str) -> Option<Rc<Column>>,
    ) -> Result<Named, FileError> {
        let read = |name: &str, blob: &[u8], rows| match known(name) {
            Some(column) => Ok(Some(column)),
            None => block::column(blob, rows).map(|column| Some(Rc::new(column))),
        };
        self.columns_by(block, read, Rc::new)
    }

    /// All fields of a block in which a text may be found, with those that are ids or without.
    pub(crate) fn speaking_columns(&self, block: &Block, with_ids: bool) -> Result<Vec<(Box<str>, Column)>, FileError> {
        self.columns_by(block, |_, blob, rows| block::speaking_column(blob, rows, with_ids), |column| column)
    }

    fn columns_by<T>(
        &self,
        block: &Block,
        read: impl Fn(&str, &[u8], usize) -> Result<Option<T>, block::Torn>,
        of_rest: impl Fn(Column) -> T,
    ) -> Result<Vec<(Box<str>, T)>, FileError> {
        let rows = block.header.rows as usize;
        let sql = "SELECT name, data FROM columns JOIN names ON names.id = columns.id & ?3 WHERE columns.id BETWEEN ?1 + 1 AND ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let (first, last) = (column_id(block.id, TIMES), column_id(block.id, MAX_NAMES));
        let mut found = statement.query([first, last, MAX_NAMES])?;
        let mut columns = Vec::new();
        while let Some(row) = found.next()? {
            let (name, blob) = (row.get::<_, Box<str>>(0)?, row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?);
            match &*name {
                REST => {
                    let rest = block::rest_columns(blob, rows)?;
                    columns.extend(rest.into_iter().map(|(name, column)| (name, of_rest(column))));
                }
                _ => columns.extend(read(&name, blob, rows)?.map(|column| (name, column))),
            }
        }
        Ok(columns)
    }

    /// The names of all fields of the file that have columns of their own, the oldest first.
    #[cfg(test)]
    pub(crate) fn names(&self) -> Result<Vec<String>, FileError> {
        let mut statement = self.connection.prepare_cached("SELECT name FROM names WHERE name <> ?1 ORDER BY id")?;
        let names = statement.query_map([REST], |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    /// Up to which record of this journal the entries that belong here are here; 0 where none is.
    pub(crate) fn mark(&self, journal: u64) -> Result<u64, FileError> {
        let sql = "SELECT record FROM marks WHERE journal = ?1";
        let found = self.connection.query_row(sql, [journal.cast_signed()], |row| row.get::<_, i64>(0)).optional()?;
        Ok(found.map_or(0, i64::cast_unsigned))
    }

    fn name(&self, name: &str) -> Result<Option<i64>, FileError> {
        if let Some(number) = self.names.borrow().get(name) {
            return Ok(Some(*number));
        }
        let mut statement = self.connection.prepare_cached("SELECT id FROM names WHERE name = ?1")?;
        let found: Option<i64> = statement.query_row([name], |row| row.get(0)).optional()?;
        if let Some(number) = found {
            self.names.borrow_mut().insert(name.into(), number);
        }
        Ok(found)
    }

    fn blob<T>(
        &self,
        block: BlockId,
        name: i64,
        read: impl FnOnce(&[u8]) -> Result<T, block::Torn>,
    ) -> Result<Option<T>, FileError> {
        let mut statement = self.connection.prepare_cached("SELECT data FROM columns WHERE id = ?1")?;
        let read =
            statement.query_row([column_id(block, name)], |row| Ok(read(row.get_ref(0)?.as_blob()?))).optional()?;
        Ok(read.transpose()?)
    }
}

fn read_block(row: &Row<'_>) -> rusqlite::Result<Block> {
    let mut levels = Levels::default();
    for (level, bytes) in levels.0.iter_mut().zip(row.get_ref(4)?.as_blob()?.as_chunks().0) {
        *level = u32::from_le_bytes(*bytes);
    }
    let header = Header { min_time: row.get(1)?, max_time: row.get(2)?, rows: row.get(3)?, levels };
    Ok(Block { id: BlockId(row.get(0)?), header, torn: row.get(5)? })
}

fn column_id(block: BlockId, name: i64) -> i64 {
    block.0 << NAME_BITS | name
}
