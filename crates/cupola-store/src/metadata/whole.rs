//! What is done with the metadata's file as a whole.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::file::note;
use super::{MetadataError, MetadataFile, Note};

impl MetadataFile {
    /// Where the metadata of a store's directory is.
    pub(crate) fn place(dir: &Path) -> PathBuf {
        dir.join("metadata.sqlite")
    }

    /// Copies what is in it at this moment to a file that is not there yet.
    pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), MetadataError> {
        read(from)?.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
        Ok(())
    }

    /// All notes of a topic, the oldest first, without writing to the file; where there is none there are none.
    pub(crate) fn walk(
        dir: &Path,
        topic: &str,
        each: &mut dyn FnMut(Note) -> rusqlite::Result<()>,
    ) -> Result<(), MetadataError> {
        let path = Self::place(dir);
        if !path.exists() {
            return Ok(());
        }
        let connection = read(&path)?;
        let mut asked =
            connection.prepare("SELECT number, subject, time, body FROM notes WHERE topic = ?1 ORDER BY number")?;
        for found in asked.query_map([topic], note)? {
            each(found?)?;
        }
        Ok(())
    }

    /// What is wrong with it, if anything; where there is none nothing is.
    pub(crate) fn trouble(dir: &Path) -> Option<String> {
        let path = Self::place(dir);
        let found = path
            .exists()
            .then(|| read(&path)?.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0)))?;
        match found {
            Ok(found) if found == "ok" => None,
            Ok(found) => Some(found),
            Err(error) => Some(error.to_string()),
        }
    }
}

fn read(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(connection)
}
