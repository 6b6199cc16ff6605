//! JSON, byte by byte: what does not follow the grammar to the letter is read as text from there on.
//!
//! Up to the first byte that breaks the grammar, this reading is the only one there is. Behind it, a lenient
//! parser may see other names and values, so a reader of text takes over, which looks back over what was written.

use memchr::memchr2;

use super::capture::Capture;
use super::escape::Escape;
use super::stack::Stack;
use super::token::{Literal, Number, masks};
use crate::decode;
use crate::rule::{Scope, Verdict};
use crate::text::Scanner;

/// A resumable reader of JSON documents, one after the other.
#[derive(Debug)]
pub(super) struct Json {
    state: State,
    stack: Stack,
    /// What happens to the next value.
    verdict: Verdict,
    /// The depth at which a masked container was opened: until it closes, nothing is written.
    muted: Option<usize>,
    escape: Escape,
    number: Number,
    /// Where the last name, or the last string that was kept, begins in the output.
    string: usize,
    /// The last name was `name` or `key`, so that its value may be a name itself.
    names: bool,
    /// The depth at which a denied name stood as a value: the member `value` beside it is masked.
    paired: Option<usize>,
    scanner: Scanner,
    lost_sync: bool,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// A value, or the end of an array that has none.
    Value {
        first: bool,
    },
    /// A name, or the end of an object that has none.
    Name {
        first: bool,
    },
    Colon,
    /// Behind a value.
    After,
    InName,
    InString {
        masked: bool,
    },
    InNumber,
    InLiteral(Literal),
    /// The grammar was broken; all that follows is text.
    Lost,
}

impl Json {
    pub(super) fn new() -> Self {
        Self {
            state: State::Value { first: false },
            stack: Stack::default(),
            verdict: Verdict::Keep,
            muted: None,
            escape: Escape::None,
            number: Number::default(),
            string: 0,
            names: false,
            paired: None,
            scanner: Scanner::new(0),
            lost_sync: false,
        }
    }

    pub(super) fn lost_sync(&self) -> bool {
        self.lost_sync
    }

    /// Ends a record: whatever was wrong in it, the next one is read from the start.
    pub(super) fn restart(&mut self, out: &mut Capture) {
        self.finish(out, false);
        let lost_sync = self.lost_sync;
        *self = Self { scanner: Scanner::new(out.len()), lost_sync, ..Self::new() };
    }

    pub(super) fn feed(&mut self, out: &mut Capture, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() && !out.is_full() {
            rest = match self.state {
                State::InName | State::InString { .. } => self.inside_string(out, rest),
                State::Lost => return self.scanner.feed(out, rest),
                _ => {
                    self.outside(out, rest[0]);
                    &rest[1..]
                }
            };
        }
    }

    /// Takes a blank that the caller writes, such as the end of a line.
    pub(super) fn blank(&mut self, out: &mut Capture) {
        if matches!(self.state, State::InNumber | State::InLiteral(_)) {
            self.finish(out, false);
            self.end_value();
        } else if matches!(self.state, State::Lost) {
            self.scanner.finish_line(out);
        }
    }

    /// Lets out what is still held back.
    pub(super) fn finish(&mut self, out: &mut Capture, truncated: bool) {
        match self.state {
            State::InNumber => self.end_number(out, truncated),
            State::InLiteral(literal) if masks(self.verdict) && (truncated || !literal.is_whole()) => self.mask(out),
            State::InLiteral(literal) if masks(self.verdict) => self.write(out, literal.read()),
            State::InString { masked: false } | State::Lost if self.muted.is_none() => self.scanner.finish(out),
            _ => {}
        }
    }

    #[inline]
    fn write(&mut self, out: &mut Capture, bytes: &[u8]) {
        if self.muted.is_none() {
            out.push(bytes);
        }
    }

    fn mask(&mut self, out: &mut Capture) {
        if self.muted.is_none() {
            out.mask_quoted();
        }
    }

    /// Takes one byte between strings.
    #[inline]
    fn outside(&mut self, out: &mut Capture, byte: u8) {
        match self.state {
            State::InNumber => self.in_number(out, byte),
            State::InLiteral(literal) => self.in_literal(out, literal, byte),
            _ if is_blank(byte) => self.write(out, &[byte]),
            State::Value { first } => self.value(out, byte, first),
            State::Name { first } => self.name(out, byte, first),
            State::Colon if byte == b':' => self.colon(out),
            State::After => self.after(out, byte),
            _ => self.lose_sync(out, byte),
        }
    }

