//! RFC 3339 times in UTC with microseconds: `2026-11-21T03:46:02.123456Z`.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

const LENGTH: usize = 27;
const SECONDS_A_DAY: i64 = 86_400;
const MICROS_A_SECOND: i64 = 1_000_000;
/// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z: four digits for the year, and so what the format can say.
const FIRST_SECOND: i64 = -62_167_219_200;
const LAST_SECOND: i64 = 253_402_300_799;

/// Formats times, and remembers the second that it formatted last: lines come in the same second.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
///
/// let mut timestamp = cupola_line::Timestamp::new();
/// let time = UNIX_EPOCH + Duration::from_nanos(1_999);
/// assert_eq!(timestamp.system_time(time).as_str(), "1970-01-01T00:00:00.000001Z");
/// assert_eq!(timestamp.unix_micros(1_795_232_762_123_456).as_str(), "2026-11-21T03:46:02.123456Z");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Timestamp {
    second: i64,
    text: TimestampText,
}

/// A time in its canonical form: what a line begins with. Only a [`Timestamp`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimestampText([u8; LENGTH]);

impl TimestampText {
    /// The text: `2026-11-21T03:46:02.123456Z`.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only ASCII is written into the text")
    }

    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }
}

impl Default for TimestampText {
    fn default() -> Self {
        Self(*b"1970-01-01T00:00:00.000000Z")
    }
}

impl fmt::Display for TimestampText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Timestamp {
    /// Makes a formatter.
    pub fn new() -> Self {
        Self::default()
    }

    /// Formats a time of the system's clock.
    pub fn system_time(&mut self, time: SystemTime) -> &TimestampText {
        match time.duration_since(UNIX_EPOCH) {
            Ok(since) => self.format(i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_micros()),
            Err(before) => self.unix_micros(micros_before_epoch(before.duration())),
        }
    }

    /// Formats microseconds since 1970-01-01T00:00:00Z.
    pub fn unix_micros(&mut self, micros: i64) -> &TimestampText {
        let rest = micros.rem_euclid(MICROS_A_SECOND);
        self.format(micros.div_euclid(MICROS_A_SECOND), rest as u32)
    }

    /// Formats nanoseconds since 1970-01-01T00:00:00Z; what is below a microsecond is cut.
    pub fn unix_nanos(&mut self, nanos: u64) -> &TimestampText {
        self.format((nanos / 1_000_000_000) as i64, (nanos % 1_000_000_000 / 1_000) as u32)
    }

    #[inline]
    fn format(&mut self, second: i64, micros: u32) -> &TimestampText {
        if second != self.second {
            self.set_second(second);
        }
        let (high, middle, low) = (micros / 10_000, micros / 100 % 100, micros % 100);
        self.text.0[20..22].copy_from_slice(&two_digits(high));
        self.text.0[22..24].copy_from_slice(&two_digits(middle));
        self.text.0[24..26].copy_from_slice(&two_digits(low));
        &self.text
    }

    /// Writes date and time of day; a time that the format cannot say becomes the nearest that it can.
    #[cold]
    fn set_second(&mut self, second: i64) {
        self.second = second;
        let second = second.clamp(FIRST_SECOND, LAST_SECOND);
        let (days, of_day) = (second.div_euclid(SECONDS_A_DAY), second.rem_euclid(SECONDS_A_DAY) as u32);
        let (year, month, day) = civil_from_days(days);
        let parts =
            [(0, year / 100), (2, year % 100), (5, month), (8, day), (11, of_day / 3600), (14, of_day / 60 % 60)];
        for (at, number) in parts.into_iter().chain([(17, of_day % 60)]) {
            self.text.0[at..at + 2].copy_from_slice(&two_digits(number));
        }
    }
}

/// Reads a time as [`Timestamp`] writes it, as microseconds since 1970-01-01T00:00:00Z.
///
/// Strict: `T` and `Z` in upper case, no offset, no leap second, a day that exists. The fraction may be absent or have one to
/// nine digits; what is below a microsecond is cut.
///
/// ```
/// use cupola_line::parse_timestamp;
///
/// assert_eq!(parse_timestamp(b"2026-11-21T03:46:02.123456Z"), Some(1_795_232_762_123_456));
/// assert_eq!(parse_timestamp(b"2026-02-29T00:00:00Z"), None);
/// ```
pub fn parse_timestamp(text: &[u8]) -> Option<i64> {
    let (head, tail) = text.split_first_chunk::<19>()?;
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if separators.iter().any(|(at, byte)| head[*at] != *byte) {
        return None;
    }
    let number = |at: usize| digits(&head[at..at + 2]);
    let (year, month, day) = (number(0)? * 100 + number(2)?, number(5)?, number(8)?);
    let (hour, minute, second) = (number(11)?, number(14)?, number(17)?);
    let exists = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    if !exists || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days_from_civil(year, month, day) * SECONDS_A_DAY + hour * 3600 + minute * 60 + second;
    Some(seconds * MICROS_A_SECOND + fraction(tail)?)
}

/// The microseconds of `Z` or `.123456Z`.
fn fraction(tail: &[u8]) -> Option<i64> {
    match tail {
        [b'Z'] => Some(0),
        [b'.', places @ .., b'Z'] if places.len() == 6 => digits(places),
        [b'.', places @ .., b'Z'] if (1..=9).contains(&places.len()) => {
            let micros = digits(&places[..places.len().min(6)])?;
            digits(places)?;
            Some(micros * 10_i64.pow(6 - places.len().min(6) as u32))
        }
        _ => None,
    }
}

