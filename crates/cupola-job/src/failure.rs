//! What a failed attempt says of itself.

use std::borrow::Cow;
use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::time::Duration;

use cupola_record::JobRetry;

use crate::typed_error::{BoxError, TypedError};

/// Why an attempt failed, and whether there is to be another.
#[derive(Clone, Debug)]
pub struct JobFailure {
    pub(crate) reason: JobRetry,
    pub(crate) error_type: Cow<'static, str>,
    pub(crate) text: Option<String>,
    pub(crate) again: Option<bool>,
    pub(crate) again_in: Option<Duration>,
}

impl JobFailure {
    /// A failure of this type: a short name of a closed set, never an error's text.
    pub fn new(error_type: impl Into<Cow<'static, str>>) -> Self {
        let reason = JobRetry::Failed;
        Self { reason, error_type: error_type.into(), text: None, again: None, again_in: None }
    }

    /// What it says; it is masked before anybody is told.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// It took too long.
    #[must_use]
    pub const fn timed_out(mut self) -> Self {
        self.reason = JobRetry::TimedOut;
        self
    }

    /// It panicked, and somebody has caught that.
    #[must_use]
    pub const fn panicked(mut self) -> Self {
        self.reason = JobRetry::Panicked;
        self
    }

    /// It is to be tried again because it asks for it, at once or after a while.
    #[must_use]
    pub const fn asks_again(mut self, after: Option<Duration>) -> Self {
        (self.reason, self.again, self.again_in) = (JobRetry::Asked, Some(true), after);
        self
    }

    /// It is not to be tried again, however many attempts are left.
    #[must_use]
    pub const fn for_good(mut self) -> Self {
        self.again = Some(false);
        self
    }

    /// What an error tells: the name of the first [`TypedError`] in its chain, or the kind of an `io::Error`; and the chain's texts.
    pub fn of_error(error: &(dyn Error + 'static)) -> Self {
        Self::new(name_of(error)).text(texts_of(error))
    }
}

/// How long a chain of causes is followed.
const MAX_CAUSES: usize = 16;

fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    let next = |above: &&'e (dyn Error + 'static)| <dyn Error + 'static>::source(*above);
    std::iter::successors(Some(error), next).take(MAX_CAUSES)
}

fn name_of(error: &(dyn Error + 'static)) -> Cow<'static, str> {
    let typed = causes(error).find_map(typed).map(|typed| typed.name().into());
    let io = || causes(error).find_map(|cause| cause.downcast_ref::<io::Error>());
    let io = || io().map(|io| format!("io::{:?}", io.kind()).into());
    typed.or_else(io).unwrap_or(Cow::Borrowed("error"))
}

/// What an `io::Error` is made of is not its source.
fn typed<'e>(cause: &'e (dyn Error + 'static)) -> Option<&'e TypedError> {
    let within = || cause.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref();
    cause.downcast_ref().or_else(within)
}

/// Each cause, unless the one above it has said it already.
fn texts_of(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    for cause in causes(error).map(ToString::to_string) {
        if !text.contains(&cause) {
            text.push_str(if text.is_empty() { "" } else { ": " });
            text.push_str(&cause);
        }
    }
    text
}

/// An error of a job, which says what is recorded of it.
///
/// ```
/// use cupola_job::{JobError, JobFailure};
///
/// enum MailError {
///     Refused,
///     Busy,
/// }
///
/// impl JobError for MailError {
///     fn failure(&self) -> JobFailure {
///         match self {
///             Self::Refused => JobFailure::new("refused").for_good(),
///             Self::Busy => JobFailure::new("busy"),
///         }
///     }
/// }
/// ```
pub trait JobError {
    /// What is recorded.
    fn failure(&self) -> JobFailure;
}

impl JobError for BoxError {
    fn failure(&self) -> JobFailure {
        JobFailure::of_error(&**self)
    }
}

impl JobError for TypedError {
    fn failure(&self) -> JobFailure {
        JobFailure::of_error(self)
    }
}

impl JobError for io::Error {
    fn failure(&self) -> JobFailure {
        JobFailure::of_error(self)
    }
}

impl JobError for Infallible {
    fn failure(&self) -> JobFailure {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_named_by_whoever_typed_it() {
        let io = || io::Error::new(io::ErrorKind::TimedOut, "slow");
        let check = |error: &(dyn Error + 'static), name: &str, text: &str| {
            let failure = JobFailure::of_error(error);
            assert_eq!((&*failure.error_type, failure.text.as_deref()), (name, Some(text)));
        };
        check(&TypedError::new("smtp", "no answer"), "smtp", "no answer");
        check(&io::Error::other(TypedError::new("smtp", "no answer")), "smtp", "no answer");
        check(&io(), "io::TimedOut", "slow");
        check(&TypedError::new("smtp", io()), "smtp", "slow");
        check(&"x".parse::<u8>().unwrap_err(), "error", "invalid digit found in string");
    }
}
