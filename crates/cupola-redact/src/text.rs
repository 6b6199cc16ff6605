//! Free text: a denied name, a separator, and a value behind it, in the notations that people and programs use.

mod keeps;
mod label;
mod scanner;

pub(crate) use keeps::{is_time_stamp, keeps_all};
pub(crate) use scanner::Scanner;

use std::borrow::Cow;

use crate::body::Out;
use crate::rule::Verdict;
use crate::tally::Tally;
use crate::target::Counted;
use crate::{End, KeyPolicy, Masked, pattern};

/// Masks a whole text, by name and by value patterns.
pub(crate) fn mask(policy: &KeyPolicy, text: &str) -> Masked {
    Masked::vouch(mask_free(policy, text, End::Complete).into_owned())
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
    let has_names = hints & (pattern::LABELS | pattern::FLAGS) != 0
        && !keeps_all(policy, text.as_bytes(), |name, position| policy.judge(name, position) == Verdict::Keep);
    if !has_names && pattern::is_clean(policy, text, hints, open) {
        return Cow::Borrowed(text);
    }
    match scan(policy, text.as_bytes(), open) {
        (_, tally) if tally.redactions() == 0 => Cow::Borrowed(text),
        (masked, tally) => {
            policy.count_all(&tally);
            Cow::Owned(masked)
        }
    }
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
