//! The access line: one event at the end of each exchange, and by choice one at its beginning.

use std::fmt::Write as _;
use std::time::Duration;

use http::Version;
use tracing::Level;

use crate::body::BodyCapture;
use crate::duties::Duties;
use crate::ended::Ended;
use crate::exchange::{Exchange, HeaderList};
use crate::names;
use crate::sink::{Record, Sink};

/// The target of every event of this sink.
pub const TARGET: &str = "cupola::http";

/// Writes exchanges as `tracing` events. The fields are those of [`crate::names`].
#[derive(Clone, Copy, Debug, Default)]
pub struct AccessLog {
    start: bool,
}

impl AccessLog {
    /// A line at the end of each exchange.
    pub const fn new() -> Self {
        Self { start: false }
    }

    /// A line at the beginning too.
    #[must_use]
    pub const fn start_line(mut self, on: bool) -> Self {
        self.start = on;
        self
    }
}

impl Sink for AccessLog {
    fn opened(&self, exchange: &Exchange) {
        if self.start && !exchange.served.contains(Duties::LOG) {
            write_start(exchange);
        }
    }

    fn record(&self, record: Record<'_>) {
        match record {
            Record::Exchange(exchange, _) if exchange.served.contains(Duties::LOG) => {}
            Record::Exchange(exchange, ended) => write_end(exchange, ended),
        }
    }

    fn duties(&self) -> Duties {
        Duties::LOG
    }
}

fn write_start(exchange: &Exchange) {
    let client_ip = exchange.context.client_ip().map(tracing::field::display);
    tracing::info!(
        target: TARGET,
        request_id = exchange.context.request_id().as_str(),
        method = exchange.method_label(),
        path = exchange.path(),
        query_names = exchange.query().map(query_names).as_deref(),
        client_ip,
        user_agent = exchange.user_agent(),
        "{}", names::STARTED
    );
}

/// A level is part of a callsite: one event for each level that an end can have.
fn write_end(exchange: &Exchange, ended: &Ended) {
    macro_rules! end {
        ($level:expr) => {
            if tracing::enabled!(target: TARGET, $level) {
                emit!($level, exchange, ended)
            }
        };
    }
    match ended.level() {
        Level::ERROR => end!(Level::ERROR),
        Level::WARN => end!(Level::WARN),
        Level::INFO => end!(Level::INFO),
        Level::DEBUG => end!(Level::DEBUG),
        Level::TRACE => end!(Level::TRACE),
    }
}

macro_rules! emit {
    ($level:expr, $exchange:ident, $ended:ident) => {{
        let traceparent = $exchange.context.traceparent();
        let (mut parent_id, mut linked_id) = ([0; 16], [0; 32]);
        let bodies = $ended.bodies.as_deref();
        tracing::event!(
            target: TARGET,
            $level,
            message = $ended.outcome.message(),
                method = $exchange.method_label(),
            route = $ended.route.as_deref(),
            path = $exchange.path(),
            status = $ended.status.map(|status| status.as_u16()),
            duration_ms = milliseconds($ended.total),
            head_ms = $ended.head.map(milliseconds),
            outcome = $ended.outcome.as_str(),
            error_type = $ended.error_type(),
            error = $ended.error.as_ref().map(|text| text.as_str()),
            slow = $ended.slow.then_some(true),
            grpc_status = $ended.grpc_status.map(|status| status.code()),
            request_bytes = $ended.request_bytes,
            response_bytes = $ended.response_bytes,
            query = $exchange.query(),
            client_ip = $exchange.context.client_ip().map(tracing::field::display),
            user_agent = $exchange.user_agent(),
            host = $exchange.host(),
            scheme = $exchange.scheme,
            protocol = protocol($exchange.version),
            request_id = $exchange.context.request_id().as_str(),
            trace_id = traceparent.trace_id(),
            span_id = traceparent.span_id(),
            parent_span_id = $exchange.context.parent_span().map(|id| id.encode(&mut parent_id)),
            linked_trace_id = $exchange.context.linked().map(|trace| trace.trace_id.encode(&mut linked_id)),
            client_request_id = $exchange.client_request_id(),
            method_original = $exchange.method_original(),
            request_headers = $exchange.headers.as_deref().map(header_lines).as_deref(),
            response_headers = $ended.headers.as_deref().map(header_lines).as_deref(),
            request_body = bodies.and_then(|bodies| body_text(&bodies.request)),
            request_body_state = bodies.map(|bodies| bodies.request.state.as_str()),
            response_body = bodies.and_then(|bodies| body_text(&bodies.response)),
            response_body_state = bodies.map(|bodies| bodies.response.state.as_str()),
        );
    }};
}
use emit;

/// Whole microseconds, so that the text is short.
fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    }
}

fn body_text(body: &BodyCapture) -> Option<&str> {
    Some(body.text.as_str()).filter(|text| !text.is_empty())
}

fn header_lines(headers: &HeaderList) -> String {
    let mut lines = String::new();
    for (name, value) in headers {
        let separator = if lines.is_empty() { "" } else { "\n" };
        write!(lines, "{separator}{name}: {value}").expect("a String takes all");
    }
    lines
}

/// The names of an already masked query, in order.
fn query_names(query: &str) -> String {
    let names: Vec<&str> = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default()).collect();
    names.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_named_without_its_values() {
        assert_eq!(query_names("limit=10&cursor=&x"), "limit,cursor,x");
    }

    #[test]
    fn times_are_whole_microseconds() {
        assert_eq!(milliseconds(Duration::from_nanos(1_234_567)).to_string(), "1.234");
    }
}
