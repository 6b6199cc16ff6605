//! The line of a call: one event at its end.

use tracing::Level;

use crate::call::Call;
use crate::call_ended::CallEnded;
use crate::call_fields::call_fields;
use crate::line_fields::event;
use crate::sink::{Record, Sink};

/// The target of every event of this sink.
pub const CALL_TARGET: &str = "cupola::client";

/// Writes calls as `tracing` events, inside the context of the request on whose behalf they were made and
/// the scope that they were made in. ERROR where the
/// call failed or ended with a 5xx, WARN with a 4xx or after a retry, else INFO; a status that the call expects is no
/// failure. A field without a value is absent.
///
/// | field | type | OpenTelemetry | what it says |
/// |---|---|---|---|
/// | `dependency` | text | – | what the caller calls the other service |
/// | `method` | text | `http.request.method` | from the known list, else `_OTHER` |
/// | `url_template` | text | `url.template` | as the call site has it |
/// | `host` | text | `server.address` and `server.port` | masked, without userinfo |
/// | `path`, `query` | text | `url.full` | masked |
/// | `status` | number | `http.response.status_code` | of the last attempt |
/// | `outcome` | text | – | `complete failed dropped_before_head dropped_mid_body` |
/// | `error_type` | text | `error.type` | a kind, or a 4xx or 5xx status that is not expected |
/// | `stop_reason` | text | – | why a failed attempt was not followed by another |
/// | `attempts` | number | `http.request.resend_count` + 1 | how many there were; absent where that is not known |
/// | `attempt_log` | text | – | of more than one: each attempt, in order, one a line |
/// | `dns_ms`, `connect_ms` | number | – | of the last attempt, where its connection was made for it: the name; the connection, name and TLS included |
/// | `head_ms`, `duration_ms` | number | – | from the beginning to the head, and to the end of the body |
/// | `request_bytes` | number | `http.request.body.size` | bytes of the body that were sent, where it is watched |
/// | `response_bytes` | number | `http.response.body.size` | bytes of the body that were read |
/// | `request_headers`, `response_headers` | text | `http.request.header.<name>` | by choice: `name: value` pairs, one a line; values not on the list are `[REDACTED]` |
/// | `request_body`, `response_body` | text | `http.request.body.content` | by choice: masked, up to the cap |
/// | `request_body_state`, `response_body_state` | text | – | `complete truncated partial not_read skipped_…` |
#[derive(Clone, Copy, Debug, Default)]
pub struct CallLog {
    errors_only: bool,
}

impl CallLog {
    /// A line at the end of each call.
    pub const fn new() -> Self {
        Self { errors_only: false }
    }

    /// Only the lines of calls that failed, or ended with a 5xx.
    #[must_use]
    pub const fn errors_only(mut self) -> Self {
        self.errors_only = true;
        self
    }

    /// Whether this call is to have a line.
    pub fn keeps(&self, call: &Call, ended: &CallEnded) -> bool {
        !self.errors_only || ended.level(call) == Level::ERROR
    }
}

impl Sink for CallLog {
    fn record(&self, record: Record<'_>) {
        let Record::Call(call, ended) = record else { return };
        if self.keeps(call, ended) {
            call.within(|| write(call, ended));
        }
    }
}

/// A level is part of a callsite: one event for each level that an end can have.
fn write(call: &Call, ended: &CallEnded) {
    match ended.level(call) {
        Level::ERROR => call_fields!(event(CALL_TARGET, Level::ERROR), call, ended),
        Level::WARN => call_fields!(event(CALL_TARGET, Level::WARN), call, ended),
        _ => call_fields!(event(CALL_TARGET, Level::INFO), call, ended),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_lines::{Line, lines_of};
    use crate::{CallOutcome, KnownMethods, OpenCall, Reason};
    use cupola_redact::KeyPolicy;
    use http::{Method, StatusCode};
    use std::sync::Arc;
    use std::time::{Duration, Instant, SystemTime};

    #[allow(clippy::disallowed_methods)]
    fn line(work: impl FnOnce(&mut OpenCall)) -> Line {
        let uri = "https://ana:hunter2@api.example.com:8443/users/17?page=2&access_token=s3cr3t".parse().unwrap();
        let mut call = Call::new(SystemTime::UNIX_EPOCH, Method::GET);
        call.mask(&KeyPolicy::default(), &KnownMethods::default(), &uri);
        call.template = Some("/users/{id}".into());
        let mut lines = lines_of(|| {
            let mut open = OpenCall::new(call, Arc::new(CallLog::new()), Instant::now);
            work(&mut open);
        });
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines.remove(0)
    }

    #[test]
    fn a_call_has_one_line_without_secrets() {
        let line = line(|call| {
            call.attempt(Reason::First, Duration::ZERO);
            call.head(StatusCode::BAD_GATEWAY);
            call.discarded();
            call.attempt(Reason::Retry, Duration::from_millis(50));
            call.head(StatusCode::OK);
            call.received(9);
            call.end(CallOutcome::Complete);
        });
        let check =
            |name: &str, expected: &str| assert_eq!(line.get(name).map(String::as_str), Some(expected), "{line:?}");
        check("level", "WARN");
        check("message", "call completed");
        check("host", "api.example.com:8443");
        check("query", "page=2&access_token=[REDACTED]");
        check("url_template", "/users/{id}");
        check("status", "200");
        check("attempts", "2");
        check("response_bytes", "9");
        assert!(line["attempt_log"].contains("\nretry delay=50ms status=200"), "{line:?}");
        assert!(!format!("{line:?}").contains("hunter2") && !format!("{line:?}").contains("s3cr3t"), "{line:?}");
    }

    #[test]
    fn what_is_not_known_is_absent() {
        let line = line(|_| {});
        assert_eq!((line["outcome"].as_str(), line["level"].as_str()), ("dropped_before_head", "INFO"));
        for name in ["status", "error_type", "attempt_log", "head_ms", "response_bytes", "dependency"] {
            assert!(!line.contains_key(name), "{name}: {line:?}");
        }
    }
}
