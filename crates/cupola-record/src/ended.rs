//! What the end of an exchange adds to what its beginning knew.

use std::sync::Arc;
use std::time::Duration;

use cupola_redact::Masked;
use http::StatusCode;
use tracing::Level;

use crate::body::BodyCapture;
use crate::grpc::GrpcStatus;
use crate::header_list::HeaderList;
use crate::outcome::Outcome;

/// How an exchange ended, and what was measured of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ended {
    /// How.
    pub outcome: Outcome,
    /// The status, where a head was sent.
    pub status: Option<StatusCode>,
    /// gRPC's own status.
    pub grpc_status: Option<GrpcStatus>,
    /// The route template. Never the path.
    pub route: Option<Arc<str>>,
    /// From the beginning to the head of the response.
    pub head: Option<Duration>,
    /// From the beginning to the end of the response's body.
    pub total: Duration,
    /// Bytes of the request's body that were read.
    pub request_bytes: u64,
    /// Bytes of the response's body that were sent.
    pub response_bytes: u64,
    /// The body is a stream of events, which lasts for as long as somebody listens.
    pub endless: bool,
    /// It took longer than the limit for slow requests.
    pub slow: bool,
    /// The level of its line where all went well.
    pub usual_level: Level,
    /// The time spent polling the service and its body, where it is measured.
    pub busy: Option<Duration>,
    /// The handler has asked that nothing be written or counted of it.
    pub muted: bool,
    /// The panic's message, masked.
    pub error: Option<Masked>,
    /// Response headers by choice.
    pub headers: Option<Box<HeaderList>>,
    /// The bodies, where they are captured.
    pub bodies: Option<Box<Bodies>>,
}

/// Both bodies of an exchange.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Bodies {
    /// What the handler read.
    pub request: BodyCapture,
    /// What was sent.
    pub response: BodyCapture,
}

impl Bodies {
    /// Both, as captured.
    pub const fn new(request: BodyCapture, response: BodyCapture) -> Self {
        Self { request, response }
    }
}

impl Ended {
    pub(crate) const fn begun() -> Self {
        Self {
            outcome: Outcome::ClosedBeforeHead,
            status: None,
            grpc_status: None,
            route: None,
            head: None,
            total: Duration::ZERO,
            request_bytes: 0,
            response_bytes: 0,
            endless: false,
            slow: false,
            usual_level: Level::INFO,
            busy: None,
            muted: false,
            error: None,
            headers: None,
            bodies: None,
        }
    }

    /// How long the server took: to the end, or to the head of a stream of events, which the client ends.
    pub fn served_in(&self) -> Duration {
        self.head.filter(|_| self.endless).unwrap_or(self.total)
    }

    /// Whether the client left before the end, where there was an end to wait for.
    #[inline]
    fn is_aborted(&self) -> bool {
        self.outcome.is_closed() && !(self.endless && self.outcome == Outcome::ClosedMidBody)
    }

    /// Why it counts as failed, from a closed set: an outcome, a 5xx status or a gRPC status. `None` on success.
    #[inline]
    pub fn error_type(&self) -> Option<&str> {
        if self.outcome.is_failure() || self.is_aborted() {
            return Some(self.outcome.as_str());
        }
        if let Some(grpc) = self.grpc_status.filter(|status| status.is_server_error()) {
            return Some(grpc.name());
        }
        self.status.as_ref().filter(|status| status.is_server_error()).map(StatusCode::as_str)
    }

    /// The level of its line: ERROR for the server's failures, WARN for the client's, for slow ones and for those
    /// whose client left, else the usual one, which is INFO unless [chosen](crate::Choices::level).
    #[inline]
    pub fn level(&self) -> Level {
        let client_error = self.status.is_some_and(|status| status.is_client_error());
        if self.error_type().is_some() && !self.is_aborted() {
            Level::ERROR
        } else if client_error || self.slow || self.is_aborted() {
            Level::WARN
        } else {
            self.usual_level
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn level_and_error_type_follow_the_outcome() {
        let check = |outcome, status: Option<u16>, grpc: Option<&str>, slow, level, error: Option<&str>| {
            let status = status.map(|code| StatusCode::from_u16(code).unwrap());
            let grpc_status = grpc.and_then(|code| GrpcStatus::parse(code.as_bytes()));
            let ended = Ended { outcome, status, grpc_status, slow, ..Ended::begun() };
            assert_eq!((ended.level(), ended.error_type()), (level, error), "{ended:?}");
        };
        check(Outcome::Complete, Some(200), None, false, Level::INFO, None);
        check(Outcome::Complete, Some(200), None, true, Level::WARN, None);
        check(Outcome::Complete, Some(404), None, false, Level::WARN, None);
        check(Outcome::Complete, Some(503), None, false, Level::ERROR, Some("503"));
        check(Outcome::Complete, Some(200), Some("13"), false, Level::ERROR, Some("INTERNAL"));
        check(Outcome::Complete, Some(200), Some("5"), false, Level::INFO, None);
        check(Outcome::BodyError, Some(200), None, false, Level::ERROR, Some("body_error"));
        check(Outcome::ClosedBeforeHead, None, None, false, Level::WARN, Some("closed_before_head"));
        check(Outcome::Upgraded, Some(101), None, false, Level::INFO, None);
        let mut stream = Ended { outcome: Outcome::ClosedMidBody, status: Some(StatusCode::OK), ..Ended::begun() };
        (stream.endless, stream.head, stream.total) = (true, Some(Duration::from_millis(2)), Duration::from_secs(600));
        assert_eq!((stream.level(), stream.error_type(), stream.served_in().as_millis()), (Level::INFO, None, 2));
    }
}
