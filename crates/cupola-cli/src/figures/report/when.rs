//! Times and spans as people read them.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

fn zoned(micros: i64, zone: &TimeZone) -> Zoned {
    Timestamp::from_microsecond(micros).unwrap_or_default().to_zoned(zone.clone())
}

/// `2026-09-21 14:13:20 to 16:11:38 UTC (1h 58m)`.
pub(super) fn span(first: i64, last: i64, zone: &TimeZone) -> String {
    let (from, to) = (zoned(first, zone), zoned(last, zone));
    let to = to.strftime(if from.date() == to.date() { "%H:%M:%S %Z" } else { "%Y-%m-%d %H:%M:%S %Z" });
    format!("{} to {to} ({})", from.strftime("%Y-%m-%d %H:%M:%S"), length((last - first) / 1_000_000))
}

pub(super) fn is_one_day(first: i64, last: i64, zone: &TimeZone) -> bool {
    zoned(first, zone).date() == zoned(last, zone).date()
}

/// `09-21 14:13:20.123`; where all is of one day, without it.
pub(super) fn exact(micros: i64, is_one_day: bool, zone: &TimeZone) -> String {
    zoned(micros, zone).strftime(if is_one_day { "%H:%M:%S.%3f" } else { "%m-%d %H:%M:%S.%3f" }).to_string()
}

/// A place on an axis whose buckets last `step` seconds and which is `span` seconds long.
pub(super) fn tick(second: i64, step: i64, span: i64, zone: &TimeZone) -> String {
    let format = match (step, span) {
        (86_400.., 31_536_000..) => "%Y-%m-%d",
        (86_400.., _) => "%m-%d",
        (_, 86_400..) => "%m-%d %H:%M",
        (60.., _) => "%H:%M",
        _ => "%H:%M:%S",
    };
    zoned(second.saturating_mul(1_000_000), zone).strftime(format).to_string()
}

/// `1h 58m`.
pub(super) fn length(seconds: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let first = UNITS.iter().position(|(unit, _)| seconds >= *unit).unwrap_or(3);
    let mut parts = Vec::new();
    let mut rest = seconds;
    for (unit, name) in UNITS.iter().skip(first).take(2) {
        if rest / unit > 0 || parts.is_empty() {
            parts.push(format!("{}{name}", rest / unit));
        }
        rest %= unit;
    }
    parts.join(" ")
}

/// `399 a second`, `12.3 a minute`.
pub(super) fn rate(per_second: f64) -> String {
    match per_second {
        10.0.. => format!("{} a second", crate::terminal::grouped(per_second.round() as u64)),
        1.0.. => format!("{per_second:.1} a second"),
        _ if per_second * 60.0 >= 1.0 => format!("{:.1} a minute", per_second * 60.0),
        _ => format!("{:.1} an hour", per_second * 3_600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        assert_eq!([0, 59, 60, 7_118, 86_400, 90_061].map(length), ["0s", "59s", "1m", "1h 58m", "1d", "1d 1h"]);
        assert_eq!(
            [399.4, 2.25, 0.5, 0.001].map(rate),
            ["399 a second", "2.2 a second", "30.0 a minute", "3.6 an hour"]
        );
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let time = 1_795_232_762_123_456;
        assert_eq!(span(time, time + 60_000_000, &zone), "2026-11-21 05:46:02 to 05:47:02 +02 (1m)");
        assert!(span(time, time + 86_400_000_000, &zone).contains("to 2026-11-22 05:46:02"));
        assert_eq!([true, false].map(|day| exact(time, day, &zone)), ["05:46:02.123", "11-21 05:46:02.123"]);
        assert!(is_one_day(time, time + 1, &zone) && !is_one_day(time, time + 86_400_000_000, &zone));
        let check = |step, span, expected| assert_eq!(tick(time / 1_000_000, step, span, &zone), expected);
        check(1, 60, "05:46:02");
        check(60, 7_200, "05:46");
        check(3_600, 200_000, "11-21 05:46");
        check(86_400, 864_000, "11-21");
        check(604_800, 86_400_000, "2026-11-21");
    }
}
