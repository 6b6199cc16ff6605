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
}

const MICROS_A_SECOND: i64 = 1_000_000;
/// Offsets change at most so often.
const MICROS_A_QUARTER: i64 = 900 * MICROS_A_SECOND;

impl Clock {
    pub(crate) fn new(zone: TimeZone, now: &jiff::Zoned) -> Self {
        let digits = format!("{:04}", now.year());
        let year = digits.as_bytes().first_chunk().copied().unwrap_or_default();
        Self { zone, year, text: Timestamp::new(), hour: i64::MIN, offset: 0 }
    }

    /// The text of a time, in microseconds since 1970.
    pub(crate) fn text(&mut self, micros: i64, out: &mut Vec<u8>) {
        self.set_offset(micros);
        let text = self.text.unix_micros(micros.saturating_add(self.offset)).as_str().as_bytes();
        let date = if text[..4] == self.year { 5 } else { 0 };
        out.extend_from_slice(&text[date..10]);
        out.push(b' ');
        out.extend_from_slice(&text[11..23]);
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
}
