//! Segments of a path that open something: `/reset/8f14e45fceea167a`.

use std::ops::Range;

use crate::block::{self, Block};
use crate::name::Name;
use crate::rule::{Position, Verdict};
use crate::tally::Rule;
use crate::target::Target;
use crate::{KeyPolicy, pattern};

/// A shorter segment is a word or a number.
const LEAST: usize = 8;

/// Appends a path without parameters: what stands behind a word such as `reset` and looks random is masked, the rest
/// passes the value patterns.
#[inline]
pub(super) fn push(out: &mut impl Target, policy: &KeyPolicy, path: &str, hints: u8, open: bool) -> u32 {
    match next(policy, path, 0, open) {
        None => pattern::push_hinted(out, policy, path, hints, open),
        Some(first) => push_masked(out, policy, path, (hints, open), first),
    }
}

#[cold]
fn push_masked(
    out: &mut impl Target,
    policy: &KeyPolicy,
    path: &str,
    (hints, open): (u8, bool),
    first: (usize, usize),
) -> u32 {
    let (mut count, mut copied, mut found) = (0, 0, Some(first));
    while let Some((start, end)) = found {
        count += 1 + pattern::push_hinted(out, policy, &path[copied..start], hints, false);
        out.mask(policy, Rule::PathToken, &path[start..end]);
        copied = end;
        found = next(policy, path, end, open);
    }
    count + pattern::push_hinted(out, policy, &path[copied..], hints, open)
}

/// The next segment at or behind `from` that is masked.
#[inline]
fn next(policy: &KeyPolicy, path: &str, from: usize, open: bool) -> Option<(usize, usize)> {
    let bytes = path.as_bytes();
    // Of the path's first segment there is no word before it.
    let (mut word, mut start) = (from, slash(bytes, from)? + 1);
    loop {
        let end = slash(bytes, start);
        let (at, is_cut) = (end.unwrap_or(bytes.len()), open && end.is_none());
        if (at - start >= LEAST || is_cut) && is_secret(policy, bytes, word, start..at, is_cut) {
            return Some((start, at));
        }
        (word, start) = (start, end? + 1);
    }
}

/// The next slash, sixteen bytes at a time.
#[inline]
fn slash(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while at < bytes.len() {
        let slashes = Block::padded(bytes, at).slashes();
        if slashes != 0 {
            return Some(at + block::index(slashes));
        }
        at += block::WIDTH;
    }
    None
}

/// Whether a segment opens something, as the one that begins at `word` tells.
#[inline(never)]
fn is_secret(policy: &KeyPolicy, bytes: &[u8], word: usize, segment: Range<usize>, is_cut: bool) -> bool {
    let before = bytes.get(word..segment.start.saturating_sub(1)).unwrap_or_default();
    (is_cut && !segment.is_empty() || looks_random(&bytes[segment])) && tells(policy, before)
}

#[inline]
fn looks_random(segment: &[u8]) -> bool {
    segment.len() >= LEAST && has_mixture(segment)
}

fn has_mixture(segment: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| segment.iter().any(is);
    let is_mixed = has(u8::is_ascii_digit) || has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    // A bracket stands in a mask.
    is_mixed && !segment.contains(&b'[')
}

/// Whether a segment says that the next one opens something.
fn tells(policy: &KeyPolicy, word: &[u8]) -> bool {
    if word.len() < 3 || word.len() > 32 {
        return false;
    }
    // A word as it is, of lower-case letters, is its own squashed form.
    let is_plain = word.iter().all(u8::is_ascii_lowercase);
    let is_telling = if is_plain { is_telling(word) } else { is_telling(Name::new(word).squashed()) };
    is_telling || policy.judge(word, Position::Url) == Verdict::Mask
}

fn is_telling(word: &[u8]) -> bool {
    matches!(
        word,
        b"reset"
            | b"verify"
            | b"verification"
            | b"verifyemail"
            | b"emailverification"
            | b"confirm"
            | b"confirmation"
            | b"confirmemail"
            | b"activate"
            | b"activation"
            | b"invite"
            | b"invitation"
            | b"unsubscribe"
            | b"magiclink"
            | b"magic"
            | b"onetime"
    )
}
