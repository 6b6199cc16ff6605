//! What the end of a call adds to what its beginning knew.

use std::time::Duration;

use http::StatusCode;
use tracing::Level;

use crate::attempt::Reason;
use crate::attempts::Attempts;
use crate::body::BodyCapture;
use crate::call::Call;
use crate::error_kind::ErrorKind;
use crate::header_list::HeaderList;

/// How a call ended; exactly one of these is recorded for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallOutcome {
    /// A response came whole, whatever its status.
    Complete,
    /// No response came, or it broke off.
    Failed(ErrorKind),
    /// The caller dropped the call before it had a response.
    DroppedBeforeHead,
    /// The caller dropped the response's body before its end.
    DroppedMidBody,
}

impl CallOutcome {
    /// The outcome as fields and labels name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Failed(_) => "failed",
            Self::DroppedBeforeHead => "dropped_before_head",
            Self::DroppedMidBody => "dropped_mid_body",
        }
    }

    /// Whether the caller left it.
    pub const fn is_dropped(self) -> bool {
        matches!(self, Self::DroppedBeforeHead | Self::DroppedMidBody)
    }

    /// The line's message.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Complete => "call completed",
            Self::Failed(_) => "call failed",
            Self::DroppedBeforeHead => "call dropped before a response",
            Self::DroppedMidBody => "call dropped before the end of the response",
        }
    }
}

/// Why a failed attempt was not followed by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopReason {
    /// The request may not be sent twice.
    NotIdempotent,
    /// Its body cannot be sent again.
    BodyNotReplayable,
    /// What failed would fail again.
    NotRetryable,
    /// As many attempts were made as the policy allows.
    Attempts,
    /// The budget of retries is spent.
    Budget,
    /// The next attempt would begin after the deadline.
    Deadline,
    /// The host failed too often, and is not asked for now.
    CircuitOpen,
    /// It leads to where the client does not follow.
    Redirect,
}

impl StopReason {
    /// The reason as fields and labels name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotIdempotent => "not_idempotent",
            Self::BodyNotReplayable => "body_not_replayable",
            Self::NotRetryable => "not_retryable",
            Self::Attempts => "attempts",
            Self::Budget => "budget",
            Self::Deadline => "deadline",
            Self::CircuitOpen => "circuit_open",
            Self::Redirect => "redirect",
        }
    }
}

/// How a call ended, and what was measured of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CallEnded {
    /// How.
    pub outcome: CallOutcome,
    /// The attempts in their order, the first [`Self::MAX_ATTEMPTS`] - 1 of them and the last.
    pub attempts: Attempts,
    /// How many attempts there were.
    pub attempt_count: u32,
    /// Whether that is all of them: a client of somebody else sends again, and follows redirects, by itself.
    pub attempts_known: bool,
    /// Why there was no further attempt, where one failed.
    pub stopped: Option<StopReason>,
    /// From the beginning to the end of the response's body, waits included.
    pub total: Duration,
    /// Bytes of the last request's body that were sent, where it was watched.
    pub request_bytes: Option<u64>,
    /// Bytes of the last response's body that were read.
    pub response_bytes: u64,
    /// Headers of the last response by choice.
    pub headers: Option<Box<HeaderList>>,
    /// The body of the last request, where it was watched and is captured.
    pub request_body: Option<Box<BodyCapture>>,
    /// The body of the last response, where there was one and it is captured.
    pub response_body: Option<Box<BodyCapture>>,
}

impl CallEnded {
    /// How many attempts a record keeps.
    pub const MAX_ATTEMPTS: usize = 16;

    pub(crate) const fn begun() -> Self {
        Self {
            outcome: CallOutcome::DroppedBeforeHead,
            attempts: Attempts::new(),
            attempt_count: 0,
            attempts_known: true,
            stopped: None,
            total: Duration::ZERO,
            request_bytes: None,
            response_bytes: 0,
            headers: None,
            request_body: None,
            response_body: None,
        }
    }

    /// The status of the last attempt.
    pub fn status(&self) -> Option<StatusCode> {
        self.attempts.last().and_then(|attempt| attempt.status)
    }

