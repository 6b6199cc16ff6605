//! Sixteen bytes at a time: which of them are what.
//!
//! What tells of a block is a word with a bit for each byte; the lowest one stands for the first byte.

use wide::u8x16;

/// How many bytes are looked at together.
pub(crate) const WIDTH: usize = 16;

/// Sixteen bytes.
#[derive(Clone, Copy)]
pub(crate) struct Block(u8x16);

impl Block {
    /// The bytes that begin at `at`, unless the text ends before.
    #[inline]
    pub(crate) fn at(text: &[u8], at: usize) -> Option<Self> {
        let sixteen: [u8; WIDTH] = text.get(at..at + WIDTH)?.try_into().expect("sixteen bytes");
        Some(Self(u8x16::new(sixteen)))
    }

    /// The same with zeros behind the end of the text.
    #[inline]
    pub(crate) fn padded(text: &[u8], at: usize) -> Self {
        Self::at(text, at).unwrap_or_else(|| Self::last(text.get(at..).unwrap_or_default()))
    }

    #[inline(never)]
    fn last(rest: &[u8]) -> Self {
        let mut padded = [0; WIDTH];
        padded[..rest.len()].copy_from_slice(rest);
        Self(u8x16::new(padded))
    }

    #[inline]
    fn equal(self, byte: u8) -> u8x16 {
        self.0.cmp_eq(u8x16::splat(byte))
    }

    /// Which bytes are at most `byte`.
    #[inline]
    fn at_most(self, byte: u8) -> u8x16 {
        self.0.min(u8x16::splat(byte)).cmp_eq(self.0)
    }

    /// Quotes and backslashes.
    #[inline]
    fn stopping(self) -> u8x16 {
        self.equal(b'"') | self.equal(b'\\')
    }

    /// What may stand between a name and its value.
    #[inline]
    fn separating(self) -> u8x16 {
        let offset = self.0 - u8x16::splat(b'=');
        let equals = offset.min(u8x16::splat(b'>' - b'=')).cmp_eq(offset);
        equals | self.equal(b':') | self.equal(b'%')
    }

    /// What may stand between a name and its value, and hyphens.
    #[inline]
    fn marking(self) -> u8x16 {
        self.separating() | self.equal(b'-')
    }

    /// Which bytes are quotes or backslashes.
    #[inline]
    pub(crate) fn stops(self) -> u32 {
        bits(self.stopping())
    }

    /// Which bytes are slashes.
    #[inline]
    pub(crate) fn slashes(self) -> u32 {
        bits(self.equal(b'/'))
    }

    /// Which bytes may stand between a name and its value, or begin a flag; `before` is the byte before the block.
    #[inline]
    pub(crate) fn labels(self, before: u8) -> u32 {
        let marks = bits(self.marking());
        if marks == 0 { 0 } else { self.certain(marks, before) }
    }

    /// A hyphen begins a flag only behind a byte below it.
    #[inline]
    fn certain(self, marks: u32, before: u8) -> u32 {
        let hyphens = bits(self.equal(b'-'));
        let low = bits(self.at_most(b'-' - 1)) << 1 | u32::from(before < b'-');
        marks & (!hyphens | low)
    }

    /// Whether they are the beginning of a time stamp, as `2026-11-20T05:18`.
    #[inline]
    pub(crate) fn is_time_stamp(self) -> bool {
        let digits = (self.0 - u8x16::splat(b'0')).min(u8x16::splat(9)).cmp_eq(self.0 - u8x16::splat(b'0'));
        let letters = self.0.cmp_eq(u8x16::new(*b"....-..-..T..:.."));
        (bits(digits), bits(letters)) == (0b1101_1011_0110_1111, 0b0010_0100_1001_0000)
    }

    /// The first bytes, with zeros behind them, in two words.
    #[inline]
    pub(crate) fn first(self, length: usize) -> [u64; 2] {
        let both = u128::from_le_bytes((self.0 & u8x16::new(FIRST[length])).to_array());
        [both as u64, (both >> 64) as u64]
    }
}

#[inline]
fn bits(bytes: u8x16) -> u32 {
    bytes.move_mask() as u32
}

/// The number of the first byte that a word tells of.
#[inline]
pub(crate) const fn index(bits: u32) -> usize {
    bits.trailing_zeros() as usize
}

/// The bits below the first one that is set.
#[inline]
pub(crate) const fn below(bits: u32) -> u32 {
    (bits & bits.wrapping_neg()).wrapping_sub(1)
}

