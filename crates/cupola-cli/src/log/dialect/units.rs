//! Times and durations in the units of every logger.

use cupola_line::{Value, parse_timestamp};
use cupola_store::language::milliseconds;
use jiff::tz::TimeZone;

/// Microseconds since 1970-01-01T00:00:00Z: of RFC 3339 in any offset, of a civil time as UTC, and of seconds, milliseconds,
/// microseconds or nanoseconds since then, which their size tells.
pub(crate) fn time_of(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Str(text) => text_time(&text.unescape()),
        Value::Number(digits) => epoch_time(std::str::from_utf8(digits).ok()?),
        _ => None,
    }
}

fn text_time(text: &str) -> Option<i64> {
    if let Some(micros) = parse_timestamp(text.as_bytes()) {
        return Some(micros);
    }
    if text.len() >= 9 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return epoch_time(text);
    }
    // Python's logging has a comma.
    let text = text.replace(',', ".");
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(time.as_microsecond());
    }
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond())
}

fn epoch_time(digits: &str) -> Option<i64> {
    if let Ok(number) = digits.parse::<i64>() {
        return Some(match number.unsigned_abs() {
            0..100_000_000_000 => number.checked_mul(1_000_000)?,
            100_000_000_000..100_000_000_000_000 => number.checked_mul(1_000)?,
            100_000_000_000_000..100_000_000_000_000_000 => number,
            _ => number / 1_000,
        });
    }
    let number: f64 = digits.parse().ok()?;
    let micros = match number.abs() {
        size if size < 1e11 => number * 1e6,
        size if size < 1e14 => number * 1e3,
        size if size < 1e17 => number,
        _ => number / 1e3,
    };
    (micros.abs() < 2.6e17).then_some(micros.round() as i64)
}

/// Milliseconds: of a name that says its unit, of a text that does (`1.5ms`, `850µs`), else of seconds with a fraction, as zap has
/// them, or of whole nanoseconds, as slog does.
pub(super) fn milliseconds_of(path: &str, value: &Value<'_>) -> Option<f64> {
    if let Value::Str(text) = value {
        return milliseconds(&text.unescape());
    }
    let number = value.as_f64()?;
    let factor = match path {
        "duration_ms" | "responseTime" | "response_time_ms" | "elapsed_ms" | "latency_ms" => 1.0,
        "event.duration" | "duration_ns" => 1e-6,
        "duration_us" => 1e-3,
        "duration_s" | "duration_seconds" | "request_time" => 1e3,
        _ if value.as_i64().is_some() => 1e-6,
        _ => 1e3,
    };
    rounded(number * factor)
}

/// To nanoseconds, so that a change of unit leaves no digits behind.
fn rounded(milliseconds: f64) -> Option<f64> {
    milliseconds.is_finite().then(|| (milliseconds * 1e6).round() / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cupola_line::scan;

    fn with_value<T>(json: &str, read: impl Fn(&Value<'_>) -> T) -> T {
        let line = format!("{{\"v\":{json}}}");
        read(&scan(line.as_bytes()).next().unwrap().unwrap().1)
    }

    #[test]
    fn times() {
        let check = |json: &str, expected| assert_eq!(with_value(json, time_of), expected, "{json}");
        check("\"2026-11-21T03:46:02.123456Z\"", Some(1_795_232_762_123_456));
        check("\"2026-11-21T04:46:02.5+01:00\"", Some(1_795_232_762_500_000));
        check("\"2026-11-21T03:46:02.123456789Z\"", Some(1_795_232_762_123_456));
        check("\"2026-11-21 03:46:02,123\"", Some(1_795_232_762_123_000));
        check("\"2026-11-21T03:46:02\"", Some(1_795_232_762_000_000));
        check("1795232762", Some(1_795_232_762_000_000));
        check("1795232762.25", Some(1_795_232_762_250_000));
        check("1795232762123", Some(1_795_232_762_123_000));
        check("1795232762123456", Some(1_795_232_762_123_456));
        check("1795232762123456789", Some(1_795_232_762_123_456));
        check("\"1795232762123456789\"", Some(1_795_232_762_123_456));
        check("1.795232762e9", Some(1_795_232_762_000_000));
        check("\"12:30\"", None);
        check("\"soon\"", None);
        check("true", None);
    }

    #[test]
    fn durations() {
        let check = |path: &str, json: &str, expected| {
            assert_eq!(with_value(json, |value| milliseconds_of(path, value)), expected, "{path} {json}");
        };
        check("duration_ms", "12.5", Some(12.5));
        check("event.duration", "1500000", Some(1.5));
        check("duration", "0.0425", Some(42.5));
        check("duration", "42500000", Some(42.5));
        check("latency", "\"850µs\"", Some(0.85));
        check("elapsed", "\"1.25s\"", Some(1250.0));
        check("took", "\"a while\"", None);
        check("duration", "{}", None);
    }
}
