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
