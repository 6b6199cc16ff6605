//! Where a string, a name or a short number ends, and whether a string may hold what separates a name from a value.

use memchr::memchr2;

use crate::block::{Block, WIDTH, below, index, skip_dull};
use crate::swar::{self, others_than_digits, word};

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
    let block = Block::padded(bytes, start);
    let stops = block.stops();
    if stops != 0 && bytes[start + index(stops)] == b'"' {
        // Most strings end here. The byte before the first one counts as a blank.
        let has_separators = block.labels(b' ') & below(stops) != 0;
        return Some(Span { end: start + index(stops), has_separators, has_escapes: false });
    }
    long_string(bytes, start)
}

#[inline(never)]
fn long_string(bytes: &[u8], start: usize) -> Option<Span> {
    let (mut at, mut before) = (start, b' ');
    let (mut found, mut has_escapes, mut dull) = (0, false, 0);
    while at < bytes.len() {
        if found != 0 {
            // Only its end is still to be found.
            let end = rest_of_string(bytes, at, &mut has_escapes)?;
            return Some(Span { end, has_separators: true, has_escapes });
        }
        let block = Block::padded(bytes, at);
        let stops = block.stops();
        if stops == 0 {
            found |= block.labels(before);
            (at, dull) = (at + WIDTH, dull + 1);
            if dull == 4 {
                (at, dull) = (skip_dull(bytes, at), 0);
            }
            before = *bytes.get(at - 1)?;
            continue;
        }
        found |= block.labels(before) & below(stops);
        at += index(stops);
        if bytes[at] == b'"' {
            return Some(Span { end: at, has_separators: found != 0, has_escapes });
        }
        at = behind_escape(bytes, at)?;
        // The grammar knows no such escape, but some parsers do.
        before = bytes[at - 1];
        found |= u32::from(is_separator(before));
        has_escapes = true;
    }
    None
}

/// The closing quote, if no escape before it stands for an ASCII character by its code.
fn rest_of_string(bytes: &[u8], from: usize, has_escapes: &mut bool) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        at = behind_escape(bytes, at)?;
        *has_escapes = true;
    }
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b':' | b'=' | b'>' | b'%' | b'-')
}

/// Across the escape whose backslash stands at `at`.
#[inline]
fn behind_escape(bytes: &[u8], at: usize) -> Option<usize> {
    let next = bytes.get(at + 1..at + 5)?;
    let is_ascii = matches!(next, [b'u', b'0', b'0', _] | [b'\\', b'u', b'0', b'0']);
    (!is_ascii).then_some(at + 2)
}

/// The name whose letters begin at `start`, if it is whole and has no backslash: its length, and if it is short and
/// stands far enough from the end, its bytes in two words with zeros behind them.
#[inline]
pub(super) fn name(bytes: &[u8], start: usize) -> Option<(Option<[u64; 2]>, usize)> {
    let block = Block::padded(bytes, start);
    let stops = block.stops();
    if stops != 0 {
        let length = index(stops);
        return (bytes[start + length] == b'"').then(|| (Some(block.first(length)), length));
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
    let length = swar::index(others);
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
                    assert_eq!(found.has_separators, matches!(separator, ":" | "=" | ">" | "%"), "{text}");
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
