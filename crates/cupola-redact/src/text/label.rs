//! The name before a separator, read backwards from what was written.

use crate::name::Name;
use crate::rule::{self, Position, Verdict};
use crate::{KeyPolicy, decode};

/// How far back a name is looked for.
const REACH: usize = 192;

/// What ends a bare value; the notation of its name says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `name: value`, as in headers and YAML: the end of the line.
    Line,
    /// `name=value`, as in logfmt: a blank or `&`.
    Word,
    /// `"name": 12`, as in JSON.
    Quoted,
    /// `;name=value`, as in connection strings.
    Semicolon,
    /// `?name=value`, as in a URL.
    Url,
    /// `--name value`.
    Flag,
    /// `<name>value</name>`.
    Markup,
}

/// A name's verdict, and how its value is to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label {
    pub(super) verdict: Verdict,
    pub(super) style: Style,
    /// It stands in prose, as in `invalid token: expected x`, where words may follow that are no secret.
    pub(super) is_prose: bool,
}

impl Label {
    /// Judges the name that ends where `text` ends, right before `separator`.
    pub(super) fn before(policy: &KeyPolicy, text: &[u8], separator: u8) -> Self {
        let tail = &text[text.len().saturating_sub(REACH)..];
        if tail.iter().any(|byte| matches!(byte, b'\\' | b'%')) {
            return Self::read(policy, &decode::percent(&decode::json(tail)), separator);
        }
        Self::read(policy, tail, separator)
    }

    fn read(policy: &KeyPolicy, tail: &[u8], separator: u8) -> Self {
        let (name, style) = match separator {
            b'>' => (tag(tail), Style::Markup),
            _ => named(trim_end(tail), separator),
        };
        let style = if style == Style::Word && is_setting(tail) { Style::Line } else { style };
        let position = if style == Style::Url { Position::Url } else { Position::Body };
        let verdict = policy.judge(name, position);
        if verdict == Verdict::Keep && is_value(name.trim_ascii()) && names_secret(policy, tail) {
            return Self { verdict: Verdict::Mask, style, is_prose: false };
        }
        Self { verdict, style, is_prose: style == Style::Line && is_prose(name) }
    }

    /// Judges the word behind the hyphens of `--name`.
    pub(super) fn of_flag(policy: &KeyPolicy, word: &[u8]) -> Self {
        Self { verdict: policy.judge(word, Position::Body), style: Style::Flag, is_prose: false }
    }
}

/// Drops blanks, and the first half of separators such as `:=`.
fn trim_end(tail: &[u8]) -> &[u8] {
    let is_between = |byte: &u8| matches!(byte, b' ' | b'\t' | b':' | b'=');
    let end = tail.iter().rposition(|byte| !is_between(byte)).map_or(0, |last| last + 1);
    &tail[..end]
}

fn named(tail: &[u8], separator: u8) -> (&[u8], Style) {
    match tail.split_last() {
        Some((&quote @ (b'"' | b'\'' | b'`'), rest)) => {
            let start = rest.iter().rposition(|&byte| byte == quote).map_or(0, |open| open + 1);
            (&rest[start..], Style::Quoted)
        }
        _ => bare(tail, separator),
    }
}

/// At most two words: `API key` is one name, a whole sentence is none.
fn bare(tail: &[u8], separator: u8) -> (&[u8], Style) {
    let word = word_start(tail);
    let before = &tail[..word];
    let blanks = before.iter().rev().take_while(|byte| **byte == b' ').count();
    let before_blanks = &before[..before.len() - blanks];
    // The name of a tag is no part of its first attribute's name.
    let is_tag = |start: usize| start > 0 && before_blanks[start - 1] == b'<';
    let start = if blanks == 1 { Some(word_start(before_blanks)).filter(|&start| !is_tag(start)) } else { None };
    (&tail[start.unwrap_or(word)..], style_of(before_blanks, separator))
}

