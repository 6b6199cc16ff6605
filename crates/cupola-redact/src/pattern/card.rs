//! Card numbers: known by their first digits and their check digit, so that order numbers stay.

use std::ops::Range;

/// The shortest card number that is still issued.
pub(super) const SHORTEST: usize = 13;
const LONGEST: usize = 19;

/// The next card number that begins within `range`; `open` masks a run of digits that the cut may have shortened.
///
/// Every number covers at least one of every [`SHORTEST`] - 1 bytes, so most bytes need no look.
#[inline]
pub(super) fn next(bytes: &[u8], range: Range<usize>, open: bool) -> Option<Range<usize>> {
    let mut probe = range.start + SHORTEST - 2;
    let end = bytes.len().min(range.end.saturating_add(LONGEST_RUN));
    while probe < end {
        if may_be_inside(bytes, probe) {
            match in_run(bytes, &range, probe, open) {
                Ok(span) => return Some(span),
                Err(run_end) => probe = probe.max(run_end),
            }
        }
        probe += SHORTEST - 1;
    }
    // Of the last one a cut may have left a few digits.
    let is_cut = open && end == bytes.len() && bytes.last().is_some_and(|&byte| is_part(byte));
    if is_cut { in_run(bytes, &range, bytes.len() - 1, open).ok() } else { None }
}

#[inline]
fn is_part(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b' ' || byte == b'-'
}

/// Whether a number may cover the byte: a digit, or a separator between two.
#[inline]
fn may_be_inside(bytes: &[u8], at: usize) -> bool {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    match bytes[at] {
        b'0'..=b'9' => true,
        b' ' | b'-' => is_digit(bytes.get(at + 1)) && is_digit(bytes[..at].last()),
        _ => false,
    }
}

/// Looks for a number among the groups of digits around `probe`; else tells where they end.
fn in_run(bytes: &[u8], range: &Range<usize>, probe: usize, open: bool) -> Result<Range<usize>, usize> {
    let floor = range.start.saturating_sub(LONGEST_RUN + 2);
    let back = bytes[floor..probe].iter().rev().take_while(|&&byte| is_part(byte)).count();
    let run = probe - back;
    let ahead = bytes[probe..].iter().take(SHORTEST).take_while(|&&byte| is_part(byte)).count();
    if back + ahead < SHORTEST && !(open && probe + ahead == bytes.len()) {
        return Err(probe + ahead);
    }
    let mut at = run;
    while at < bytes.len() && at < range.end && is_part(bytes[at]) {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let end = digits_end(bytes, at);
        let behind = behind_escape(bytes, at).filter(|&start| start < end);
        let group = in_group(bytes, at, end, (run, floor), open)
            .or_else(|| behind.and_then(|start| in_group(bytes, start, end, (start, floor), open)));
        if let Some(span) = group.filter(|span| span.start >= range.start) {
            return Ok(span);
        }
        at = end;
    }
    Err(at)
}

/// Where digits begin of which the first ones belong to a percent escape, as in `%204111`.
fn behind_escape(bytes: &[u8], at: usize) -> Option<usize> {
    let is_sign = |back: usize| at >= back && bytes[at - back] == b'%';
    if is_sign(1) {
        return Some(at + 2);
    }
    (is_sign(2) && bytes[at - 1].is_ascii_hexdigit()).then_some(at + 1)
}

/// The number that begins with the group of digits from `at` to `end`: alone, in groups of usual lengths, or together
/// with the whole run.
fn in_group(bytes: &[u8], at: usize, end: usize, (run, floor): (usize, usize), open: bool) -> Option<Range<usize>> {
    let alone = || if end - at >= SHORTEST || open { judge(bytes, at, end, open) } else { None };
    let grouped = || if end - at == 4 { judge(bytes, at, usual_end(bytes, at)?, open) } else { None };
    let begins_run = || bytes[run..at].iter().all(|byte| !byte.is_ascii_digit()) && (run > floor || floor == 0);
    let joined = || if begins_run() { judge(bytes, at, joined_end(bytes, at)?, open) } else { None };
    let cut = || if open && is_cut_group(bytes, at) { judge(bytes, at, bytes.len(), open) } else { None };
    alone().or_else(grouped).or_else(joined).or_else(cut)
}

