//! Names of fields whose values are read in a way of their own.

/// What a value that a field is compared with has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    Level,
    Time,
    /// Milliseconds, or a number with its unit.
    Duration,
}

/// By our own names, and by those that other loggers have for them.
#[rustfmt::skip]
pub(super) fn meant(name: &str) -> Option<Meant> {
    Some(match name {
        "level" | "severity" | "log.level" | "severityText" | "severity_text" | "SeverityText" | "@l" | "lvl" | "levelname" | "level_name"
        | "loglevel" | "log_level" => Meant::Level,
        "timestamp" | "@timestamp" | "time" | "ts" | "@t" | "Timestamp" | "timeUnixNano" | "time_unix_nano" => Meant::Time,
        "duration_ms" | "responseTime" | "response_time_ms" | "elapsed_ms" | "latency_ms" | "event.duration" | "duration_ns"
        | "duration_us" | "duration_s" | "duration_seconds" | "request_time" | "duration" | "latency" | "elapsed" | "took" => Meant::Duration,
        _ => return None,
    })
}

/// What loggers' names for what each entry has are here.
pub(crate) fn ours(name: &str) -> Option<&'static str> {
    match meant(name) {
        Some(Meant::Level) => Some("level"),
        Some(Meant::Duration) => Some("duration_ms"),
        Some(Meant::Time) => None,
        None => match name {
            "msg" | "@m" | "body" | "Body" => Some("message"),
            "logger" | "log.logger" | "logger_name" | "loggerName" | "SourceContext" => Some("target"),
            "requestId" | "req_id" | "reqId" | "request.id" | "req.id" | "http.request.id" => Some("request_id"),
            "traceId" | "trace.id" | "traceid" | "TraceId" => Some("trace_id"),
            "spanId" | "span.id" | "spanid" | "SpanId" => Some("span_id"),
            "statusCode" | "status_code" | "res.statusCode" => Some("status"),
            _ => None,
        },
    }
}
