//! Several bytes at a time.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Whether any of eight bytes is a control character, a quote, a backslash, DEL, or not ASCII.
///
/// In a byte below 0x80, `byte - n` borrows into the high bit exactly when the byte is below `n`. A borrow from a neighbour
/// can only add a false alarm next to a true one, and the caller looks at each byte then.
#[inline]
pub(crate) fn needs_a_look(word: u64) -> bool {
    suspicions(word) & HIGHS != 0
}

/// The same for two words.
#[inline]
pub(crate) fn either_needs_a_look(one: u64, other: u64) -> bool {
    (suspicions(one) | suspicions(other)) & HIGHS != 0
}

#[inline]
fn suspicions(word: u64) -> u64 {
    let control = word.wrapping_sub(0x20 * ONES);
    let marks = is_zero(differences(word, b'"')) | is_zero(differences(word, b'\\')) | is_zero(differences(word, 0x7f));
    control | marks | word
}

/// The same for sixteen bytes in memory, in a shape that compilers turn into a handful of vector instructions: as signed numbers,
/// control characters and everything beyond ASCII are less than a space.
#[inline(always)]
pub(crate) fn block_needs_a_look(block: &[u8; 16]) -> bool {
    let mut flags = [0; 16];
    for (flag, byte) in flags.iter_mut().zip(*block) {
        let marked = (byte == b'"') | (byte == b'\\') | (byte == 0x7f);
        *flag = u8::from(((byte as i8) < 0x20) | marked);
    }
    u128::from_ne_bytes(flags) != 0
}

/// A mask whose lowest set bit lies in the first byte that is `a` or `b`; 0 where there is none.
#[inline]
pub(crate) fn find_either(word: u64, a: u8, b: u8) -> u64 {
    let (a, b) = (differences(word, a), differences(word, b));
    ((is_zero(a) & !a) | (is_zero(b) & !b)) & HIGHS
}

/// Zero in each byte that is `byte`.
#[inline]
fn differences(word: u64, byte: u8) -> u64 {
    word ^ (u64::from(byte) * ONES)
}

/// The high bit of each zero byte, among bits without meaning.
#[inline]
fn is_zero(word: u64) -> u64 {
    word.wrapping_sub(ONES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_in_each_place() {
        for byte in 0..=255_u8 {
            let expected = !(0x20..0x7f).contains(&byte) || byte == b'"' || byte == b'\\';
            for place in 0..16 {
                let mut block = *b"abcdefghijklmnop";
                block[place] = byte;
                assert_eq!(block_needs_a_look(&block), expected, "{byte:#x} at {place}");
                let word = u64::from_le_bytes(block[..8].try_into().unwrap());
                assert_eq!(needs_a_look(word), expected && place < 8, "{byte:#x} at {place}");
            }
        }
    }

    #[test]
    fn the_first_of_either_is_found() {
        let find = |text: &[u8; 8]| find_either(u64::from_le_bytes(*text), b'"', b'\\').trailing_zeros() / 8;
        assert_eq!(find(b"abcdefgh"), 8);
        assert_eq!(find(b"abc\"e\\gh"), 3);
        assert_eq!(find(b"abc#\\\"gh"), 4);
        assert_eq!(find(b"\xa2\xdcabcd\"\""), 6);
    }
}
