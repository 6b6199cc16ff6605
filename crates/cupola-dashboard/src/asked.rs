//! The parameters of a question, each read once; one that nobody reads is a mistake of the asker's.

use std::str::FromStr;
use std::time::Duration;

use axum::extract::Query;
use cupola_store::language::{Expression, Meaning, milliseconds, parse};
use cupola_store::{Level, Selection, Signal};
use http::Uri;
use jiff::Zoned;
use jiff::tz::TimeZone;

use crate::problem::Problem;

/// The parameters that are yet to be read.
#[derive(Debug)]
pub(crate) struct Asked {
    pairs: Vec<(String, String)>,
    now: Zoned,
}

impl Asked {
    /// No others than these are asked for, and each of them once.
    pub(crate) fn read(raw: Option<&str>, accepted: &[&str]) -> Result<Self, Problem> {
        let bad = || Problem::bad("query", "cannot be read", "name=value pairs, percent-encoded, with & between them");
        let uri = Uri::try_from(format!("/?{}", raw.unwrap_or_default())).map_err(|_| bad())?;
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&uri).map_err(|_| bad())?;
        let is_other = |place: usize| {
            let name = &pairs[place].0;
            !accepted.contains(&name.as_str()) || pairs[..place].iter().any(|(before, _)| before == name)
        };
        if let Some(place) = (0..pairs.len()).find(|place| is_other(*place)) {
            let accepted = if accepted.is_empty() { "none".to_owned() } else { accepted.join(", ") };
            return Err(Problem::bad(&pairs[place].0, "is no parameter here, or stands twice", accepted));
        }
        Ok(Self { pairs, now: clock() })
    }

    /// These parameters, as a form has sent them.
    pub(crate) fn of<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        Self { pairs: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(), now: clock() }
    }

    /// The value of a parameter, if it is there.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let place = self.pairs.iter().position(|(known, _)| known == name)?;
        Some(self.pairs.remove(place).1)
    }

    /// A text; an empty one says nothing.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.take(name).filter(|value| !value.is_empty())
    }

    /// Which entries.
    pub(crate) fn selection(&mut self, signal: Signal, since: Option<&str>) -> Result<Selection, Problem> {
        let expression = self.expression()?;
        let (since, until) = (self.time("since", since)?, self.time("until", Some("now"))?);
        Ok(Selection { expression, since, until, ..Selection::of(signal) })
    }

    /// From when to when, in nanoseconds since 1970.
    pub(crate) fn range(&mut self, since: &str) -> Result<(i64, i64), Problem> {
        let (since, until) = (self.time("since", Some(since))?, self.time("until", Some("now"))?);
        Ok((since.unwrap_or(i64::MIN), until.unwrap_or(i64::MAX)))
    }

    pub(crate) fn expression(&mut self) -> Result<Option<Expression>, Problem> {
        let Some(text) = self.text("query") else { return Ok(None) };
        let meaning = Meaning { now: self.now.clone(), ignore_case: false };
        match parse(&text, &meaning) {
            Ok(expression) => Ok(Some(expression)),
            Err(error) => {
                let is = format!("cannot be read at byte {}: {}", error.at(), error.message());
                Err(Problem::bad("query", &is, "a filter such as level>=warn status=5xx \"text\""))
            }
        }
    }

    /// A time, in nanoseconds since 1970; `unset` where nothing is said.
    pub(crate) fn time(&mut self, name: &str, unset: Option<&str>) -> Result<Option<i64>, Problem> {
        let said = self.take(name);
        let Some(text) = said.as_deref().or(unset) else { return Ok(None) };
        moment(name, text, &self.now).map(Some)
    }

    /// How long, as `30s`.
    pub(crate) fn span(&mut self, name: &str) -> Result<Option<Duration>, Problem> {
        let Some(text) = self.take(name) else { return Ok(None) };
        let read = milliseconds(&text).and_then(|ms| Duration::try_from_secs_f64(ms / 1e3).ok());
        let read = read.filter(|span| !span.is_zero());
        read.map(Some).ok_or_else(|| Problem::bad(name, "is no length of time", "a number with ms, s, m or h: 30s"))
    }

    pub(crate) fn number(&mut self, name: &str, unset: usize, most: usize) -> Result<usize, Problem> {
        let Some(text) = self.take(name) else { return Ok(unset) };
        let number = text.parse().ok().filter(|number| (1..=most).contains(number));
        number.ok_or_else(|| Problem::bad(name, "is no such number", format!("a whole number from 1 to {most}")))
    }

    pub(crate) fn read_as<T: FromStr>(&mut self, name: &str, accepted: &str) -> Result<Option<T>, Problem> {
        let Some(text) = self.take(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| Problem::bad(name, "cannot be read", accepted))
    }

    pub(crate) fn level(&mut self) -> Result<Level, Problem> {
        let Some(text) = self.take("level") else { return Ok(Level::Error) };
        Level::parse(&text).ok_or_else(|| Problem::bad("level", "is no level", "trace, debug, info, warn, error"))
    }

    pub(crate) fn shares(&mut self) -> Result<Vec<f64>, Problem> {
        let text = self.take("shares").unwrap_or_else(|| "0.5,0.95,0.99".to_owned());
        let is_share = |share: &f64| (0.0..=1.0).contains(share);
        let shares: Option<Vec<f64>> =
            text.split(',').map(|share| share.trim().parse().ok().filter(is_share)).collect();
        let shares = shares.filter(|shares| shares.len() <= 20);
        shares.ok_or_else(|| Problem::bad("shares", "are no shares", "at most 20 numbers from 0 to 1: 0.5,0.99"))
    }
}

/// A time as people say it, in nanoseconds since 1970.
pub(crate) fn moment(name: &str, text: &str, now: &Zoned) -> Result<i64, Problem> {
    let accepted = "2026-11-21T03:46:02Z, 2026-11-21, 10m, \"2h ago\", yesterday, now";
    let moment = cupola_store::language::moment(text, now).map_err(|_| Problem::bad(name, "is no time", accepted))?;
    Ok(moment.start.saturating_mul(1_000))
}

/// The time now, in UTC.
pub(crate) fn clock() -> Zoned {
    Zoned::now().with_time_zone(TimeZone::UTC)
}
