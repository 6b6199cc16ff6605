//! A unit of work, and where it is.

use std::fmt;
use std::time::Duration;

use tracing::Level;

use super::macros::{Shown, noun, say};
use crate::category::Category;
use crate::line_fields::Milliseconds;

const TARGET: &str = Category::Operations.target();

/// Where a unit of work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// It has begun.
    Running,
    /// It has done what it should.
    Success,
    /// It has not.
    Failed,
    /// Nobody waits for it any more: it was dropped before its end.
    Cancelled,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Running, Self::Success, Self::Failed, Self::Cancelled];

    /// The status as the field has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    const fn level(self) -> Level {
        match self {
            Self::Running => Level::DEBUG,
            Self::Success => Level::INFO,
            Self::Cancelled => Level::WARN,
            Self::Failed => Level::ERROR,
        }
    }

    const fn message(self) -> &'static str {
        match self {
            Self::Running => "operation started",
            Self::Success => "operation completed",
            Self::Cancelled => "operation cancelled",
            Self::Failed => "operation failed",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The kinds of operations that many services have; an application may name its own as plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OperationKind {
    /// Something is made ready.
    Prepare,
    /// A configuration is read.
    LoadConfig,
    /// Two places are brought to the same state.
    Sync,
}

impl OperationKind {
    /// The kind as the field has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::LoadConfig => "load_config",
            Self::Sync => "sync",
        }
    }
}

impl From<OperationKind> for &str {
    fn from(kind: OperationKind) -> Self {
        kind.as_str()
    }
}

noun! {
    /// A unit of work, and where it is.
    ///
    /// ```
    /// use cupola_record::{Operation, OperationKind, Status};
    ///
    /// let error = "the file has no end";
    /// Operation::new("load_limits", Status::Failed)
    ///     .kind(OperationKind::LoadConfig)
    ///     .attempt(2)
    ///     .max_retries(3)
    ///     .error("parse", &error)
    ///     .emit();
    /// ```
    Operation(operation: &'a str, status: Status) {
        /// The function that does it.
        function: &'a str,
        /// How long it took.
        duration: Duration,
        /// Which attempt this was, from 1.
        attempt: u64,
        /// How many retries there may be.
        max_retries: u64,
        /// The model that works on it.
        model_name: &'a str,
        /// The crew that works on it.
        crew_name: &'a str,
        /// The execution that it is a part of.
        execution_id: &'a str,
        /// The error's type, from a closed set.
        error_type: &'a str,
    }
    besides error_text: Shown<'a>;
    besides kind_text: &'a str;
}

impl<'a> Operation<'a> {
    /// One that begins.
    pub const fn running(operation: &'a str) -> Self {
        Self::new(operation, Status::Running)
    }

    /// What kind of operation it is: an [`OperationKind`], or a name of the application's own.
    pub fn kind(mut self, kind: impl Into<&'a str>) -> Self {
        self.kind_text = Some(kind.into());
        self
    }

    /// There was an error: its type from a closed set, and its text.
    pub fn error(mut self, error_type: &'a str, error: &'a (dyn fmt::Display + Sync)) -> Self {
        (self.error_type, self.error_text) = (Some(error_type), Some(Shown(error)));
        self
    }

    /// Says it.
    pub fn emit(&self) {
        self.emit_with(self.error_text.as_ref().map(|error| &error.0 as &dyn fmt::Display));
    }

    /// Says it with this error's text, which need not be kept.
    pub(crate) fn emit_with(&self, error: Option<&dyn fmt::Display>) {
        let exhausted = self.status == Status::Failed && is_exhausted(self.attempt, self.max_retries);
        say!(self.scope, self.status.level(), [DEBUG, INFO, WARN, ERROR], TARGET, {
            message = self.status.message(),
            event = "operation",
            operation = self.operation,
            operation_kind = self.kind_text,
            function = self.function,
            status = self.status.as_str(),
            duration_ms = self.duration.milliseconds(),
            attempt = self.attempt,
            max_retries = self.max_retries,
            model_name = self.model_name,
            crew_name = self.crew_name,
            execution_id = self.execution_id,
            error_type = self.error_type,
            error = error.map(tracing::field::display),
            critical = exhausted.then_some(true),
        });
    }
}

impl<'a> From<&'a str> for Operation<'a> {
    fn from(operation: &'a str) -> Self {
        Self::running(operation)
    }
}

/// Whether this was the last attempt: the first one, and all retries.
pub(super) fn is_exhausted(attempt: Option<u64>, max_retries: Option<u64>) -> bool {
    attempt.zip(max_retries).is_some_and(|(attempt, max_retries)| attempt > max_retries)
}
