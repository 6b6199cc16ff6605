//! Hashing and comparing label values: short texts, eight bytes at a time.

/// An odd number with bits all over: the fractional part of the golden ratio.
const SCATTER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Takes a text into a hash. The hash begins with a seed that differs in each process, which is all the defence that
/// a table of bounded size needs.
pub(super) fn hash(hash: u64, text: &str) -> u64 {
    let (mut hash, mut rest) = (hash, text.as_bytes());
    while let Some((word, after)) = rest.split_first_chunk() {
        (hash, rest) = (mix(hash, u64::from_le_bytes(*word)), after);
    }
    // The length goes into the top byte, which fewer than eight bytes leave free: "ab", "" is not "a", "b".
    mix(hash, short(rest) | (text.len() as u64) << 56)
}

/// Whether two texts are the same.
pub(super) fn same(a: &str, b: &str) -> bool {
    if a.len() != b.len() {
        return false;
    }
    if a.len() < 8 { short(a.as_bytes()) == short(b.as_bytes()) } else { a == b }
}

/// Fewer than eight bytes as a number; of one length, different texts give different numbers.
fn short(bytes: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (first, last) = (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)));
        let overlap = 8 * (8 - bytes.len().min(8));
        return first | (last >> overlap) << 32;
    }
    match *bytes {
        [a] => u64::from(a),
        [a, b] => u64::from(u16::from_le_bytes([a, b])),
        [a, b, c] => u64::from(u32::from_le_bytes([a, b, c, 0])),
        _ => 0,
    }
}

fn mix(hash: u64, word: u64) -> u64 {
    let wide = u128::from(hash ^ word) * u128::from(SCATTER);
    wide as u64 ^ (wide >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_are_read_whole() {
        let text = b"abcdefg";
        for length in 0..8 {
            let mut word = [0; 8];
            word[..length].copy_from_slice(&text[..length]);
            assert_eq!(short(&text[..length]), u64::from_le_bytes(word), "{length}");
        }
    }

    #[test]
    fn same_means_equal() {
        let texts = ["", "a", "b", "ab", "abc", "abcd", "abce", "xbcd", "abcdefg", "abcdefgh", "abcdefgi", "abcdefghi"];
        for a in texts {
            for b in texts {
                assert_eq!(same(a, b), a == b, "{a:?} {b:?}");
                assert_eq!(hash(7, a) == hash(7, b), a == b, "{a:?} {b:?}");
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
