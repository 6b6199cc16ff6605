//! The inner loop: whole tokens that are in the grammar are passed in runs, and a denied string between two runs is masked.
//!
//! It stops before whatever is cut, oddly escaped, or out of order, and leaves it to the reader that takes all; there is
//! nothing here that the other reader would decide otherwise. One function holds the loop, so that where it stands is
//! kept in registers.

use memchr::memchr2;

use super::super::out::Out;
use super::super::scan::{self, Span};
use super::super::token::masks;
use super::{Json, LONGEST_NAME, State, ends_token, is_blank, pairs};
use crate::pattern;
use crate::rule::Verdict;
use crate::tally::Rule;
use crate::text;
use crate::verdicts::{Known, Verdicts};

/// Between which tokens the loop stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    FirstName,
    Name,
    FirstValue,
    Value,
    After,
}

impl Place {
    fn of(state: State) -> Option<Self> {
        Some(match state {
            State::Name { first: true } => Self::FirstName,
            State::Name { first: false } => Self::Name,
            State::Value { first: true } => Self::FirstValue,
            State::Value { first: false } => Self::Value,
            State::After => Self::After,
            _ => return None,
        })
    }

    const fn state(self) -> State {
        match self {
            Self::FirstName => State::Name { first: true },
            Self::Name => State::Name { first: false },
            Self::FirstValue => State::Value { first: true },
            Self::Value => State::Value { first: false },
            Self::After => State::After,
        }
    }
}

impl Json {
    /// Passes as much of `bytes` as it can; returns how much that is.
    pub(super) fn run(&mut self, out: &mut Out, bytes: &[u8], verdicts: &mut Verdicts) -> usize {
        let is_odd = self.muted.is_some() || self.track.is_some() || self.pairs.wait() || masks(self.fate.verdict);
        match Place::of(self.state) {
            Some(place) if !is_odd && !out.removes() => self.tokens(out, bytes, verdicts, place),
            _ => 0,
        }
    }

