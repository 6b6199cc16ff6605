//! What is done with a file as a whole.

use std::path::Path;

use crate::file::{DayFile, FileError};
use crate::query::Cancel;

/// SQLite's steps between two looks whether to go on: some milliseconds.
const OPS: i32 = 10_000;

impl DayFile {
    /// What SQLite finds wrong with the file, if anything.
    pub(crate) fn trouble(&self) -> Result<Option<String>, FileError> {
        let found: String = self.connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        Ok(if found == "ok" { None } else { Some(found.lines().next_back().unwrap_or_default().to_owned()) })
    }

    /// Writes all that is in the file at this moment to another one, which is not there yet.
    pub(crate) fn copy_to(&self, path: &Path) -> Result<(), FileError> {
        // It is a text for SQLite, whatever it is for the system.
        self.stoppable(|| self.connection.execute("VACUUM INTO ?1", [path.to_string_lossy()]))?;
        Ok(())
    }

    /// Gives back the room that nothing is in, where there is any.
    pub(crate) fn shrink(&self) -> Result<(), FileError> {
        let free: i64 = self.connection.query_row("PRAGMA freelist_count", [], |row| row.get(0))?;
        if free > 0 {
            self.stoppable(|| self.connection.execute_batch("VACUUM"))?;
        }
        Ok(())
    }

    /// Ends long work, with an error, once whoever asked for it has stopped it.
    fn stoppable<T>(&self, work: impl FnOnce() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let cancel = Cancel::current();
        self.connection.progress_handler(OPS, Some(move || cancel.is_cancelled()))?;
        let done = work();
        self.connection.progress_handler(0, None::<fn() -> bool>)?;
        done
    }
}