    fn value(&mut self, out: &mut Capture, byte: u8, first: bool) {
        match byte {
            b'"' => self.open_string(out),
            b'{' | b'[' => self.open(out, byte),
            b']' if first => self.close(out, byte),
            b'-' | b'0'..=b'9' => self.open_number(out, byte),
            _ => match Literal::starting_with(byte) {
                Some(literal) => self.open_literal(out, literal),
                None => self.lose_sync(out, byte),
            },
        }
    }

    fn name(&mut self, out: &mut Capture, byte: u8, first: bool) {
        match byte {
            b'"' => {
                self.write(out, b"\"");
                self.string = out.len();
                self.state = State::InName;
            }
            b'}' if first => self.close(out, byte),
            _ => self.lose_sync(out, byte),
        }
    }

    fn after(&mut self, out: &mut Capture, byte: u8) {
        match (byte, self.stack.is_object()) {
            (b',', Some(is_object)) => {
                self.write(out, b",");
                self.verdict = Verdict::Keep;
                self.state = if is_object { State::Name { first: false } } else { State::Value { first: false } };
            }
            (b'}' | b']', Some(_)) => self.close(out, byte),
            // One document may follow another.
            (_, None) => self.value(out, byte, false),
            _ => self.lose_sync(out, byte),
        }
    }

    /// The name is in the output; here its value's fate is decided.
    fn colon(&mut self, out: &mut Capture) {
        if self.muted.is_none() {
            let raw = out.bytes().get(self.string..out.len()).unwrap_or_default();
            // Blanks may stand between the name's quote and the colon.
            let name = &raw[..raw.iter().rposition(|&byte| byte == b'"').unwrap_or(raw.len())];
            let decoded;
            let name = if name.contains(&b'\\') {
                decoded = decode::json(name);
                &decoded
            } else {
                name
            };
            let pairs = self.paired == Some(self.stack.depth()) && matches!(name, b"value" | b"Value" | b"val");
            self.verdict = if pairs { Verdict::Mask } else { out.policy.judge(name, Scope::Field) };
            self.names = matches!(name, b"name" | b"Name" | b"key" | b"Key" | b"field");
        }
        self.write(out, b":");
        self.state = State::Value { first: false };
    }

    fn open(&mut self, out: &mut Capture, byte: u8) {
        if masks(self.verdict) && self.muted.is_none() {
            self.mask(out);
            self.muted = Some(self.stack.depth());
        }
        let is_object = byte == b'{';
        if !self.stack.open(is_object) {
            return self.lose_sync(out, byte);
        }
        self.write(out, &[byte]);
        self.verdict = Verdict::Keep;
        self.paired = None;
        self.state = if is_object { State::Name { first: true } } else { State::Value { first: true } };
    }

    fn close(&mut self, out: &mut Capture, byte: u8) {
        if !self.stack.close(byte == b'}') {
            return self.lose_sync(out, byte);
        }
        self.write(out, &[byte]);
        if self.muted == Some(self.stack.depth()) {
            self.muted = None;
        }
        self.verdict = Verdict::Keep;
        self.paired = None;
        self.state = State::After;
    }

    fn open_string(&mut self, out: &mut Capture) {
        let masked = masks(self.verdict);
        if masked {
            self.mask(out);
        } else {
            self.write(out, b"\"");
            self.string = out.len();
            self.scanner.restart(out.len());
        }
        self.state = State::InString { masked };
    }

