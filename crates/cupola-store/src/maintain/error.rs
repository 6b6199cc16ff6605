//! Why work on a store's directory was not done.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{fmt, io};

use crate::file::FileError;
use crate::maintain::Problem;

/// Why work on a store's directory was not done.
#[derive(Debug)]
pub struct MaintainError {
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Io(io::Error),
    File(FileError),
    Locked(crate::store::OpenError),
    NoStore,
    NotEmpty,
    NoBackup,
    Newer,
    Missing(String),
    Damaged(Vec<Problem>),
    Metadata(crate::metadata::MetadataError),
    Stopped,
    Closed,
    NoPlace,
    Query(crate::query::QueryError),
}

impl MaintainError {
    pub(crate) fn io(path: &Path, error: io::Error) -> Self {
        Self { path: path.to_owned(), kind: Kind::Io(error) }
    }

    pub(super) fn file(path: &Path, error: FileError) -> Self {
        Self { path: path.to_owned(), kind: Kind::File(error) }
    }

    pub(super) fn metadata(path: &Path, error: crate::metadata::MetadataError) -> Self {
        Self { path: path.to_owned(), kind: Kind::Metadata(error) }
    }

    pub(super) fn locked(path: &Path, error: crate::store::OpenError) -> Self {
        Self { path: path.to_owned(), kind: Kind::Locked(error) }
    }

    pub(super) fn no_store(path: &Path) -> Self {
        Self { path: path.to_owned(), kind: Kind::NoStore }
    }

    pub(super) fn not_empty(path: &Path) -> Self {
        Self { path: path.to_owned(), kind: Kind::NotEmpty }
    }

    pub(super) fn no_backup(path: &Path) -> Self {
        Self { path: path.to_owned(), kind: Kind::NoBackup }
    }

    pub(super) fn newer(path: &Path) -> Self {
        Self { path: path.to_owned(), kind: Kind::Newer }
    }

    pub(super) fn missing(path: &Path, what: String) -> Self {
        Self { path: path.to_owned(), kind: Kind::Missing(what) }
    }

    pub(super) fn damaged(path: &Path, problems: Vec<Problem>) -> Self {
        Self { path: path.to_owned(), kind: Kind::Damaged(problems) }
    }

    pub(super) fn stopped(path: &Path) -> Self {
        Self { path: path.to_owned(), kind: Kind::Stopped }
    }

    pub(crate) fn closed(path: &Path) -> Self {
        Self { path: path.to_owned(), kind: Kind::Closed }
    }

    pub(crate) fn no_place(path: &Path) -> Self {
        Self { path: path.to_owned(), kind: Kind::NoPlace }
    }

    pub(crate) fn query(path: &Path, error: crate::query::QueryError) -> Self {
        Self { path: path.to_owned(), kind: Kind::Query(error) }
    }

    /// Whether no place for backups was named, so that none is made.
    pub fn has_no_place(&self) -> bool {
        matches!(self.kind, Kind::NoPlace)
    }

    /// What is damaged, where that is why.
    pub fn problems(&self) -> &[Problem] {
        match &self.kind {
            Kind::Damaged(problems) => problems,
            _ => &[],
        }
    }
}

impl fmt::Display for MaintainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.kind {
            Kind::Io(_) | Kind::File(_) | Kind::Metadata(_) | Kind::Query(_) => write!(f, "{path}"),
            Kind::Locked(_) => write!(f, "{path} is in use"),
            Kind::Stopped => write!(f, "work on {path} was stopped"),
            Kind::Closed => write!(f, "the store in {path} is closed"),
            Kind::NoPlace => write!(f, "no place is named for backups of the store in {path}"),
            Kind::NoStore => write!(f, "no store in {path}"),
            Kind::NotEmpty => write!(f, "{path} is not empty: choose a directory that is, or that is not there yet"),
            Kind::NoBackup => {
                write!(f, "no backup in {path}, or one that was not finished: there is no file `backup` in it")
            }
            Kind::Newer => write!(f, "the backup in {path} was made by a newer Cupola"),
            Kind::Missing(what) => write!(f, "the backup in {path} is not whole: {what}"),
            Kind::Damaged(problems) => {
                write!(f, "the backup in {path} is damaged")?;
                problems.first().map_or(Ok(()), |first| write!(f, ": {first}"))
            }
        }
    }
}

impl Error for MaintainError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            Kind::Io(error) => Some(error),
            Kind::File(error) => Some(error),
            Kind::Metadata(error) => Some(error),
            Kind::Query(error) => Some(error),
            Kind::Locked(error) => Some(error),
            _ => None,
        }
    }
}
