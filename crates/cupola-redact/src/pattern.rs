//! Secrets that are known by their own looks, whatever name they stand under.
//!
//! Every pattern begins with a rare prefix, so a text without one is passed after a single look at each byte.
//! No pattern needs its own end: a text that was cut gives no more away than a whole one.

mod card;
mod many;
mod needles;
mod pii;
mod token;
mod userinfo;

use std::ops::Range;

use crate::KeyPolicy;
use crate::tally::Rule;
use crate::target::Target;
use pii::Pii;

pub(crate) use card::is_card;
pub(crate) use many::Sought;
pub(crate) use pii::PiiSet;
pub(crate) use userinfo::authority;

/// The trigger of a pattern stands within so many bytes of its beginning, and what it masks, too.
const LONGEST_PREFIX: usize = 16;

/// Between the trigger of a pattern and what it masks stand at most so many bytes.
const LONGEST_LEAD: usize = 128;

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
const PREFIXES: [(&str, &str); 10] = [
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
    // The flag of a command line, which is no pattern of its own.
    ("\0 \t\n\r\"'(,", "-"),
];

/// The bits of those that are.
const PATTERNS: u16 = 0x1ff;

/// What [`hints`] says of a byte that may complete a prefix, of a digit, and of one that may separate pairs, in a
/// path or anywhere.
const PREFIXED: u8 = 1;
const DIGITS: u8 = 2;
pub(crate) const PAIRS_IN_PATH: u8 = 4;
pub(crate) const PAIRS: u8 = 8;
/// A hyphen stands where the flag of a command line may begin.
pub(crate) const FLAGS: u8 = 32;
/// What may stand between a name and its value in free text.
pub(crate) const LABELS: u8 = 16;

pub(crate) const HINT: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let is_pair = matches!(byte as u8, b';' | b'=' | b'%' | b'?');
        let is_special = is_pair || matches!(byte as u8, b'&' | b'#' | b'/' | b',' | b'{' | b'(' | b':' | b'@');
        table[byte] = if TRIGGER[byte] & PATTERNS != 0 { PREFIXED } else { 0 }
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
        // Ten prefixes each.
        table[byte] = TRIGGER[byte] as u32 | (BEFORE[byte] as u32) << 10 | (HINT[byte] as u32) << 20;
        byte += 1;
    }
    table
};

/// What a text may hold, from one quick look at each byte. A prefix is hinted at only where both its bytes stand
/// together: a space alone is everywhere, `r ` and `c ` are not.
#[inline]
pub(crate) fn hints(text: &[u8]) -> u8 {
    let (mut seen, mut pairs, mut before) = (0, 0, CLASS[0] >> 10);
    for &byte in text {
        let class = CLASS[usize::from(byte)];
        pairs |= class & before;
        seen |= class;
        before = class >> 10;
    }
    let hints = (seen >> 20) as u8;
    let flags = if pairs >> 9 & 1 == 1 { FLAGS } else { 0 };
    if pairs & u32::from(PATTERNS) == 0 { hints & !PREFIXED | flags } else { hints | flags }
}

/// A secret that was recognised.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) span: Range<usize>,
    pub(crate) rule: Rule,
    /// How it goes on if it reached to the end of what is there.
    pub(crate) rest: Option<Rest>,
}

impl Found {
    pub(crate) fn new(span: Range<usize>, rule: Rule) -> Self {
        Self { span, rule, rest: None }
    }

    pub(crate) fn token(span: Range<usize>, rule: Rule, alphabet: fn(u8) -> bool) -> Self {
        Self { span, rule, rest: Some(Rest::Run(alphabet)) }
    }
}

/// What a secret whose end was not seen goes on with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rest {
    /// Bytes of this alphabet.
    Run(fn(u8) -> bool),
    /// Lines up to the one that ends a key.
    Key,
}

