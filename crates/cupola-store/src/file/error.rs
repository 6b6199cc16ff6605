//! What is wrong with a day's file.

use std::error::Error;
use std::{fmt, io};

use rusqlite::ErrorCode;

use crate::block::Torn;

/// Why a file was not opened, read or written.
#[derive(Debug)]
pub(crate) enum FileError {
    /// It is no file of the store.
    Foreign,
    /// A newer Cupola has written it, in a version that this one does not know.
    Version(u32),
    /// A block of it was cut or changed.
    Torn(Torn),
    /// It could not be given its name.
    Io(io::Error),
    /// SQLite says so.
    Sqlite(rusqlite::Error),
}

impl FileError {
    /// Whether the file itself is damaged.
    pub(crate) fn is_corrupt(&self) -> bool {
        matches!(self.code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
            || matches!(self, Self::Foreign)
    }

    /// Whether there is no such file.
    pub(crate) fn cannot_open(&self) -> bool {
        self.code() == Some(ErrorCode::CannotOpen)
    }

    /// Whether SQLite may not put its own files beside it.
    pub(crate) fn is_read_only(&self) -> bool {
        self.code() == Some(ErrorCode::ReadOnly)
    }

    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Sqlite(error) => error.sqlite_error_code(),
            _ => None,
        }
    }
}

impl From<rusqlite::Error> for FileError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Torn> for FileError {
    fn from(torn: Torn) -> Self {
        Self::Torn(torn)
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("this is no file of Cupola's store"),
            Self::Version(found) => write!(
                f,
                "the file has version {}, and this Cupola reads version {}: a newer Cupola reads it",
                found >> 16,
                super::VERSION >> 16
            ),
            Self::Torn(_) => f.write_str("the block cannot be read"),
            Self::Io(_) => f.write_str("the file of the day cannot be made"),
            Self::Sqlite(_) => f.write_str("the file of the day"),
        }
    }
}

impl Error for FileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Torn(torn) => Some(torn),
            Self::Io(error) => Some(error),
            Self::Sqlite(error) => Some(error),
            Self::Foreign | Self::Version(_) => None,
        }
    }
}
