//! The resumable reader of text: it looks back for a name only where a separator stands.

mod held;
mod indented;
mod quoted;

use super::label::{Label, Style};
use crate::block::next_label;
use crate::body::Out;
use crate::rule::Verdict;
use crate::tally::Rule;
use crate::{REDACTED, url};
use held::Held;
pub(super) use held::{begins_flag, is_flag_byte, is_login};
use indented::Indented;
use quoted::push_quote;

/// No count in a text has more digits.
const COUNT: usize = 10;
/// The longest of [`SCHEMES`].
const SCHEME: usize = 9;
const SCHEMES: [&[u8]; 6] = [b"basic", b"bearer", b"digest", b"negotiate", b"token", b"apikey"];

/// Reads one unit of text: a body, a line, or the content of a JSON string with its escapes as they stand.
#[derive(Debug)]
pub(crate) struct Scanner {
    state: State,
    /// Where the unit begins in the output; names are not looked for before that.
    unit: usize,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Idle,
    /// In a percent escape, which may stand for a separator.
    Percent {
        digits: u8,
        code: u8,
    },
    /// Between a denied name and its value, with so many backslashes held back.
    Before {
        label: Label,
        slashes: u32,
    },
    /// Behind so many quotes, of which three open a block; `run` backslashes are held back.
    Opening {
        quote: u8,
        level: u32,
        quotes: u32,
        run: u32,
    },
    /// In a masked value between three quotes each, of which so many were just read.
    Block {
        quote: u8,
        level: u32,
        quotes: u32,
        run: u32,
    },
    /// In a masked value in quotes that `level` backslashes escape; `run` is how many were just read.
    Quoted {
        quote: u8,
        level: u32,
        run: u32,
    },
    /// In a masked value without quotes, of which the first bytes are known.
    Bare {
        style: Style,
        head: [u8; SCHEME],
        length: usize,
        run: u32,
    },
    /// In what may be a mask that was written before.
    Marker {
        style: Style,
        matched: usize,
    },
    /// In a number that may be a count.
    Count {
        digits: [u8; COUNT],
        length: usize,
        style: Style,
    },
    /// In the word of `--name`, which begins here in the output.
    Flag {
        start: usize,
    },
    /// In a masked value on the lines below its name.
    Indented(Indented),
    /// In a word that is held until it is known whether it is a secret.
    Held(Held),
    /// Behind a denied start tag and `<`.
    Child,
    /// All that follows in this unit is masked.
    Rest,
}

impl Scanner {
    pub(crate) fn new(unit: usize) -> Self {
        Self { state: State::Idle, unit }
    }

    /// Begins a new unit.
    pub(crate) fn restart(&mut self, unit: usize) {
        *self = Self::new(unit);
    }

    /// Goes on outside of any value, in the same unit or the one that encloses it.
    pub(crate) fn resume(&mut self) {
        self.state = State::Idle;
    }

    /// Masks all that follows; the caller has written the mask.
    pub(crate) fn mask_rest(&mut self) {
        self.state = State::Rest;
    }

    /// Masks the rest of the line; the caller has written the mask.
    pub(crate) fn mask_line(&mut self) {
        self.state = bare(Style::Line);
    }

    /// Masks the value that follows.
    pub(crate) fn expect_value(&mut self) {
        self.state = before(Label { verdict: Verdict::Mask, style: Style::Quoted, is_prose: false });
    }

    /// Where the line begins that the reader is in; what stands before is decided.
    pub(crate) fn line(&self, out: &Out) -> usize {
        out.last_line().max(self.unit)
    }

    pub(crate) fn feed(&mut self, out: &mut Out, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() && !out.is_full() {
            if matches!(self.state, State::Idle) {
                rest = self.idle(out, rest);
            } else {
                self.step(out, rest[0]);
                rest = &rest[1..];
            }
        }
    }

    /// Ends the unit: lets out a count, or the backslashes of an empty value, that were held back.
    pub(crate) fn finish(&mut self, out: &mut Out, truncated: bool) {
        out.end_mask(truncated);
        match self.state {
            State::Count { digits, length, .. } => out.push(&digits[..length]),
            State::Held(held) => held.finish(out, truncated),
            State::Opening { quote, level, quotes, .. } => {
                out.mask(Rule::Name);
                (1..quotes).for_each(|_| push_quote(out, quote, level));
            }
            State::Before { slashes, .. } => (0..slashes).for_each(|_| out.push(b"\\")),
            _ => {}
        }
        self.state = State::Idle;
    }

    /// Takes the end of a line, which the caller writes.
    pub(crate) fn finish_line(&mut self, out: &mut Out) {
        match self.state {
            State::Count { .. } => self.finish(out, false),
            State::Bare { style, .. } if ends(style, b'\n') => self.state = State::Idle,
            _ => {}
        }
    }

