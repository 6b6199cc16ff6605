//! Text from logs, made fit for a terminal.

use std::io::{self, IsTerminal};

use cupola_line::{Look, Style};

use crate::environment::variable;

/// Whether colours belong on standard output, if nobody has said so.
pub(crate) fn wants_color() -> bool {
    io::stdout().is_terminal() && variable("NO_COLOR").is_none() && variable("TERM").as_deref() != Some("dumb")
}

/// The text on one line, with everything escaped that would move a cursor.
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

/// `1 line`, `2 lines`.
pub(crate) fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
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
    fn durations() {
        let check = |value, expected| assert_eq!(milliseconds(value), expected);
        check(0.0, "0.000ms");
        check(48.12, "48.1ms");
        check(1234.4, "1.234s");
        check(123_456.0, "2m03s");
    }
}
