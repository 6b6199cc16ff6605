//! Whether a text holds no denied name: a look at it, as the scanner would read it, that writes nothing.

use memchr::memrchr;

use super::label::{Label, Style, is_part, is_url_style, is_value};
use super::scanner::{IS_SEPARATOR, begins_flag, is_flag_byte, is_login};
use crate::KeyPolicy;
use crate::rule::{Position, Verdict};
use crate::swar::{behind_low, blank_bit, equal, index, separators, word};

/// No name is looked for further back.
const REACH: usize = 192;

/// Whether no name before a separator is denied, as [`super::Scanner`] would find it. `keeps` judges short names.
pub(crate) fn keeps_all(policy: &KeyPolicy, text: &[u8], mut keeps: impl FnMut(&[u8], Position) -> bool) -> bool {
    let mut from = 0;
    while let Some(at) = next_separator(text, from) {
        from = at + 1;
        match text[at] {
            b'-' => match flag(policy, text, at) {
                Some(end) => from = end,
                None => return false,
            },
            // An escaped separator is rare, and so is a text with one.
            b'%' if matches!(text[from..], [b'2', b'5', ..] | [b'3', b'D' | b'd' | b'A' | b'a', ..]) => return false,
            b'%' => {}
            // The minutes and seconds of a time: a name without letters.
            b':' if policy.id() == 0 && is_time(&text[..at]) => {}
            separator if is_kept(&text[..at], separator, &mut keeps) => {}
            separator => match Label::before(policy, &text[..at], separator) {
                Label { verdict: Verdict::Keep, .. } => {}
                Label { style: Style::Line, .. } if text.get(from) == Some(&b':') => from += 1,
                _ => return false,
            },
        }
    }
    true
}

/// The next byte that may separate a name from a value, or begins a flag.
#[inline]
fn next_separator(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(word) = word(text, at) {
        let mut found = separators(word);
        let hyphens = equal(word, b'-');
        if hyphens != 0 {
            found |= behind_low(word, hyphens, at.checked_sub(1).map_or(0x80, |at| blank_bit(text[at])));
        }
        if found == 0 {
            at = skip_dull(text, at + 8);
            continue;
        }
        at += index(found);
        if !matches!(text[at], b';' | b'<') {
            return Some(at);
        }
        at += 1;
    }
    text.get(at..)?.iter().position(|&byte| IS_SEPARATOR[usize::from(byte)]).map(|offset| at + offset)
}

const BLOCK: usize = 32;

/// Across blocks in which nothing separates.
#[inline]
fn skip_dull(text: &[u8], from: usize) -> usize {
    let mut at = from;
    while let (Some(block), Some(before)) = (text.get(at..at + BLOCK), text.get(at - 1..at + BLOCK - 1)) {
        if has_separator(block.try_into().expect("a block"), before.try_into().expect("a block")) {
            return at;
        }
        at += BLOCK;
    }
    at
}

/// A loop over a whole block without a way out, which the compiler turns into a few instructions.
#[inline]
fn has_separator(block: &[u8; BLOCK], before: &[u8; BLOCK]) -> bool {
    let mut any = 0;
    for (&byte, &before) in block.iter().zip(before) {
        let is_flag = u8::from(byte == b'-') & u8::from(before < b'-');
        any |= u8::from(byte.wrapping_sub(b':') <= b'>' - b':') | u8::from(byte == b'%') | is_flag;
    }
    any != 0
}

/// Where to go on behind a hyphen; `None` if it begins a flag whose value is masked.
#[inline]
fn flag(policy: &KeyPolicy, text: &[u8], at: usize) -> Option<usize> {
    if !begins_flag(at.checked_sub(1).map(|before| &text[before])) {
        return Some(at + 1);
    }
    let length = text[at..].iter().position(|&byte| !is_flag_byte(byte)).unwrap_or(text.len() - at);
    let word = &text[at..at + length];
    let takes_value = matches!(text.get(at + length), Some(b' ' | b'\t'));
    let is_secret = takes_value && (is_login(word) || Label::of_flag(policy, word).verdict != Verdict::Keep);
    (!is_secret).then_some(at + length)
}

/// `...05:18`, or `2026-11-20T05`: what ends before the next colon has no two letters.
#[inline]
fn is_time(text: &[u8]) -> bool {
    match text {
        [.., b':', b'0'..=b'9', b'0'..=b'9'] => true,
        [before @ .., _, _, _, _, b'-', _, _, b'-', _, _, b'T' | b' ', b'0'..=b'9', b'0'..=b'9'] => {
            let date = &text[before.len()..before.len() + 10];
            let has_letters = date.iter().any(|byte| !byte.is_ascii_digit() && *byte != b'-');
            !has_letters && before.last().is_none_or(|&byte| !IS_PART[usize::from(byte)] && byte != b' ')
        }
        _ => false,
    }
}

/// Whether the name that ends where `text` does is kept for certain: a plain word or two, with no escape near.
#[inline]
fn is_kept(text: &[u8], separator: u8, keeps: &mut impl FnMut(&[u8], Position) -> bool) -> bool {
    let text = &text[text.len().saturating_sub(REACH)..];
    if separator == b'>' {
        return memrchr(b'<', text).is_none();
    }
    let text = trim_end(text);
    let start = word_start(text);
    if start == text.len() {
        // Nothing, or a name in quotes or behind an escape.
        return !matches!(text.last(), Some(b'"' | b'\'' | b'`' | b'\\' | b'%'));
    }
    let (mut name, mut before) = (&text[start..], &text[..start]);
    if let [rest @ .., b' '] = before {
        before = rest;
        let first = word_start(rest);
        if first < rest.len() {
            // The second of two words, or the first attribute of a tag.
            if rest[..first].last() != Some(&b'<') {
                (name, before) = (&text[first..], &rest[..first]);
            } else if is_escape(rest[..first].last()) {
                return false;
            }
        } else if rest.last() == Some(&b' ') {
            // More than one blank: just the word.
            before = rest.trim_ascii_end();
        }
        if is_escape(before.last()) || is_escape(rest.last()) {
            return false;
        }
    }
    if is_escape(before.last()) || is_value(name.trim_ascii()) {
        return false;
    }
    let position = if is_url_style(before, separator) { Position::Url } else { Position::Body };
    keeps(name, position)
}

#[inline]
fn trim_end(text: &[u8]) -> &[u8] {
    let mut text = text;
    while let [rest @ .., b' ' | b'\t' | b':' | b'='] = text {
        text = rest;
    }
    text
}

#[inline]
fn is_escape(byte: Option<&u8>) -> bool {
    matches!(byte, Some(b'\\' | b'%'))
}

#[inline]
fn word_start(text: &[u8]) -> usize {
    text.iter().rposition(|&byte| !IS_PART[usize::from(byte)]).map_or(0, |last| last + 1)
}

const IS_PART: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = is_part(byte as u8);
        byte += 1;
    }
    table
};
