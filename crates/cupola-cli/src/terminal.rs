//! Text from logs, made fit for a terminal.

pub(crate) mod paint;
pub(crate) mod progress;
pub(crate) mod table;

use std::io::{self, IsTerminal};

use cupola_line::{Look, Style};

use crate::environment::variable;

/// Whether colours belong on standard output, if nobody has said so.
pub(crate) fn wants_color() -> bool {
    io::stdout().is_terminal() && variable("NO_COLOR").is_none() && variable("TERM").as_deref() != Some("dumb")
}

/// The text on one line, with everything escaped that would move a cursor. JSON stays the same JSON.
pub(crate) fn safe(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    for (number, line) in text.lines().enumerate() {
        if number > 0 {
            out.push(b' ');
        }
        Look::new(Style::new()).plain(&mut out, line.as_bytes());
        out.pop();
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// How many columns there are, if somebody says so: `$COLUMNS`, or the terminal.
pub(crate) fn columns() -> Option<usize> {
    let named = variable("COLUMNS").and_then(|columns| columns.parse().ok());
    let columns = named.or_else(|| Some(usize::from(terminal_size::terminal_size_of(io::stdout())?.0.0)));
    columns.filter(|columns| *columns > 0)
}

/// `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `12.3%`.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    match part as f64 * 100.0 / whole.max(1) as f64 {
        share if part > 0 && share < 0.05 => "<0.1%".to_owned(),
        share => format!("{share:.1}%"),
    }
}

/// `1 line`, `2 lines`, `3 entries`.
pub(crate) fn counted(number: u64, what: &str) -> String {
    match what.strip_suffix("ry") {
        _ if number == 1 => format!("1 {what}"),
        Some(stem) => format!("{number} {stem}ries"),
        None => format!("{number} {what}s"),
    }
}

/// A duration in the unit that people would choose: `0.412ms`, `48.1ms`, `1.234s`, `2m03s`.
pub(crate) fn milliseconds(value: f64) -> String {
    match value {
        ..1.0 => format!("{value:.3}ms"),
        ..1e3 => format!("{value:.1}ms"),
        ..6e4 => format!("{:.3}s", value / 1e3),
        _ => format!("{}m{:02}s", (value / 6e4) as u64, (value / 1e3) as u64 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_the_cursor() {
        let check = |text, expected| assert_eq!(safe(text), expected);
        check("app::vms", "app::vms");
        check("a\x1b[31mb\u{9b}2J", "a\\u001b[31mb\\u009b2J");
        check("one\ntwo\r\n", "one two");
        check("\u{202e}x", "\\u202ex");
        assert_eq!((counted(1, "line").as_str(), counted(0, "line").as_str()), ("1 line", "0 lines"));
    }

    #[test]
    fn numbers() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [(0, 0), (1, 3), (1, 10_000), (7, 7)].map(|(part, whole)| percent(part, whole)),
            ["0.0%", "33.3%", "<0.1%", "100.0%"]
        );
    }

    #[test]
    fn durations() {
        let check = |value, expected| assert_eq!(milliseconds(value), expected);
        check(0.0, "0.000ms");
        check(48.12, "48.1ms");
        check(1234.4, "1.234s");
        check(123_456.0, "2m03s");
    }
}