    /// Takes bytes of a string up to its end, or an escape, or the end of the chunk.
    #[inline]
    fn inside_string<'a>(&mut self, out: &mut Capture, bytes: &'a [u8]) -> &'a [u8] {
        if self.escape.continues(bytes[0]) {
            self.content(out, &bytes[..1]);
            self.in_escape(out, bytes[0]);
            return &bytes[1..];
        }
        self.escape = Escape::None;
        let end = memchr2(b'"', b'\\', bytes).unwrap_or(bytes.len());
        self.content(out, &bytes[..end]);
        match bytes.get(end) {
            None => return &[],
            Some(b'"') => self.close_string(out),
            Some(_) => {
                self.content(out, b"\\");
                self.escape = Escape::Backslash;
            }
        }
        &bytes[end + 1..]
    }

    #[inline]
    fn content(&mut self, out: &mut Capture, bytes: &[u8]) {
        match self.state {
            State::InName => self.write(out, bytes),
            State::InString { masked: false } if self.muted.is_none() => self.scanner.feed(out, bytes),
            _ => {}
        }
    }

    /// Some encoders write `=` as `\u003d`, which separates a name from a value as well.
    fn in_escape(&mut self, out: &mut Capture, byte: u8) {
        let code = self.escape.take(byte);
        if let (Some(code), State::InString { masked: false }, None) = (code, self.state, self.muted) {
            self.scanner.escaped(out, code);
        }
    }

    fn close_string(&mut self, out: &mut Capture) {
        if matches!(self.state, State::InName) {
            self.write(out, b"\"");
            self.state = State::Colon;
            return;
        }
        if matches!(self.state, State::InString { masked: false }) && self.muted.is_none() {
            self.scanner.finish(out);
            self.pair_up(out);
            out.push(b"\"");
        }
        self.end_value();
    }

    /// `{"name":"password","value":...}`: the name stands as a value.
    fn pair_up(&mut self, out: &Capture) {
        if !std::mem::take(&mut self.names) {
            return;
        }
        let name = decode::json(out.bytes().get(self.string..).unwrap_or_default());
        if masks(out.policy.judge(&name, Scope::Field)) {
            self.paired = Some(self.stack.depth());
        }
    }

    fn end_value(&mut self) {
        self.verdict = Verdict::Keep;
        self.state = State::After;
    }

    fn open_number(&mut self, out: &mut Capture, byte: u8) {
        self.state = State::InNumber;
        self.number = Number::default();
        if self.verdict == Verdict::Mask {
            return self.mask(out);
        }
        _ = self.number.hold(byte);
    }

    fn in_number(&mut self, out: &mut Capture, byte: u8) {
        if Number::accepts(byte) {
            return self.more_number(out, byte);
        }
        if !ends_token(byte) {
            return self.lose_sync(out, byte);
        }
        self.end_number(out, false);
        self.outside(out, byte);
    }

    fn more_number(&mut self, out: &mut Capture, byte: u8) {
        if self.verdict == Verdict::Mask || self.number.hold(byte) {
            return;
        }
        // Too long for a count: under a denied plural it is masked, elsewhere it passes.
        if masks(self.verdict) {
            self.mask(out);
            self.verdict = Verdict::Mask;
            return;
        }
        let (held, length) = self.number.take();
        self.write(out, &held[..length]);
        self.write(out, &[byte]);
    }

    fn end_number(&mut self, out: &mut Capture, truncated: bool) {
        if self.verdict != Verdict::Mask {
            if !self.number.is_long() && self.number.is_secret(truncated) {
                self.mask(out);
            } else {
                self.write_held(out);
            }
        }
        self.end_value();
    }

    fn write_held(&mut self, out: &mut Capture) {
        let (held, length) = self.number.take();
        self.write(out, &held[..length]);
    }

    fn open_literal(&mut self, out: &mut Capture, literal: Literal) {
        if !masks(self.verdict) {
            self.write(out, literal.read());
        }
        self.state = State::InLiteral(literal);
    }

    /// Under a denied name a literal is held until its end is seen: `trueblood` is a password.
    fn in_literal(&mut self, out: &mut Capture, mut literal: Literal, byte: u8) {
        if literal.accept(byte) {
            if !masks(self.verdict) {
                self.write(out, &[byte]);
            }
            self.state = State::InLiteral(literal);
        } else if literal.is_whole() && ends_token(byte) {
            if masks(self.verdict) {
                self.write(out, literal.read());
            }
            self.end_value();
            self.outside(out, byte);
        } else {
            self.lose_sync(out, byte);
        }
    }

    /// Hands over to the reader of text, with whatever was being masked still masked.
    fn lose_sync(&mut self, out: &mut Capture, byte: u8) {
        self.lost_sync = true;
        self.scanner.resume();
        if self.muted.is_some() {
            // Where a broken container ends nobody knows.
            self.muted = None;
            self.scanner.mask_rest();
        } else if masks(self.verdict) {
            self.hide_value(out);
        } else if matches!(self.state, State::InNumber) {
            self.write_held(out);
        }
        self.state = State::Lost;
        self.scanner.feed(out, &[byte]);
    }

    fn hide_value(&mut self, out: &mut Capture) {
        match self.state {
            State::InNumber if self.verdict == Verdict::Mask => self.scanner.mask_line(),
            State::InNumber | State::InLiteral(_) => {
                out.mask();
                self.scanner.mask_line();
            }
            _ => self.scanner.expect_value(),
        }
    }
}

#[inline]
fn is_blank(byte: u8) -> bool {
    // A record separator opens each text of a JSON text sequence.
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x1E)
}

fn ends_token(byte: u8) -> bool {
    is_blank(byte) || matches!(byte, b',' | b'}' | b']')
}
