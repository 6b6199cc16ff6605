//! Numbers, spans of time, bytes and moments, as people read them.

use jiff::Timestamp;
use maud::{Markup, html};

/// `1,234`, `12.3k`, `4.56M`.
pub(super) fn count(number: u64) -> String {
    if number < 10_000 {
        return grouped(number);
    }
    let mut scaled = as_f64(number);
    for unit in ["k", "M", "G", "T"] {
        scaled /= 1e3;
        if scaled < 999.5 {
            return format!("{}{unit}", digits(scaled));
        }
    }
    format!("{}P", digits(scaled / 1e3))
}

/// `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let plain = number.to_string();
    let mut out = String::with_capacity(plain.len() + plain.len() / 3);
    for (place, digit) in plain.chars().enumerate() {
        if place > 0 && (plain.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `0.02/s`, `3.4/s`, `1.2k/s`; what is rarer than that by the minute or the hour.
pub(super) fn rate(per_second: f64) -> String {
    match per_second {
        zero if zero <= 0.0 => "0/s".to_owned(),
        rare if rare < 0.1 / 60.0 => format!("{}/h", digits(rare * 3_600.0)),
        seldom if seldom < 0.1 => format!("{}/min", digits(seldom * 60.0)),
        often => format!("{}/s", short(often)),
    }
}

/// A share of one: `0.12 %`, `3.4 %`, `41 %`.
pub(super) fn percent(share: f64) -> String {
    match share * 100.0 {
        zero if zero <= 0.0 => "0 %".to_owned(),
        little if little < 0.01 => "<0.01 %".to_owned(),
        some => format!("{} %", digits(some)),
    }
}

/// Milliseconds: `820 µs`, `4.2 ms`, `1.24 s`, `2.1 min`.
pub(super) fn duration(ms: f64) -> String {
    let (number, unit) = match ms {
        zero if zero <= 0.0 => (0.0, "ms"),
        short if short < 1.0 => (short * 1e3, "µs"),
        some if some < 999.5 => (some, "ms"),
        long if long < 119_500.0 => (long / 1e3, "s"),
        longer if longer < 7_200_000.0 => (longer / 60e3, "min"),
        days if days < 172_800_000.0 => (days / 3_600e3, "h"),
        age => (age / 86_400e3, "d"),
    };
    format!("{}\u{202f}{unit}", digits(number))
}

/// `512 B`, `1.2 MiB`.
pub(super) fn bytes(bytes: u64) -> String {
    let mut scaled = as_f64(bytes);
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if scaled < 1_023.5 {
            return format!("{}\u{202f}{unit}", digits(scaled));
        }
        scaled /= 1024.0;
    }
    format!("{}\u{202f}TiB", digits(scaled))
}

/// Any number: `1.2k`, `0.034`.
pub(super) fn short(number: f64) -> String {
    let size = number.abs();
    let (scaled, unit) = match size {
        large if large >= 999_500_000.0 => (number / 1e9, "G"),
        large if large >= 999_500.0 => (number / 1e6, "M"),
        large if large >= 9_999.5 => (number / 1e3, "k"),
        _ => (number, ""),
    };
    format!("{}{unit}", digits(scaled))
}

/// Three digits that count.
fn digits(number: f64) -> String {
    let places = match number.abs() {
        0.0 => 0,
        large if large >= 99.95 => 0,
        some if some >= 9.995 => 1,
        few if few >= 0.995 => 2,
        _ => 3,
    };
    let text = format!("{number:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// `+12 %`, `−40 %`, `×3.2`; `None` where there is nothing to compare with, or no change worth a word.
pub(super) fn change(now: f64, before: f64) -> Option<String> {
    if before <= 0.0 || !now.is_finite() {
        return None;
    }
    match now / before {
        same if (0.95..1.05).contains(&same) => None,
        more if more >= 2.0 => Some(format!("×{}", digits(more))),
        other => Some(format!("{}{:.0} %", if other > 1.0 { '+' } else { '−' }, (other - 1.0).abs() * 100.0)),
    }
}

/// A moment: UTC here, local where there is a script, which says UTC when one points at it.
pub(super) fn time(nanoseconds: i64) -> Markup {
    html! { time datetime=(rfc3339(nanoseconds)) data-form="time" { (clock(nanoseconds, "%Y-%m-%d %H:%M:%S")) " UTC" } }
}

/// How long ago a moment was.
pub(super) fn ago(nanoseconds: i64, now: i64) -> Markup {
    let ms = as_f64(now.saturating_sub(nanoseconds).max(0).cast_unsigned()) / 1e6;
    let said = if ms < 5_000.0 { "just now".to_owned() } else { format!("{} ago", age(ms)) };
    html! { time datetime=(rfc3339(nanoseconds)) data-form="ago" title={ (clock(nanoseconds, "%Y-%m-%d %H:%M:%S")) " UTC" } { (said) } }
}

/// In whole units: `14 s`, `3 min`, `2 h`, `5 d`.
pub(super) fn age(ms: f64) -> String {
    let (number, unit) = match ms {
        seconds if seconds < 60e3 => (seconds / 1e3, "s"),
        minutes if minutes < 3_600e3 => (minutes / 60e3, "min"),
        hours if hours < 48.0 * 3_600e3 => (hours / 3_600e3, "h"),
        days => (days / 86_400e3, "d"),
    };
    format!("{:.0}\u{202f}{unit}", number.floor())
}

/// RFC 3339 in UTC, to the microsecond; whole seconds are said without a fraction.
pub(super) fn rfc3339(nanoseconds: i64) -> String {
    let instant = Timestamp::from_nanosecond(nanoseconds.into());
    let digits = if nanoseconds % 1_000_000_000 == 0 { 0 } else { 6 };
    instant.map(|instant| format!("{instant:.digits$}")).unwrap_or_default()
}

/// In UTC, by a pattern of strftime's.
pub(super) fn clock(nanoseconds: i64, pattern: &str) -> String {
    let instant = Timestamp::from_nanosecond(nanoseconds.into());
    instant.map(|instant| instant.strftime(pattern).to_string()).unwrap_or_default()
}

#[allow(clippy::cast_precision_loss, reason = "what is shown has three digits")]
pub(super) fn as_f64(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_count() {
        let check = |shown: String, expected: &str| assert_eq!(shown.replace('\u{202f}', " "), expected);
        check(count(0), "0");
        check(count(9_999), "9,999");
        check(count(12_345), "12.3k");
        check(count(999_949), "1M");
        check(count(4_560_000), "4.56M");
        check(count(u64::MAX), "18447P");
        check(grouped(1_234_567), "1,234,567");
        check(rate(0.0), "0/s");
        check(rate(12.34), "12.3/s");
        check(rate(1_234.0), "1234/s");
        check(rate(0.05), "3/min");
        check(rate(0.0005), "1.8/h");
        check(percent(0.0), "0 %");
        check(percent(0.00001), "<0.01 %");
        check(percent(0.0312), "3.12 %");
        check(percent(1.0), "100 %");
        check(duration(0.0), "0 ms");
        check(duration(0.82), "820 µs");
        check(duration(4.2), "4.2 ms");
        check(duration(999.6), "1 s");
        check(duration(1_240.0), "1.24 s");
        check(duration(126_000.0), "2.1 min");
        check(duration(9_000_000.0), "2.5 h");
        check(bytes(512), "512 B");
        check(bytes(1_258_291), "1.2 MiB");
        check(short(0.0), "0");
        check(short(0.034), "0.034");
        check(short(12_000.0), "12k");
        check(age(61_000.0), "1 min");
    }

    #[test]
    fn changes_are_said_where_they_matter() {
        let check = |now, before, expected: Option<&str>| assert_eq!(change(now, before).as_deref(), expected);
        check(1.0, 0.0, None);
        check(1.04, 1.0, None);
        check(1.12, 1.0, Some("+12 %"));
        check(0.6, 1.0, Some("−40 %"));
        check(3.2, 1.0, Some("×3.2"));
        check(0.0, 1.0, Some("−100 %"));
    }

    #[test]
    fn moments_say_their_zone() {
        let moment = 1_795_232_762_123_456_000;
        assert!(time(moment).into_string().contains(">2026-11-21 03:46:02 UTC<"));
        assert!(ago(moment, moment + 180_000_000_000).into_string().contains(">3\u{202f}min ago<"));
        assert!(ago(moment, moment - 1).into_string().contains(">just now<"));
    }
}
