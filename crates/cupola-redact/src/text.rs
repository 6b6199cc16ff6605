//! Free text: a denied name, a separator, and a value behind it, in the notations that people and programs use.

mod label;
mod scanner;

pub(crate) use scanner::Scanner;

use std::borrow::Cow;

use label::{Label, Style};

use crate::body::Out;
use crate::rule::Verdict;
use crate::tally::Tally;
use crate::target::Counted;
use crate::{End, KeyPolicy, Masked, pattern};

/// Masks a whole text, by name and by value patterns.
pub(crate) fn mask(policy: &KeyPolicy, text: &str) -> Masked {
    Masked::vouch(scan(policy, text.as_bytes(), false).0)
}

/// Appends a text, which may be cut at its end.
pub(crate) fn push(out: &mut Counted, policy: &KeyPolicy, text: &str, open: bool) {
    let (masked, tally) = scan(policy, text.as_bytes(), open);
    out.text.push_str(&masked);
    out.tally.add(&tally);
}

/// Masks a text that holds no secret as a rule: then it is looked at, and nothing else happens to it.
pub(crate) fn mask_free<'t>(policy: &KeyPolicy, text: &'t str, end: End) -> Cow<'t, str> {
    let (hints, open) = (pattern::hints(text.as_bytes()), end == End::Truncated);
    let has_names = hints & (pattern::LABELS | pattern::FLAGS) != 0 && !keeps_all(policy, text.as_bytes());
    if !has_names && pattern::is_clean(policy, text, hints, open) {
        return Cow::Borrowed(text);
    }
    match scan(policy, text.as_bytes(), open) {
        (_, tally) if tally.redactions() == 0 => Cow::Borrowed(text),
        (masked, _) => Cow::Owned(masked),
    }
}

/// Whether no name before a separator is denied, as [`Scanner`] would find it.
pub(crate) fn keeps_all(policy: &KeyPolicy, text: &[u8]) -> bool {
    let is_plain = !text.iter().any(|byte| matches!(byte, b'\\' | b'%'));
    let mut from = 0;
    while let Some(offset) = text[from..].iter().position(|&byte| scanner::IS_SEPARATOR[usize::from(byte)]) {
        let at = from + offset;
        from = at + 1;
        if text[at] == b'-' {
            if scanner::begins_flag(text[..at].last()) {
                let length =
                    text[at..].iter().position(|&byte| !scanner::is_flag_byte(byte)).unwrap_or(text.len() - at);
                let word = &text[at..at + length];
                let takes_value = matches!(text.get(at + length), Some(b' ' | b'\t'));
                if takes_value && (scanner::is_login(word) || Label::of_flag(policy, word).verdict != Verdict::Keep) {
                    return false;
                }
                from = at + length;
            }
            continue;
        }
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
    let mut out = Out::new(policy.clone(), usize::MAX);
    Scanner::new(0).feed(&mut out, text);
    out.tally.redactions() > 0
}

/// Runs both steps over a text; says what was masked.
fn scan(policy: &KeyPolicy, text: &[u8], truncated: bool) -> (String, Tally) {
    let mut out = Out::new(policy.clone(), usize::MAX);
    let mut scanner = Scanner::new(0);
    scanner.feed(&mut out, text);
    scanner.finish(&mut out, truncated);
    let mut masked = Vec::with_capacity(text.len() + 16);
    out.finish(truncated, &mut masked);
    (crate::body::into_utf8(masked, truncated), out.tally)
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
