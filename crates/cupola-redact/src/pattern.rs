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

/// A bit for each kind of byte that completes the prefix of some pattern, or stands right behind it.
const TRIGGER: [u16; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < PREFIXES.len() {
        let triggers = PREFIXES[index].1.as_bytes();
        let mut at = 0;
        while at < triggers.len() {
            table[triggers[at] as usize] |= 1 << index;
            at += 1;
        }
        index += 1;
    }
    table
};

/// The same bits for the bytes that may stand before: `-` is frequent, `t-` and `--` are less so.
const BEFORE: [u16; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < PREFIXES.len() {
        let before = PREFIXES[index].0.as_bytes();
        let mut at = 0;
        while at < before.len() {
            table[before[at] as usize] |= 1 << index;
            at += 1;
        }
        index += 1;
    }
    table
};

/// The byte before a trigger, and the trigger.
#[rustfmt::skip]
const PREFIXES: [(&str, &str); 9] = [
    ("y", "J"),
    ("pousrtemc", "_"),
    ("-tbpaorsejk", "-"),
    ("KSBA", "I"),
    ("A", "C"),
    ("S", "G"),
    ("rRcC", " \t+%"),
    ("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-", ":"),
    // A scheme may be missing.
    ("\0 \"'(<=", ":"),
];

/// What [`hints`] says of a byte that may complete a prefix, of a digit, and of one that may separate pairs, in a
/// path or anywhere.
const PREFIXED: u8 = 1;
const DIGITS: u8 = 2;
pub(crate) const PAIRS_IN_PATH: u8 = 4;
pub(crate) const PAIRS: u8 = 8;
/// What may stand between a name and its value in free text.
pub(crate) const LABELS: u8 = 16;

pub(crate) const HINT: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let is_pair = matches!(byte as u8, b';' | b'=' | b'%' | b'?');
        let is_special = is_pair || matches!(byte as u8, b'&' | b'#' | b'/' | b',' | b'{' | b'(' | b':' | b'@');
        table[byte] = if TRIGGER[byte] != 0 { PREFIXED } else { 0 }
            | if (byte as u8).is_ascii_digit() { DIGITS } else { 0 }
            | if is_pair { PAIRS_IN_PATH } else { 0 }
            | if is_special { PAIRS } else { 0 }
            | if matches!(byte as u8, b'=' | b':' | b'>' | b'%') { LABELS } else { 0 };
        byte += 1;
    }
    table
};

/// Everything of a byte in one word: its trigger bits, above them those of what may stand before, above them its hints.
const CLASS: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        // Nine prefixes each.
        table[byte] = TRIGGER[byte] as u32 | (BEFORE[byte] as u32) << 9 | (HINT[byte] as u32) << 18;
        byte += 1;
    }
    table
};

/// What a text may hold, from one quick look at each byte. A prefix is hinted at only where both its bytes stand
/// together: a space alone is everywhere, `r ` and `c ` are not.
#[inline]
pub(crate) fn hints(text: &[u8]) -> u8 {
    let (mut seen, mut pairs, mut before) = (0, 0, CLASS[0] >> 9);
    for &byte in text {
        let class = CLASS[usize::from(byte)];
        pairs |= class & before;
        seen |= class;
        before = class >> 9;
    }
    let hints = (seen >> 18) as u8;
    if pairs & 0x1ff == 0 { hints & !PREFIXED } else { hints }
}

/// Appends `text` with every recognised secret masked; returns how many there were.
///
/// `open` says that the text was cut, so that a token too short to be judged at its end is masked too.
#[inline]
pub(crate) fn push(out: &mut String, text: &str, open: bool) -> u32 {
    push_hinted(out, text, hints(text.as_bytes()), open)
}

/// The same for a text whose hints are known.
#[inline]
pub(crate) fn push_hinted(out: &mut String, text: &str, hints: u8, open: bool) -> u32 {
    let mut finder = Finder::new(text, hints, open);
    match finder.next(0) {
        None => {
            out.push_str(text);
            0
        }
        Some(first) => finder.mask_from(out, text, first),
    }
}

