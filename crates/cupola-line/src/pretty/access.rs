//! What an access line begins with: method, route, status, duration.

use super::paint::{Color, Painter};
use crate::entry::Entry;
use crate::scan::{Text, Value};

/// The fields that make a line an access line.
#[derive(Debug)]
pub(super) struct Access<'a> {
    method: Text<'a>,
    route: Text<'a>,
    /// Absent where no head was sent.
    status: Option<u64>,
    milliseconds: f64,
    slow: bool,
    outcome: Option<Text<'a>>,
    /// Whether the request went well, so that there is nothing to add.
    pub(super) says_it_all: bool,
}

impl<'a> Access<'a> {
    pub(super) fn of(entry: &Entry<'a>) -> Option<Self> {
        let text = |name| entry.field(name).and_then(Value::as_text);
        let status = entry.field("status").and_then(Value::as_u64);
        let outcome = text("outcome");
        if status.is_none() && outcome.is_none() {
            return None;
        }
        Some(Self {
            method: text("method")?,
            route: text("route").or_else(|| text("path"))?,
            status,
            milliseconds: entry.field("duration_ms")?.as_f64()?,
            slow: entry.field("slow") == Some(&Value::Bool(true)),
            outcome,
            says_it_all: outcome.is_some_and(|outcome| outcome.is("complete")),
        })
    }

    /// Whether the line's beginning, or its outcome, says this field already.
    pub(super) fn shows(&self, key: Text<'_>, value: &Value<'_>) -> bool {
        match key.raw() {
            b"method" | b"route" | b"duration_ms" => true,
            b"status" => self.status.is_some(),
            b"path" => value.json() == self.route.json(),
            b"error_type" => value.as_text().is_some_and(|kind| self.outcome == Some(kind) || self.is_status(kind)),
            _ => false,
        }
    }

    fn is_status(&self, text: Text<'_>) -> bool {
        self.status.is_some_and(|status| text.is(&status.to_string()))
    }

    pub(super) fn print(&self, painter: &mut Painter<'_>) {
        painter.text(Color::Bold, self.method);
        painter.space();
        painter.text(Color::Bold, self.route);
        painter.space();
        match self.status {
            Some(status) => painter.bytes(color_of(status), status.to_string().as_bytes()),
            None => painter.str(Color::Red, "---"),
        }
        painter.space();
        let color = if self.slow { Color::Yellow } else { Color::Plain };
        painter.bytes(color, duration(self.milliseconds).as_bytes());
        painter.space();
    }
}

fn color_of(status: u64) -> Color {
    match status {
        200..=299 => Color::Green,
        300..=399 => Color::Cyan,
        400..=499 => Color::Yellow,
        500..=599 => Color::BoldRed,
        _ => Color::Plain,
    }
}

/// A duration in the unit and with the digits that the eye takes in at once.
fn duration(milliseconds: f64) -> String {
    match milliseconds {
        ms if ms < 0.9995 => format!("{:.0}µs", ms * 1e3),
        ms if ms < 9.95 => format!("{ms:.1}ms"),
        ms if ms < 999.5 => format!("{ms:.0}ms"),
        ms if ms < 59_995.0 => format!("{:.2}s", ms / 1e3),
        ms => {
            let seconds = (ms / 1e3).round();
            format!("{:.0}m{:02.0}s", (seconds / 60.0).floor(), seconds % 60.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let check = |ms, expected| assert_eq!(duration(ms), expected);
        check(0.0, "0µs");
        check(0.431, "431µs");
        check(0.9999, "1.0ms");
        check(1.24, "1.2ms");
        check(9.96, "10ms");
        check(42.4, "42ms");
        check(999.7, "1.00s");
        check(1_234.0, "1.23s");
        check(59_999.0, "1m00s");
        check(61_000.0, "1m01s");
        check(7_384_000.0, "123m04s");
    }
}
