//! Hashing label values: short texts, eight bytes at a time.

/// An odd number with bits all over: the fractional part of the golden ratio.
const SCATTER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Takes a text into a hash. A hash begins with a seed that differs in each process, which is all the defence that a
/// table of bounded size needs.
#[inline]
pub(crate) fn hash(hash: u64, text: &str) -> u64 {
    let bytes = text.as_bytes();
    // The length goes in first: "ab", "" is not "a", "b", and the last word may overlap the one before it.
    let mut hash = hash.wrapping_add(bytes.len() as u64);
    let Some(last) = bytes.last_chunk() else { return mix(hash, short(bytes)) };
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk() {
        if after.is_empty() {
            break;
        }
        (hash, rest) = (mix(hash, u64::from_le_bytes(*word)), after);
    }
    mix(hash, u64::from_le_bytes(*last))
}

/// Takes a number into a hash.
#[inline]
pub(crate) fn mix(hash: u64, number: u64) -> u64 {
    let wide = u128::from(hash ^ number) * u128::from(SCATTER);
    wide as u64 ^ (wide >> 64) as u64
}

/// A text of one to seven bytes as a number that no other such text has; 0 for others.
#[inline]
pub(crate) fn number(text: &str) -> u64 {
    let short = text.len() < 8 && !text.is_empty();
    if short { self::short(text.as_bytes()) | (text.len() as u64) << 56 } else { 0 }
}

/// Fewer than eight bytes as a number below 2^56; of one length, different texts give different numbers.
#[inline]
fn short(bytes: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let overlap = 8 * (8 - bytes.len().min(8));
        let last = u64::from(u32::from_le_bytes(*last)) >> overlap;
        return u64::from(u32::from_le_bytes(*first)) | last << 32;
    }
    // Of one to three bytes the first, the middle and the last are all.
    let (Some(first), Some(middle), Some(last)) = (bytes.first(), bytes.get(bytes.len() / 2), bytes.last()) else {
        return 0;
    };
    u64::from(*first) | u64::from(*middle) << 8 | u64::from(*last) << 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_of_a_text_counts() {
        for length in 1..40 {
            for changed in 0..length {
                let text = "a".repeat(length);
                let other = format!("{}b{}", &text[..changed], &text[changed + 1..]);
                assert!(hash(7, &text) != hash(7, &other), "{other}");
            }
        }
    }

    #[test]
    fn different_texts_differ() {
        let texts = ["", "a", "b", "ab", "abc", "abcd", "abce", "xbcd", "abcdefg", "abcdefgh", "abcdefgi", "abcdefghi"];
        for a in texts {
            for b in texts {
                assert_eq!(hash(7, a) == hash(7, b), a == b, "{a:?} {b:?}");
                let numbers = (number(a), number(b));
                assert!(numbers == (0, 0) || (numbers.0 == numbers.1) == (a == b), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn hashes_spread_over_the_low_bits() {
        let mut slots: Vec<u64> = (0..4_096).map(|n| hash(1, &format!("/api/v1/vms/{n}")) & 4_095).collect();
        slots.sort_unstable();
        slots.dedup();
        assert!(slots.len() > 2_300, "{} of 4,096 slots, where chance gives 2,589", slots.len());
    }
}
