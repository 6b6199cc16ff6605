//! Lengths of time as a rule has them: `30s`, `5m`, `1h30m`, `14d`.

use std::fmt::Write as _;
use std::time::Duration;

const UNITS: [(&str, u64); 6] =
    [("w", 7 * 86_400_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// What is accepted.
pub(super) const ACCEPTED: &str = "a length of time such as 30s, 5m, 1h30m or 14d, of at most 366 days";

const LONGEST: Duration = Duration::from_hours(366 * 24);

/// Reads whole numbers with units, one behind the other; `0` is nothing.
pub(super) fn read(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    let mut milliseconds = 0_u64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (_, length) = UNITS.iter().find(|(unit, _)| *unit == &rest[..end])?;
        milliseconds = milliseconds.checked_add(number.checked_mul(*length)?)?;
        rest = &rest[end..];
    }
    let span = Duration::from_millis(milliseconds);
    (!text.trim().is_empty() && span <= LONGEST).then_some(span)
}

/// As it is read.
pub(crate) fn show(span: Duration) -> String {
    let mut left = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let mut out = String::new();
    for (unit, length) in &UNITS[1..] {
        if left >= *length {
            _ = write!(out, "{}{unit}", left / length);
            left %= length;
        }
    }
    if out.is_empty() { "0".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let check = |text: &str, expected: Option<u64>| {
            let read = read(text);
            assert_eq!(read, expected.map(Duration::from_millis), "{text}");
            read.into_iter().for_each(|span| assert_eq!(super::read(&show(span)), Some(span), "{text}"));
        };
        check("5m", Some(300_000));
        check("1h30m", Some(5_400_000));
        check(" 14d ", Some(14 * 86_400_000));
        check("250ms", Some(250));
        check("0", Some(0));
        check("0s", Some(0));
        check("1w", Some(7 * 86_400_000));
        for bad in ["", "5", "m", "5 m", "-5m", "1.5h", "5min", "5M", "99999999999999999999d", "367d"] {
            check(bad, None);
        }
    }
}
