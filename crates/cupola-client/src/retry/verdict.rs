//! What follows a failed attempt.

use std::time::Duration;

use cupola_record::{ErrorKind, Reason, StopReason};
use http::{HeaderMap, Method, StatusCode};

use crate::retry::policy::RetryPolicy;

/// What was asked for, as far as it matters for asking again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// Doing it twice is as doing it once.
    pub(crate) idempotent: bool,
    /// Its body can be had again.
    pub(crate) replayable: bool,
}

impl Asked {
    pub(crate) fn of(method: &Method, headers: &HeaderMap, replayable: bool) -> Self {
        let idempotent = method.is_idempotent() || headers.contains_key("idempotency-key");
        Self { idempotent, replayable }
    }
}

/// How an attempt failed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    /// Before its head.
    Error(ErrorKind),
    /// By its status, and how long the other side asks to be left alone.
    Status(StatusCode, Option<Duration>),
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It did not fail in a way that another attempt could mend: what came is given back.
    Give,
    /// Another attempt, after a wait.
    Again(Reason, Duration),
    /// It failed, and there is no other attempt.
    Stop(StopReason),
}

impl RetryPolicy {
    /// What follows an attempt that failed, after so many; `chance`, between 0 and 1, chooses the wait, and `left` is what the deadline leaves.
    /// The budget is asked by the caller, last.
    pub(crate) fn verdict(&self, asked: Asked, failure: Failure, made: u32, chance: f64, left: Duration) -> Verdict {
        let after = match failure {
            Failure::Status(status, _) if !self.statuses.contains(&status) && !self.says_unprocessed(failure) => {
                return Verdict::Give;
            }
            Failure::Error(ErrorKind::Deadline) => return Verdict::Stop(StopReason::Deadline),
            Failure::Error(kind) if !may_pass(kind) => return Verdict::Stop(StopReason::NotRetryable),
            Failure::Status(_, after) => after,
            Failure::Error(_) => None,
        };
        if !asked.idempotent && !never_sent(failure) && !self.says_unprocessed(failure) {
            return Verdict::Stop(StopReason::NotIdempotent);
        }
        if !asked.replayable {
            return Verdict::Stop(StopReason::BodyNotReplayable);
        }
        if made >= self.attempts {
            return Verdict::Stop(StopReason::Attempts);
        }
        let (reason, wait) = match after {
            // Whoever is asked to wait is not alone: jitter comes on top.
            Some(after) => (Reason::RetryAfter, after + self.wait(1, chance)),
            None => (Reason::Retry, self.wait(made, chance)),
        };
        if wait >= left { Verdict::Stop(StopReason::Deadline) } else { Verdict::Again(reason, wait) }
    }
}

impl RetryPolicy {
    fn says_unprocessed(&self, failure: Failure) -> bool {
        matches!(failure, Failure::Status(status, _) if self.unprocessed.contains(&status))
    }
}

/// What may be gone the next time.
const fn may_pass(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Dns
            | ErrorKind::Connect
            | ErrorKind::ConnectTimeout
            | ErrorKind::Timeout
            | ErrorKind::Protocol
            | ErrorKind::Refused
            | ErrorKind::Body
    )
}

/// The other side has not seen any of it, or says that it has not looked.
const fn never_sent(failure: Failure) -> bool {
    use ErrorKind::{Connect, ConnectTimeout, Dns, Refused};
    matches!(failure, Failure::Error(Dns | Connect | ConnectTimeout | Refused))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn status(code: u16, after: Option<u64>) -> Failure {
        Failure::Status(StatusCode::from_u16(code).unwrap(), after.map(Duration::from_secs))
    }

    #[test]
    fn each_case_has_its_verdict() {
        let policy = RetryPolicy::new();
        let (again, stop) = (|ms| Verdict::Again(Reason::Retry, Duration::from_millis(ms)), Verdict::Stop);
        let get = Asked { idempotent: true, replayable: true };
        let post = Asked { idempotent: false, replayable: true };
        let stream = Asked { idempotent: true, replayable: false };
        let check = |asked, failure, made, expected| {
            let verdict = policy.verdict(asked, failure, made, 1.0, LONG);
            assert_eq!(verdict, expected, "{asked:?} {failure:?} {made}");
        };
        for code in [200, 301, 400, 401, 403, 404, 409, 501, 505] {
            check(get, status(code, None), 1, Verdict::Give);
        }
        for code in [408, 429, 500, 502, 503, 504] {
            check(get, status(code, None), 1, again(100));
            check(post, status(code, None), 1, stop(StopReason::NotIdempotent));
            check(stream, status(code, None), 1, stop(StopReason::BodyNotReplayable));
            check(get, status(code, None), 2, again(200));
            check(get, status(code, None), 3, stop(StopReason::Attempts));
        }
        check(get, status(429, Some(7)), 1, Verdict::Again(Reason::RetryAfter, Duration::from_millis(7_100)));
        check(get, status(503, Some(0)), 1, Verdict::Again(Reason::RetryAfter, Duration::from_millis(100)));
        check(get, status(503, Some(60)), 1, stop(StopReason::Deadline));
        for kind in [ErrorKind::Dns, ErrorKind::Connect, ErrorKind::ConnectTimeout, ErrorKind::Refused] {
            check(get, Failure::Error(kind), 1, again(100));
            check(post, Failure::Error(kind), 1, again(100));
        }
        for kind in [ErrorKind::Timeout, ErrorKind::Protocol, ErrorKind::Body] {
            check(get, Failure::Error(kind), 1, again(100));
            check(post, Failure::Error(kind), 1, stop(StopReason::NotIdempotent));
        }
        check(get, Failure::Error(ErrorKind::Deadline), 1, stop(StopReason::Deadline));
        for kind in [ErrorKind::Tls, ErrorKind::Redirect, ErrorKind::Other] {
            check(get, Failure::Error(kind), 1, stop(StopReason::NotRetryable));
        }
    }

    #[test]
    fn what_was_not_done_may_be_asked_again() {
        let policy = RetryPolicy::new().unprocessed([429, 409]);
        let post = Asked { idempotent: false, replayable: true };
        let verdict = |code| policy.verdict(post, status(code, None), 1, 1.0, LONG);
        let again = Verdict::Again(Reason::Retry, Duration::from_millis(100));
        assert_eq!((verdict(429), verdict(409)), (again, again));
        assert_eq!(verdict(503), Verdict::Stop(StopReason::NotIdempotent));
    }

    #[test]
    fn a_key_makes_a_post_idempotent() {
        let mut headers = HeaderMap::new();
        assert!(!Asked::of(&Method::POST, &headers, true).idempotent);
        assert!(!Asked::of(&Method::PATCH, &headers, true).idempotent);
        assert!(Asked::of(&Method::DELETE, &headers, true).idempotent);
        headers.insert("idempotency-key", "k".parse().unwrap());
        assert!(Asked::of(&Method::POST, &headers, true).idempotent);
    }
}