impl Rest {
    /// Up to where it reaches from `from`, and whether it ends there.
    pub(crate) fn end(self, text: &[u8], from: usize) -> (usize, bool) {
        match self {
            Self::Run(alphabet) => {
                let end = token::run(text, from, alphabet);
                (end, end < text.len())
            }
            Self::Key => token::key_end(text, from),
        }
    }
}

/// Appends `text` with every recognised secret masked; returns how many there were.
///
/// `open` says that the text was cut, so that a token too short to be judged at its end is masked too.
#[inline]
pub(crate) fn push(out: &mut impl Target, policy: &KeyPolicy, text: &str, open: bool) -> u32 {
    // In a longer text the search for needles is quicker than a look at each byte.
    let bytes = text.as_bytes();
    let hints = match needles::searcher().filter(|_| bytes.len() >= needles::WORTHWHILE) {
        Some(searcher) if needles::find(searcher, bytes, 0..bytes.len()).is_none() => DIGITS,
        Some(_) => PREFIXED | DIGITS,
        None => hints(bytes),
    };
    push_hinted(out, policy, text, hints, open)
}

/// The same for a text whose hints are known.
#[inline]
pub(crate) fn push_hinted(out: &mut impl Target, policy: &KeyPolicy, text: &str, hints: u8, open: bool) -> u32 {
    let mut finder = Finder::new(policy, text.as_bytes(), hints, open);
    match finder.next(0) {
        None => {
            out.pass(text);
            0
        }
        Some(first) => mask_from(finder, out, policy, text, first),
    }
}

#[cold]
fn mask_from(mut finder: Finder<'_>, out: &mut impl Target, policy: &KeyPolicy, text: &str, first: Found) -> u32 {
    let mut found = Some(first);
    let mut copied = 0;
    let mut count = 0;
    while let Some(Found { span, rule, .. }) = found {
        // A span lies between ASCII bytes; should one ever not, more is masked instead of a panic.
        out.pass(text.get(copied..span.start).unwrap_or_default());
        out.mask(policy, rule, text.get(span.clone()).unwrap_or_default());
        copied = span.end;
        count += 1;
        found = finder.next(copied);
    }
    out.pass(text.get(copied..).unwrap_or_default());
    count
}

/// Whether a text whose hints are known holds no recognised secret.
#[inline]
pub(crate) fn is_clean(policy: &KeyPolicy, text: &str, hints: u8, open: bool) -> bool {
    hints & (PREFIXED | DIGITS) == 0 && !open && !policy.has_pii()
        || Finder::new(policy, text.as_bytes(), hints, open).next(0).is_none()
}

/// Finds one secret after the other, in time linear in the text whatever it holds.
pub(crate) struct Finder<'a> {
    bytes: &'a [u8],
    /// Secrets begin before this.
    limit: usize,
    open: bool,
    /// The next secret with a prefix, if the search has gone ahead of the cards.
    ahead: Option<Found>,
    /// There is no further secret with a prefix.
    is_done: bool,
    /// The first search begins further back, for the prefix of a secret may stand there.
    has_begun: bool,
    /// There may be cards.
    has_cards: bool,
    has_defaults: bool,
    pii: Option<Pii<'a>>,
    runs: token::Runs,
}

impl<'a> Finder<'a> {
    #[inline]
    fn new(policy: &'a KeyPolicy, bytes: &'a [u8], hints: u8, open: bool) -> Self {
        let on = policy.has_patterns();
        let (is_done, has_cards) = (!on || hints & PREFIXED == 0, on && hints & DIGITS != 0);
        let pii = policy.pii().map(Pii::new);
        Self {
            bytes,
            limit: bytes.len(),
            open,
            ahead: None,
            is_done,
            has_begun: false,
            has_cards,
            has_defaults: on,
            pii,
            runs: token::Runs::default(),
        }
    }

