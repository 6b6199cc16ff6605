//! What an access line begins with: method, route, status, duration; and what the line of a call does: whom it asked, before the same.

use super::paint::{Color, Painter};
use crate::entry::Entry;
use crate::scan::{Text, Value};
use crate::schema;

/// The fields that make a line an access line.
#[derive(Debug)]
pub(super) struct Access<'a> {
    /// Whom a call asked.
    asked: Option<Text<'a>>,
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

/// What was found of them; of a name that comes twice, the last.
#[derive(Debug, Default)]
struct Found<'a> {
    method: Option<Text<'a>>,
    route: Option<Text<'a>>,
    path: Option<Text<'a>>,
    url_template: Option<Text<'a>>,
    dependency: Option<Text<'a>>,
    host: Option<Text<'a>>,
    status: Option<u64>,
    milliseconds: Option<f64>,
    slow: bool,
    outcome: Option<Text<'a>>,
}

impl<'a> Found<'a> {
    #[inline]
    fn look_at(&mut self, key: &[u8], value: &Value<'a>) {
        match key {
            b"method" => self.method = value.as_text(),
            b"route" => self.route = value.as_text(),
            b"path" => self.path = value.as_text(),
            b"url_template" => self.url_template = value.as_text(),
            b"dependency" => self.dependency = value.as_text(),
            b"host" => self.host = value.as_text(),
            b"status" => self.status = value.as_u64(),
            b"duration_ms" => self.milliseconds = value.as_f64(),
            b"slow" => self.slow = *value == Value::Bool(true),
            b"outcome" => self.outcome = value.as_text(),
            _ => {}
        }
    }
}

impl<'a> Access<'a> {
    pub(super) fn of(entry: &Entry<'a>) -> Option<Self> {
        let mut found = Found::default();
        for (key, value) in &entry.fields {
            found.look_at(key.raw(), value);
        }
        if found.status.is_none() && found.outcome.is_none() {
            return None;
        }
        let is_call = entry.target.is_some_and(|target| target.is(schema::CALL_TARGET));
        Some(Self {
            asked: found.dependency.or(found.host).filter(|_| is_call),
            method: found.method?,
            route: found.route.or(found.url_template.filter(|_| is_call)).or(found.path)?,
            status: found.status,
            milliseconds: found.milliseconds?,
            slow: found.slow,
            outcome: found.outcome,
            says_it_all: found.outcome.is_some_and(|outcome| outcome.is("complete")),
        })
    }

    /// Whether the line's beginning, or its outcome, says this field already.
    pub(super) fn shows(&self, key: Text<'_>, value: &Value<'_>) -> bool {
        match key.raw() {
            b"method" | b"route" | b"duration_ms" => true,
            b"status" => self.status.is_some(),
            b"path" => value.json() == self.route.json(),
            b"dependency" => value.as_text().is_some() && value.as_text() == self.asked,
            b"url_template" => self.asked.is_some() && value.json() == self.route.json(),
            b"error_type" => value.as_text().is_some_and(|kind| self.outcome == Some(kind) || self.is_status(kind)),
            _ => false,
        }
    }

    fn is_status(&self, text: Text<'_>) -> bool {
        self.status.is_some_and(|status| text.is(&status.to_string()))
    }

    pub(super) fn print(&self, painter: &mut Painter<'_>) {
        if let Some(asked) = self.asked {
            painter.str(Color::Dim, "→");
            painter.space();
            painter.text(Color::Plain, asked);
            painter.space();
        }
        painter.text(Color::Bold, self.method);
        painter.space();
        painter.text(Color::Bold, self.route);
        painter.space();
        match self.status {
            Some(status) => painter.bytes(color_of(status), itoa::Buffer::new().format(status).as_bytes()),
            None => painter.str(Color::Red, "---"),
        }
        painter.space();
        let color = if self.slow { Color::Yellow } else { Color::Plain };
        let mut text = Vec::with_capacity(16);
        push_duration(&mut text, self.milliseconds);
        painter.bytes(color, &text);
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

/// Appends a duration in the unit and with the digits that the eye takes in at once.
fn push_duration(out: &mut Vec<u8>, milliseconds: f64) {
    let micros = (milliseconds * 1e3).clamp(0.0, 1e18);
    // Rounded to even where two are equally near, as numbers are formatted.
    let rounded = |unit: f64| (micros / unit).round_ties_even() as u64;
    let mut push = |number: u64, unit: &str| {
        out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        out.extend_from_slice(unit.as_bytes());
    };
    match micros {
        micros if micros < 999.5 => push(rounded(1.0), "µs"),
        micros if micros < 9_950.0 => {
            push(rounded(100.0) / 10, ".");
            push(rounded(100.0) % 10, "ms");
        }
        micros if micros < 999_500.0 => push(rounded(1e3), "ms"),
        micros if micros < 59_995_000.0 => {
            let hundredths = rounded(1e4) % 100;
            push(rounded(1e4) / 100, if hundredths < 10 { ".0" } else { "." });
            push(hundredths, "s");
        }
        _ => {
            let seconds = rounded(1e6) % 60;
            push(rounded(1e6) / 60, if seconds < 10 { "m0" } else { "m" });
            push(seconds, "s");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let check = |ms, expected: &str| {
            let mut out = Vec::new();
            push_duration(&mut out, ms);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        };
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