fn style_of(before: &[u8], separator: u8) -> Style {
    match before.last() {
        _ if is_url_style(before, separator) => Style::Url,
        Some(b';') if separator == b'=' => Style::Semicolon,
        _ if separator == b'=' => Style::Word,
        _ => Style::Line,
    }
}

/// `name = value` alone on its line, as settings are written: the value may have blanks.
fn is_setting(tail: &[u8]) -> bool {
    let line = tail.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    let name = line.trim_ascii();
    line.ends_with(b" ")
        && line.len() < tail.len().max(REACH)
        && name.iter().all(|&byte| is_part(byte))
        && !name.is_empty()
}

/// Whether what stands before a name makes it a parameter of a URL.
#[inline]
pub(super) fn is_url_style(before: &[u8], separator: u8) -> bool {
    separator == b'='
        && (matches!(before.last(), Some(b'?' | b'&')) || before.last() == Some(&b';') && before.ends_with(b"&amp;"))
}

/// What holds the value of another attribute's name: `<input name="password" value="...">`.
pub(super) fn is_value(name: &[u8]) -> bool {
    matches!(name, b"value" | b"Value" | b"content" | b"val")
}

/// Whether an attribute before it in the same tag is a denied name.
fn names_secret(policy: &KeyPolicy, tail: &[u8]) -> bool {
    let Some(open) = tail.iter().rposition(|&byte| byte == b'<') else { return false };
    let mut rest = &tail[open + 1..];
    while let Some(at) = rest.iter().position(|&byte| byte == b'=') {
        let (before, after) = rest.split_at(at);
        let attribute = &before[word_start(before)..];
        let quote = after.get(1).copied().filter(|byte| matches!(byte, b'"' | b'\''));
        let value = &after[after.len().min(if quote.is_some() { 2 } else { 1 })..];
        let ends = |byte: &u8| quote.map_or(byte.is_ascii_whitespace(), |quote| *byte == quote);
        let length = value.iter().position(ends).unwrap_or(value.len());
        let is_name = matches!(attribute, b"name" | b"key" | b"id" | b"property" | b"field");
        if is_name && policy.judge(&value[..length], Position::Body) != Verdict::Keep {
            return true;
        }
        rest = &value[length..];
    }
    false
}

/// `invalid token` and the like tell what is wrong with a token. Of a name that is strong in itself nothing is shown.
fn is_prose(name: &[u8]) -> bool {
    const FIRST: [&[u8]; 14] = [
        b"invalid",
        b"unexpected",
        b"expired",
        b"missing",
        b"bad",
        b"malformed",
        b"unknown",
        b"wrong",
        b"illegal",
        b"unsupported",
        b"no",
        b"revoked",
        b"empty",
        b"stale",
    ];
    let first = name.split(|&byte| byte == b' ').next().unwrap_or_default();
    first.len() < name.len()
        && FIRST.iter().any(|word| word.eq_ignore_ascii_case(first))
        && !rule::has_strong_stem(&Name::new(name))
}

fn word_start(text: &[u8]) -> usize {
    text.iter().rposition(|&byte| !is_part(byte)).map_or(0, |last| last + 1)
}

/// What a name without quotes is made of.
#[inline]
pub(super) const fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'[' | b']' | b'+' | b'$' | 0x80..)
}

/// The name of the element whose start tag ends here; empty if it is no start tag.
fn tag(tail: &[u8]) -> &[u8] {
    let Some(open) = tail.iter().rposition(|&byte| byte == b'<') else { return b"" };
    let inside = &tail[open + 1..];
    let is_start = !inside.ends_with(b"/") && !inside.contains(&b'>') && !matches!(inside, [b'/' | b'!' | b'?', ..]);
    let end = inside.iter().position(u8::is_ascii_whitespace).unwrap_or(inside.len());
    if is_start { &inside[..end] } else { b"" }
}
