//! Why there is no answer.

use std::{error, fmt, io};

use crate::file::FileError;

/// Why there is no answer.
#[derive(Debug)]
pub struct QueryError(Kind);

#[derive(Debug)]
enum Kind {
    File(FileError),
    Folder(io::Error),
    Asked(String),
    Over,
}

impl QueryError {
    /// The time was over while a block was judged.
    pub(super) fn over() -> Self {
        Self(Kind::Over)
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.0, Kind::Over)
    }

    /// What was asked cannot be answered; says why, and what is accepted.
    pub(crate) fn asked(message: impl Into<String>) -> Self {
        Self(Kind::Asked(message.into()))
    }

    /// Whether what was asked is at fault, and not the store.
    pub fn is_of_asker(&self) -> bool {
        matches!(self.0, Kind::Asked(_))
    }

    /// Whether a block or a page of a file is damaged, so that others can still be read.
    pub(crate) fn is_torn(&self) -> bool {
        match &self.0 {
            Kind::File(error) => matches!(error, FileError::Torn(_)) || error.is_corrupt(),
            _ => false,
        }
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::File(_) => f.write_str("cannot read a file of the store"),
            Kind::Folder(_) => f.write_str("cannot read the folder of the store"),
            Kind::Asked(message) => f.write_str(message),
            Kind::Over => f.write_str("the time is over"),
        }
    }
}

impl error::Error for QueryError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.0 {
            Kind::File(error) => Some(error),
            Kind::Folder(error) => Some(error),
            Kind::Asked(_) | Kind::Over => None,
        }
    }
}

impl From<FileError> for QueryError {
    fn from(error: FileError) -> Self {
        Self(Kind::File(error))
    }
}

impl From<io::Error> for QueryError {
    fn from(error: io::Error) -> Self {
        Self(Kind::Folder(error))
    }
}
