//! What must not be seen: addresses that are keys, tokens, passwords.

use std::fmt;

use cupola_redact::REDACTED;

/// A text that shows itself to nobody.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

/// A part of an address that is shorter is no secret.
const SHORTEST_PART: usize = 6;

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// For the wire alone.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// The other side may say what it was told: a text of its own without the secret, in one line, and not longer than a person reads.
    pub(crate) fn hide_in(&self, text: &str) -> String {
        let text = if self.0.is_empty() { text.to_owned() } else { text.replace(&self.0, REDACTED) };
        let hidden = self.parts().fold(text, |text, part| text.replace(part, REDACTED));
        one_line(&hidden, 200)
    }

    /// Of an address that is a secret, what may be one by itself: servers repeat paths.
    fn parts(&self) -> impl Iterator<Item = &str> {
        let behind_host =
            self.0.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
        behind_host.split(['/', '?', '&', '=']).filter(|part| part.len() >= SHORTEST_PART)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// Without anything that moves a cursor, ends a line, or turns the direction of writing, and bounded.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let mut line = String::with_capacity(text.len().min(most));
    let words = text.split(|c: char| c.is_control() || c.is_whitespace() || is_invisible(c));
    for word in words.filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    bounded(line, most)
}

/// The same, but lines stay lines.
pub(crate) fn lines(text: &str, most: usize) -> String {
    let kept = text.chars().filter(|c| *c == '\n' || !c.is_control() && !is_invisible(*c));
    bounded(kept.collect::<String>().trim().to_owned(), most)
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn bounded(mut text: String, most: usize) -> String {
    if let Some((at, _)) = text.char_indices().nth(most) {
        text.truncate(at);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_shows_it() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?}"), "[REDACTED]");
        assert_eq!(secret.hide_in("535 no hunter2\r\nhere"), "535 no [REDACTED] here");
        assert_eq!(Secret::new("").hide_in("a"), "a");
        let address = Secret::new("https://hooks.example/v1/hunter2?key=correct-horse");
        let said = address.hide_in("Cannot POST /v1/hunter2?key=correct-horse, horse");
        assert_eq!(said, "Cannot POST /v1/[REDACTED]?key=[REDACTED], horse");
    }

    #[test]
    fn texts_of_others_do_no_tricks() {
        for (text, expected) in [
            ("a\r\nBcc: x@y", "a Bcc: x@y"),
            ("  a\t\tb ", "a b"),
            ("\u{1b}[31mred\u{7}", "[31mred"),
            ("abc\u{202e}cba", "abc cba"),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…"),
            ("äöü", "äöü"),
        ] {
            assert_eq!(one_line(text, 30), expected);
        }
        assert_eq!(lines(" a\r\nb\u{202e}\n", 10), "a\nb");
    }
}
