//! Times as people read them.

use cupola_line::Timestamp;
use jiff::tz::TimeZone;

/// Formats times in one zone: `11-21 03:46:02.123`, of another year with it.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    zone: TimeZone,
    /// The year that goes without saying, as its four digits.
    year: [u8; 4],
    text: Timestamp,
    /// The offset, and until when after `hour` it is known.
    hour: i64,
    offset: i64,
    /// What is shown of one minute before its seconds.
    minute: i64,
    head: Vec<u8>,
}

const MICROS_A_SECOND: i64 = 1_000_000;
const MICROS_A_MINUTE: i64 = 60 * MICROS_A_SECOND;
/// Offsets change at most so often.
const MICROS_A_QUARTER: i64 = 900 * MICROS_A_SECOND;

impl Clock {
    pub(crate) fn new(zone: TimeZone, now: &jiff::Zoned) -> Self {
        let digits = format!("{:04}", now.year());
        let year = digits.as_bytes().first_chunk().copied().unwrap_or_default();
        let (hour, minute) = (i64::MIN, i64::MIN);
        Self { zone, year, text: Timestamp::new(), hour, offset: 0, minute, head: Vec::new() }
    }

    /// The text of a time, in microseconds since 1970.
    pub(crate) fn text(&mut self, micros: i64, out: &mut Vec<u8>) {
        self.set_offset(micros);
        let local = micros.saturating_add(self.offset);
        let minute = local.div_euclid(MICROS_A_MINUTE);
        if minute != self.minute {
            self.set_minute(minute, local);
        }
        out.extend_from_slice(&self.head);
        let mut rest = local.rem_euclid(MICROS_A_MINUTE) / 1_000;
        let mut digits = *b"00.000";
        for place in [5, 4, 3, 1, 0] {
            digits[place] += (rest % 10) as u8;
            rest /= 10;
        }
        out.extend_from_slice(&digits);
    }

    fn set_minute(&mut self, minute: i64, local: i64) {
        let text = self.text.unix_micros(local).as_str().as_bytes();
        let date = if text[..4] == self.year { 5 } else { 0 };
        self.head.clear();
        self.head.extend_from_slice(&text[date..10]);
        self.head.push(b' ');
        self.head.extend_from_slice(&text[11..17]);
        self.minute = minute;
    }

    fn set_offset(&mut self, micros: i64) {
        let hour = micros.div_euclid(MICROS_A_QUARTER);
        if hour == self.hour {
            return;
        }
        self.hour = hour;
        let time = jiff::Timestamp::from_microsecond(micros).unwrap_or_default();
        self.offset = i64::from(self.zone.to_offset(time).seconds()) * MICROS_A_SECOND;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let now: jiff::Zoned = "2026-11-21T12:00:00+00:00[UTC]".parse().unwrap();
        let check = |zone: TimeZone, micros, expected: &str| {
            let mut out = Vec::new();
            Clock::new(zone, &now).text(micros, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        };
        check(TimeZone::UTC, 1_795_232_762_123_456, "11-21 03:46:02.123");
        check(TimeZone::UTC, 1_695_232_762_000_000, "2023-09-20 17:59:22.000");
        check(TimeZone::fixed(jiff::tz::offset(-4)), 1_795_232_762_123_456, "11-20 23:46:02.123");
        check(TimeZone::fixed(jiff::tz::offset(1)), 0, "1970-01-01 01:00:00.000");
    }

    #[test]
    fn one_clock_goes_through_minutes_and_back() {
        let now: jiff::Zoned = "2026-11-21T12:00:00+00:00[UTC]".parse().unwrap();
        let zone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
        let mut clock = Clock::new(zone.clone(), &now);
        for step in 0..5_000_i64 {
            let micros = 1_792_900_000_123_456 + (step * 7_919 % 5_000) * 13_579_111;
            let (mut found, mut expected) = (Vec::new(), Vec::new());
            clock.text(micros, &mut found);
            Clock::new(zone.clone(), &now).text(micros, &mut expected);
            assert_eq!(found, expected);
            let civil = jiff::Timestamp::from_microsecond(micros).unwrap().to_zoned(zone.clone());
            let millis = civil.subsec_nanosecond() / 1_000_000;
            assert_eq!(String::from_utf8(found).unwrap(), format!("{}.{millis:03}", civil.strftime("%m-%d %H:%M:%S")));
        }
    }
}
