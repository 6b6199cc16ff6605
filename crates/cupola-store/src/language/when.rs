//! Times as people say them.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, Timestamp, ToSpan, Zoned};

use super::expression::Expression;
use super::test::{Relation, Test};

/// Some time, as long as it lasts: a second, a minute, a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Where it begins, in microseconds since 1970.
    pub start: i64,
    /// Where it ends: the first microsecond that is no part of it.
    pub end: i64,
}

const ACCEPTED: &str =
    "a time is one like 2026-11-21T03:46:02Z, 2026-11-21, \"2026-11-21 03:46\", 03:46, 10m ago, 2h, yesterday, now";

/// Reads a time: RFC 3339, a date or a date and a time of day in the zone of `now`, a time of today, a span before now, or a word.
///
/// # Errors
/// Where it is none; says what is accepted.
pub fn moment(text: &str, now: &Zoned) -> Result<Moment, String> {
    let text = text.trim();
    read(text, now).ok_or_else(|| format!("cannot read the time {text:?}: {ACCEPTED}"))
}

fn read(text: &str, now: &Zoned) -> Option<Moment> {
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "now" => return at(now.timestamp()),
        "today" => return day(now.date(), now),
        "yesterday" => return day(now.date().yesterday().ok()?, now),
        "tomorrow" => return day(now.date().tomorrow().ok()?, now),
        _ => {}
    }
    if let Some((word, time)) = lower.split_once(' ') {
        let date = match word {
            "today" => Some(now.date()),
            "yesterday" => Some(now.date().yesterday().ok()?),
            _ => None,
        };
        if let Some(date) = date {
            return civil(date.to_datetime(time.trim().parse().ok()?), time, now);
        }
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return at(time);
    }
    if let Ok(date) = text.parse::<Date>()
        && text.len() <= 10
    {
        return day(date, now);
    }
    if let Ok(time) = text.parse::<DateTime>() {
        return civil(time, text, now);
    }
    if let Some(moment) = ago(&lower, now) {
        return Some(moment);
    }
    let time: Time = text.parse().ok()?;
    civil(now.date().to_datetime(time), text, now)
}

/// `10m ago`, `-10m`, `10m`: all of them lie behind us.
fn ago(text: &str, now: &Zoned) -> Option<Moment> {
    let text = text.strip_suffix("ago").unwrap_or(text).trim();
    let span: Span = text.strip_prefix('-').unwrap_or(text).parse().ok()?;
    at(now.checked_sub(span).ok()?.timestamp())
}

fn at(time: Timestamp) -> Option<Moment> {
    let start = time.as_microsecond();
    Some(Moment { start, end: start + 1 })
}

fn day(date: Date, now: &Zoned) -> Option<Moment> {
    let start = date.to_zoned(now.time_zone().clone()).ok()?;
    let end = date.tomorrow().ok()?.to_zoned(now.time_zone().clone()).ok()?;
    Some(Moment { start: start.timestamp().as_microsecond(), end: end.timestamp().as_microsecond() })
}

/// A time without a zone, as exact as it was written.
fn civil(time: DateTime, text: &str, now: &Zoned) -> Option<Moment> {
    let length = match text.matches(':').count() {
        _ if text.contains('.') => 1.microsecond(),
        0 => 1.hour(),
        1 => 1.minute(),
        _ => 1.second(),
    };
    let start = time.to_zoned(now.time_zone().clone()).ok()?;
    let end = start.checked_add(length).ok()?;
    Some(Moment { start: start.timestamp().as_microsecond(), end: end.timestamp().as_microsecond() })
}

/// `time>=yesterday`.
pub(super) fn test(relation: Relation, text: &str, now: &Zoned) -> Result<Expression, String> {
    let moment = moment(text, now)?;
    Ok(match relation {
        Relation::Greater => Test::Since(moment.end).into(),
        Relation::GreaterOrEqual => Test::Since(moment.start).into(),
        Relation::Less => Test::Until(moment.start).into(),
        Relation::LessOrEqual => Test::Until(moment.end).into(),
        Relation::Equal => Expression::All(vec![Test::Since(moment.start).into(), Test::Until(moment.end).into()]),
        Relation::Matches => return Err("a time is compared with =, <, <=, > or >=".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Zoned {
        "2026-11-21T12:00:00+01:00[+01:00]".parse().unwrap()
    }

    #[test]
    fn table() {
        let check = |text: &str, start: &str, end: &str| {
            let found = moment(text, &now()).unwrap();
            let micros = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
            assert_eq!((found.start, found.end), (micros(start), micros(end)), "{text}");
        };
        check("now", "2026-11-21T11:00:00Z", "2026-11-21T11:00:00.000001Z");
        check("2026-11-21T03:46:02Z", "2026-11-21T03:46:02Z", "2026-11-21T03:46:02.000001Z");
        check("2026-11-21T03:46:02+02:00", "2026-11-21T01:46:02Z", "2026-11-21T01:46:02.000001Z");
        check("2026-11-20", "2026-11-19T23:00:00Z", "2026-11-20T23:00:00Z");
        check("today", "2026-11-20T23:00:00Z", "2026-11-21T23:00:00Z");
        check("Yesterday", "2026-11-19T23:00:00Z", "2026-11-20T23:00:00Z");
        check("yesterday 10:30", "2026-11-20T09:30:00Z", "2026-11-20T09:31:00Z");
        check("2026-11-20 10:30", "2026-11-20T09:30:00Z", "2026-11-20T09:31:00Z");
        check("2026-11-20T10:30:05", "2026-11-20T09:30:05Z", "2026-11-20T09:30:06Z");
        check("10:30", "2026-11-21T09:30:00Z", "2026-11-21T09:31:00Z");
        check("10m ago", "2026-11-21T10:50:00Z", "2026-11-21T10:50:00.000001Z");
        check("-90s", "2026-11-21T10:58:30Z", "2026-11-21T10:58:30.000001Z");
        check("2 hours ago", "2026-11-21T09:00:00Z", "2026-11-21T09:00:00.000001Z");
        check("1d", "2026-11-20T11:00:00Z", "2026-11-20T11:00:00.000001Z");
    }

    #[test]
    fn what_is_no_time_says_what_is() {
        for text in ["", "soon", "2026-13-01", "25:00", "ten minutes ago"] {
            let error = moment(text, &now()).unwrap_err();
            assert!(error.contains("yesterday"), "{error}");
        }
    }
}
