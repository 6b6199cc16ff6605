//! What a key means.

use cupola_line::{Value, keys};
use cupola_store::Level;

use super::units;

/// What a value is of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Time,
    Level,
    Target,
    Category,
    Message,
    Method,
    Route,
    Path,
    Status,
    Duration,
    RequestId,
    TraceId,
    SpanId,
    UserId,
    ClientIp,
    ErrorType,
}

pub(super) const ROLES: usize = 16;

impl Role {
    /// In the order in which our own writer has them.
    pub(super) const IN_ORDER: [Self; ROLES] = [
        Self::Time,
        Self::Level,
        Self::Target,
        Self::Category,
        Self::Message,
        Self::Method,
        Self::Route,
        Self::Path,
        Self::Status,
        Self::Duration,
        Self::ErrorType,
        Self::ClientIp,
        Self::RequestId,
        Self::TraceId,
        Self::SpanId,
        Self::UserId,
    ];

    /// The key under which our own writer has it.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Time => keys::TIMESTAMP,
            Self::Level => keys::LEVEL,
            Self::Target => keys::TARGET,
            Self::Category => keys::CATEGORY,
            Self::Message => keys::MESSAGE,
            Self::Method => "method",
            Self::Route => "route",
            Self::Path => "path",
            Self::Status => "status",
            Self::Duration => "duration_ms",
            Self::RequestId => keys::REQUEST_ID,
            Self::TraceId => keys::TRACE_ID,
            Self::SpanId => keys::SPAN_ID,
            Self::UserId => keys::USER_ID,
            Self::ClientIp => keys::CLIENT_IP,
            Self::ErrorType => "error_type",
        }
    }

    /// Whether a value can be what its name says.
    pub(super) fn accepts(self, path: &str, value: &Value<'_>) -> bool {
        match self {
            Self::Time => units::time_of(value).is_some(),
            Self::Level => level_of(path, value).is_some(),
            Self::Duration => units::milliseconds_of(path, value).is_some(),
            Self::Status => status_of(value).is_some(),
            Self::RequestId | Self::UserId => matches!(value, Value::Str(_) | Value::Number(_)),
            _ => matches!(value, Value::Str(_)),
        }
    }

    /// Whether it may be known of a request, and so stand on a span.
    pub(super) fn is_of_requests(self) -> bool {
        !matches!(self, Self::Time | Self::Level | Self::Target | Self::Category | Self::Message)
    }
}

/// The role of a key, and how well the key fits it: a key that is used for other things too gives way.
#[rustfmt::skip]
pub(super) fn role_of(path: &str) -> Option<(Role, u8)> {
    Some(match path {
        "timestamp" | "@timestamp" | "time" | "ts" | "@t" | "Timestamp" | "timeUnixNano" | "time_unix_nano" => (Role::Time, 2),
        "t" | "date" | "datetime" | "asctime" | "eventTime" | "observedTimeUnixNano" => (Role::Time, 1),
        "level" | "severity" | "log.level" | "severityText" | "severity_text" | "SeverityText" | "@l" => (Role::Level, 2),
        "lvl" | "levelname" | "level_name" | "loglevel" | "log_level" => (Role::Level, 2),
        "severityNumber" | "severity_number" | "SeverityNumber" => (Role::Level, 1),
        "message" | "msg" | "@m" | "body" | "Body" => (Role::Message, 2),
        "event" | "@mt" | "text" => (Role::Message, 1),
        "target" | "logger" | "log.logger" | "logger_name" | "loggerName" | "SourceContext" => (Role::Target, 2),
        "name" => (Role::Target, 1),
        "category" => (Role::Category, 2),
        "request_id" | "requestId" | "req_id" | "reqId" | "request.id" | "req.id" | "http.request.id" | "requestID" | "RequestId"
        | "x_request_id" | "x-request-id" => (Role::RequestId, 2),
        "correlation_id" | "correlationId" => (Role::RequestId, 1),
        "trace_id" | "traceId" | "trace.id" | "traceid" | "TraceId" | "dd.trace_id" | "otelTraceID" | "@tr" => (Role::TraceId, 2),
        "span_id" | "spanId" | "span.id" | "spanid" | "SpanId" | "dd.span_id" | "otelSpanID" | "@sp" => (Role::SpanId, 2),
        "route" | "http.route" | "url.template" | "endpoint" => (Role::Route, 2),
        "path" | "url.path" | "http.target" | "http.path" | "request_path" => (Role::Path, 2),
        "req.url" | "request_uri" | "uri" | "url.original" | "http.url" => (Role::Path, 1),
        "method" | "http.method" | "http.request.method" | "req.method" | "request.method" | "request_method" => (Role::Method, 2),
        "status" | "status_code" | "statusCode" | "http.status_code" | "http.response.status_code" | "res.statusCode"
        | "response.status" | "response_status" => (Role::Status, 2),
        "duration_ms" | "responseTime" | "response_time_ms" | "elapsed_ms" | "latency_ms" | "event.duration" | "duration_ns"
        | "duration_us" | "duration_s" | "duration_seconds" | "request_time" => (Role::Duration, 2),
        "duration" | "latency" | "elapsed" | "took" => (Role::Duration, 1),
        "user_id" | "userId" | "user.id" | "enduser.id" => (Role::UserId, 2),
        "client_ip" | "client.ip" | "client.address" | "remote_ip" | "remote_addr" | "remoteAddress" | "req.remoteAddress"
        | "source.ip" => (Role::ClientIp, 2),
        "error_type" | "error.type" | "exception.type" => (Role::ErrorType, 2),
        _ => return None,
    })
}

pub(super) fn level_of(path: &str, value: &Value<'_>) -> Option<Level> {
    match value {
        Value::Str(text) => Level::parse(&text.unescape()),
        Value::Number(_) if path.to_ascii_lowercase().starts_with("severity") => Level::from_severity(value.as_i64()?),
        Value::Number(_) => Level::from_number(value.as_i64()?),
        _ => None,
    }
}

/// A status as a number; `"success"` is none.
fn status_of(value: &Value<'_>) -> Option<u64> {
    let status = match value {
        Value::Str(text) if !text.has_escapes() => std::str::from_utf8(text.raw()).ok()?.parse().ok()?,
        other => other.as_u64()?,
    };
    (100..1000).contains(&status).then_some(status)
}
