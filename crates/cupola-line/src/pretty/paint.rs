//! Text with colours, from which nothing but our own colours reaches the terminal.

use crate::escape::{escape_bytes, escape_for_terminal, is_ascii_text};
use crate::scan::Text;

/// What a tab is shown as: its width must not hang on where the line began.
pub(super) const TAB: &[u8] = b"    ";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Color {
    Plain,
    Dim,
    Bold,
    Red,
    BoldRed,
    Yellow,
    Green,
    Cyan,
    Blue,
    Magenta,
}

/// Which terminal the colours are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Theme {
    /// Light text on a dark ground.
    #[default]
    Dark,
    /// Dark text on a light ground: nothing yellow, nothing faint.
    Light,
    /// Bright colours, and nothing faint.
    Vivid,
    /// Bold and faint text, no colours.
    Mono,
}

impl Color {
    fn code(self, theme: Theme) -> &'static [u8] {
        match theme {
            Theme::Dark => self.dark(),
            Theme::Light => self.light(),
            Theme::Vivid => self.vivid(),
            Theme::Mono => self.mono(),
        }
    }

    fn light(self) -> &'static [u8] {
        match self {
            Self::Dim => b"\x1b[38;5;242m",
            Self::Yellow => b"\x1b[38;5;130m",
            Self::Green => b"\x1b[38;5;28m",
            Self::Cyan => b"\x1b[38;5;30m",
            _ => self.dark(),
        }
    }

    fn vivid(self) -> &'static [u8] {
        match self {
            Self::Dim => b"\x1b[37m",
            Self::Bold => b"\x1b[1;97m",
            Self::Red => b"\x1b[91m",
            Self::BoldRed => b"\x1b[1;91m",
            Self::Yellow => b"\x1b[93m",
            Self::Green => b"\x1b[92m",
            Self::Cyan => b"\x1b[96m",
            Self::Blue => b"\x1b[94m",
            Self::Magenta => b"\x1b[95m",
            Self::Plain => b"",
        }
    }

    fn mono(self) -> &'static [u8] {
        match self {
            Self::Dim => b"\x1b[2m",
            Self::Bold | Self::BoldRed | Self::Red | Self::Yellow => b"\x1b[1m",
            _ => b"",
        }
    }

    fn dark(self) -> &'static [u8] {
        match self {
            Self::Plain => b"",
            Self::Dim => b"\x1b[2m",
            Self::Bold => b"\x1b[1m",
            Self::Red => b"\x1b[31m",
            Self::BoldRed => b"\x1b[1;31m",
            Self::Yellow => b"\x1b[33m",
            Self::Green => b"\x1b[32m",
            Self::Cyan => b"\x1b[36m",
            Self::Blue => b"\x1b[34m",
            Self::Magenta => b"\x1b[35m",
        }
    }
}

#[derive(Debug)]
pub(super) struct Painter<'a> {
    out: &'a mut Vec<u8>,
    /// Where the line begins.
    start: usize,
    colored: bool,
    theme: Theme,
    /// Spaces that are owed before the next text; a line neither begins nor ends with them.
    owed: usize,
}

impl<'a> Painter<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, colored: bool, theme: Theme) -> Self {
        let start = out.len();
        Self { out, start, colored, theme, owed: 0 }
    }

    pub(super) fn space(&mut self) {
        self.owed += 1;
    }

    pub(super) fn spaces(&mut self, number: usize) {
        self.owed += number;
    }

    /// A space wider than between words.
    pub(super) fn gap(&mut self) {
        self.owed = 2;
    }

    pub(super) fn newline(&mut self) {
        self.out.push(b'\n');
        self.owed = 0;
    }

    /// Text of our own.
    pub(super) fn str(&mut self, color: Color, text: &str) {
        self.painted(color, |out| out.extend_from_slice(text.as_bytes()));
    }

    /// Text of the line's, which may hold anything.
    pub(super) fn bytes(&mut self, color: Color, text: &[u8]) {
        self.painted(color, |out| {
            if is_ascii_text(text) {
                return out.extend_from_slice(text);
            }
            for (number, part) in text.split(|byte| *byte == b'\t').enumerate() {
                if number > 0 {
                    out.extend_from_slice(TAB);
                }
                escape_for_terminal(out, part);
            }
        });
    }

    /// Text of the line's as it stands there.
    pub(super) fn text(&mut self, color: Color, text: Text<'_>) {
        if text.has_escapes() {
            self.bytes(color, text.unescape().as_bytes());
        } else {
            self.bytes(color, text.raw());
        }
    }

    /// A value: as it is if it looks like one word, else quoted.
    pub(super) fn word(&mut self, color: Color, text: Text<'_>) {
        let raw = text.raw();
        if is_ascii_text(raw) && is_word(raw) {
            return self.painted(color, |out| out.extend_from_slice(raw));
        }
        let says = text.unescape();
        self.painted(color, |out| {
            if is_word(says.as_bytes()) {
                escape_bytes(out, says.as_bytes());
            } else {
                out.push(b'"');
                escape_bytes(out, says.as_bytes());
                out.push(b'"');
            }
        });
    }

    fn painted(&mut self, color: Color, write: impl FnOnce(&mut Vec<u8>)) {
        if self.out.len() > self.start {
            self.out.resize(self.out.len() + self.owed, b' ');
        }
        self.owed = 0;
        let code = if self.colored { color.code(self.theme) } else { b"" };
        self.out.extend_from_slice(code);
        write(self.out);
        if !code.is_empty() {
            self.out.extend_from_slice(b"\x1b[0m");
        }
    }
}

/// Whether a text passes for one word: there is something in it, and neither space nor quote, equals sign, backslash or control.
fn is_word(text: &[u8]) -> bool {
    // Without a branch for each byte, so that many are looked at together.
    let odd = |byte: &u8| *byte <= b' ' || *byte == b'"' || *byte == b'=' || *byte == b'\\';
    !text.is_empty() && !text.chunks(16).any(|block| block.iter().fold(false, |found, byte| found | odd(byte)))
}
