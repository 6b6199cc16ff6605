//! What tells of a person: e-mail addresses, telephone numbers, accounts, IP addresses. Off unless a policy asks for
//! it, because much of what a log is read for goes with it.

use std::ops::Range;

use super::Found;
use crate::tally::Rule;

/// Which of them a policy masks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PiiSet {
    pub(crate) email: bool,
    pub(crate) phone: bool,
    pub(crate) iban: bool,
    pub(crate) ip: bool,
    pub(crate) ssn: bool,
}

impl PiiSet {
    pub(crate) const ALL: Self = Self { email: true, phone: true, iban: true, ip: true, ssn: true };

    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// Finds them.
pub(super) struct Pii<'a> {
    set: &'a PiiSet,
}

/// None of them is longer.
const LONGEST: usize = 320;

impl<'a> Pii<'a> {
    pub(super) fn new(set: &'a PiiSet) -> Self {
        Self { set }
    }

    /// The next one that begins within `range`.
    pub(super) fn next(&mut self, bytes: &[u8], range: Range<usize>) -> Option<Found> {
        let mut at = range.start;
        while at < range.end {
            let byte = bytes[at];
            let begins =
                !is_word(byte_before(bytes, at)) && (byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'('));
            if begins || byte == b':' || byte >= 0x80 {
                if let Some(found) = self.at(bytes, at) {
                    return Some(found);
                }
            }
            at += 1;
        }
        None
    }

    fn at(&self, bytes: &[u8], at: usize) -> Option<Found> {
        let near = &bytes[at..bytes.len().min(at + LONGEST)];
        let found = |length: Option<usize>, rule| length.map(|length| Found::new(at..at + length, rule));
        let is_first = !matches!(byte_before(bytes, at), b'.' | b'-' | b'+' | b'@' | b'%' | b':' | b'/');
        let is_phone_start = is_first || byte_before(bytes, at) == b':';
        let ip = || found(ip(near), Rule::IpAddress).filter(|_| !matches!(byte_before(bytes, at), b'.' | b':'));
        None.or_else(|| found(email(near), Rule::Email).filter(|_| self.set.email && is_first))
            .or_else(|| found(iban(near), Rule::Iban).filter(|_| self.set.iban))
            .or_else(|| ip().filter(|_| self.set.ip))
            .or_else(|| found(ssn(near), Rule::Ssn).filter(|_| self.set.ssn && is_first))
            .or_else(|| found(phone(near), Rule::Phone).filter(|_| self.set.phone && is_phone_start))
    }
}

fn byte_before(bytes: &[u8], at: usize) -> u8 {
    // An escape such as `\n` is no letter of what follows it.
    match at.checked_sub(1).map(|before| (bytes[before], before.checked_sub(1).map(|at| bytes[at]))) {
        Some((_, Some(b'\\'))) | None => 0,
        Some((byte, _)) => byte,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn run(text: &[u8], accept: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|&byte| !accept(byte)).unwrap_or(text.len())
}

/// `local@domain.tld`, also with the `@` escaped.
fn email(text: &[u8]) -> Option<usize> {
    let local = run(text, |byte| {
        byte.is_ascii_alphanumeric() || byte >= 0x80 || matches!(byte, b'.' | b'_' | b'+' | b'-' | b'\'')
    });
    let at = match &text[local..] {
        [b'@', ..] => 1,
        [b'%', b'4', b'0', ..] => 3,
        _ => return None,
    };
    let domain = &text[local + at..];
    let length = run(domain, |byte| byte.is_ascii_alphanumeric() || byte >= 0x80 || matches!(byte, b'.' | b'-'));
    let length = domain[..length].iter().rposition(|byte| !matches!(byte, b'.' | b'-')).map_or(0, |last| last + 1);
    let top = domain[..length].iter().rposition(|&byte| byte == b'.')?;
    let is_top = length - top > 2 && domain[top + 1..length].iter().all(|byte| !byte.is_ascii_digit());
    (local > 0 && top > 0 && is_top).then_some(local + at + length)
}

/// Two letters, two digits, and letters and digits up to 34, perhaps in groups of four; the remainder by 97 is one.
fn iban(text: &[u8]) -> Option<usize> {
    let is_head =
        text.len() >= 15 && text[..2].iter().all(u8::is_ascii_uppercase) && text[2..4].iter().all(u8::is_ascii_digit);
    if !is_head {
        return None;
    }
    let (mut letters, mut length, mut best) = ([0; 34], 0, None);
    for (index, &byte) in text.iter().enumerate() {
        match byte {
            b' ' if length % 4 == 0 => continue,
            b'A'..=b'Z' | b'0'..=b'9' if length < letters.len() => letters[length] = byte,
            _ => break,
        }
        length += 1;
        let ends = !text.get(index + 1).is_some_and(|&next| is_word(next));
        if ends && length >= 15 && is_iban(&letters[..length]) {
            best = Some(index + 1);
        }
    }
    best
}

fn is_iban(letters: &[u8]) -> bool {
    let moved = letters[4..].iter().chain(&letters[..4]);
    moved.fold(0_u32, |sum, &byte| match byte {
        b'0'..=b'9' => (sum * 10 + u32::from(byte - b'0')) % 97,
        letter => (sum * 100 + u32::from(letter - b'A') + 10) % 97,
    }) == 1
}

fn ip(text: &[u8]) -> Option<usize> {
    let v4 = run(text, |byte| byte.is_ascii_digit() || byte == b'.');
    let v4 = text[..v4].iter().rposition(|&byte| byte != b'.').map_or(0, |last| last + 1);
    if v4 >= 7 && is_v4(&text[..v4]) && !text.get(v4).is_some_and(|&next| is_word(next)) {
        return Some(v4);
    }
    let v6 = run(text, |byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
    let v6 = text[..v6].iter().rposition(|&byte| byte != b'.').map_or(0, |last| last + 1);
    let is_v6 = text[..v6].iter().filter(|&&byte| byte == b':').count() >= 2
        && std::str::from_utf8(&text[..v6]).is_ok_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok());
    (is_v6 && v6 > 2).then_some(v6)
}

fn is_v4(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<std::net::Ipv4Addr>().is_ok())
}

