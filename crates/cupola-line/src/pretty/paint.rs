//! Text with colours, from which nothing but our own colours reaches the terminal.

use crate::escape::{copy_clean, escape_bytes, escape_for_terminal};
use crate::out::{Out, WINDOW};
use crate::scan::Text;

/// What a tab is shown as: its width must not hang on where the line began.
pub(super) const TAB: &[u8] = b"    ";

#[derive(Clone, Copy, PartialEq, Eq)]
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
    const ALL: [Self; 10] = [
        Self::Plain,
        Self::Dim,
        Self::Bold,
        Self::Red,
        Self::BoldRed,
        Self::Yellow,
        Self::Green,
        Self::Cyan,
        Self::Blue,
        Self::Magenta,
    ];

    const fn code(self, theme: Theme) -> &'static [u8] {
        match theme {
            Theme::Dark => self.dark(),
            Theme::Light => self.light(),
            Theme::Vivid => self.vivid(),
            Theme::Mono => self.mono(),
        }
    }

    const fn light(self) -> &'static [u8] {
        match self {
            Self::Dim => b"\x1b[38;5;242m",
            Self::Yellow => b"\x1b[38;5;130m",
            Self::Green => b"\x1b[38;5;28m",
            Self::Cyan => b"\x1b[38;5;30m",
            _ => self.dark(),
        }
    }

    const fn vivid(self) -> &'static [u8] {
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

    const fn mono(self) -> &'static [u8] {
        match self {
            Self::Dim => b"\x1b[2m",
            Self::Bold | Self::BoldRed | Self::Red | Self::Yellow => b"\x1b[1m",
            _ => b"",
        }
    }

    const fn dark(self) -> &'static [u8] {
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

/// What stands before a text, in the shape in which it is stored at once.
#[derive(Clone, Copy)]
struct Code {
    bytes: [u8; WINDOW],
    length: usize,
}

/// The codes of one theme, by color.
type Codes = [Code; Color::ALL.len()];

static CODES: [Codes; 4] = [codes(Theme::Dark), codes(Theme::Light), codes(Theme::Vivid), codes(Theme::Mono)];

static NO_CODES: Codes = [Code { bytes: [0; WINDOW], length: 0 }; Color::ALL.len()];

const fn codes(theme: Theme) -> Codes {
    let mut codes = [Code { bytes: [0; WINDOW], length: 0 }; Color::ALL.len()];
    let mut place = 0;
    while place < codes.len() {
        let code = Color::ALL[place].code(theme);
        while codes[place].length < code.len() {
            codes[place].bytes[codes[place].length] = code[codes[place].length];
            codes[place].length += 1;
        }
        place += 1;
    }
    codes
}

pub(super) struct Painter<'a> {
    out: Out<'a>,
    /// Where the line begins.
    start: usize,
    codes: &'static Codes,
    /// Spaces that are owed before the next text; a line neither begins nor ends with them.
    owed: usize,
}

impl<'a> Painter<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, colored: bool, theme: Theme) -> Self {
        let start = out.len();
        let codes = if colored { &CODES[theme as usize] } else { &NO_CODES };
        Self { out: Out::new(out), start, codes, owed: 0 }
    }

    /// Ends the line.
    pub(super) fn finish(mut self) {
        self.out.array(b"\n");
        self.out.finish();
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
        self.out.array(b"\n");
        self.owed = 0;
    }

    /// Text of our own.
    #[inline]
    pub(super) fn str(&mut self, color: Color, text: &str) {
        self.painted(color, |out| out.few(text.as_bytes()));
    }

    /// Text of the line's, which may hold anything.
    #[inline]
    pub(super) fn bytes(&mut self, color: Color, text: &[u8]) {
        self.painted(color, |out| push_any(out, text));
    }

    /// Text of the line's as it stands there.
    #[inline]
    pub(super) fn text(&mut self, color: Color, text: Text<'_>) {
        if text.has_escapes() {
            self.bytes(color, text.unescape().as_bytes());
        } else {
            self.bytes(color, text.raw());
        }
    }

    /// A name, and what stands between it and its value.
    #[inline]
    pub(super) fn name(&mut self, color: Color, name: Text<'_>) {
        self.painted(color, |out| {
            if name.has_escapes() {
                push_any(out, name.unescape().as_bytes());
            } else {
                push_any(out, name.raw());
            }
            out.array(b"=");
        });
    }

    /// A value: as it is if it looks like one word, else quoted.
    #[inline]
    pub(super) fn word(&mut self, color: Color, text: Text<'_>) {
        let raw = text.raw();
        self.painted(color, |out| {
            // Where the quote would be there is room for the text too.
            if copy_clean(out.room(raw.len()), raw) == raw.len() {
                if is_word(raw) {
                    return out.advance(raw.len());
                }
                out.array(b"\"");
                out.extend(raw);
                return out.array(b"\"");
            }
            push_odd_word(out, text);
        });
    }

    #[inline]
    fn painted(&mut self, color: Color, write: impl FnOnce(&mut Out<'_>)) {
        if self.owed > 0 && self.out.len() > self.start {
            (0..self.owed).for_each(|_| self.out.array(b" "));
        }
        self.owed = 0;
        let code = &self.codes[color as usize];
        self.out.window(&code.bytes, code.length);
        write(&mut self.out);
        if code.length > 0 {
            self.out.array(b"\x1b[0m");
        }
    }
}

#[inline]
fn push_any(out: &mut Out<'_>, text: &[u8]) {
    if copy_clean(out.room(text.len()), text) == text.len() {
        out.advance(text.len());
    } else {
        push_odd(out, text);
    }
}

/// Text with something in it that is escaped, or might be.
#[cold]
fn push_odd(out: &mut Out<'_>, text: &[u8]) {
    if is_printable(text) {
        return out.extend(text);
    }
    out.append(|vec| {
        for (number, part) in text.split(|byte| *byte == b'\t').enumerate() {
            if number > 0 {
                vec.extend_from_slice(TAB);
            }
            escape_for_terminal(vec, part);
        }
    });
}

#[cold]
fn push_odd_word(out: &mut Out<'_>, text: Text<'_>) {
    let says = text.unescape();
    out.append(|vec| {
        if is_word(says.as_bytes()) {
            escape_bytes(vec, says.as_bytes());
        } else {
            vec.push(b'"');
            escape_bytes(vec, says.as_bytes());
            vec.push(b'"');
        }
    });
}

/// Whether a text is ASCII and nothing of it a control character: quotes and backslashes do no harm on a terminal.
fn is_printable(text: &[u8]) -> bool {
    let odd = |byte: &u8| !(0x20..0x7f).contains(byte);
    !text.chunks(32).any(|block| block.iter().fold(false, |found, byte| found | odd(byte)))
}

/// Whether a text passes for one word: there is something in it, and neither space nor quote, equals sign, backslash or control.
fn is_word(text: &[u8]) -> bool {
    // Without a branch for each byte, so that many are looked at together.
    let odd = |byte: &u8| *byte <= b' ' || *byte == b'"' || *byte == b'=' || *byte == b'\\';
    !text.is_empty() && !text.chunks(16).any(|block| block.iter().fold(false, |found, byte| found | odd(byte)))
}