/// Nineteen digits with a separator between any two.
const LONGEST_RUN: usize = 2 * LONGEST - 1;

/// How card numbers are printed: the lengths of their groups.
const GROUPS: [&[usize]; 4] = [&[4, 4, 4, 4, 3], &[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4]];

fn digits_end(bytes: &[u8], start: usize) -> usize {
    bytes[start..].iter().position(|byte| !byte.is_ascii_digit()).map_or(bytes.len(), |length| start + length)
}

/// The end of groups of usual lengths that begin at `start`.
fn usual_end(bytes: &[u8], start: usize) -> Option<usize> {
    GROUPS.iter().find_map(|groups| {
        let (mut at, mut separator) = (start, None);
        for (index, &length) in groups.iter().enumerate() {
            if index > 0 {
                let byte = *bytes.get(at).filter(|byte| matches!(byte, b' ' | b'-'))?;
                if *separator.get_or_insert(byte) != byte {
                    return None;
                }
                at += 1;
            }
            if digits_end(&bytes[..bytes.len().min(at + length + 1)], at) != at + length {
                return None;
            }
            at += length;
        }
        Some(at)
    })
}

/// The end of the run that begins at `start`, if one kind of separator joins all its digits.
fn joined_end(bytes: &[u8], start: usize) -> Option<usize> {
    let near = &bytes[start..bytes.len().min(start + LONGEST_RUN + 2)];
    let length = near.iter().position(|&byte| !is_part(byte)).unwrap_or(near.len());
    let end = near[..length].iter().rposition(u8::is_ascii_digit).map_or(0, |last| last + 1);
    let mut separators = near[..end].iter().filter(|byte| !byte.is_ascii_digit());
    let first = separators.next()?;
    let is_single = near[..end].windows(2).all(|pair| pair.iter().any(u8::is_ascii_digit));
    (end <= LONGEST_RUN && is_single && separators.all(|byte| byte == first)).then_some(start + end)
}

fn judge(bytes: &[u8], start: usize, end: usize, open: bool) -> Option<Range<usize>> {
    let is_cut = open && end == bytes.len();
    if end - start > LONGEST_RUN || touches_word(bytes, start, end) {
        return None;
    }
    let digits = || bytes[start..end].iter().copied().filter(u8::is_ascii_digit);
    (is_card(digits()) || is_cut && may_become_card(digits())).then_some(start..end)
}

/// Whether the text ends in groups that begin like those of a card.
fn is_cut_group(bytes: &[u8], start: usize) -> bool {
    let text = &bytes[start..];
    text.len() <= LONGEST_RUN
        && text.iter().all(|&byte| is_part(byte))
        && text.split(|byte| !byte.is_ascii_digit()).rev().skip(1).all(|group| matches!(group.len(), 4..=6))
}

/// Four digits of an issuer, and not too many in all.
fn may_become_card(digits: impl Iterator<Item = u8>) -> bool {
    let mut buffer = [0; LONGEST];
    let mut length = 0;
    for digit in digits {
        if length == LONGEST {
            return false;
        }
        buffer[length] = digit - b'0';
        length += 1;
    }
    length >= 4 && [13, 14, 15, 16, 17].into_iter().any(|full| has_issuer_of(full, &buffer))
}

/// Digits inside a longer word or number, such as a UUID or a fraction, are no card.
fn touches_word(bytes: &[u8], start: usize, end: usize) -> bool {
    let joins = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let is_percent =
        start >= 3 && bytes[start - 3] == b'%' && bytes[start - 2..start].iter().all(u8::is_ascii_hexdigit);
    let is_escape = is_percent || start >= 2 && bytes[start - 2] == b'\\';
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
    has_issuer_of(digits.len(), digits)
}

fn has_issuer_of(length: usize, digits: &[u8]) -> bool {
    let first_four = digits[..4].iter().fold(0_u32, |sum, &digit| sum * 10 + u32::from(digit));
    match length {
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
