//! Eight bytes at a time, in one word: which of them are what.
//!
//! Each function returns a word in which the high bit of each byte tells; the lowest one stands for the first byte.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

const fn all(byte: u8) -> u64 {
    ONES * byte as u64
}

/// The word that begins at `at`, unless the bytes end before.
#[inline]
pub(crate) fn word(bytes: &[u8], at: usize) -> Option<u64> {
    let eight = bytes.get(at..at + 8)?;
    Some(u64::from_le_bytes(eight.try_into().expect("eight bytes")))
}

/// Which bytes equal `byte`; above the first one there may be false ones.
#[inline]
pub(crate) const fn equal(word: u64, byte: u8) -> u64 {
    let differing = word ^ all(byte);
    differing.wrapping_sub(ONES) & !differing & HIGHS
}

/// Which bytes may stand between a name and its value: `%`, and all from `:` to `>`.
#[inline]
pub(crate) const fn separators(word: u64) -> u64 {
    let low = word & !HIGHS;
    let from = low + all(0x80 - b':');
    let behind = low + all(0x80 - b'>' - 1);
    from & !behind & !word & HIGHS | equal(word, b'%')
}

/// Which bytes are below `-`: what may stand before the flag of a command line, and a little more.
#[inline]
const fn below_hyphen(word: u64) -> u64 {
    let low = word & !HIGHS;
    !(low + all(0x80 - b'-')) & !word & HIGHS
}

/// Which of these hyphens stand behind a byte below `-`; `before` says it of the byte before the word.
#[inline]
pub(crate) const fn behind_low(word: u64, hyphens: u64, before: u64) -> u64 {
    hyphens & (below_hyphen(word) << 8 | before)
}

/// What [`behind_low`] takes of the byte before a word.
#[inline]
pub(crate) const fn blank_bit(byte: u8) -> u64 {
    if byte < b'-' { 0x80 } else { 0 }
}

/// The number of the first byte that a word tells of.
#[inline]
pub(crate) const fn index(mask: u64) -> usize {
    mask.trailing_zeros() as usize / 8
}

/// The first bit that is set.
#[inline]
pub(crate) const fn first(mask: u64) -> u64 {
    mask & mask.wrapping_neg()
}

/// All bits of the bytes below the first one that a word tells of.
#[inline]
pub(crate) const fn below_byte(mask: u64) -> u64 {
    below_first(mask) >> 7
}

/// The bits below the first one that is set.
#[inline]
pub(crate) const fn below_first(mask: u64) -> u64 {
    first(mask).wrapping_sub(1)
}

/// Which bytes are no digits; the first one is certain.
#[inline]
pub(crate) const fn others_than_digits(word: u64) -> u64 {
    // A digit has 3 in its upper half, and its lower half does not overflow when six is added.
    let upper = (word & 0xF0F0_F0F0_F0F0_F0F0) ^ 0x3030_3030_3030_3030;
    let lower = ((word & 0x0F0F_0F0F_0F0F_0F0F) + 0x0606_0606_0606_0606) & 0x1010_1010_1010_1010;
    upper | lower
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tells: impl Fn(u64) -> u64, is: impl Fn(u8) -> bool) {
        for byte in 0..=255_u8 {
            for at in 0..8 {
                let mut bytes = [b'a'; 8];
                bytes[at] = byte;
                let found = tells(u64::from_le_bytes(bytes));
                let expected = bytes.iter().position(|&byte| is(byte));
                assert_eq!((found != 0).then(|| index(found)), expected, "{byte:#x} at {at}");
            }
        }
    }

    #[test]
    fn each_byte_is_known_wherever_it_stands() {
        check(|word| equal(word, b'"'), |byte| byte == b'"');
        check(separators, |byte| matches!(byte, b'%' | b':'..=b'>'));
        check(below_hyphen, |byte| byte < b'-');
    }

    #[test]
    fn digits_end_where_they_end() {
        for byte in 0..=255_u8 {
            let word = u64::from_le_bytes([b'0', b'9', byte, b'5', b'1', b'2', b'3', b'4']);
            let found = others_than_digits(word);
            assert_eq!((found != 0).then(|| index(found)), (!byte.is_ascii_digit()).then_some(2), "{byte:#x}");
        }
    }
}
