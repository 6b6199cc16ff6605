//! Where a string, a name or a short number ends, and whether a string may hold what separates a name from a value.

use crate::swar::{
    behind_low, below_byte, below_first, blank_bit, equal, first, index, others_than_digits, separators, word,
};

/// A string, as far as it concerns a reader that masks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// Where its closing quote stands.
    pub(super) end: usize,
    /// It may hold what separates a name from a value.
    pub(super) has_separators: bool,
    pub(super) has_escapes: bool,
}

/// The string whose content begins at `start`, if it is whole and no escape in it stands for an ASCII character by its
/// code, which may be a separator.
#[inline]
pub(super) fn string(bytes: &[u8], start: usize) -> Option<Span> {
    let word = word(bytes, start)?;
    let quotes = equal(word, b'"');
    let stops = quotes | equal(word, b'\\');
    if quotes & first(stops) == 0 {
        return long_string(bytes, start);
    }
    // Most strings end here. In so short a one a flag with a value stands in front.
    let has_separators = separators(word) & below_first(stops) != 0 || word as u8 == b'-';
    Some(Span { end: start + index(stops), has_separators, has_escapes: false })
}

#[inline(never)]
fn long_string(bytes: &[u8], start: usize) -> Option<Span> {
    let mut at = start;
    let (mut found, mut has_escapes) = (0, false);
    let mut dull = 0;
    while let Some(word) = word(bytes, at) {
        let mut here = separators(word);
        let hyphens = equal(word, b'-');
        if hyphens != 0 {
            // The byte before the first one counts as a blank.
            let before = if at == start { 0x80 } else { blank_bit(bytes[at - 1]) };
            here |= behind_low(word, hyphens, before);
        }
        let quotes = equal(word, b'"');
        let stops = quotes | equal(word, b'\\');
        if stops == 0 {
            found |= here;
            at += 8;
            dull += 1;
            if dull == 4 {
                (at, dull) = (skip_dull(bytes, at), 0);
            }
            continue;
        }
        at += index(stops);
        found |= here & below_first(stops);
        if quotes & first(stops) != 0 {
            return Some(Span { end: at, has_separators: found != 0, has_escapes });
        }
        at = behind_escape(bytes, at)?;
        // The grammar knows no such escape, but some parsers do.
        found |= u64::from(is_separator(bytes[at - 1]));
        has_escapes = true;
    }
    tail(bytes, at, Span { end: start, has_separators: found != 0, has_escapes })
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b':'..=b'>' | b'%' | b'-')
}

/// Across the escape whose backslash stands at `at`.
#[inline]
fn behind_escape(bytes: &[u8], at: usize) -> Option<usize> {
    let next = bytes.get(at + 1..at + 5)?;
    let is_ascii = matches!(next, [b'u', b'0', b'0', _] | [b'\\', b'u', b'0', b'0']);
    (!is_ascii).then_some(at + 2)
}

/// The last bytes of a chunk, one by one.
#[cold]
fn tail(bytes: &[u8], from: usize, span: Span) -> Option<Span> {
    let Span { mut has_separators, mut has_escapes, .. } = span;
    let mut at = from;
    loop {
        match *bytes.get(at)? {
            b'"' => return Some(Span { end: at, has_separators, has_escapes }),
            b'\\' => {
                at = behind_escape(bytes, at)?;
                has_separators |= is_separator(bytes[at - 1]);
                has_escapes = true;
                continue;
            }
            byte => has_separators |= is_separator(byte),
        }
        at += 1;
    }
}

const BLOCK: usize = 32;

/// Across blocks in which nothing stands that matters.
#[inline(never)]
fn skip_dull(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let (Some(block), Some(before)) = (bytes.get(at..at + BLOCK), bytes.get(at - 1..at + BLOCK - 1)) {
        if !is_dull(block.try_into().expect("a block"), before.try_into().expect("a block")) {
            return at;
        }
        at += BLOCK;
    }
    at
}

/// A loop over a whole block without a way out, which the compiler turns into a few instructions.
#[inline]
fn is_dull(block: &[u8; BLOCK], before: &[u8; BLOCK]) -> bool {
    let mut any = 0;
    for (&byte, &before) in block.iter().zip(before) {
        let is_flag = u8::from(byte == b'-') & u8::from(before < b'-');
        let is_separator = u8::from(byte.wrapping_sub(b':') <= b'>' - b':') | u8::from(byte == b'%') | is_flag;
        any |= is_separator | u8::from(byte == b'"') | u8::from(byte == b'\\');
    }
    any == 0
}

