//! Card numbers: known by their first digits and their check digit, so that order numbers stay.

use std::ops::Range;

/// The shortest card number that is still issued.
pub(super) const SHORTEST: usize = 13;
const LONGEST: usize = 19;

/// The next card number within `range`; `open` masks a run of digits that the cut may have shortened.
///
/// Every number covers at least one of every [`SHORTEST`] - 1 bytes, so most bytes need no look.
#[inline]
pub(super) fn next(bytes: &[u8], range: Range<usize>, open: bool) -> Option<Range<usize>> {
    let mut probe = range.start + SHORTEST - 2;
    while probe < range.end {
        if is_part(bytes[probe]) {
            let run = around(bytes, &range, probe);
            let span = if run.len() < SHORTEST { None } else { in_run(bytes, run.clone(), open) };
            if span.is_some() {
                return span;
            }
            probe = probe.max(run.end);
        }
        probe += SHORTEST - 1;
    }
    None
}

#[inline]
fn is_part(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b' ' || byte == b'-'
}

/// The run of digits and single separators around `probe`.
fn around(bytes: &[u8], range: &Range<usize>, probe: usize) -> Range<usize> {
    let before = bytes[range.start..probe].iter().rev().take_while(|&&byte| is_part(byte)).count();
    let after = bytes[probe..range.end].iter().take_while(|&&byte| is_part(byte)).count();
    probe - before..probe + after
}

/// Looks for a number among the groups of digits of a run: a card is one group, or all groups joined by the
/// same single separator.
fn in_run(bytes: &[u8], run: Range<usize>, open: bool) -> Option<Range<usize>> {
    let mut start = run.start;
    while start < run.end {
        let end = joined_end(bytes, start, run.end);
        if let Some(span) = judge(bytes, start, end, open) {
            return Some(span);
        }
        start = end.max(start + 1);
    }
    None
}

/// The end of the digits that begin at `start`, across single separators of one kind.
fn joined_end(bytes: &[u8], start: usize, limit: usize) -> usize {
    let mut end = start;
    let mut separator = None;
    while end < limit {
        let byte = bytes[end];
        let joins = end > start && end + 1 < limit && bytes[end + 1].is_ascii_digit();
        match separator {
            _ if byte.is_ascii_digit() => {}
            None if joins => separator = Some(byte),
            Some(used) if joins && used == byte => {}
            _ => break,
        }
        end += 1;
    }
    end
}

fn judge(bytes: &[u8], start: usize, end: usize, open: bool) -> Option<Range<usize>> {
    let is_cut = open && end == bytes.len();
    if touches_word(bytes, start, end) {
        return None;
    }
    let digits = || bytes[start..end].iter().copied().filter(u8::is_ascii_digit);
    let is_long = digits().count() >= 8;
    (is_card(digits()) || is_cut && is_long).then_some(start..end)
}

/// Digits inside a longer word or number, such as a UUID or a fraction, are no card.
fn touches_word(bytes: &[u8], start: usize, end: usize) -> bool {
    let joins = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let is_escape = start >= 2 && bytes[start - 2] == b'\\';
    let before = start > 0 && joins(&bytes[start - 1]) && !is_escape;
    // A full stop ends a sentence; one before a digit makes a fraction.
    let after = match bytes.get(end) {
        Some(b'.') => bytes.get(end + 1).is_some_and(u8::is_ascii_digit),
        Some(byte) => joins(byte),
        None => false,
    };
    before || after
}

/// Whether these digits have an issuer's first digits and pass the Luhn check.
pub(crate) fn is_card(digits: impl Iterator<Item = u8>) -> bool {
    let mut buffer = [0; LONGEST];
    let mut length = 0;
    for digit in digits {
        if length == LONGEST {
            return false;
        }
        buffer[length] = digit - b'0';
        length += 1;
    }
    length >= SHORTEST && has_issuer(&buffer[..length]) && passes_luhn(&buffer[..length])
}

/// Visa, Mastercard, American Express, Diners, Discover, JCB, UnionPay and Maestro, with their lengths.
fn has_issuer(digits: &[u8]) -> bool {
    let first_four = digits[..4].iter().fold(0_u32, |sum, &digit| sum * 10 + u32::from(digit));
    match digits.len() {
        13 => digits[0] == 4,
        14 => matches!(first_four, 3000..=3059 | 3600..=3699 | 3800..=3999),
        15 => matches!(first_four, 3400..=3499 | 3700..=3799),
        16 => matches!(first_four, 4000..=4999 | 5100..=5599 | 2221..=2720 | 3528..=3589 | 6000..=6599 | 8100..=8199),
        _ => matches!(first_four, 4000..=4999 | 5018 | 5020 | 5038 | 6200..=6299 | 6304 | 6759 | 6761..=6763),
    }
}

fn passes_luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits.iter().rev().enumerate().map(|(index, &digit)| luhn_term(index, digit)).sum();
    sum % 10 == 0
}

fn luhn_term(index: usize, digit: u8) -> u32 {
    let doubled = u32::from(digit) * 2;
    if index % 2 == 0 { u32::from(digit) } else { doubled / 10 + doubled % 10 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_told_from_other_numbers() {
        for (digits, expected) in [
            ("4111111111111111", true),
            ("5555555555554444", true),
            ("378282246310005", true),
            ("4111111111111112", false),
            ("1234567812345670", false),
            ("411111111111", false),
            ("41111111111111111111", false),
        ] {
            assert_eq!(is_card(digits.bytes()), expected, "{digits}");
        }
    }
}
