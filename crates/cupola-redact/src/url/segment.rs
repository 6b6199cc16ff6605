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
    // Of the path's first segment there is no word before it.
    let (mut begin, mut seen) = (None, 0);
    for at in from..=bytes.len() {
        let kind = bytes.get(at).map_or(SLASH, |&byte| KIND[usize::from(byte)]);
        if kind != SLASH {
            seen |= kind;
            continue;
        }
        if let Some(begin) = begin {
            let is_cut = open && at == bytes.len() && at > begin;
            if (is_cut || at - begin >= LEAST && looks_random(seen)) && tells(policy, &bytes[..begin - 1]) {
                return Some((begin, at));
            }
        }
        (begin, seen) = (Some(at + 1), 0);
    }
    None
}

const SLASH: u8 = 1;
const DIGIT: u8 = 2;
const UPPER: u8 = 4;
const LOWER: u8 = 8;
/// It stands in a mask.
const BRACKET: u8 = 16;

const KIND: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'/' => SLASH,
            b'0'..=b'9' => DIGIT,
            b'A'..=b'Z' => UPPER,
            b'a'..=b'z' => LOWER,
            b'[' => BRACKET,
            _ => 0,
        };
        byte += 1;
    }
    table
};

#[inline]
fn looks_random(seen: u8) -> bool {
    seen & BRACKET == 0 && (seen & DIGIT != 0 || seen & UPPER != 0 && seen & LOWER != 0)
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