    /// A finder of the secrets that begin within `range`; they may end behind it.
    pub(crate) fn over(policy: &'a KeyPolicy, bytes: &'a [u8], range: Range<usize>, open: bool) -> Self {
        let near = range.start.saturating_sub(LONGEST_LEAD)..bytes.len().min(range.end + LONGEST_PREFIX);
        // In a long text the search for needles is quicker than a look at each byte.
        let hints = if near.len() < needles::WORTHWHILE { hints(&bytes[near]) } else { PREFIXED | DIGITS };
        Self { limit: range.end, ..Self::new(policy, bytes, hints, open) }
    }

    /// The next secret that begins at or behind `from`.
    #[inline]
    pub(crate) fn next(&mut self, from: usize) -> Option<Found> {
        if from >= self.limit {
            return None;
        }
        let found = self.next_default(from);
        let found = if self.open && self.has_defaults { found.or_else(|| self.cut(from)) } else { found };
        match &mut self.pii {
            None => found,
            Some(pii) => {
                let end = found.as_ref().map_or(self.limit, |found| found.span.start);
                pii.next(self.bytes, from..end).or(found)
            }
        }
    }

    #[cold]
    fn cut(&self, from: usize) -> Option<Found> {
        token::cut_prefix(self.bytes).filter(|found| found.span.start >= from)
    }

    #[inline]
    fn next_default(&mut self, from: usize) -> Option<Found> {
        if !self.is_done && self.ahead.as_ref().is_none_or(|found| found.span.start < from) {
            self.ahead = self.next_prefixed(from);
            self.is_done = self.ahead.is_none();
        }
        if self.has_cards && (self.open || self.bytes.len() - from >= card::SHORTEST) {
            let end = self.ahead.as_ref().map_or(self.limit, |found| found.span.start);
            if let Some(card) = card::next(self.bytes, from..end, self.open) {
                return Some(Found::new(card, Rule::Card));
            }
        }
        self.ahead.clone()
    }

    #[inline(never)]
    fn next_prefixed(&mut self, from: usize) -> Option<Found> {
        let lead = if std::mem::replace(&mut self.has_begun, true) { 0 } else { LONGEST_LEAD };
        let range = from.saturating_sub(lead)..self.bytes.len().min(self.limit + LONGEST_PREFIX);
        match needles::searcher().filter(|_| range.len() >= needles::WORTHWHILE) {
            None => self.in_window(range, from),
            Some(searcher) => {
                let mut start = range.start;
                while let Some(at) = needles::find(searcher, self.bytes, start..range.end) {
                    let window = at..range.end.min(at + needles::WINDOW);
                    if let Some(found) = self.in_window(window, from) {
                        return Some(found);
                    }
                    start = at + 1;
                }
                None
            }
        }
    }

    /// The first secret whose trigger stands in `window`, and that begins at or behind `from`.
    fn in_window(&mut self, window: Range<usize>, from: usize) -> Option<Found> {
        let mut before = window.start.checked_sub(1).map_or(0, |at| self.bytes[at]);
        for at in window {
            let byte = self.bytes[at];
            let is_pair = TRIGGER[usize::from(byte)] & BEFORE[usize::from(before)] & PATTERNS != 0;
            before = byte;
            if !is_pair {
                continue;
            }
            // A span that begins inside what was masked already would be masked twice.
            let limit = self.limit;
            let begins_here =
                |Found { span, .. }: &Found| span.start >= from && span.start < limit && span.start < span.end;
            let found = self.at(byte, at).filter(begins_here);
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn at(&mut self, byte: u8, at: usize) -> Option<Found> {
        match byte {
            b':' if at > 0 && self.bytes[at - 1].is_ascii_digit() => {
                token::telegram(self.bytes, at, self.open).or_else(|| userinfo::at(self.bytes, at, self.open))
            }
            b':' => userinfo::at(self.bytes, at, self.open),
            b'J' => self.runs.jwt(self.bytes, at.checked_sub(2)?, self.open),
            b' ' | b'\t' | b'+' | b'%' => token::after_scheme(self.bytes, at, self.open),
            _ => token::at(self.bytes, at, self.open),
        }
    }
}
