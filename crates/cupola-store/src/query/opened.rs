//! A block whose columns are read when they are asked for, each once.

use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::columns::Columns;
use super::entry::Entry;
use super::error::QueryError;
use crate::block::{self, REST};
use crate::column::{Column, Owned};

/// Where the bytes of a block are.
pub(crate) trait Blobs {
    fn times(&self) -> Result<Vec<u8>, QueryError>;

    /// The names of the columns that have bytes of their own.
    fn names(&self) -> Result<Vec<Box<str>>, QueryError>;

    fn column(&self, name: &str) -> Result<Option<Vec<u8>>, QueryError>;
}

/// A block.
pub(crate) struct Opened<'a> {
    blobs: &'a dyn Blobs,
    rows: usize,
    times: OnceCell<Rc<[i64]>>,
    names: OnceCell<Vec<Box<str>>>,
    columns: RefCell<FxHashMap<Box<str>, Option<Rc<Column>>>>,
}

impl<'a> Opened<'a> {
    pub(crate) fn new(blobs: &'a dyn Blobs, rows: usize) -> Self {
        Self { blobs, rows, times: OnceCell::new(), names: OnceCell::new(), columns: RefCell::default() }
    }

    /// These entries, in this order.
    pub(crate) fn entries(&self, rows: &[usize]) -> Result<Vec<Entry>, QueryError> {
        let times = self.times()?;
        let mut entries: Vec<_> =
            rows.iter().map(|row| Entry::new(times.get(*row).copied().unwrap_or_default())).collect();
        for name in self.names()? {
            let Some(column) = self.column(&name)? else { continue };
            for (entry, row) in entries.iter_mut().zip(rows) {
                if let Some(value) = column.value(*row) {
                    entry.push(&name, Owned::from(value));
                }
            }
        }
        Ok(entries)
    }

    fn own_names(&self) -> Result<&[Box<str>], QueryError> {
        if let Some(names) = self.names.get() {
            return Ok(names);
        }
        let names = self.blobs.names()?;
        Ok(self.names.get_or_init(|| names))
    }

    fn read(&self, name: &str) -> Result<Option<Column>, QueryError> {
        if name != REST
            && let Some(blob) = self.blobs.column(name)?
        {
            return Ok(Some(block::column(&blob, self.rows)?));
        }
        if !self.own_names()?.iter().any(|own| &**own == REST) {
            return Ok(None);
        }
        match self.blobs.column(REST)? {
            Some(blob) => Ok(block::rest_column(&blob, self.rows, name)?),
            None => Ok(None),
        }
    }
}

impl Columns for Opened<'_> {
    fn times(&self) -> Result<Rc<[i64]>, QueryError> {
        if let Some(times) = self.times.get() {
            return Ok(Rc::clone(times));
        }
        let times = block::times(&self.blobs.times()?, self.rows)?;
        Ok(Rc::clone(self.times.get_or_init(|| times.into())))
    }

    fn names(&self) -> Result<Vec<Box<str>>, QueryError> {
        let own = self.own_names()?;
        let mut names: Vec<_> = own.iter().filter(|name| &***name != REST).cloned().collect();
        if names.len() < own.len()
            && let Some(blob) = self.blobs.column(REST)?
        {
            for (name, column) in block::rest_columns(&blob, self.rows)? {
                self.columns.borrow_mut().insert(name.clone(), Some(Rc::new(column)));
                names.push(name);
            }
        }
        Ok(names)
    }

    fn column(&self, name: &str) -> Result<Option<Rc<Column>>, QueryError> {
        if let Some(known) = self.columns.borrow().get(name) {
            return Ok(known.clone());
        }
        let column = self.read(name)?.map(Rc::new);
        self.columns.borrow_mut().insert(name.into(), column.clone());
        Ok(column)
    }
}

impl fmt::Debug for Opened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a block of {} entries", self.rows)
    }
}
