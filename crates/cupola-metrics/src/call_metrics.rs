//! Call metrics: what is asked of other services, how long it takes, and how it ends.

use cupola_record::{Attempt, Call, CallEnded, Record, Sink};

use crate::by::By;
use crate::error::RegisterError;
use crate::histogram::{DURATION_BUCKETS, DurationHistogram};
use crate::registry::Registry;

mod label {
    use crate::labels::Values;

    crate::ready::labels! {
        Method "http.request.method" Values::AtMost(64);
        Template "url.template" Values::AtMost(500);
        Dependency "cupola.dependency" Values::AtMost(64);
        Status "http.response.status_code" Values::AtMost(64);
        Error "error.type" Values::AtMost(64);
    }
}

type AttemptLabels = (label::Method, label::Template, label::Dependency, label::Status, label::Error);
type CallLabels = (label::Method, label::Template, label::Dependency, label::Error);

/// Counts the calls that a service makes of others.
///
/// | metric | labels |
/// |---|---|
/// | `http_client_request_duration_seconds` | `http_request_method` `url_template` `cupola_dependency` `http_response_status_code` `error_type`: of each attempt |
/// | `cupola_client_call_duration_seconds` | `http_request_method` `url_template` `cupola_dependency` `error_type`: of each call, its attempts and waits together |
///
/// A label that has nothing to say is absent. Hosts and paths are none: they are an open set. Calls that the caller dropped
/// have the error types `dropped_before_head` and `dropped_mid_body`.
///
/// ```
/// use cupola_metrics::{CallMetrics, Registry};
/// use cupola_record::{CallLog, Sink};
///
/// let registry = Registry::new();
/// let sink = CallLog::new().and(CallMetrics::new(&registry)?);
/// # let _ = sink;
/// # Ok::<(), cupola_metrics::RegisterError>(())
/// ```
#[derive(Clone, Debug)]
pub struct CallMetrics {
    attempts: By<AttemptLabels, DurationHistogram>,
    calls: By<CallLabels, DurationHistogram>,
}

impl CallMetrics {
    /// Registers them.
    ///
    /// # Errors
    /// Where they are registered already.
    pub fn new(registry: &Registry) -> Result<Self, RegisterError> {
        let (attempts, calls) = ("http.client.request.duration", "cupola.client.call.duration");
        let attempts_help = "How long requests to other services took, to the end of the response's body.";
        let calls_help = "How long calls of other services took, their attempts and waits together.";
        Ok(Self {
            attempts: registry.duration_histogram_by(attempts, attempts_help, &DURATION_BUCKETS)?,
            calls: registry.duration_histogram_by(calls, calls_help, &DURATION_BUCKETS)?,
        })
    }

    fn observe_attempt(&self, call: &Call, ended: &CallEnded, attempt: &Attempt, is_last: bool) {
        let status = attempt.status.as_ref().map_or("", |status| status.as_str());
        let error = match attempt.error {
            Some(kind) => kind.as_str(),
            None if is_last => error_type(call, ended),
            None => failed_status(attempt).unwrap_or_default(),
        };
        let (method, template, dependency) = asked(call);
        self.attempts.with_values(&[method, template, dependency, status, error]).observe(attempt.total);
    }

    fn observe_call(&self, call: &Call, ended: &CallEnded) {
        let (method, template, dependency) = asked(call);
        self.calls.with_values(&[method, template, dependency, error_type(call, ended)]).observe(ended.total);
    }
}

fn asked(call: &Call) -> (&str, &str, &str) {
    let template = call.template.as_deref().unwrap_or_default();
    (call.method_label(), template, call.dependency.as_deref().unwrap_or_default())
}

/// A caller that left is an error type here, as a client that left is one of the server's.
fn error_type<'a>(call: &'a Call, ended: &'a CallEnded) -> &'a str {
    let dropped = ended.outcome.is_dropped().then(|| ended.outcome.as_str());
    ended.error_type(call).or(dropped).unwrap_or_default()
}

fn failed_status(attempt: &Attempt) -> Option<&str> {
    let status = attempt.status.as_ref()?;
    (status.is_client_error() || status.is_server_error()).then(|| status.as_str())
}

impl Sink for CallMetrics {
    fn record(&self, record: Record<'_>) {
        let Record::Call(call, ended) = record else { return };
        for (number, attempt) in ended.attempts.iter().enumerate() {
            self.observe_attempt(call, ended, attempt, number + 1 == ended.attempts.len());
        }
        self.observe_call(call, ended);
    }
}

#[cfg(all(test, not(cupola_model)))]
mod tests {
    use super::*;
    use cupola_record::{CallOutcome, ErrorKind, KnownMethods, OpenCall, Reason};
    use cupola_redact::KeyPolicy;
    use http::{Method, StatusCode, Uri};
    use std::sync::Arc;
    use std::time::{Duration, Instant, SystemTime};

    fn begun(metrics: &CallMetrics) -> OpenCall {
        let mut call = Call::new(SystemTime::UNIX_EPOCH, Method::GET);
        call.mask(&KeyPolicy::default(), &KnownMethods::default(), &Uri::from_static("http://users.internal/users/17"));
        (call.template, call.dependency) = (Some("/users/{id}".into()), Some("users".into()));
        #[allow(clippy::disallowed_methods)]
        OpenCall::new(call, Arc::new(metrics.clone()), Instant::now)
    }

    #[test]
    fn attempts_and_calls_are_counted_by_what_became_of_them() {
        let registry = Registry::new();
        let metrics = CallMetrics::new(&registry).unwrap();
        let mut call = begun(&metrics);
        call.attempt(Reason::First, Duration::ZERO);
        call.head(StatusCode::SERVICE_UNAVAILABLE);
        call.discarded();
        call.attempt(Reason::Retry, Duration::ZERO);
        call.head(StatusCode::OK);
        call.end(CallOutcome::Complete);
        let mut call = begun(&metrics);
        call.attempt(Reason::First, Duration::ZERO);
        call.end(CallOutcome::Failed(ErrorKind::Dns));
        begun(&metrics).attempt(Reason::First, Duration::ZERO);

        let text = registry.render();
        let of = r#"http_request_method="GET",url_template="/users/{id}",cupola_dependency="users""#;
        for (name, rest) in [
            ("http_client_request_duration_seconds", r#",http_response_status_code="503",error_type="503""#),
            ("http_client_request_duration_seconds", r#",http_response_status_code="200""#),
            ("http_client_request_duration_seconds", r#",error_type="dns""#),
            ("http_client_request_duration_seconds", r#",error_type="dropped_before_head""#),
            ("cupola_client_call_duration_seconds", ""),
            ("cupola_client_call_duration_seconds", r#",error_type="dns""#),
            ("cupola_client_call_duration_seconds", r#",error_type="dropped_before_head""#),
        ] {
            let line = format!("{name}_count{{{of}{rest}}} 1\n");
            assert!(text.contains(&line), "no {line} in {text}");
        }
        assert!(CallMetrics::new(&registry).unwrap_err().is_duplicate());
    }
}
