//! What the end of a job adds to what its beginning knew.

use std::borrow::Cow;
use std::time::Duration;

use cupola_redact::Masked;
use tracing::Level;

/// Why a job is to be tried again: a closed set, fit for labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JobRetry {
    /// It failed.
    Failed,
    /// It took too long.
    TimedOut,
    /// It panicked.
    Panicked,
    /// It asks for it itself.
    Asked,
}

impl JobRetry {
    /// The reason as fields and labels name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Panicked => "panicked",
            Self::Asked => "asked",
        }
    }
}

/// How an attempt at a job ended; exactly one of these is recorded for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JobOutcome {
    /// It has done what it was to do.
    Completed,
    /// It has not, and will not.
    Failed,
    /// It has not, and will be tried again.
    Retried(JobRetry),
    /// It took too long, and will not be tried again.
    TimedOut,
    /// It panicked.
    Panicked,
    /// It was dropped before its end: called off, or the worker went away.
    Cancelled,
}

impl JobOutcome {
    /// The outcome as fields and labels name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Retried(_) => "retried",
            Self::TimedOut => "timed_out",
            Self::Panicked => "panicked",
            Self::Cancelled => "cancelled",
        }
    }

    /// The line's message.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Completed => "job completed",
            Self::Failed => "job failed",
            Self::Retried(_) => "job will be tried again",
            Self::TimedOut => "job timed out",
            Self::Panicked => "job panicked",
            Self::Cancelled => "job dropped before its end",
        }
    }

    /// Why it is tried again.
    pub const fn retry(self) -> Option<JobRetry> {
        if let Self::Retried(reason) = self { Some(reason) } else { None }
    }

    /// The level of its line: ERROR where nobody will try again, WARN where somebody will or it was dropped, else INFO.
    pub const fn level(self) -> Level {
        match self {
            Self::Completed => Level::INFO,
            Self::Retried(_) | Self::Cancelled => Level::WARN,
            Self::Failed | Self::TimedOut | Self::Panicked => Level::ERROR,
        }
    }

    /// The type of a failure that nobody has told more of.
    const fn error_type(self) -> Option<&'static str> {
        match self {
            Self::Completed | Self::Cancelled | Self::Retried(JobRetry::Asked) => None,
            Self::Retried(reason) => Some(reason.as_str()),
            failed => Some(failed.as_str()),
        }
    }
}

/// How an attempt at a job ended, and what was measured of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JobEnded {
    /// How.
    pub outcome: JobOutcome,
    /// From its beginning to its end, its waits included.
    pub duration: Duration,
    /// What it says of its failure, masked.
    pub error: Option<Masked>,
    /// When it is tried again, where that is known.
    pub retry_in: Option<Duration>,
    told_type: Option<Cow<'static, str>>,
}

impl JobEnded {
    pub(super) const fn begun() -> Self {
        let outcome = JobOutcome::Cancelled;
        Self { outcome, duration: Duration::ZERO, error: None, retry_in: None, told_type: None }
    }

    pub(super) fn set_error_type(&mut self, told: Cow<'static, str>) {
        self.told_type = Some(short_name(told));
    }

    /// The type of the failure: a short name that the application has given, else the outcome. Absent where it did not fail.
    pub fn error_type(&self) -> Option<&str> {
        let own = self.outcome.error_type();
        let told = self.told_type.as_deref().filter(|_| !matches!(self.outcome, JobOutcome::Completed));
        told.or(own)
    }
}

/// The longest name of a type of failure.
const MAX_NAME: usize = 96;

/// A type is one of a closed set, and looks like a name: what does not may be anything.
pub(super) fn short_name(name: Cow<'static, str>) -> Cow<'static, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-<>".contains(&byte);
    let fits = !name.is_empty() && name.len() <= MAX_NAME && name.bytes().all(plain);
    if fits { name } else { Cow::Borrowed("_OTHER") }
}
