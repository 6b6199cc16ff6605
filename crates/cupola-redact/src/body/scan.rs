//! Eight bytes at a time: where a string ends, and whether a separator stands in it.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

const fn all(byte: u8) -> u64 {
    ONES * byte as u64
}

/// The high bit of each byte that equals `byte`; above the first one there may be false ones.
#[inline]
const fn equal(word: u64, byte: u8) -> u64 {
    let differing = word ^ all(byte);
    differing.wrapping_sub(ONES) & !differing & HIGHS
}

/// The high bit of each byte from `:` to `>`: all that may stand between a name and its value but `%`.
#[inline]
const fn colon_to_greater(word: u64) -> u64 {
    let low = word & !HIGHS;
    let from = low + all(0x80 - b':');
    let behind = low + all(0x80 - b'>' - 1);
    from & !behind & !word & HIGHS
}

/// The high bit of each byte below `-`: what may stand before the flag of a command line, and a little more.
#[inline]
const fn below_hyphen(word: u64) -> u64 {
    let low = word & !HIGHS;
    !(low + all(0x80 - b'-')) & !word & HIGHS
}

#[inline]
const fn index(mask: u64) -> usize {
    mask.trailing_zeros() as usize / 8
}

#[inline]
fn word(bytes: &[u8], at: usize) -> Option<u64> {
    let eight = bytes.get(at..at + 8)?;
    Some(u64::from_le_bytes(eight.try_into().expect("eight bytes")))
}

/// A string without a backslash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plain {
    /// Where its closing quote stands.
    pub(super) end: usize,
    /// It may hold what separates a name from a value.
    pub(super) has_separators: bool,
}

/// The string whose content begins at `start`, if it is whole and has no backslash.
#[inline]
pub(super) fn plain_string(bytes: &[u8], start: usize) -> Option<Plain> {
    let mut at = start;
    let mut separators = 0;
    // The byte before the first one counts as a blank.
    let mut before = 0x80;
    while let Some(word) = word(bytes, at) {
        let mut found = colon_to_greater(word) | equal(word, b'%');
        let hyphens = equal(word, b'-');
        let low = below_hyphen(word);
        found |= hyphens & (low << 8 | before);
        before = low >> 56;
        let stops = equal(word, b'"') | equal(word, b'\\');
        if stops != 0 {
            let end = at + index(stops);
            // The bits below the first stop.
            let before = (stops & stops.wrapping_neg()).wrapping_sub(1);
            let has_separators = separators | found & before != 0;
            return (bytes[end] == b'"').then_some(Plain { end, has_separators });
        }
        separators |= found;
        at += 8;
    }
    let tail = bytes.get(at..)?;
    let end = at + tail.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    let is_separator = |&byte: &u8| matches!(byte, b':'..=b'>' | b'%' | b'-');
    let has_separators = separators != 0 || bytes[at..end].iter().any(is_separator);
    (bytes[end] == b'"').then_some(Plain { end, has_separators })
}

/// The name whose letters begin at `start`, if it is whole and has no backslash: its length, and if it is short and
/// stands far enough from the end, its bytes in one word with zeros behind them.
#[inline]
pub(super) fn name(bytes: &[u8], start: usize) -> Option<(Option<u128>, usize)> {
    if let Some(sixteen) = bytes.get(start..start + 16) {
        let both = u128::from_le_bytes(sixteen.try_into().expect("sixteen bytes"));
        let (low, high) = (both as u64, (both >> 64) as u64);
        let stops = equal(low, b'"') | equal(low, b'\\');
        if stops != 0 {
            let length = index(stops);
            let padded = low & ((1 << (8 * length)) - 1);
            return (bytes[start + length] == b'"').then_some((Some(u128::from(padded)), length));
        }
        let stops = equal(high, b'"') | equal(high, b'\\');
        if stops != 0 {
            let length = index(stops);
            let padded = u128::from(low) | u128::from(high & ((1 << (8 * length)) - 1)) << 64;
            return (bytes[start + 8 + length] == b'"').then_some((Some(padded), 8 + length));
        }
    }
    let plain = plain_string(bytes, start)?;
    Some((None, plain.end - start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_read_as_byte_by_byte() {
        for separator in ["", ":", "=", ">", "%", ";", "a", "9", "?", "\u{BA}", "\u{7A}", "é"] {
            for length in 0..40 {
                for at in 0..=length {
                    let content = format!("{}{separator}{}", "x".repeat(at), "y".repeat(length - at));
                    let text = format!("\"{content}\" \"next:\"");
                    let found = plain_string(text.as_bytes(), 1);
                    let has_separators = matches!(separator, ":" | "=" | ">" | "%" | ";");
                    let found = found.expect("a whole string");
                    assert_eq!(found.end, content.len() + 1, "{text}");
                    assert_eq!(found.has_separators, has_separators, "{text}");
                    let (padded, len) = name(text.as_bytes(), 1).expect("a whole name");
                    assert_eq!(len, content.len());
                    if let Some(padded) = padded {
                        assert_eq!(&padded.to_le_bytes()[..len], content.as_bytes());
                        assert!(
                            len <= crate::verdicts::LONGEST
                                && padded.to_le_bytes()[len..].iter().all(|byte| *byte == 0)
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_cut_or_escaped_is_left_alone() {
        for text in ["abc", "", "abcdefghijklmnop", "a\\\"b\"", "abcdefghijk\\n\"", "abcdefghijklmnopqrs\\"] {
            assert_eq!(plain_string(text.as_bytes(), 0), None, "{text}");
            assert_eq!(name(text.as_bytes(), 0), None, "{text}");
        }
    }
}
