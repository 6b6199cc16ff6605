//! Segments of a path that open something: `/reset/8f14e45fceea167a`.

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
    let mut start = from;
    // Of the path's first segment there is no word before it.
    while let Some(slash) = bytes.get(start..)?.iter().position(|&byte| byte == b'/') {
        let begin = start + slash + 1;
        let length = bytes[begin..].iter().position(|&byte| byte == b'/').unwrap_or(bytes.len() - begin);
        let (segment, is_cut) = (&bytes[begin..begin + length], open && begin + length == bytes.len());
        if (looks_random(segment) || is_cut && length > 0) && tells(policy, &bytes[..begin - 1]) {
            return Some((begin, begin + length));
        }
        start = begin + length;
    }
    None
}

#[inline]
fn looks_random(segment: &[u8]) -> bool {
    segment.len() >= LEAST && has_mixture(segment)
}

fn has_mixture(segment: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| segment.iter().any(is);
    segment[0] != b'[' && (has(u8::is_ascii_digit) || has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase))
}

/// Whether the last segment before says that the next one opens something.
fn tells(policy: &KeyPolicy, before: &[u8]) -> bool {
    let word = before.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    if word.len() < 3 || word.len() > 32 {
        return false;
    }
    let is_telling = matches!(
        Name::new(word).squashed(),
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
    );
    is_telling || policy.judge(word, Position::Url) == Verdict::Mask
}
