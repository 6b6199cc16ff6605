//! Days, in UTC: what a file holds.

use std::fmt;
use std::ops::RangeInclusive;

use jiff::ToSpan as _;
use jiff::civil::{Date, date};

const NANOSECONDS: i64 = 86_400 * 1_000_000_000;
const FIRST: Date = date(1970, 1, 1);

/// A day in UTC, as days since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Day(pub(crate) i32);

impl Day {
    /// The day of a time in nanoseconds since 1970.
    pub(crate) fn of(time: i64) -> Self {
        Self(i32::try_from(time.div_euclid(NANOSECONDS)).expect("64 bits of nanoseconds are 213,504 days at most"))
    }

    /// The one that is written so: `2026-11-27`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let date: Date = text.parse().ok()?;
        (date.to_string() == text).then(|| Self((date - FIRST).get_days()))
    }

    /// Its first and last nanosecond.
    pub(crate) fn times(self) -> RangeInclusive<i64> {
        let first = i64::from(self.0).saturating_mul(NANOSECONDS);
        first..=first.saturating_add(NANOSECONDS - 1)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match FIRST.checked_add(i64::from(self.0).days()) {
            Ok(date) => date.fmt(f),
            Err(_) => write!(f, "day {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_day_and_a_day_has_a_name() {
        let check = |time: i64, expected: &str| {
            let day = Day::of(time);
            assert_eq!(day.to_string(), expected);
            assert_eq!(Day::parse(expected), Some(day));
            assert!(day.times().contains(&time));
        };
        check(0, "1970-01-01");
        check(-1, "1969-12-31");
        check(1_795_232_762_123_456_000, "2026-11-21");
        check(i64::MAX, "2262-04-11");
        check(i64::MIN, "1677-09-21");
        assert_eq!(Day::parse("2026-11-31"), None);
        assert_eq!(Day::parse("2026-11-21T00"), None);
        assert_eq!(Day::parse("20261121"), None);
    }
}
