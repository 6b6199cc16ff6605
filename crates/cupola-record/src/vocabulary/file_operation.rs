//! Something was done with a file.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use tracing::Level;

use super::macros::{Shown, noun, say};
use super::operation::Status;
use crate::category::Category;
use crate::line_fields::Milliseconds;

const TARGET: &str = Category::Operations.target();

/// What is done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileKind {
    /// It is read.
    Read,
    /// It is written.
    Write,
    /// It is emptied, or what is old is taken out of a folder.
    Clean,
    /// A folder is made.
    CreateDir,
    /// It is moved.
    Move,
    /// It is deleted.
    Delete,
}

impl FileKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Read, Self::Write, Self::Clean, Self::CreateDir, Self::Move, Self::Delete];

    /// The kind as the field has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Clean => "clean",
            Self::CreateDir => "create_dir",
            Self::Move => "move",
            Self::Delete => "delete",
        }
    }
}

/// Whether a file's content is what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Validation {
    /// It is.
    Passed,
    /// It is not: the operation has failed.
    Failed,
    /// Nobody has looked.
    Skipped,
}

impl Validation {
    /// Every answer.
    pub const ALL: [Self; 3] = [Self::Passed, Self::Failed, Self::Skipped];

    /// The answer as the field has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

noun! {
    /// Something was done with a file.
    ///
    /// ```
    /// use std::path::Path;
    /// use cupola_record::{FileKind, FileOperation, Validation};
    ///
    /// let path = Path::new("/srv/offers.json");
    /// FileOperation::new(FileKind::Read, path).role("input").alias("offers").validation(Validation::Passed).emit();
    /// ```
    FileOperation(kind: FileKind, path: &'a Path) {
        /// Where it was moved.
        to: &'a Path,
        /// What the file is for: `input`, `cache`, `report`.
        role: &'a str,
        /// Its name for people.
        alias: &'a str,
        /// Its size.
        bytes: u64,
        /// Whether its content is what it should be.
        validation: Validation,
        /// How many retries it took.
        retries: u64,
        /// How long it took.
        duration: Duration,
        /// The error's type, from a closed set.
        error_type: &'a str,
    }
    besides error_text: Shown<'a>;
}

impl<'a> FileOperation<'a> {
    /// There was an error: its type from a closed set, and its text.
    pub fn error(mut self, error_type: &'a str, error: &'a (dyn fmt::Display + Sync)) -> Self {
        (self.error_type, self.error_text) = (Some(error_type), Some(Shown(error)));
        self
    }

    /// Whether it could be done, and the content is what it should be.
    pub(crate) fn status(&self) -> Status {
        let failed = self.error_type.is_some() || self.validation == Some(Validation::Failed);
        if failed { Status::Failed } else { Status::Success }
    }

    /// Says it.
    pub fn emit(&self) {
        let status = self.status();
        let (level, message) = match status {
            Status::Failed => (Level::ERROR, "file operation failed"),
            _ => (Level::INFO, "file operation completed"),
        };
        say!(self.scope, level, [INFO, ERROR], TARGET, {
            message,
            event = "file_operation",
            file_kind = self.kind.as_str(),
            file_role = self.role,
            file_path = %self.path.display(),
            file_to = self.to.map(|path| tracing::field::display(path.display())),
            file_alias = self.alias,
            file_bytes = self.bytes,
            status = status.as_str(),
            validation = self.validation.map(Validation::as_str),
            retries = self.retries,
            duration_ms = self.duration.milliseconds(),
            error_type = self.error_type,
            error = self.error_text.map(tracing::field::debug),
        });
    }
}