    /// The loop: `at` and `place` only move on over whole tokens.
    fn tokens(&mut self, out: &mut Out, bytes: &[u8], verdicts: &mut Verdicts, mut place: Place) -> usize {
        let (mut at, mut copied) = (0, 0);
        let mut is_object = self.stack.is_object();
        'tokens: while let Some(&byte) = bytes.get(at) {
            let mut value = at;
            match place {
                _ if is_blank(byte) => {
                    at += 1;
                    continue;
                }
                Place::After if byte == b',' && is_object.is_some() => {
                    at += 1;
                    place = if is_object == Some(true) { Place::Name } else { Place::Value };
                    continue;
                }
                Place::Name | Place::FirstName if byte == b'"' => {}
                _ if closes(byte, is_object, place) => {
                    _ = self.stack.close(byte == b'}');
                    self.pairs.reset();
                    is_object = self.stack.is_object();
                    (at, place) = (at + 1, Place::After);
                    continue;
                }
                Place::Value | Place::FirstValue => {}
                _ => break,
            }
            // One value, or one member after the other as long as only a comma stands between them.
            loop {
                if matches!(place, Place::Name | Place::FirstName) {
                    let Some(member) = member(out, bytes, at + 1, verdicts) else { break 'tokens };
                    value = member.value;
                    if !member.known.is_plain() {
                        if !member.known.keeps() {
                            let Some(end) = denied_end(out, bytes, &member) else { break 'tokens };
                            if bytes[value] == b'"' {
                                out.push(&bytes[copied..=value]);
                                out.mask(Rule::Name);
                                copied = end - 1;
                            }
                            (at, place) = (end, Place::After);
                            continue 'tokens;
                        }
                        if !self.is_no_pair(out, bytes, &member, verdicts) {
                            break 'tokens;
                        }
                    }
                }
                let Some(&first) = bytes.get(value) else { break 'tokens };
                let end = match first {
                    b'"' => string(self, out, bytes, value + 1, verdicts, is_object),
                    b'{' | b'[' => {
                        if !self.stack.open(first == b'{') {
                            break 'tokens;
                        }
                        self.pairs.reset();
                        is_object = Some(first == b'{');
                        place = if first == b'{' { Place::FirstName } else { Place::FirstValue };
                        at = value + 1;
                        continue 'tokens;
                    }
                    _ => scalar(bytes, value, first),
                };
                let Some(end) = end else { break 'tokens };
                (at, place) = (end, Place::After);
                if is_object != Some(true) || bytes.get(end..end + 2) != Some(b",\"") {
                    continue 'tokens;
                }
                (at, place) = (end + 1, Place::Name);
            }
        }
        self.state = place.state();
        out.push(&bytes[copied..at]);
        at
    }

    /// Whether a member that may name another one, or be named, does neither.
    #[inline(never)]
    fn is_no_pair(&mut self, out: &Out, bytes: &[u8], member: &Member, verdicts: &mut Verdicts) -> bool {
        if bytes[member.value] != b'"' {
            return true;
        }
        if member.known.values() {
            return false;
        }
        let start = member.value + 1;
        let keeps = match scan::name(bytes, start) {
            Some((Some(padded), length)) => {
                verdicts.judge_padded(&out.policy, padded, &bytes[start..start + length]).keeps()
            }
            Some((None, length)) if length < pairs::LONGEST => {
                verdicts.judge(&out.policy, &bytes[start..start + length]).keeps()
            }
            _ => false,
        };
        if keeps {
            self.pairs.pass_named();
        }
        keeps
    }
}

/// Whether the byte closes the innermost container, and may do so here.
#[inline]
fn closes(byte: u8, is_object: Option<bool>, place: Place) -> bool {
    match byte {
        b'}' => is_object == Some(true) && matches!(place, Place::After | Place::FirstName),
        b']' => is_object == Some(false) && matches!(place, Place::After | Place::FirstValue),
        _ => false,
    }
}

/// Where a number or a literal ends.
#[inline]
fn scalar(bytes: &[u8], at: usize, first: u8) -> Option<usize> {
    match first {
        b'0'..=b'9' => match scan::short_number(bytes, at) {
            // The end of a number has to be seen.
            Some((end, b',' | b'}' | b']')) => Some(end),
            _ => number(bytes, at),
        },
        b'-' => number(bytes, at),
        b't' => literal(bytes, at, b"true"),
        b'f' => literal(bytes, at, b"false"),
        b'n' => literal(bytes, at, b"null"),
        _ => None,
    }
}

/// A name, and where its value begins.
struct Member {
    known: Known,
    value: usize,
}

#[inline]
fn member(out: &Out, bytes: &[u8], start: usize, verdicts: &mut Verdicts) -> Option<Member> {
    let (padded, length) = scan::name(bytes, start)?;
    let name = &bytes[start..start + length];
    let known = match padded {
        Some(padded) => verdicts.judge_padded(&out.policy, padded, name),
        None if length > LONGEST_NAME => return None,
        None => verdicts.judge(&out.policy, name),
    };
    let colon = start + length + 1;
    match bytes.get(colon..colon + 2)? {
        &[b':', byte] if byte > b' ' => Some(Member { known, value: colon + 1 }),
        _ => spaced(bytes, colon, known),
    }
}

/// With blanks around the colon.
#[inline(never)]
fn spaced(bytes: &[u8], from: usize, known: Known) -> Option<Member> {
    let blanks = |from: usize| Some(from + bytes.get(from..)?.iter().position(|&byte| !is_blank(byte))?);
    let colon = blanks(from).filter(|&at| bytes[at] == b':')?;
    Some(Member { known, value: blanks(colon + 1)? })
}

/// Where a denied value ends: a whole string, which is masked, or a count, which passes.
#[inline(never)]
fn denied_end(out: &Out, bytes: &[u8], member: &Member) -> Option<usize> {
    if out.policy.forms().is_some() {
        return None;
    }
    match bytes[member.value] {
        b'"' => string_end(bytes, member.value + 1).map(|end| end + 1),
        b'0'..=b'9' if member.known.verdict() == Verdict::MaskUnlessNumber => number(bytes, member.value),
        _ => None,
    }
}

/// Behind the closing quote of a string that holds nothing to mask.
#[inline]
fn string(
    json: &Json,
    out: &Out,
    bytes: &[u8],
    start: usize,
    verdicts: &mut Verdicts,
    is_object: Option<bool>,
) -> Option<usize> {
    let Span { end, has_separators, .. } = scan::string(bytes, start)?;
    let is_name = || pairs::may_name(&bytes[start..end]) || json.stack.is_array_in_array();
    if is_object == Some(false) && is_name() {
        return None;
    }
    if has_separators && !keeps_all(out, &bytes[start..end], verdicts) {
        return None;
    }
    Some(end + 1)
}

#[inline(never)]
fn keeps_all(out: &Out, content: &[u8], verdicts: &mut Verdicts) -> bool {
    if out.policy.id() == 0 && text::is_time_stamp(content) {
        return true;
    }
    text::keeps_all(&out.policy, content, |name, position| verdicts.keeps(&out.policy, name, position))
}

/// The closing quote of a string, across its escapes.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// Where the literal ends, if what follows it ends it.
#[inline]
fn literal(bytes: &[u8], start: usize, word: &[u8]) -> Option<usize> {
    let end = start + word.len();
    (bytes[start..].starts_with(word) && ends_token(*bytes.get(end)?)).then_some(end)
}

/// Where the number ends, unless it may be a card's.
#[inline(never)]
fn number(bytes: &[u8], start: usize) -> Option<usize> {
    let length = bytes[start..].iter().position(|&byte| !is_number(byte))?;
    let digits = &bytes[start..start + length];
    let is_card = length >= 13 && digits.iter().all(u8::is_ascii_digit) && pattern::is_card(digits.iter().copied());
    (!is_card && ends_token(bytes[start + length])).then_some(start + length)
}

#[inline]
fn is_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')
}