    /// From the beginning of the call to the head of the last response.
    pub fn head(&self) -> Option<Duration> {
        self.attempts.last().and_then(|attempt| Some(attempt.began + attempt.head?))
    }

    /// Why it counts as failed, from a closed set: a kind, or a 4xx or 5xx status that the call does not expect. That the
    /// caller has dropped it is no failure.
    pub fn error_type(&self, call: &Call) -> Option<&str> {
        match self.outcome {
            CallOutcome::Failed(kind) => Some(kind.as_str()),
            // Many read no body of a response that says no: its head has said so.
            CallOutcome::Complete | CallOutcome::DroppedMidBody => self.attempts.last()?.error_type(call),
            CallOutcome::DroppedBeforeHead => None,
        }
    }

    /// The level of its line: ERROR where it failed or ended with a 5xx, WARN with a 4xx or where it took more than one
    /// attempt other than by redirects, else INFO.
    pub fn level(&self, call: &Call) -> Level {
        let client_error = self.status().is_some_and(|status| status.is_client_error());
        let failed = matches!(self.outcome, CallOutcome::Failed(_));
        match self.error_type(call) {
            Some(_) if client_error && !failed => Level::WARN,
            Some(_) => Level::ERROR,
            None if self.was_retried() => Level::WARN,
            None => Level::INFO,
        }
    }

    fn was_retried(&self) -> bool {
        self.attempts.iter().any(|attempt| matches!(attempt.reason, Reason::Retry | Reason::RetryAfter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attempt::Attempt;
    use std::time::SystemTime;

    fn ended(outcome: CallOutcome, status: Option<u16>, reasons: &[Reason]) -> CallEnded {
        let mut attempts = Attempts::new();
        let attempt = |reason: &Reason| Attempt::begun(*reason, 0, Duration::ZERO, Duration::ZERO);
        reasons.iter().map(attempt).for_each(|attempt| attempts.push(attempt));
        attempts.last_mut().unwrap().status = status.map(|code| StatusCode::from_u16(code).unwrap());
        CallEnded { outcome, attempts, ..CallEnded::begun() }
    }

    #[test]
    fn level_and_error_type_follow_the_outcome() {
        let mut call = Call::new(SystemTime::UNIX_EPOCH, http::Method::GET);
        call.expected = vec![StatusCode::NOT_FOUND];
        let check = |outcome, status, reasons: &[Reason], level, error: Option<&str>| {
            let ended = ended(outcome, status, reasons);
            assert_eq!((ended.level(&call), ended.error_type(&call)), (level, error), "{ended:?}");
        };
        let (first, retried, moved) =
            ([Reason::First], [Reason::First, Reason::Retry], [Reason::First, Reason::Redirect]);
        check(CallOutcome::Complete, Some(200), &first, Level::INFO, None);
        check(CallOutcome::Complete, Some(200), &retried, Level::WARN, None);
        check(CallOutcome::Complete, Some(200), &moved, Level::INFO, None);
        check(CallOutcome::Complete, Some(404), &first, Level::INFO, None);
        check(CallOutcome::Complete, Some(410), &first, Level::WARN, Some("410"));
        check(CallOutcome::Complete, Some(503), &retried, Level::ERROR, Some("503"));
        check(CallOutcome::Failed(ErrorKind::Dns), None, &first, Level::ERROR, Some("dns"));
        check(CallOutcome::Failed(ErrorKind::Body), Some(404), &first, Level::ERROR, Some("body"));
        check(CallOutcome::DroppedBeforeHead, None, &first, Level::INFO, None);
        check(CallOutcome::DroppedMidBody, Some(200), &first, Level::INFO, None);
        check(CallOutcome::DroppedMidBody, Some(404), &first, Level::INFO, None);
        check(CallOutcome::DroppedMidBody, Some(410), &first, Level::WARN, Some("410"));
        check(CallOutcome::DroppedMidBody, Some(503), &first, Level::ERROR, Some("503"));
    }
}
