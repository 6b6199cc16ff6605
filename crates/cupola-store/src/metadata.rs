//! What people and rules have decided, beside what was observed: documents of JSON and notes of what became of them, in one small database.

mod error;
mod file;
#[cfg(test)]
mod tests;
mod whole;

use std::fmt;

pub use error::MetadataError;
pub use file::MetadataFile;

/// Keeps documents, and notes that are only ever added. All of one [`Metadata::apply`] becomes true at once, or nothing of it.
///
/// Kinds (`rule`, `episode`, `session`), topics and keys are the caller's own words; what a document says is nobody's business here.
#[allow(
    clippy::missing_errors_doc,
    reason = "they are all alike: it cannot be read or written, or a change expects what is not so"
)]
pub trait Metadata: fmt::Debug + Send + Sync {
    /// The document of this kind with this key.
    fn get(&self, kind: &str, key: &str) -> Result<Option<Document>, MetadataError>;

    /// Documents of this kind in the order of their keys, those with a greater key than `after`.
    fn list(&self, kind: &str, after: Option<&str>, limit: usize) -> Result<Vec<Document>, MetadataError>;

    /// Does all of this in the order given, or nothing: where a change expects what is not so, that error says which
    /// ([`MetadataError::conflict`]).
    fn apply(&self, changes: &[Change]) -> Result<(), MetadataError>;

    /// Notes of a topic, the newest first; those of one subject if it is given, and of numbers below `before`.
    fn notes(
        &self,
        topic: &str,
        subject: Option<&str>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Note>, MetadataError>;

    /// Notes of a topic with greater numbers than `after`, the oldest first: for who has read all up to there.
    fn notes_after(&self, topic: &str, after: i64, limit: usize) -> Result<Vec<Note>, MetadataError>;

    /// All documents of this kind.
    fn all(&self, kind: &str) -> Result<Vec<Document>, MetadataError> {
        let mut all = self.list(kind, None, PAGE)?;
        while let Some(last) = all.last().filter(|_| all.len().is_multiple_of(PAGE)) {
            let more = self.list(kind, Some(&last.key), PAGE)?;
            if more.is_empty() {
                break;
            }
            all.extend(more);
        }
        Ok(all)
    }
}

const PAGE: usize = 1_000;

/// A document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What it is known by within its kind.
    pub key: String,
    /// How often it was written: 1 for a new one.
    pub version: u64,
    /// What it says: JSON by custom.
    pub body: String,
}

/// A note of what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its number: later ones are greater, over all topics.
    pub number: i64,
    /// What it is about within its topic.
    pub subject: String,
    /// When, in nanoseconds since 1970.
    pub time: i64,
    /// What happened: JSON by custom.
    pub body: String,
}

/// What is to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Writes a document.
    Put {
        /// Its kind.
        kind: &'static str,
        /// Its key.
        key: String,
        /// What it shall say.
        body: String,
        /// What must be so before.
        expect: Expect,
    },
    /// Takes a document away; where there is none, nothing is done.
    Delete {
        /// Its kind.
        kind: &'static str,
        /// Its key.
        key: String,
    },
    /// Adds a note.
    Note {
        /// Its topic.
        topic: &'static str,
        /// What it is about.
        subject: String,
        /// When, in nanoseconds since 1970.
        time: i64,
        /// What happened.
        body: String,
    },
    /// Takes away the notes of a topic that are older than this, in nanoseconds since 1970.
    Forget {
        /// The topic.
        topic: &'static str,
        /// From when on they stay.
        before: i64,
    },
}

/// What must be so before a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Anything.
    Any,
    /// There is none yet.
    Absent,
    /// It has this version.
    Version(u64),
}
