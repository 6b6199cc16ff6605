//! What a query reads of a block.

use std::rc::Rc;

use super::error::QueryError;
use crate::column::Column;

/// Entries of one signal, a column for each field.
pub(crate) trait Columns {
    /// When each entry was said, in nanoseconds since 1970, ascending.
    fn times(&self) -> Result<Rc<[i64]>, QueryError>;

    /// The names of all fields that any entry has.
    fn names(&self) -> Result<Vec<Box<str>>, QueryError>;

    /// The values of a field; `None` where no entry has it.
    fn column(&self, name: &str) -> Result<Option<Rc<Column>>, QueryError>;
}
