//! Words that are held until it is known whether they are secrets, and the flags of command lines.

use super::super::label::{Label, Style};
use super::{Scanner, State, bare, before};
use crate::body::Out;
use crate::rule::Verdict;
use crate::tally::Rule;

/// No word of prose and no name of a user is longer.
const LONGEST: usize = 24;

/// A word that is held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    bytes: [u8; LONGEST],
    length: usize,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Behind `invalid token: `: small letters are a word, anything else is a token.
    Prose,
    /// Behind `-u `: a user, and with a colon a password too.
    Login,
}

impl Held {
    pub(super) const fn prose() -> Self {
        Self { bytes: [0; LONGEST], length: 0, kind: Kind::Prose }
    }

    const fn login() -> Self {
        Self { bytes: [0; LONGEST], length: 0, kind: Kind::Login }
    }

    /// The unit ends.
    pub(super) fn finish(&self, out: &mut Out, truncated: bool) {
        if truncated && self.length > 0 {
            out.mask_unseen(Rule::Name);
        } else {
            out.push(&self.bytes[..self.length]);
        }
    }

    fn continues(&self, byte: u8) -> bool {
        self.length < LONGEST
            && match self.kind {
                Kind::Prose => byte.is_ascii_lowercase(),
                Kind::Login => byte > b' ' && byte != b':',
            }
    }

    /// Whether the word ends before this byte, and is none.
    fn ends(&self, byte: u8) -> bool {
        match self.kind {
            Kind::Prose => matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b'.' | b';' | b')' | b'!'),
            Kind::Login => byte <= b' ',
        }
    }
}

impl Scanner {
    pub(super) fn held(&mut self, out: &mut Out, mut held: Held, byte: u8) {
        if held.continues(byte) {
            held.bytes[held.length] = byte;
            held.length += 1;
            self.state = State::Held(held);
        } else if held.ends(byte) {
            out.push(&held.bytes[..held.length]);
            self.value_end(out, byte);
        } else {
            let style = if held.kind == Kind::Prose { Style::Line } else { Style::Flag };
            self.mask(out, bare(style));
            out.hide(&held.bytes[..held.length]);
            self.step(out, byte);
        }
    }

    /// Takes a byte of `--name`; a blank ends it.
    pub(super) fn flag(&mut self, out: &mut Out, start: usize, byte: u8) {
        if is_flag_byte(byte) {
            return out.push(&[byte]);
        }
        self.state = State::Idle;
        if !matches!(byte, b' ' | b'\t') {
            return self.step(out, byte);
        }
        let word = out.written(start..out.len());
        let label = Label::of_flag(&out.policy, word);
        if is_login(word) {
            self.state = State::Held(Held::login());
        } else if label.verdict != Verdict::Keep {
            self.state = before(label);
        }
        out.push(&[byte]);
    }
}

/// Whether a hyphen behind this byte begins a flag; nothing stands before the first byte of a unit.
#[inline]
pub(in super::super) fn begins_flag(before: Option<&u8>) -> bool {
    matches!(before, None | Some(b' ' | b'\t' | b'\n' | b'\r' | b'"' | b'\'' | b'(' | b','))
}

#[inline]
pub(in super::super) fn is_flag_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

/// A flag that takes a user, and often a password behind a colon.
pub(in super::super) fn is_login(word: &[u8]) -> bool {
    matches!(word, b"-u" | b"--user" | b"--proxy-user" | b"-U")
}
