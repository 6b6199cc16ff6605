//! JSON's numbers and literals, held back until their end is seen.

use crate::pattern;
use crate::rule::Verdict;

/// No number that is worth a log line is longer, and no card number is.
const LONGEST: usize = 24;

/// A number that is being read.
#[derive(Debug, Clone, Default)]
pub(super) struct Number {
    held: [u8; LONGEST],
    len: usize,
    /// Too long to be held: from here on its bytes pass.
    is_long: bool,
}

impl Number {
    #[inline]
    pub(super) fn accepts(byte: u8) -> bool {
        matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')
    }

    /// Holds one more byte; `false` if there is no room, or there was none before.
    #[inline]
    pub(super) fn hold(&mut self, byte: u8) -> bool {
        if self.is_long || self.len == LONGEST {
            self.is_long = true;
            return false;
        }
        self.held[self.len] = byte;
        self.len += 1;
        true
    }

    /// What is held; nothing once it was let pass.
    pub(super) fn take(&mut self) -> ([u8; LONGEST], usize) {
        (self.held, std::mem::take(&mut self.len))
    }

    pub(super) fn is_long(&self) -> bool {
        self.is_long
    }

    /// Whether the digits are a secret by themselves. Of a number that a cut has shortened, many digits suffice.
    pub(super) fn is_secret(&self, truncated: bool) -> bool {
        let digits = &self.held[..self.len];
        digits.iter().all(u8::is_ascii_digit)
            && (pattern::is_card(digits.iter().copied()) || truncated && self.len >= 4)
    }
}

/// `true`, `false` or `null`, compared letter by letter, so that nothing else hides among their letters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Literal {
    word: &'static [u8],
    matched: usize,
}

impl Literal {
    pub(super) fn starting_with(byte: u8) -> Option<Self> {
        let word: &[u8] = match byte {
            b't' => b"true",
            b'f' => b"false",
            b'n' => b"null",
            _ => return None,
        };
        Some(Self { word, matched: 1 })
    }

    /// Takes the next letter if it is the right one.
    pub(super) fn accept(&mut self, byte: u8) -> bool {
        let fits = self.word.get(self.matched) == Some(&byte);
        self.matched += usize::from(fits);
        fits
    }

    pub(super) fn is_whole(self) -> bool {
        self.matched == self.word.len()
    }

    /// The letters that were read.
    pub(super) fn read(self) -> &'static [u8] {
        &self.word[..self.matched]
    }
}

/// Whether a value of this verdict is masked, numbers aside.
pub(super) fn masks(verdict: Verdict) -> bool {
    verdict != Verdict::Keep
}
