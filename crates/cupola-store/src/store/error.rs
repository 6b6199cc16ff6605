//! Why a store was not opened, or not closed as it should be.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{fmt, io};

use crate::file::FileError;

/// Why a store was not opened.
#[derive(Debug)]
pub struct OpenError {
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Locked(String),
    Io(io::Error),
    Newer(FileError),
    Sealing(String),
}

impl OpenError {
    pub(crate) fn locked(path: &Path, holder: String) -> Self {
        Self { path: path.to_owned(), kind: Kind::Locked(holder) }
    }

    pub(crate) fn io(path: &Path, error: io::Error) -> Self {
        Self { path: path.to_owned(), kind: Kind::Io(error) }
    }

    pub(crate) fn newer(path: &Path, error: FileError) -> Self {
        Self { path: path.to_owned(), kind: Kind::Newer(error) }
    }

    pub(crate) fn sealing(path: &Path, trouble: Option<String>) -> Self {
        Self { path: path.to_owned(), kind: Kind::Sealing(trouble.unwrap_or_default()) }
    }

    /// Whether another process (or another `Store`) writes it.
    pub fn is_locked(&self) -> bool {
        matches!(self.kind, Kind::Locked(_))
    }

    /// Whether a newer Cupola has written what this one does not know.
    pub fn is_newer(&self) -> bool {
        matches!(self.kind, Kind::Newer(_))
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.kind {
            Kind::Locked(holder) if holder.is_empty() => write!(f, "another process writes the store in {path}"),
            Kind::Locked(holder) => write!(f, "another process writes the store in {path}: {}", holder.escape_debug()),
            Kind::Io(_) => write!(f, "the store cannot be opened at {path}"),
            Kind::Newer(_) => write!(f, "the store cannot be opened, because of {path}"),
            Kind::Sealing(trouble) => write!(f, "what the journal in {path} has cannot be sealed: {trouble}"),
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            Kind::Io(error) => Some(error),
            Kind::Newer(error) => Some(error),
            Kind::Locked(_) | Kind::Sealing(_) => None,
        }
    }
}

/// Something was not sealed when a store was closed.
#[derive(Debug)]
pub struct CloseError {
    pub(crate) trouble: Option<String>,
}

impl fmt::Display for CloseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trouble = self.trouble.as_deref().unwrap_or("the thread that seals has ended");
        write!(f, "not all entries were sealed; what was kept is in the journal: {trouble}")
    }
}

impl Error for CloseError {}