    /// An escape of the enclosing JSON string was written that stands for `code`, which may be a separator.
    pub(crate) fn escaped(&mut self, out: &Out, code: u32) {
        let separator = match code {
            0x3D => b'=',
            0x3A => b':',
            0x3E => b'>',
            _ => return,
        };
        if matches!(self.state, State::Idle | State::Percent { .. }) {
            self.separate(out, out.len().saturating_sub(r"\u0000".len()), separator);
        }
    }

    #[inline]
    fn idle<'a>(&mut self, out: &mut Out, bytes: &'a [u8]) -> &'a [u8] {
        // Of the first byte it is decided below.
        let Some(at) = next_label(bytes, b' ') else {
            out.push(bytes);
            return &[];
        };
        out.push(&bytes[..=at]);
        match bytes[at] {
            b'-' => {
                let start = out.len().saturating_sub(1);
                if begins_flag(out.written(self.unit..start).last()) {
                    self.state = State::Flag { start };
                }
            }
            b'%' => self.state = State::Percent { digits: 0, code: 0 },
            separator => self.separate(out, out.len().saturating_sub(1), separator),
        }
        &bytes[at + 1..]
    }

    /// Judges the name that ends at `end` in the output.
    fn separate(&mut self, out: &Out, end: usize, separator: u8) {
        let text = out.written(self.unit..end);
        let label = Label::before(&out.policy, text, separator);
        if label.verdict != Verdict::Keep {
            self.state = before(label);
        }
    }

    fn step(&mut self, out: &mut Out, byte: u8) {
        match self.state {
            State::Idle => _ = self.idle(out, &[byte]),
            State::Percent { digits, code } => self.percent(out, digits, code, byte),
            State::Before { label, slashes } => self.before(out, label, slashes, byte),
            State::Quoted { quote, level, run } => self.quoted(out, quote, level, run, byte),
            State::Bare { style, head, length, run } => self.bare(out, style, (head, length), run, byte),
            State::Marker { style, matched } => self.marker(out, style, matched, byte),
            State::Count { digits, length, style } => self.count(out, digits, length, style, byte),
            State::Opening { .. } => self.opening(out, byte),
            State::Block { .. } => self.block(out, byte),
            State::Flag { start } => self.flag(out, start, byte),
            State::Held(held) => self.held(out, held, byte),
            State::Indented(indented) => self.indented(out, indented, byte),
            State::Child => self.child(out, byte),
            State::Rest => out.hide(&[byte]),
        }
    }

    fn percent(&mut self, out: &mut Out, digits: u8, code: u8, byte: u8) {
        self.state = State::Idle;
        let Some(digit) = char::from(byte).to_digit(16) else { return self.step(out, byte) };
        out.push(&[byte]);
        let code = code << 4 | digit as u8;
        match (digits, code) {
            (0, _) => self.state = State::Percent { digits: 1, code },
            // The percent sign of a second escape.
            (_, b'%') => self.state = State::Percent { digits: 0, code: 0 },
            (_, b'=' | b':') => {
                let tail = out.tail();
                let from_end = tail.iter().rev().position(|&byte| byte == b'%').map_or(0, |count| count + 1);
                self.separate(out, out.len() - from_end, code);
            }
            _ => {}
        }
    }

    fn before(&mut self, out: &mut Out, label: Label, slashes: u32, byte: u8) {
        match byte {
            b'\\' => self.state = State::Before { label, slashes: slashes + 1 },
            b'"' | b'\'' | b'`' => self.open_quote(out, byte, slashes),
            _ if slashes > 0 => self.mask(out, State::Rest),
            b' ' | b'\t' => out.push(&[byte]),
            // Another flag: this one has no value.
            b'-' if label.style == Style::Flag => self.value_end(out, byte),
            b':' if label.style == Style::Line && out.tail().ends_with(b":") => self.path(out),
            b'>' if label.style == Style::Line && out.tail().trim_ascii_end().ends_with(b":") => {
                self.mask_indented(out)
            }
            b'=' | b'>' if label.style != Style::Markup => out.push(&[byte]),
            b'\n' | b'\r' => self.line_break(out, label, byte),
            _ => self.open_bare(out, label, byte),
        }
    }

    /// `auth::login` is a path in code, and `auth` the name of no value.
    fn path(&mut self, out: &mut Out) {
        out.push(b":");
        self.state = State::Idle;
    }

    /// A value may stand on the line below its name in YAML and markup; `name=` without a value is empty.
    fn line_break(&mut self, out: &mut Out, label: Label, byte: u8) {
        out.push(&[byte]);
        if matches!(label.style, Style::Word | Style::Semicolon | Style::Url | Style::Flag) {
            self.state = State::Idle;
        }
    }

    fn open_bare(&mut self, out: &mut Out, label: Label, byte: u8) {
        let style = match label.style {
            // A value without quotes that is neither a number nor a mask may have commas of its own.
            Style::Quoted if !matches!(byte, b'[' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => Style::Line,
            style => style,
        };
        if label.is_prose && byte.is_ascii_lowercase() {
            self.state = State::Held(Held::prose());
            return self.step(out, byte);
        }
        match byte {
            b'0'..=b'9' if label.verdict == Verdict::MaskUnlessNumber => {
                self.state = State::Count { digits: [0; COUNT], length: 0, style };
                self.step(out, byte);
            }
            b'[' => {
                self.mask(out, State::Marker { style, matched: 1 });
                out.hide(b"[");
            }
            b'<' if style == Style::Markup => {
                out.push(b"<");
                self.state = State::Child;
            }
            // Containers and block scalars: their end is not worth guessing.
            b'|' if style == Style::Line => self.mask_indented(out),
            // On a line below the name.
            _ if style == Style::Line && ends_in_line_break(out) => self.mask_indented(out),
            b'{' | b'|' => {
                out.mask_unseen(Rule::Name);
                self.state = State::Rest;
            }
            b',' | b'}' | b']' | b')' if matches!(style, Style::Word | Style::Flag) => self.value_end(out, byte),
            _ if ends(style, byte) => self.value_end(out, byte),
            _ => {
                self.mask(out, bare(style));
                self.step(out, byte);
            }
        }
    }

    fn mask(&mut self, out: &mut Out, state: State) {
        out.mask(Rule::Name);
        self.state = state;
    }

    fn bare(&mut self, out: &mut Out, style: Style, head: ([u8; SCHEME], usize), run: u32, byte: u8) {
        let (mut head, length) = head;
        if ends(style, byte)
            && !(matches!(style, Style::Word | Style::Flag) && byte == b' ' && is_scheme(&head, length))
        {
            // A quote that ends the value keeps the escapes that belong to it.
            for _ in 0..if byte == b'"' { run } else { 0 } {
                out.push(b"\\");
            }
            return self.value_end(out, byte);
        }
        out.hide(&[byte]);
        let run = if byte == b'\\' { run + 1 } else { 0 };
        let blank = byte == b' ';
        if let Some(slot) = head.get_mut(length) {
            *slot = byte.to_ascii_lowercase();
        }
        let length = if blank { SCHEME + 1 } else { length + 1 };
        self.state = State::Bare { style, head, length, run };
    }

    fn value_end(&mut self, out: &mut Out, byte: u8) {
        self.state = State::Idle;
        self.step(out, byte);
    }

    /// What was masked before stays as it is, and what follows it is masked like the rest of the value.
    fn marker(&mut self, out: &mut Out, style: Style, matched: usize, byte: u8) {
        out.hide(&[byte]);
        self.state = match REDACTED.as_bytes().get(matched) {
            // The rule beside it: `[REDACTED:jwt]`.
            Some(b']') if matches!(byte, b':' | b'-' | b'a'..=b'z') => State::Marker { style, matched },
            Some(&expected) if expected != byte => State::Rest,
            Some(_) if matched + 1 == REDACTED.len() => bare(style),
            _ => State::Marker { style, matched: matched + 1 },
        };
    }

    fn count(&mut self, out: &mut Out, mut digits: [u8; COUNT], length: usize, style: Style, byte: u8) {
        if byte.is_ascii_digit() && length < COUNT {
            digits[length] = byte;
            self.state = State::Count { digits, length: length + 1, style };
        } else if (ends(style, byte) || matches!(byte, b',' | b' ' | b'.' | b';' | b')' | b'}' | b']'))
            && url::is_count(&digits[..length])
        {
            out.push(&digits[..length]);
            self.value_end(out, byte);
        } else {
            self.mask(out, bare(style));
            self.step(out, byte);
        }
    }

    /// An end tag: the element was empty. Anything else is inside it.
    fn child(&mut self, out: &mut Out, byte: u8) {
        if byte == b'/' {
            return self.value_end(out, byte);
        }
        self.mask(out, State::Rest);
    }
}

fn before(label: Label) -> State {
    State::Before { label, slashes: 0 }
}

fn bare(style: Style) -> State {
    State::Bare { style, head: [0; SCHEME], length: 0, run: 0 }
}

/// Whether only blanks stand between the last line break and the end.
fn ends_in_line_break(out: &Out) -> bool {
    let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
    out.tail().iter().rev().find(|byte| !is_blank(byte)) == Some(&b'\n')
}

fn is_scheme(head: &[u8; SCHEME], length: usize) -> bool {
    head.get(..length).is_some_and(|word| SCHEMES.contains(&word))
}

/// Whether a bare value of this style ends before `byte`.
fn ends(style: Style, byte: u8) -> bool {
    match style {
        Style::Line => matches!(byte, b'\n' | b'\r'),
        Style::Word | Style::Flag => byte <= b' ' || byte == b'&',
        Style::Quoted => byte <= b' ' || matches!(byte, b',' | b'}' | b']'),
        Style::Semicolon => matches!(byte, b';' | b'\n' | b'\r'),
        Style::Url => byte <= b' ' || matches!(byte, b'&' | b'#' | b'"' | b'<' | b'>'),
        Style::Markup => byte == b'<',
    }
}
