//! Free text: a denied name, a separator, and a value behind it, in the notations that people and programs use.

mod label;
mod scanner;

pub(crate) use scanner::Scanner;

use std::borrow::Cow;

use label::{Label, Style};

use crate::body::Capture;
use crate::rule::Verdict;
use crate::{End, KeyPolicy, Masked, pattern};

/// Masks a whole text, by name and by value patterns.
pub(crate) fn mask(policy: &KeyPolicy, text: &str) -> Masked {
    let mut out = Capture::new(policy.clone(), usize::MAX);
    scan(&mut out, text.as_bytes());
    out.into_text(false).0
}

/// Masks a text that holds no secret as a rule: then it is looked at, and nothing else happens to it.
pub(crate) fn mask_free<'t>(policy: &KeyPolicy, text: &'t str, end: End) -> Cow<'t, str> {
    let (hints, open) = (pattern::hints(text.as_bytes()), end == End::Truncated);
    let has_names = hints & pattern::LABELS != 0 && !keeps_all(policy, text.as_bytes());
    if !has_names && pattern::is_clean(text, hints, open) {
        return Cow::Borrowed(text);
    }
    let mut out = Capture::new(policy.clone(), usize::MAX);
    scan(&mut out, text.as_bytes());
    match out.into_text(open) {
        (_, _, 0) => Cow::Borrowed(text),
        (masked, ..) => Cow::Owned(masked.into_string()),
    }
}

/// Whether no name before a separator is denied, as [`Scanner`] would find it.
fn keeps_all(policy: &KeyPolicy, text: &[u8]) -> bool {
    let is_plain = !text.iter().any(|byte| matches!(byte, b'\\' | b'%'));
    let mut from = 0;
    while let Some(offset) = text[from..].iter().position(|&byte| scanner::IS_SEPARATOR[usize::from(byte)]) {
        let at = from + offset;
        from = at + 1;
        if text[at] == b'%' {
            // An escaped separator is rare, and so is a text with one.
            if matches!(text[from..], [b'2', b'5', ..] | [b'3', b'D' | b'd' | b'A' | b'a', ..]) {
                return false;
            }
            continue;
        }
        let label = if is_plain { Label::plainly } else { Label::before };
        match label(policy, &text[..at], text[at]) {
            Label { verdict: Verdict::Keep, .. } => {}
            Label { style: Style::Line, .. } if text.get(from) == Some(&b':') => from += 1,
            _ => return false,
        }
    }
    true
}

/// Whether a text has a value behind a denied name.
pub(crate) fn reveals(policy: &KeyPolicy, text: &[u8]) -> bool {
    let mut out = Capture::new(policy.clone(), usize::MAX);
    scan(&mut out, text);
    out.redactions() > 0
}

fn scan(out: &mut Capture, text: &[u8]) {
    let mut scanner = Scanner::new(0);
    scanner.feed(out, text);
    scanner.finish(out);
}

/// Cuts what was appended to `out` since `start` to `cap` bytes, on a character boundary; says whether it did.
#[inline]
pub(crate) fn cut(out: &mut String, start: usize, cap: usize) -> bool {
    if out.len() - start <= cap {
        return false;
    }
    let mut end = start + cap;
    while !out.is_char_boundary(end) {
        end -= 1;
    }
    out.truncate(end);
    true
}
