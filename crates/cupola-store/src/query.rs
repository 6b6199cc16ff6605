//! Answers about what the store holds.

mod cursor;
mod entry;
mod error;
mod json;
mod need;
mod opened;
mod page;
mod reader;
mod rows;
mod scan;
mod search;
mod select;
mod selection;
mod wanted;

pub use cursor::Cursor;
pub use entry::Entry;
pub use error::QueryError;
pub use reader::Reader;
pub use search::{Found, MAX_PAGE, Search};
pub use selection::{Partial, Scanned, Selection};

use std::fmt;

#[cfg(test)]
mod stored;
#[cfg(test)]
mod tests;

/// What answers questions about entries. Answers are of one moment, and bounded by their selection's deadline and budget.
pub trait Query: fmt::Debug + Send + Sync {
    /// Entries, the newest first.
    ///
    /// # Errors
    /// Where the store cannot be read, or what was asked makes no sense.
    fn search(&self, search: &Search) -> Result<Found, QueryError>;
}