#[inline]
fn digits(text: &[u8]) -> Option<i64> {
    let (mut sum, mut all) = (0, true);
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        all &= digit < 10;
        sum = sum * 10 + i64::from(digit);
    }
    all.then_some(sum)
}

#[inline]
fn two_digits(number: u32) -> [u8; 2] {
    [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]
}

fn micros_before_epoch(before: std::time::Duration) -> i64 {
    let micros = before.as_nanos().div_ceil(1_000);
    i64::try_from(micros).map_or(i64::MIN, |micros| -micros)
}

pub(crate) fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days of 400 years, after which the calendar repeats.
const DAYS_AN_ERA: i64 = 146_097;
/// From 0000-03-01, where eras begin so that a leap day is a year's last, to 1970-01-01.
const DAYS_TO_EPOCH: i64 = 719_468;

/// Year, month and day of a day since 1970-01-01, in the Gregorian calendar.
pub(crate) fn civil_from_days(days: i64) -> (u32, u32, u32) {
    let days = days + DAYS_TO_EPOCH;
    let (era, of_era) = (days.div_euclid(DAYS_AN_ERA), days.rem_euclid(DAYS_AN_ERA));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as u32, month as u32, day as u32)
}

/// The inverse of [`civil_from_days`].
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    era * DAYS_AN_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - DAYS_TO_EPOCH
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn known_times() {
        let mut timestamp = Timestamp::new();
        let mut check = |micros: i64, text: &str| {
            assert_eq!(timestamp.unix_micros(micros).as_str(), text);
            assert_eq!(parse_timestamp(text.as_bytes()), Some(micros));
        };
        check(0, "1970-01-01T00:00:00.000000Z");
        check(-1, "1969-12-31T23:59:59.999999Z");
        check(951_782_400_000_000, "2000-02-29T00:00:00.000000Z");
        check(1_709_251_199_999_999, "2024-02-29T23:59:59.999999Z");
        check(1_795_232_762_123_456, "2026-11-21T03:46:02.123456Z");
        check(1_795_232_762_123_457, "2026-11-21T03:46:02.123457Z");
        check(4_107_542_399_000_000, "2100-02-28T23:59:59.000000Z");
        check(FIRST_SECOND * MICROS_A_SECOND, "0000-01-01T00:00:00.000000Z");
        check(LAST_SECOND * MICROS_A_SECOND, "9999-12-31T23:59:59.000000Z");
    }

    #[test]
    fn every_day_of_ten_thousand_years_reads_back() {
        let mut timestamp = Timestamp::new();
        let mut before = String::new();
        for day in FIRST_SECOND / SECONDS_A_DAY..=LAST_SECOND / SECONDS_A_DAY {
            let micros = (day * SECONDS_A_DAY + day.rem_euclid(SECONDS_A_DAY)) * MICROS_A_SECOND + 7;
            let text = timestamp.unix_micros(micros).as_str();
            assert_eq!(parse_timestamp(text.as_bytes()), Some(micros), "{text}");
            assert!(before.as_str() < text, "{before} {text}");
            before.clear();
            before.push_str(text);
        }
    }

    #[test]
    fn the_ways_in_agree_and_extremes_are_clamped() {
        let mut timestamp = Timestamp::new();
        let time = UNIX_EPOCH + Duration::new(1_795_232_762, 123_456_999);
        assert_eq!(timestamp.system_time(time).as_str(), "2026-11-21T03:46:02.123456Z");
        assert_eq!(timestamp.unix_nanos(1_795_232_762_123_456_999).as_str(), "2026-11-21T03:46:02.123456Z");
        assert_eq!(timestamp.system_time(UNIX_EPOCH - Duration::from_nanos(1)).as_str(), "1969-12-31T23:59:59.999999Z");
        assert!(timestamp.unix_micros(i64::MAX).as_str().starts_with("9999-12-31T23:59:59."));
        assert!(timestamp.unix_micros(i64::MIN).as_str().starts_with("0000-01-01T00:00:00."));
        assert!(timestamp.unix_nanos(u64::MAX).as_str().starts_with("2554-07-21T23:34:33.709551Z"));
    }

    #[test]
    fn fractions() {
        let check = |text: &str, micros| assert_eq!(parse_timestamp(text.as_bytes()), micros, "{text}");
        check("1970-01-01T00:00:01Z", Some(1_000_000));
        check("1970-01-01T00:00:01.5Z", Some(1_500_000));
        check("1970-01-01T00:00:01.123Z", Some(1_123_000));
        check("1970-01-01T00:00:01.123456789Z", Some(1_123_456));
    }

    #[test]
    fn what_is_not_a_time() {
        let wrong = [
            "",
            "1970-01-01",
            "1970-01-01T00:00:00",
            "1970-01-01t00:00:00Z",
            "1970-01-01 00:00:00Z",
            "1970-01-01T00:00:00z",
            "1970-01-01T00:00:00+00:00",
            "1970-01-01T00:00:00.Z",
            "1970-01-01T00:00:00.1234567890Z",
            "1970-01-01T00:00:00.12345678xZ",
            "1970-01-01T00:00:00.-1Z",
            "1970-01-01T24:00:00Z",
            "1970-01-01T00:60:00Z",
            "1970-01-01T00:00:60Z",
            "1970-00-01T00:00:00Z",
            "1970-13-01T00:00:00Z",
            "1970-01-00T00:00:00Z",
            "1970-04-31T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "+970-01-01T00:00:00Z",
            "1970-01-01T00:00:00ZZ",
            " 1970-01-01T00:00:00Z",
        ];
        for text in wrong {
            assert_eq!(parse_timestamp(text.as_bytes()), None, "{text}");
        }
    }
}
