//! The inner loop: whole tokens that are in the grammar and hold nothing to mask are passed in one run.
//!
//! It stops before whatever is cut, escaped, denied or out of order, and leaves it to the reader that takes all; so
//! there is nothing here that masks, and nothing that the other reader would decide otherwise.

use super::super::out::Out;
use super::super::scan::{self, Plain};
use super::super::token::masks;
use super::{Json, State, is_blank, pairs};
use crate::pattern;
use crate::text;
use crate::verdicts::Verdicts;

impl Json {
    /// Passes as much of `bytes` as it can; returns how much that is.
    pub(super) fn run(&mut self, out: &mut Out, bytes: &[u8], verdicts: &mut Verdicts) -> usize {
        let is_between = matches!(self.state, State::Value { .. } | State::Name { .. } | State::After);
        let is_odd = self.muted.is_some() || self.track.is_some() || self.pairs.wait() || masks(self.fate.verdict);
        if !is_between || is_odd || out.removes() {
            return 0;
        }
        let mut run = Run { json: self, bytes, at: 0, verdicts };
        run.pass(out);
        let passed = run.at;
        out.push(&bytes[..passed]);
        passed
    }
}

struct Run<'a> {
    json: &'a mut Json,
    bytes: &'a [u8],
    /// Up to here all is passed.
    at: usize,
    verdicts: &'a mut Verdicts,
}

impl Run<'_> {
    /// Passes one token after the other; `self.at` and the state only move on over whole ones.
    fn pass(&mut self, out: &Out) {
        while let Some(&byte) = self.bytes.get(self.at) {
            if is_blank(byte) {
                self.at += 1;
                continue;
            }
            let passed = match self.json.state {
                State::Name { .. } if byte == b'"' => self.member(out),
                State::Value { .. } if byte != b']' => self.element(out, byte),
                State::After => self.after(byte),
                State::Name { first: true } if byte == b'}' => self.close(true),
                State::Value { first: true } => self.close(false),
                _ => None,
            };
            if passed.is_none() {
                return;
            }
        }
    }

    /// A name, its colon and, unless that is a container, its value.
    #[inline]
    fn member(&mut self, out: &Out) -> Option<()> {
        let start = self.at + 1;
        let (padded, length) = scan::name(self.bytes, start)?;
        if length > super::LONGEST_NAME {
            return None;
        }
        let name = &self.bytes[start..start + length];
        let known = match padded {
            Some(padded) => self.verdicts.judge_padded(&out.policy, padded, name),
            None => self.verdicts.judge(&out.policy, name),
        };
        if !known.keeps() {
            return None;
        }
        let mut at = start + length + 1;
        if *self.bytes.get(at)? != b':' {
            at = skip_blanks(self.bytes, at)?;
            if self.bytes[at] != b':' {
                return None;
            }
        }
        at += 1;
        let mut byte = *self.bytes.get(at)?;
        if is_blank(byte) {
            at = skip_blanks(self.bytes, at)?;
            byte = self.bytes[at];
        }
        // What may name another value, or be named, is looked at by the other reader.
        if known.names() || known.values() {
            return self.named(out, known.values(), byte, at);
        }
        self.json.pairs.pass();
        self.value(out, byte, at)
    }

    fn named(&mut self, out: &Out, is_value: bool, byte: u8, at: usize) -> Option<()> {
        if is_value && byte == b'"' {
            return None;
        }
        if byte == b'"' {
            let end = scan::plain_string(self.bytes, at + 1)?.end;
            if end - at > pairs::LONGEST || !self.verdicts.judge(&out.policy, &self.bytes[at + 1..end]).keeps() {
                return None;
            }
        }
        if byte == b'"' && !is_value {
            self.json.pairs.pass_named();
        } else {
            self.json.pairs.pass();
        }
        self.value(out, byte, at)
    }

    #[inline]
    fn element(&mut self, out: &Out, byte: u8) -> Option<()> {
        if byte == b'"' && self.json.stack.is_object() == Some(false) {
            let end = scan::plain_string(self.bytes, self.at + 1)?.end;
            if self.json.stack.is_array_in_array() || pairs::may_name(&self.bytes[self.at + 1..end]) {
                return None;
            }
        }
        self.value(out, byte, self.at)
    }

    #[inline]
    fn value(&mut self, out: &Out, byte: u8, at: usize) -> Option<()> {
        let end = match byte {
            b'"' => self.string(out, at + 1)?,
            b'{' | b'[' => return self.open(byte == b'{', at),
            b'0'..=b'9' | b'-' => number(self.bytes, at)?,
            b't' if self.bytes[at..].starts_with(b"true") => at + 4,
            b'f' if self.bytes[at..].starts_with(b"false") => at + 5,
            b'n' if self.bytes[at..].starts_with(b"null") => at + 4,
            _ => return None,
        };
        // The end of a number or a literal has to be seen.
        if byte != b'"' && !super::ends_token(*self.bytes.get(end)?) {
            return None;
        }
        self.at = end;
        self.json.state = State::After;
        Some(())
    }

    /// Where the string ends, its closing quote included, if it holds nothing to mask.
    #[inline]
    fn string(&mut self, out: &Out, start: usize) -> Option<usize> {
        let Plain { end, has_separators } = scan::plain_string(self.bytes, start)?;
        if has_separators && !text::keeps_all(&out.policy, &self.bytes[start..end]) {
            return None;
        }
        Some(end + 1)
    }

    fn open(&mut self, is_object: bool, at: usize) -> Option<()> {
        self.json.stack.open(is_object).then_some(())?;
        self.json.pairs.reset();
        self.at = at + 1;
        self.json.state = if is_object { State::Name { first: true } } else { State::Value { first: true } };
        Some(())
    }

    fn close(&mut self, is_object: bool) -> Option<()> {
        self.json.stack.close(is_object).then_some(())?;
        self.json.pairs.reset();
        self.at += 1;
        self.json.state = State::After;
        Some(())
    }

    #[inline]
    fn after(&mut self, byte: u8) -> Option<()> {
        match (byte, self.json.stack.is_object()) {
            (b',', Some(is_object)) => {
                self.at += 1;
                let first = false;
                self.json.state = if is_object { State::Name { first } } else { State::Value { first } };
                Some(())
            }
            (b'}', Some(true)) => self.close(true),
            (b']', Some(false)) => self.close(false),
            _ => None,
        }
    }
}

#[inline]
fn skip_blanks(bytes: &[u8], from: usize) -> Option<usize> {
    bytes.get(from..)?.iter().position(|&byte| !is_blank(byte)).map(|length| from + length)
}

/// Where the number ends, unless it may be a card's.
#[inline]
fn number(bytes: &[u8], start: usize) -> Option<usize> {
    let length = bytes[start..].iter().position(|&byte| !is_number(byte))?;
    let digits = &bytes[start..start + length];
    let is_card = length >= 13 && digits.iter().all(u8::is_ascii_digit) && pattern::is_card(digits.iter().copied());
    (!is_card).then_some(start + length)
}

#[inline]
fn is_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')
}
