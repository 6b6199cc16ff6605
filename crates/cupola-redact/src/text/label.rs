//! The name before a separator, read backwards from what was written.

use crate::rule::{Position, Verdict};
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
    /// `<name>value</name>`.
    Markup,
}

/// A name's verdict, and how its value is to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label {
    pub(super) verdict: Verdict,
    pub(super) style: Style,
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

    /// The same for a text in which nothing is escaped.
    pub(super) fn plainly(policy: &KeyPolicy, text: &[u8], separator: u8) -> Self {
        Self::read(policy, &text[text.len().saturating_sub(REACH)..], separator)
    }

    fn read(policy: &KeyPolicy, tail: &[u8], separator: u8) -> Self {
        let (name, style) = match separator {
            b'>' => (tag(tail), Style::Markup),
            _ => named(trim_end(tail), separator),
        };
        let position = if style == Style::Url { Position::Url } else { Position::Body };
        Self { verdict: policy.judge(name, position), style }
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
    let start = if blanks == 1 { word_start(before_blanks) } else { word };
    (&tail[start..], style_of(before_blanks.last(), separator))
}

fn style_of(before: Option<&u8>, separator: u8) -> Style {
    match before {
        Some(b'?' | b'&') if separator == b'=' => Style::Url,
        Some(b';') if separator == b'=' => Style::Semicolon,
        _ if separator == b'=' => Style::Word,
        _ => Style::Line,
    }
}

fn word_start(text: &[u8]) -> usize {
    let is_part = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'[' | b']' | b'+' | b'$' | 0x80..)
    };
    text.iter().rposition(|byte| !is_part(byte)).map_or(0, |last| last + 1)
}

/// The name of the element whose start tag ends here; empty if it is no start tag.
fn tag(tail: &[u8]) -> &[u8] {
    let Some(open) = tail.iter().rposition(|&byte| byte == b'<') else { return b"" };
    let inside = &tail[open + 1..];
    let is_start = !inside.ends_with(b"/") && !inside.contains(&b'>') && !matches!(inside, [b'/' | b'!' | b'?', ..]);
    let end = inside.iter().position(u8::is_ascii_whitespace).unwrap_or(inside.len());
    if is_start { &inside[..end] } else { b"" }
}