/// For each length, which bytes stand before it.
const FIRST: [[u8; WIDTH]; WIDTH] = {
    let mut table = [[0; WIDTH]; WIDTH];
    let mut length = 0;
    while length < WIDTH {
        let mut at = 0;
        while at < length {
            table[length][at] = 0xff;
            at += 1;
        }
        length += 1;
    }
    table
};

/// Across blocks that hold neither quotes nor backslashes, nor what separates a name from a value, nor hyphens.
#[inline(never)]
pub(crate) fn skip_dull(text: &[u8], from: usize) -> usize {
    skip::<4>(text, from, |block| block.stopping() | block.marking())
}

/// The same where quotes and backslashes matter not.
#[inline(never)]
fn skip_unmarked(text: &[u8], from: usize) -> usize {
    skip::<2>(text, from, Block::marking)
}

/// Across so many blocks at once, as long as none of their bytes is looked for.
#[inline]
fn skip<const BLOCKS: usize>(text: &[u8], from: usize, looked_for: impl Fn(Block) -> u8x16) -> usize {
    let mut at = from;
    while let Some(blocks) = text.get(at..at + BLOCKS * WIDTH) {
        let found = (0..BLOCKS).map(|block| looked_for(Block::padded(blocks, block * WIDTH)));
        if bits(found.fold(u8x16::ZERO, |any, found| any | found)) != 0 {
            return at;
        }
        at += BLOCKS * WIDTH;
    }
    at
}

/// The next byte of many texts, one behind the other, that may separate a name from a value, or begin a flag. Of a hyphen right at
/// `from` nothing is said; those within words, of which host names and ids are full, do not hold it up.
#[inline(never)]
pub(crate) fn next_mark(text: &[u8], from: usize) -> Option<usize> {
    const STRIDE: usize = 4 * WIDTH;
    let marks = |text: &[u8], at: usize| {
        let (block, before) = (Block::padded(text, at), Block::padded(text, at - 1));
        block.separating() | (block.equal(b'-') & before.at_most(b'-' - 1))
    };
    if matches!(text.get(from)?, b':' | b'=' | b'>' | b'%') {
        return Some(from);
    }
    let mut at = from + 1;
    // One byte more, for the one before each.
    while let Some(stride) = text.get(at - 1..at + STRIDE) {
        let found = (0..4).map(|block| marks(stride, 1 + block * WIDTH));
        if bits(found.fold(u8x16::ZERO, |any, found| any | found)) != 0 {
            break;
        }
        at += STRIDE;
    }
    while at < text.len() {
        match bits(marks(text, at)) {
            0 => at += WIDTH,
            bits => return Some(at + index(bits)),
        }
    }
    None
}

/// The next byte that may separate a name from a value, or begins a flag; `before` is the byte before the text.
#[inline]
pub(crate) fn next_label(text: &[u8], before: u8) -> Option<usize> {
    Labels::new(text, before).next(0)
}

/// All such bytes, one after the other.
pub(crate) struct Labels<'t> {
    text: &'t [u8],
    /// The block that was looked at begins here, and what it holds.
    at: usize,
    bits: u32,
}

impl<'t> Labels<'t> {
    #[inline]
    pub(crate) fn new(text: &'t [u8], before: u8) -> Self {
        Self { text, at: 0, bits: Block::padded(text, 0).labels(before) }
    }

