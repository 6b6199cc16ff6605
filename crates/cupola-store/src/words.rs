//! Words of texts, as filters know them and queries ask for them.
//!
//! A token is a run of `A-Z a-z 0-9 _` and of bytes beyond ASCII, as long as it goes; of a longer one than 64 bytes, the first 64.
//! Upper and lower case are one. What this page says is part of the file format: a filter that was written knows no other hash.

use wide::{CmpEq, CmpGt, CmpLt, i8x16};

/// So much of a token counts.
pub(crate) const LONGEST: usize = 64;

/// The tokens of a text, in its own case.
pub(crate) fn tokens(text: &[u8]) -> Tokens<'_> {
    Tokens { text, start: 0, words: word_bits(text) }
}

/// Whether the byte can stand in a token.
pub(crate) fn is_word(byte: u8) -> bool {
    byte >= 128 || byte == b'_' || byte.is_ascii_alphanumeric()
}

/// Iterates over tokens: by the places of their bytes, of which 64 are known at a time.
#[derive(Clone, Debug)]
pub(crate) struct Tokens<'a> {
    text: &'a [u8],
    /// Where the places begin that are known now.
    start: usize,
    /// A bit for each of the next 64 bytes: it stands in a token that was not told of yet.
    words: u64,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        while self.words == 0 {
            self.go_on()?;
        }
        let first = self.words.trailing_zeros();
        let begin = self.start + first as usize;
        let mut end = first + (self.words >> first).trailing_ones();
        while end == 64 {
            if self.go_on().is_none() {
                return Some(self.cut(begin, self.text.len()));
            }
            end = self.words.trailing_ones();
        }
        self.words &= !0 << end;
        Some(self.cut(begin, self.start + end as usize))
    }
}

impl<'a> Tokens<'a> {
    /// The next 64 places.
    fn go_on(&mut self) -> Option<()> {
        self.start += 64;
        let rest = self.text.get(self.start..).filter(|rest| !rest.is_empty());
        self.words = rest.map_or(0, word_bits);
        rest.map(drop)
    }

    fn cut(&self, begin: usize, end: usize) -> &'a [u8] {
        &self.text[begin..end.min(begin + LONGEST)]
    }
}

/// A bit for each of the first 64 bytes: it can stand in a token.
#[inline]
fn word_bits(text: &[u8]) -> u64 {
    let text = &text[..text.len().min(64)];
    let (whole, rest) = text.as_chunks::<16>();
    let whole = whole.iter().enumerate().fold(0, |bits, (number, bytes)| bits | sixteen(*bytes) << (16 * number));
    let mut last = [0; 16];
    last[..rest.len()].copy_from_slice(rest);
    if rest.is_empty() { whole } else { whole | sixteen(last) << (text.len() & !15) }
}

/// Sixteen at once. Bytes beyond ASCII are below zero here.
#[inline]
#[allow(
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation,
    reason = "bytes and bits as they are"
)]
fn sixteen(bytes: [u8; 16]) -> u64 {
    let all = |byte: u8| i8x16::splat(byte as i8);
    let mut signed = [0; 16];
    signed.iter_mut().zip(bytes).for_each(|(signed, byte)| *signed = byte as i8);
    let bytes = i8x16::from(signed);
    let lower = bytes | all(0x20);
    let letters = lower.cmp_gt(all(b'a' - 1)) & lower.cmp_lt(all(b'z' + 1));
    let digits = bytes.cmp_gt(all(b'0' - 1)) & bytes.cmp_lt(all(b'9' + 1));
    let words = letters | digits | bytes.cmp_eq(all(b'_')) | bytes;
    u64::from(words.move_mask() as u16)
}

/// The number that stands for a token, whatever its case.
pub(crate) fn hash(token: &[u8]) -> u64 {
    let token = &token[..token.len().min(LONGEST)];
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ token.len() as u64;
    let (eights, rest) = token.as_chunks::<8>();
    for eight in eights {
        state = mix(state ^ lower(u64::from_le_bytes(*eight)));
    }
    mix(state ^ lower(padded(rest)))
}

