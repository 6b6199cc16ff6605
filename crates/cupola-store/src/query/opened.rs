//! A block whose columns are read when they are asked for, each once.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::time::Instant;

use rustc_hash::FxHashMap;

use super::entry::Entry;
use super::error::QueryError;
use super::judge::Judge;
use crate::column::{Column, Owned};
use crate::file::{Block, DayFile, Named};

/// A block.
#[derive(Debug)]
pub(crate) struct Opened<'a> {
    file: &'a DayFile,
    block: &'a Block,
    judge: Option<&'a Judge>,
    times: OnceCell<Rc<[i64]>>,
    columns: RefCell<FxHashMap<Box<str>, Option<Rc<Column>>>>,
    all: OnceCell<Named>,
    /// Those in which a text may be found, without ids and with them.
    speaking: [OnceCell<Named>; 2],
}

impl<'a> Opened<'a> {
    pub(crate) fn new(file: &'a DayFile, block: &'a Block) -> Self {
        Self {
            file,
            block,
            judge: None,
            times: OnceCell::new(),
            columns: RefCell::default(),
            all: OnceCell::new(),
            speaking: [const { OnceCell::new() }; 2],
        }
    }

    /// To be judged as long as there is time.
    pub(super) fn judged_by(self, judge: &'a Judge) -> Self {
        Self { judge: Some(judge), ..self }
    }

    /// Fails once the time is over.
    pub(crate) fn go_on(&self) -> Result<(), QueryError> {
        if self.judge.is_some_and(|judge| judge.stops().is_some()) { Err(QueryError::over()) } else { Ok(()) }
    }

    /// When each entry was said, in nanoseconds since 1970, ascending.
    pub(crate) fn times(&self) -> Result<Rc<[i64]>, QueryError> {
        if let Some(times) = self.times.get() {
            return Ok(Rc::clone(times));
        }
        let times = self.file.times(self.block)?;
        Ok(Rc::clone(self.times.get_or_init(|| times.into())))
    }

    /// The values of a field; `None` where no entry has it.
    pub(crate) fn column(&self, name: &str) -> Result<Option<Rc<Column>>, QueryError> {
        if let Some(known) = self.columns.borrow().get(name) {
            return Ok(known.clone());
        }
        if self.all.get().is_some() {
            return Ok(None);
        }
        let column = self.file.column(self.block, name)?.map(Rc::new);
        self.columns.borrow_mut().insert(name.into(), column.clone());
        Ok(column)
    }

    /// All fields.
    pub(crate) fn all(&self) -> Result<&Named, QueryError> {
        if let Some(all) = self.all.get() {
            return Ok(all);
        }
        let all = self.file.columns_beside(self.block, |name| self.columns.borrow().get(name).cloned().flatten())?;
        self.columns.borrow_mut().extend(all.iter().map(|(name, column)| (name.clone(), Some(Rc::clone(column)))));
        Ok(self.all.get_or_init(|| all))
    }

    /// All fields in which a text may be found; there may be others among them.
    pub(crate) fn speaking(&self, with_ids: bool) -> Result<&Named, QueryError> {
        let known = &self.speaking[usize::from(with_ids)];
        if let Some(named) = self.all.get().or_else(|| known.get()) {
            return Ok(named);
        }
        let read = self.file.speaking_columns(self.block, with_ids)?;
        let named: Named = read.into_iter().map(|(name, column)| (name, Rc::new(column))).collect();
        self.columns.borrow_mut().extend(named.iter().map(|(name, column)| (name.clone(), Some(Rc::clone(column)))));
        Ok(known.get_or_init(|| named))
    }

    /// These entries, in this order.
    pub(crate) fn entries(&self, rows: &[usize]) -> Result<Vec<Entry>, QueryError> {
        let times = self.times()?;
        let time_of = |row: &usize| times.get(*row).copied().unwrap_or_default();
        let mut entries: Vec<_> = rows.iter().map(|row| Entry::new(time_of(row))).collect();
        for (name, column) in self.all()? {
            for (entry, row) in entries.iter_mut().zip(rows) {
                if let Some(value) = column.value(*row) {
                    entry.push(name, Owned::from(value));
                }
            }
        }
        Ok(entries)
    }
}

#[allow(clippy::disallowed_methods, reason = "a deadline is the asker's, in time that passes while blocks are read")]
pub(super) fn now() -> Instant {
    Instant::now()
}
