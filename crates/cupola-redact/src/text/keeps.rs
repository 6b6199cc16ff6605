//! Whether a text holds no denied name: a look at it, as the scanner would read it, that writes nothing.

use memchr::memrchr;

use super::label::{Label, Style, is_part, is_url_style, is_value};
use super::scanner::{begins_flag, is_flag_byte, is_login};
use crate::KeyPolicy;
use crate::block::{Block, Labels, WIDTH};
use crate::rule::{Position, Verdict};

/// No name is looked for further back.
const REACH: usize = 192;

/// A time stamp whole, of which the zone is `Z` or missing: by far the most frequent text with separators.
#[inline]
pub(crate) fn is_time_stamp(text: &[u8]) -> bool {
    let is_rest = |rest: &[u8]| rest.iter().all(|&byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'Z'));
    let seconds = |rest: &[u8]| matches!(rest, [b':', rest @ ..] if is_rest(rest));
    Block::at(text, 0).is_some_and(Block::is_time_stamp) && seconds(&text[WIDTH..])
}

/// Whether no name before a separator is denied, as [`super::Scanner`] would find it. `keeps` judges short names.
pub(crate) fn keeps_all(policy: &KeyPolicy, text: &[u8], mut keeps: impl FnMut(&[u8], Position) -> bool) -> bool {
    let (mut labels, mut from) = (Labels::new(text, b' '), 0);
    while let Some(at) = labels.next(from) {
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
