//! Opens a day's file, and makes one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cupola_line::fingerprint::Fingerprint;
use rusqlite::{Connection, OpenFlags};

use crate::file::{DayFile, FileError, VERSION};

/// `Cupo`, where SQLite keeps whose file it is.
const MAGIC: i32 = 0x4375_706f;

const SCHEMA: &str = "
CREATE TABLE blocks (id INTEGER PRIMARY KEY, min_time INTEGER NOT NULL, max_time INTEGER NOT NULL, rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL, levels BLOB NOT NULL, torn INTEGER NOT NULL DEFAULT 0);
CREATE TABLE words (block INTEGER PRIMARY KEY, filter BLOB NOT NULL);
CREATE TABLE traces (block INTEGER PRIMARY KEY, filter BLOB NOT NULL);
CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE columns (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE marks (journal INTEGER PRIMARY KEY, record INTEGER NOT NULL);
CREATE TABLE keys (id INTEGER PRIMARY KEY, what INTEGER NOT NULL, service TEXT NOT NULL, name TEXT NOT NULL, class INTEGER NOT NULL,
    UNIQUE (what, service, name, class));
CREATE TABLE rollups (step INTEGER NOT NULL, start INTEGER NOT NULL, key INTEGER NOT NULL, count INTEGER NOT NULL, errors INTEGER NOT NULL,
    data BLOB NOT NULL, PRIMARY KEY (step, start, key)) WITHOUT ROWID;
CREATE TABLE failures (step INTEGER NOT NULL, start INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (step, start)) WITHOUT ROWID;
CREATE TABLE failure_groups (id INTEGER PRIMARY KEY, fingerprint INTEGER NOT NULL UNIQUE, target TEXT NOT NULL, template TEXT NOT NULL,
    last INTEGER NOT NULL, example BLOB NOT NULL);
CREATE INDEX failure_targets ON failure_groups (target);
CREATE TABLE failure_names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE failure_rules (version INTEGER NOT NULL);
";

/// Whether what was written outlives a loss of power, or only the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The process may die at any moment; a loss of power may take the last seconds.
    #[default]
    Process,
    /// Each write waits until the disk has it.
    Power,
}

impl DayFile {
    /// The file at this path, to be written; made where there is none.
    pub(crate) fn write(path: &Path, durability: Durability) -> Result<Self, FileError> {
        if !path.exists() {
            make(path, durability)?;
        }
        let connection =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        check(&connection)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        let _: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        let synchronous = if durability == Durability::Power { "FULL" } else { "NORMAL" };
        connection.execute_batch(&format!(
            "PRAGMA synchronous = {synchronous}; PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 4000"
        ))?;
        Ok(Self::of(connection))
    }

    /// The file at this path, to be read, while somebody may write it.
    pub(crate) fn read(path: &Path) -> Result<Self, FileError> {
        match open_read(path, "") {
            // Where SQLite may not put its own files beside this one, it reads what nobody can be writing then.
            Err(error)
                if (error.cannot_open() || error.is_read_only()) && path.exists() && !beside(path, "-wal").exists() =>
            {
                open_read(path, "?immutable=1")
            }
            opened => opened,
        }
    }
}

fn open_read(path: &Path, how: &str) -> Result<DayFile, FileError> {
    let escaped = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(format!("file:{escaped}{how}"), flags)?;
    check(&connection)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute_batch("PRAGMA cache_size = -8192")?;
    Ok(DayFile::of(connection))
}

/// Nobody sees a file that is half made: it gets its name when it is whole.
fn make(path: &Path, durability: Durability) -> Result<(), FileError> {
    let unnamed = beside(path, ".new");
    let _ = fs::remove_file(&unnamed);
    let connection = Connection::open(&unnamed)?;
    connection.execute_batch(&format!(
        "PRAGMA page_size = 8192; PRAGMA application_id = {MAGIC}; PRAGMA user_version = {VERSION}; BEGIN; {SCHEMA} INSERT INTO failure_rules VALUES ({}); COMMIT;",
        Fingerprint::VERSION
    ))?;
    connection.close().map_err(|(_, error)| error)?;
    let named = fs::rename(&unnamed, path).and_then(|()| match path.parent() {
        Some(folder) if durability == Durability::Power => fs::File::open(folder)?.sync_all(),
        _ => Ok(()),
    });
    named.map_err(FileError::Io)
}

/// Asks for nothing but whose the file is and in which version, before anything else is read.
fn check(connection: &Connection) -> Result<(), FileError> {
    let pragma = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i32>(0));
    if pragma("application_id")? != MAGIC {
        return Err(FileError::Foreign);
    }
    let found = pragma("user_version")?.cast_unsigned();
    if found >> 16 == VERSION >> 16 { Ok(()) } else { Err(FileError::Version(found)) }
}

/// The path with this at its end: SQLite's own files stand so beside a database.
pub(crate) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
