//! Eight bytes at a time, in one word: which of them are what.
//!
//! Each function returns a word in which the high bit of each byte tells; the lowest one stands for the first byte.

/// The word that begins at `at`, unless the bytes end before.
#[inline]
pub(crate) fn word(bytes: &[u8], at: usize) -> Option<u64> {
    let eight = bytes.get(at..at + 8)?;
    Some(u64::from_le_bytes(eight.try_into().expect("eight bytes")))
}

/// The number of the first byte that a word tells of.
#[inline]
pub(crate) const fn index(mask: u64) -> usize {
    mask.trailing_zeros() as usize / 8
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

    #[test]
    fn digits_end_where_they_end() {
        for byte in 0..=255_u8 {
            let word = u64::from_le_bytes([b'0', b'9', byte, b'5', b'1', b'2', b'3', b'4']);
            let found = others_than_digits(word);
            assert_eq!((found != 0).then(|| index(found)), (!byte.is_ascii_digit()).then_some(2), "{byte:#x}");
        }
    }
}
