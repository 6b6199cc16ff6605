//! What can be wrong with the metadata.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

/// Why metadata was not read or changed.
#[derive(Debug)]
pub struct MetadataError(Kind);

#[derive(Debug)]
enum Kind {
    Conflict(String, String),
    Foreign(PathBuf),
    Newer(PathBuf, u32),
    Io(PathBuf, std::io::Error),
    Database(rusqlite::Error),
}

impl MetadataError {
    /// Kind and key of the document that was not as a change expected; another has written it meanwhile.
    pub fn conflict(&self) -> Option<(&str, &str)> {
        match &self.0 {
            Kind::Conflict(kind, key) => Some((kind, key)),
            _ => None,
        }
    }

    pub(super) fn expected(kind: &str, key: &str) -> Self {
        Self(Kind::Conflict(kind.to_owned(), key.to_owned()))
    }

    pub(super) fn foreign(path: &Path) -> Self {
        Self(Kind::Foreign(path.to_owned()))
    }

    pub(super) fn newer(path: &Path, version: u32) -> Self {
        Self(Kind::Newer(path.to_owned(), version))
    }

    pub(super) fn io(path: &Path, error: std::io::Error) -> Self {
        Self(Kind::Io(path.to_owned(), error))
    }
}

impl From<rusqlite::Error> for MetadataError {
    fn from(error: rusqlite::Error) -> Self {
        Self(Kind::Database(error))
    }
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Conflict(kind, key) => write!(f, "the {kind} {key:?} was changed by somebody else meanwhile"),
            Kind::Foreign(path) => write!(f, "{} is no metadata of Cupola's", path.display()),
            Kind::Newer(path, version) => {
                write!(f, "{} has version {version}: a newer Cupola has written it, and reads it", path.display())
            }
            Kind::Io(path, _) => write!(f, "{}", path.display()),
            Kind::Database(_) => f.write_str("the metadata"),
        }
    }
}

impl Error for MetadataError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Kind::Io(_, error) => Some(error),
            Kind::Database(error) => Some(error),
            Kind::Conflict(..) | Kind::Foreign(_) | Kind::Newer(..) => None,
        }
    }
}