/// The name whose letters begin at `start`, if it is whole and has no backslash: its length, and if it is short and
/// stands far enough from the end, its bytes in two words with zeros behind them.
#[inline]
pub(super) fn name(bytes: &[u8], start: usize) -> Option<(Option<[u64; 2]>, usize)> {
    if let Some(sixteen) = bytes.get(start..start + 16) {
        let both = u128::from_le_bytes(sixteen.try_into().expect("sixteen bytes"));
        let (low, high) = (both as u64, (both >> 64) as u64);
        let (quotes, escapes) = (equal(low, b'"'), equal(low, b'\\'));
        let stops = quotes | escapes;
        if stops != 0 {
            let is_quote = quotes & first(stops) != 0;
            return is_quote.then_some((Some([low & below_byte(stops), 0]), index(stops)));
        }
        let (quotes, escapes) = (equal(high, b'"'), equal(high, b'\\'));
        let stops = quotes | escapes;
        if stops != 0 {
            let is_quote = quotes & first(stops) != 0;
            return is_quote.then_some((Some([low, high & below_byte(stops)]), 8 + index(stops)));
        }
    }
    let span = long_string(bytes, start).filter(|span| !span.has_escapes)?;
    Some((None, span.end - start))
}

/// A number of up to seven digits at `start`: where it ends, and the byte that stands there.
#[inline]
pub(super) fn short_number(bytes: &[u8], start: usize) -> Option<(usize, u8)> {
    let word = word(bytes, start)?;
    let others = others_than_digits(word);
    if others == 0 {
        return None;
    }
    let length = index(others);
    Some((start + length, (word >> (8 * length)) as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_read_as_byte_by_byte() {
        let separators =
            ["", ":", "=", ">", "%", ";", "a", "9", "?", "\u{BA}", "\u{7A}", "é", "\\n", "\\\"", "\\u1234"];
        for separator in separators {
            for length in 0..90 {
                for at in 0..=length {
                    let content = format!("{}{separator}{}", "x".repeat(at), "y".repeat(length - at));
                    let text = format!("\"{content}\" \"next:\"");
                    let found = string(text.as_bytes(), 1).expect("a whole string");
                    assert_eq!(found.end, content.len() + 1, "{text}");
                    assert_eq!(found.has_separators, matches!(separator, ":" | "=" | ">" | "%" | ";"), "{text}");
                    assert_eq!(found.has_escapes, separator.starts_with('\\'), "{text}");
                    if let Some((padded, len)) = name(text.as_bytes(), 1) {
                        assert_eq!(len, content.len());
                        let bytes = padded.unwrap_or_default().map(u64::to_le_bytes).concat();
                        let is_padded =
                            bytes.starts_with(content.as_bytes()) && bytes[len.min(15)..] == [0; 16][len.min(15)..];
                        assert!(padded.is_none() || is_padded, "{text}");
                    } else {
                        assert!(found.has_escapes, "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_flag_is_a_separator_wherever_it_stands() {
        for length in 0..80 {
            for before in [" ", "\\\"", "'"] {
                let text = format!("{}{before}--flag x\"{}", "x".repeat(length), "y".repeat(16));
                assert!(string(text.as_bytes(), 0).expect("whole").has_separators, "{text}");
            }
            let text = format!("{}a--flag x\"{}", "x".repeat(length), "y".repeat(16));
            assert!(!string(text.as_bytes(), 0).expect("whole").has_separators, "{text}");
        }
        assert!(string(b"--pw x\" \"y\"", 0).expect("whole").has_separators);
    }

    #[test]
    fn what_is_cut_or_stands_for_a_separator_is_left_alone() {
        for text in ["abc", "", "abcdefghijklmnop", "a\\u003db\"", "abcdefghijk\\\\u003d\"xx", "abcdefghijklmnopqrs\\"]
        {
            assert_eq!(string(text.as_bytes(), 0), None, "{text}");
            assert_eq!(name(text.as_bytes(), 0), None, "{text}");
        }
    }

    #[test]
    fn short_numbers_end_at_the_first_other_byte() {
        for (text, expected) in [
            ("1,       ", Some((1, b','))),
            ("1234567}x", Some((7, b'}'))),
            ("12345678,", None),
            ("0.25,    ", Some((1, b'.'))),
            ("17:      ", Some((2, b':'))),
            ("4/,      ", Some((1, b'/'))),
            ("123", None),
        ] {
            assert_eq!(short_number(text.as_bytes(), 0), expected, "{text}");
        }
    }
}