/// `123-45-6789`.
fn ssn(text: &[u8]) -> Option<usize> {
    let shape = |index: usize, byte: &u8| if matches!(index, 3 | 6) { *byte == b'-' } else { byte.is_ascii_digit() };
    let is_ssn = text.len() >= 11 && text[..11].iter().enumerate().all(|(index, byte)| shape(index, byte));
    let is_issued = is_ssn && !matches!(&text[..3], b"000" | b"666") && text[0] != b'9';
    (is_issued && !text.get(11).is_some_and(|&next| is_word(next) || next == b'-')).then_some(11)
}

/// With `+` and a country's number, or in groups as in North America.
fn phone(text: &[u8]) -> Option<usize> {
    let length =
        run(text, |byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'(' | b')' | b' ' | b'-' | b'.' | b'/'));
    let length = text[..length].iter().rposition(u8::is_ascii_digit).map_or(0, |last| last + 1);
    let digits = text[..length].iter().filter(|byte| byte.is_ascii_digit()).count();
    let groups = text[..length].split(|byte| !byte.is_ascii_digit()).filter(|group| !group.is_empty());
    let is_foreign = text.first() == Some(&b'+') && (8..=15).contains(&digits) && text.get(1) != Some(&b'0');
    let mut lengths = groups.map(<[u8]>::len);
    let first = lengths.next();
    let is_local = digits == 10 && first == Some(3) && lengths.eq([3, 4]);
    ((is_foreign || is_local) && !text.get(length).is_some_and(|&next| is_word(next))).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> Option<(&str, Rule)> {
        let found = Pii::new(&PiiSet::ALL).next(text.as_bytes(), 0..text.len())?;
        Some((&text[found.span], found.rule))
    }

    #[test]
    fn each_kind_is_found_whole() {
        for (text, expected) in [
            ("mail bob.b+x@mail.example.org, please", Some(("bob.b+x@mail.example.org", Rule::Email))),
            ("?u=bob%40example.org&", Some(("bob%40example.org", Rule::Email))),
            ("git@host:path user@localhost v1@2.0", None),
            ("IBAN DE89 3704 0044 0532 0130 00.", Some(("DE89 3704 0044 0532 0130 00", Rule::Iban))),
            ("GB82WEST12345698765432", Some(("GB82WEST12345698765432", Rule::Iban))),
            ("DE88370400440532013000", None),
            ("from 203.0.113.9:443", Some(("203.0.113.9", Rule::IpAddress))),
            ("at 2001:db8::1 now", Some(("2001:db8::1", Rule::IpAddress))),
            ("v1.2.3.4.5 at 12:30:01", None),
            ("ssn 123-45-6789", Some(("123-45-6789", Rule::Ssn))),
            ("call +49 30 901820 or", Some(("+49 30 901820", Rule::Phone))),
            ("call (555) 123-4567", Some(("(555) 123-4567", Rule::Phone))),
            ("order 5551234567 of 2026-11-26", None),
        ] {
            assert_eq!(first(text), expected, "{text}");
        }
    }
}