/// Fewer than eight bytes, with zeros behind them: read in two or three pieces that may lie over each other.
#[inline]
fn padded(bytes: &[u8]) -> u64 {
    let len = bytes.len();
    let four =
        |from: usize| u64::from(u32::from_le_bytes([bytes[from], bytes[from + 1], bytes[from + 2], bytes[from + 3]]));
    let one = |at: usize| u64::from(bytes[at]) << (8 * at);
    match len {
        0 => 0,
        1..4 => one(0) | one(len / 2) | one(len - 1),
        _ => four(0) | four(len - 4) << (8 * (len - 4)),
    }
}

/// The number that stands for bytes that have no case.
pub(crate) fn hash_id(bytes: &[u8]) -> u64 {
    let mut state = 0xd6e8_feb8_6659_fd93 ^ bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut eight = [0; 8];
        eight[..chunk.len()].copy_from_slice(chunk);
        state = mix(state ^ u64::from_le_bytes(eight));
    }
    state
}

/// A multiplication whose upper half comes back in: each bit of the outcome hangs on each bit that came in.
fn mix(word: u64) -> u64 {
    let product = u128::from(word ^ 0xa076_1d64_78bd_642f) * u128::from(0xe703_7ed1_a0b4_28db_u64);
    #[allow(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    let low = product as u64;
    low ^ (product >> 64) as u64
}

/// Eight bytes at once: those between `A` and `Z` get the bit that makes them lower-case.
fn lower(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let ascii = word & (0x7f * ONES);
    let from_a = ascii + (0x80 - 0x41) * ONES;
    let beyond_z = ascii + (0x80 - 0x5b) * ONES;
    let upper = from_a & !beyond_z & !word & (0x80 * ONES);
    word | (upper >> 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_falls_into_words() {
        let check = |text: &str, expected: &[&str]| {
            let found: Vec<&[u8]> = tokens(text.as_bytes()).collect();
            assert_eq!(found, expected.iter().map(|token| token.as_bytes()).collect::<Vec<_>>(), "{text}");
        };
        check("", &[]);
        check(" -- ", &[]);
        check("GET /api/v1/vms/{vm_id}", &["GET", "api", "v1", "vms", "vm_id"]);
        check("Größe: 3.5GB", &["Größe", "3", "5GB"]);
        let long = "x".repeat(100);
        check(&format!("{long} y"), &[&long[..64], "y"]);
    }

    #[test]
    fn sixteen_at_once_are_one_and_one() {
        let mut seeded = crate::seeded::Seeded(9);
        for _ in 0..2_000 {
            let len = seeded.below(300);
            let text: Vec<u8> =
                (0..len).map(|_| *seeded.pick(b"aZz09_~@[`{/: \xff\x80\x00aaaaaaaaaaaaaaaaaaaa")).collect();
            let slow = text.split(|byte| !is_word(*byte)).filter(|run| !run.is_empty());
            let slow: Vec<&[u8]> = slow.map(|run| &run[..run.len().min(LONGEST)]).collect();
            assert_eq!(tokens(&text).collect::<Vec<_>>(), slow);
        }
        (0..=255).for_each(|byte| assert_eq!(tokens(&[byte]).count() == 1, is_word(byte), "{byte}"));
        for len in 0..8 {
            let bytes: Vec<u8> = (1..=len).collect();
            let mut expected = [0; 8];
            expected[..bytes.len()].copy_from_slice(&bytes);
            assert_eq!(padded(&bytes).to_le_bytes(), expected);
        }
    }

    #[test]
    fn a_word_has_one_number_in_either_case_and_another_word_another() {
        assert_eq!(hash(b"Connection_REFUSED"), hash(b"connection_refused"));
        assert_ne!(hash(b"connection"), hash(b"connections"));
        assert_ne!(hash(b"a"), hash(b"a\0"));
        assert_ne!(hash(b"`"), hash(b"@"), "only letters have a case");
        assert_ne!(hash(b"{"), hash(b"["));
        assert_eq!(hash(b"AZaz09_"), hash(b"azaz09_"));
        assert_ne!(hash("Ä".as_bytes()), hash("ä".as_bytes()), "beyond ASCII each case is itself");
    }

    #[test]
    fn lower_case_by_eights_is_lower_case_by_one() {
        for byte in 0..=255_u8 {
            for place in 0..8 {
                let mut eight = [b'Q'; 8];
                eight[place] = byte;
                assert_eq!(lower(u64::from_le_bytes(eight)).to_le_bytes(), eight.map(|byte| byte.to_ascii_lowercase()));
            }
        }
    }
}
