//! Metadata in a SQLite file: `metadata.sqlite` in the store's directory. Several processes may have it open.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, params};

use super::{Change, Document, Expect, Metadata, MetadataError, Note};

/// `CupM`, where SQLite keeps whose file it is.
const MAGIC: i32 = 0x4375_704d;

/// Each makes the next version out of the one before. A step that was released never changes.
const STEPS: [&str; 1] = ["
CREATE TABLE documents (kind TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE TABLE notes (number INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, subject TEXT NOT NULL, time INTEGER NOT NULL,
    body TEXT NOT NULL);
CREATE INDEX notes_of_subject ON notes (topic, subject, number);
CREATE INDEX notes_by_time ON notes (topic, time);
"];

/// The metadata of a store's directory.
///
/// ```
/// use cupola_store::{Change, Expect, Metadata as _, MetadataFile};
///
/// # let dir = tempfile::tempdir()?;
/// let metadata = MetadataFile::open(dir.path())?;
/// let new = |body: &str| Change::Put { kind: "view", key: "slow".into(), body: body.into(), expect: Expect::Absent };
/// metadata.apply(&[new("duration_ms>500")])?;
/// assert_eq!(metadata.get("view", "slow")?.map(|view| view.body).as_deref(), Some("duration_ms>500"));
/// assert_eq!(metadata.apply(&[new("duration_ms>900")]).unwrap_err().conflict(), Some(("view", "slow")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MetadataFile {
    connection: Mutex<Connection>,
    path: PathBuf,
}

impl MetadataFile {
    /// Opens the metadata in a store's directory, which is there; makes the file where there is none. Only its owner may look into it.
    ///
    /// # Errors
    /// It cannot be read or written, is no metadata, or a newer Cupola has written it.
    pub fn open(dir: &Path) -> Result<Self, MetadataError> {
        let path = Self::place(dir);
        let made = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        made.map_err(|error| MetadataError::io(&path, error))?;
        let mut connection = Connection::open(&path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        let _: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(|error| {
            let is_other = error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase);
            if is_other { MetadataError::foreign(&path) } else { error.into() }
        })?;
        // What people decided, and what was promised to be sent, outlives a loss of power.
        connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA cache_size = -2048")?;
        migrate(&mut connection, &path)?;
        Ok(Self { connection: Mutex::new(connection), path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), MetadataError> {
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let pragma = |name: &str| change.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i32>(0));
    let (magic, version) = (pragma("application_id")?, pragma("user_version")?.cast_unsigned());
    let is_new = (magic, version) == (0, 0) && pragma("schema_version")? == 0;
    if magic != MAGIC && !is_new {
        return Err(MetadataError::foreign(path));
    }
    let done = version as usize;
    let Some(steps) = STEPS.get(done..) else { return Err(MetadataError::newer(path, version)) };
    for step in steps {
        change.execute_batch(step)?;
    }
    change.execute_batch(&format!("PRAGMA application_id = {MAGIC}; PRAGMA user_version = {}", STEPS.len()))?;
    Ok(change.commit()?)
}

impl Metadata for MetadataFile {
    fn get(&self, kind: &str, key: &str) -> Result<Option<Document>, MetadataError> {
        let connection = self.lock();
        let mut asked =
            connection.prepare_cached("SELECT key, version, body FROM documents WHERE kind = ?1 AND key = ?2")?;
        Ok(asked.query_row(params![kind, key], document).optional()?)
    }

    fn list(&self, kind: &str, after: Option<&str>, limit: usize) -> Result<Vec<Document>, MetadataError> {
        let connection = self.lock();
        let mut asked = connection.prepare_cached(
            "SELECT key, version, body FROM documents WHERE kind = ?1 AND (?2 IS NULL OR key > ?2) ORDER BY key LIMIT ?3",
        )?;
        let found = asked.query_map(params![kind, after, bounded(limit)], document)?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    fn apply(&self, changes: &[Change]) -> Result<(), MetadataError> {
        let mut connection = self.lock();
        // The writers' turn is taken at the beginning: what is read here is still so when it is written.
        let whole = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for change in changes {
            apply(&whole, change)?;
        }
        Ok(whole.commit()?)
    }

    fn notes(
        &self,
        topic: &str,
        subject: Option<&str>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Note>, MetadataError> {
        let connection = self.lock();
        let of_subject = if subject.is_some() { "AND subject = ?2" } else { "AND ?2 IS NULL" };
        let mut asked = connection.prepare_cached(&format!(
            "SELECT number, subject, time, body FROM notes WHERE topic = ?1 {of_subject} AND number < ?3
             ORDER BY number DESC LIMIT ?4"
        ))?;
        let found = asked.query_map(params![topic, subject, before.unwrap_or(i64::MAX), bounded(limit)], note)?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    fn notes_after(&self, topic: &str, after: i64, limit: usize) -> Result<Vec<Note>, MetadataError> {
        let connection = self.lock();
        // By number, which those who follow are near the end of.
        let mut asked = connection.prepare_cached(
            "SELECT number, subject, time, body FROM notes WHERE +topic = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
        )?;
        let found = asked.query_map(params![topic, after, bounded(limit)], note)?;
        Ok(found.collect::<Result<_, _>>()?)
    }
}

fn apply(whole: &Transaction<'_>, change: &Change) -> Result<(), MetadataError> {
    match change {
        Change::Put { kind, key, body, expect } => {
            let written = match expect {
                Expect::Any => execute(
                    whole,
                    "INSERT INTO documents VALUES (?1, ?2, 1, ?3)
                     ON CONFLICT DO UPDATE SET version = version + 1, body = excluded.body",
                    params![kind, key, body],
                ),
                Expect::Absent => execute(
                    whole,
                    "INSERT INTO documents VALUES (?1, ?2, 1, ?3) ON CONFLICT DO NOTHING",
                    params![kind, key, body],
                ),
                Expect::Version(version) => execute(
                    whole,
                    "UPDATE documents SET version = version + 1, body = ?3 WHERE kind = ?1 AND key = ?2 AND version = ?4",
                    params![kind, key, body, version.cast_signed()],
                ),
            };
            if written? == 0 { Err(MetadataError::expected(kind, key)) } else { Ok(()) }
        }
        Change::Delete { kind, key } => {
            execute(whole, "DELETE FROM documents WHERE kind = ?1 AND key = ?2", params![kind, key]).map(|_| ())
        }
        Change::Note { topic, subject, time, body } => execute(
            whole,
            "INSERT INTO notes (topic, subject, time, body) VALUES (?1, ?2, ?3, ?4)",
            params![topic, subject, time, body],
        )
        .map(|_| ()),
        Change::Forget { topic, before } => {
            execute(whole, "DELETE FROM notes WHERE topic = ?1 AND time < ?2", params![topic, before]).map(|_| ())
        }
    }
}

fn execute(whole: &Transaction<'_>, what: &str, with: &[&dyn rusqlite::ToSql]) -> Result<usize, MetadataError> {
    Ok(whole.prepare_cached(what)?.execute(with)?)
}

fn document(row: &Row<'_>) -> rusqlite::Result<Document> {
    Ok(Document { key: row.get(0)?, version: row.get::<_, i64>(1)?.cast_unsigned(), body: row.get(2)? })
}

pub(super) fn note(row: &Row<'_>) -> rusqlite::Result<Note> {
    Ok(Note { number: row.get(0)?, subject: row.get(1)?, time: row.get(2)?, body: row.get(3)? })
}

fn bounded(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
