//! The shape of a database statement: what is left of it without its values.

mod scan;
mod shapes;
mod target;

use std::sync::Arc;

/// How a database reads its statements, as far as it decides where a value begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SqlDialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL, with standard strings, as it has been for years.
    Postgres,
    /// MySQL and MariaDB: texts stand in double quotes too.
    MySql,
    /// Any other. What databases read in different ways ends the shape.
    Other,
}

/// The shape of a database statement: no value is in it, so that it may be shown, and statements that differ in their values only
/// have one shape.
///
/// | of the statement | in the shape |
/// |---|---|
/// | texts in any form of quotes that the dialect has, numbers, `TRUE` and `FALSE`, `$1` | `?` |
/// | several of these one behind the other, as in `IN (…)` and `VALUES (…), (…)` | one `?`, one `(?)` |
/// | comments, line ends, indentation | one space |
/// | what `SET` and `PRAGMA` set | `?`, and nothing behind it |
/// | keywords, names, quoted names, operators, `:name` | as they are |
///
/// What does not end, and what could end in two places, is `?`, and the shape ends with it. A shape has at most 1 KiB; one that
/// was cut ends with `…`.
///
/// ```
/// use cupola_redact::{SqlDialect, SqlShape};
///
/// let sql = "SELECT id FROM vms -- of one\n WHERE owner = 'ada' AND size IN (1, 2, 3)";
/// let shape = SqlShape::of(SqlDialect::Sqlite, sql);
/// assert_eq!(shape.as_str(), "SELECT id FROM vms WHERE owner = ? AND size IN (?)");
/// assert_eq!((shape.operation(), shape.target()), (Some("SELECT"), Some("vms")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlShape {
    text: Box<str>,
    operation: Option<&'static str>,
    target: Option<Box<str>>,
}

impl SqlShape {
    /// The longest shape, in bytes.
    pub const MAX_BYTES: usize = 1024;

    /// The shape of a statement.
    pub fn of(dialect: SqlDialect, sql: &str) -> Self {
        scan::shape(dialect, sql)
    }

    /// The same, remembered: a statement that is written in the program costs one comparison from the second time on.
    pub fn remembered(dialect: SqlDialect, sql: &str) -> Arc<Self> {
        shapes::remembered(dialect, sql)
    }

    /// The statement without its values.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its verb, as `SELECT`, from a closed set. Of a `WITH` that of the main statement.
    pub const fn operation(&self) -> Option<&'static str> {
        self.operation
    }

    /// The first table of a statement that reads or writes one, where it is plain.
    pub fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }
}

#[cfg(test)]
mod tests;
