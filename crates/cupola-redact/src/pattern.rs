//! Secrets that are known by their own looks, whatever name they stand under.
//!
//! Every pattern begins with a rare prefix, so a text without one is passed after a single look at each byte.
//! No pattern needs its own end: a text that was cut gives no more away than a whole one.

mod card;
mod token;
mod userinfo;

use std::ops::Range;

use crate::REDACTED;

pub(crate) use card::is_card;
pub(crate) use userinfo::authority;

/// Bytes that complete the prefix of some pattern, or stand right behind it.
const TRIGGERS: &[u8] = b"J_-ICG:+% \t";

const IS_TRIGGER: [bool; 256] = {
    let mut table = [false; 256];
    let mut index = 0;
    while index < TRIGGERS.len() {
        table[TRIGGERS[index] as usize] = true;
        index += 1;
    }
    table
};

/// Appends `text` with every recognised secret masked; returns how many there were.
///
/// `open` says that the text was cut, so that a token too short to be judged at its end is masked too.
#[inline]
pub(crate) fn push(out: &mut String, text: &str, open: bool) -> u32 {
    match next(text.as_bytes(), 0, open) {
        None => {
            out.push_str(text);
            0
        }
        Some(first) => push_from(out, text, first, open),
    }
}

/// The same for a text that is at hand: without a secret it comes back as it is.
pub(crate) fn mask_owned(text: String, open: bool) -> (String, u32) {
    let Some(first) = next(text.as_bytes(), 0, open) else { return (text, 0) };
    let mut out = String::with_capacity(text.len() + REDACTED.len());
    let count = push_from(&mut out, &text, first, open);
    (out, count)
}

fn push_from(out: &mut String, text: &str, first: Range<usize>, open: bool) -> u32 {
    let mut found = Some(first);
    let mut copied = 0;
    let mut count = 0;
    while let Some(span) = found {
        // A span lies between ASCII bytes; should one ever not, more is masked instead of a panic.
        out.push_str(text.get(copied..span.start).unwrap_or_default());
        out.push_str(REDACTED);
        copied = span.end;
        count += 1;
        found = next(text.as_bytes(), copied, open);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    count
}

/// The next secret that begins at or behind `from`.
#[inline]
fn next(bytes: &[u8], from: usize, open: bool) -> Option<Range<usize>> {
    let prefixed = next_prefixed(bytes, from, open);
    if bytes.len() - from < card::SHORTEST {
        return prefixed;
    }
    let end = prefixed.as_ref().map_or(bytes.len(), |span| span.start);
    card::next(bytes, from..end, open).or(prefixed)
}

#[inline]
fn next_prefixed(bytes: &[u8], from: usize, open: bool) -> Option<Range<usize>> {
    bytes[from..].iter().enumerate().filter(|&(_, &byte)| IS_TRIGGER[usize::from(byte)]).find_map(|(offset, &byte)| {
        let at = from + offset;
        let span = match byte {
            b':' => userinfo::at(bytes, at, open),
            b' ' | b'\t' | b'+' | b'%' => token::after_scheme(bytes, at, open),
            _ => token::at(bytes, at, open),
        };
        // A span that begins inside what was masked already would be masked twice.
        span.filter(|span| span.start >= from && span.start < span.end)
    })
}
