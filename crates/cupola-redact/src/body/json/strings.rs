//! Strings, names among them.

use memchr::memchr2;

use super::super::escape::Escape;
use super::super::out::Out;
use super::super::token::masks;
use super::{Json, LONGEST_NAME, State};

impl Json {
    pub(super) fn open_string(&mut self, out: &mut Out) {
        let masked = masks(self.fate.verdict);
        self.write(out, b"\"");
        if masked && self.muted.is_none() {
            out.mask(self.fate.rule);
        } else {
            self.string = out.len();
            self.scanner.restart(out.len());
        }
        self.state = State::InString { masked };
    }

    /// Takes bytes of a string up to its end, or an escape, or the end of the chunk.
    #[inline]
    pub(super) fn inside_string<'a>(&mut self, out: &mut Out, bytes: &'a [u8]) -> &'a [u8] {
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
    pub(super) fn content(&mut self, out: &mut Out, bytes: &[u8]) {
        match self.state {
            // Of a giant name no more than its beginning is kept; it is masked whatever it is.
            State::InName if out.len() - self.string > 2 * LONGEST_NAME => {}
            State::InName => self.write(out, bytes),
            _ if self.muted.is_some() => {}
            State::InString { masked: false } => self.scanner.feed(out, bytes),
            State::InString { masked: true } => out.hide(bytes),
            _ => {}
        }
    }

    /// Some encoders write `=` as `\u003d`, which separates a name from a value as well.
    pub(super) fn in_escape(&mut self, out: &mut Out, byte: u8) {
        let code = self.escape.take(byte);
        if let (Some(code), State::InString { masked: false }, None) = (code, self.state, self.muted) {
            self.scanner.escaped(out, code);
        }
    }

    pub(super) fn close_string(&mut self, out: &mut Out) {
        if matches!(self.state, State::InName) {
            self.write(out, b"\"");
            self.state = State::Colon;
            return;
        }
        if self.muted.is_none() {
            if matches!(self.state, State::InString { masked: false }) {
                self.scanner.finish(out, false);
                self.pairs.string(out, self.string, &self.stack);
            }
            out.push(b"\"");
        }
        self.end_value();
    }
}