    /// The next one at or behind `from`, which never goes back.
    #[inline]
    pub(crate) fn next(&mut self, from: usize) -> Option<usize> {
        loop {
            let passed = from.saturating_sub(self.at).min(WIDTH);
            let left = self.bits >> passed << passed;
            if left != 0 {
                return Some(self.at + index(left));
            }
            self.at = skip_unmarked(self.text, from.max(self.at + WIDTH));
            if self.at >= self.text.len() {
                return None;
            }
            self.bits = Block::padded(self.text, self.at).labels(self.text[self.at - 1]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tells: impl Fn(Block) -> u32, is: impl Fn(u8) -> bool) {
        for byte in 0..=255 {
            for at in 0..WIDTH {
                let mut bytes = [b'a'; WIDTH];
                bytes[at] = byte;
                let expected = u32::from(is(byte)) << at;
                assert_eq!(tells(Block::padded(&bytes, 0)), expected, "{byte:#x} at {at}");
                // What is cut behind it is as good.
                assert_eq!(tells(Block::padded(&bytes[..=at], 0)), expected, "{byte:#x} at {at}, cut");
            }
        }
    }

    #[test]
    fn each_byte_is_known_wherever_it_stands() {
        check(Block::stops, |byte| matches!(byte, b'"' | b'\\'));
        check(Block::slashes, |byte| byte == b'/');
        let is_label = |byte| matches!(byte, b':' | b'=' | b'>' | b'%');
        check(|block| block.labels(b'a'), is_label);
    }

    #[test]
    fn a_hyphen_is_a_label_behind_a_low_byte() {
        for before in 0..=255 {
            for at in 0..40 {
                let mut text = vec![b'a'; 60];
                text[at] = before;
                text[at + 1] = b'-';
                let is_label = before < b'-' || matches!(before, b':' | b'=' | b'>');
                let expected = is_label.then_some(if before < b'-' && before != b'%' { at + 1 } else { at });
                assert_eq!(next_label(&text, b'a'), expected, "{before:#x} at {at}");
            }
        }
        assert_eq!((next_label(b"-p x", b' '), next_label(b"-p x", b'x')), (Some(0), None));
    }

    #[test]
    fn first_bytes_have_zeros_behind_them() {
        for length in 0..WIDTH {
            let mut expected = [0; WIDTH];
            expected[..length].fill(b'x');
            let [low, high] = Block::padded(&[b'x'; 20], 2).first(length);
            assert_eq!([low.to_le_bytes(), high.to_le_bytes()].concat(), expected, "{length}");
        }
    }

    #[test]
    fn labels_go_on_from_anywhere() {
        let text = b"a=b, c: d --e <f>g</f> a-b and then nothing for a while, but x=y at the end =";
        for from in 0..text.len() {
            for first in 0..from {
                let mut labels = Labels::new(text, b' ');
                _ = labels.next(first);
                let expected = (from..text.len()).find(|&at| {
                    matches!(text[at], b':' | b'=' | b'>') || text[at] == b'-' && at > 0 && text[at - 1] == b' '
                });
                let flag = expected.filter(|&at| !(from..at).any(|at| text[at] == b'-' && text[at - 1] < b'-'));
                assert_eq!(labels.next(from), flag.or(expected), "{first} {from}");
            }
        }
    }

    #[test]
    fn marks_are_found_from_anywhere() {
        let mut text = b"hv-01.eu-west-2 a-b-c, then --flag, (-x) \"-y".to_vec();
        text.extend([b'w'; 90]);
        text.extend_from_slice(b"\t-z");
        text.extend([b'-'; 70]);
        for mark in [b':', b'=', b'>', b'%', b'.'] {
            text.push(mark);
            let is_mark = |at: usize| {
                matches!(text[at], b':' | b'=' | b'>' | b'%') || text[at] == b'-' && at > 0 && text[at - 1] < b'-'
            };
            for from in 0..text.len() {
                let expected = (from..text.len()).find(|&at| is_mark(at) && (at > from || text[at] != b'-'));
                assert_eq!(next_mark(&text, from), expected, "{from}");
            }
        }
        assert_eq!((next_mark(b"", 0), next_mark(b"-", 0), next_mark(b" -", 0)), (None, None, Some(1)));
    }

    #[test]
    fn a_time_stamp_is_known_by_every_byte() {
        let stamp = *b"2026-11-20T05:18";
        assert!(Block::padded(&stamp, 0).is_time_stamp());
        for at in 0..WIDTH {
            for byte in [b'/', b':', b'x', b'-', b'.', b'T', b'5'].into_iter().filter(|&byte| byte != stamp[at]) {
                let mut other = stamp;
                other[at] = byte;
                let is_digit = stamp[at].is_ascii_digit() && byte == b'5';
                assert_eq!(Block::padded(&other, 0).is_time_stamp(), is_digit, "{byte} at {at}");
            }
        }
    }

    #[test]
    fn dull_strides_are_skipped() {
        for at in 0..200 {
            for byte in [b'"', b'\\', b':', b'=', b'>', b'%', b'-', b'a'] {
                let mut text = vec![b'a'; 200];
                text[at] = byte;
                let expected = if byte == b'a' || at >= 192 { 192 } else { at / 64 * 64 };
                assert_eq!(skip_dull(&text, 0), expected, "{byte} at {at}");
            }
        }
    }
}