/// Whether a text whose hints are known holds no recognised secret.
#[inline]
pub(crate) fn is_clean(text: &str, hints: u8, open: bool) -> bool {
    hints & (PREFIXED | DIGITS) == 0 || Finder::new(text, hints, open).next(0).is_none()
}

/// The same for a text that is at hand: without a secret it comes back as it is.
pub(crate) fn mask_owned(text: String, open: bool) -> (String, u32) {
    let mut finder = Finder::new(&text, hints(text.as_bytes()), open);
    let Some(first) = finder.next(0) else { return (text, 0) };
    let mut out = String::with_capacity(text.len() + REDACTED.len());
    let count = finder.mask_from(&mut out, &text, first);
    (out, count)
}

/// Finds one secret after the other, in time linear in the text whatever it holds.
struct Finder<'a> {
    bytes: &'a [u8],
    open: bool,
    /// The next secret with a prefix, if the search has gone ahead of the cards.
    ahead: Option<Range<usize>>,
    /// There is no further secret with a prefix.
    is_done: bool,
    /// There may be cards.
    has_cards: bool,
    runs: token::Runs,
}

impl<'a> Finder<'a> {
    #[inline]
    fn new(text: &'a str, hints: u8, open: bool) -> Self {
        let (is_done, has_cards) = (hints & PREFIXED == 0, hints & DIGITS != 0);
        Self { bytes: text.as_bytes(), open, ahead: None, is_done, has_cards, runs: token::Runs::default() }
    }

    #[cold]
    fn mask_from(&mut self, out: &mut String, text: &str, first: Range<usize>) -> u32 {
        let mut found = Some(first);
        let mut copied = 0;
        let mut count = 0;
        while let Some(span) = found {
            // A span lies between ASCII bytes; should one ever not, more is masked instead of a panic.
            out.push_str(text.get(copied..span.start).unwrap_or_default());
            out.push_str(REDACTED);
            copied = span.end;
            count += 1;
            found = self.next(copied);
        }
        out.push_str(text.get(copied..).unwrap_or_default());
        count
    }

    /// The next secret that begins at or behind `from`.
    #[inline]
    fn next(&mut self, from: usize) -> Option<Range<usize>> {
        if !self.is_done && self.ahead.as_ref().is_none_or(|span| span.start < from) {
            self.ahead = self.next_prefixed(from);
            self.is_done = self.ahead.is_none();
        }
        if self.has_cards && self.bytes.len() - from >= card::SHORTEST {
            let end = self.ahead.as_ref().map_or(self.bytes.len(), |span| span.start);
            if let Some(card) = card::next(self.bytes, from..end, self.open) {
                return Some(card);
            }
        }
        self.ahead.clone()
    }

    #[inline(never)]
    fn next_prefixed(&mut self, from: usize) -> Option<Range<usize>> {
        let mut before = from.checked_sub(1).map_or(0, |at| self.bytes[at]);
        for (offset, &byte) in self.bytes[from..].iter().enumerate() {
            let is_pair = TRIGGER[usize::from(byte)] & BEFORE[usize::from(before)] != 0;
            before = byte;
            if !is_pair {
                continue;
            }
            // A span that begins inside what was masked already would be masked twice.
            let span = self.at(byte, from + offset).filter(|span| span.start >= from && span.start < span.end);
            if span.is_some() {
                return span;
            }
        }
        None
    }

    fn at(&mut self, byte: u8, at: usize) -> Option<Range<usize>> {
        match byte {
            b':' => userinfo::at(self.bytes, at, self.open),
            b'J' => self.runs.jwt(self.bytes, at.checked_sub(2)?, self.open),
            b' ' | b'\t' | b'+' | b'%' => token::after_scheme(self.bytes, at, self.open),
            _ => token::at(self.bytes, at, self.open),
        }
    }
}
