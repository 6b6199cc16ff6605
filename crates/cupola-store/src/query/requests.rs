//! Requests: how many there were, how many failed, how long they took. Told from what was added up while entries were sealed, so that no
//! entry is read.

mod sums;

use std::path::Path;
use std::time::Duration;

use self::sums::{Sum, Sums};
use super::error::QueryError;
use super::scan::Scan;
use super::selection::{Partial, Selection};
use super::steps::{HOUR, MINUTE, Steps, in_whole_hours};
use crate::rollup::{Durations, Exemplar, Step, What};
use crate::signal::Signal;
use crate::value::Value;

/// Of more time than this whole hours are told.
const MANY_HOURS: i64 = 6 * HOUR;

/// A question for requests.
///
/// What counts as one is an entry with `duration_ms` and a `route`, or a server's span.
#[derive(Clone, Debug)]
pub struct Requests {
    /// As log entries or as spans tell of them.
    pub signal: Signal,
    /// From this time on, in nanoseconds since 1970. Time is widened to whole minutes, of more than six hours to whole hours.
    pub since: i64,
    /// Before this time.
    pub until: i64,
    /// Tells of each step of time apart; it is a whole number of minutes, or of hours where whole hours are told.
    pub step: Option<Duration>,
    /// Only those of this service.
    pub service: Option<String>,
    /// Only those of this route.
    pub route: Option<String>,
    /// What is told apart.
    pub by: RequestsBy,
    /// The shares, from 0 to 1, whose quantiles are wanted: 0.5, 0.95. Without any it costs half as much.
    pub shares: Vec<f64>,
    /// How many services or routes, those with the most requests.
    pub limit: usize,
}

/// What is told apart of requests, from the coarsest to the finest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestsBy {
    /// Nothing.
    All,
    /// Services.
    Service,
    /// Services and routes.
    #[default]
    Route,
}

/// Requests.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Requested {
    /// Those with the most requests first, each one's steps one behind the other.
    pub rows: Vec<RequestRow>,
    /// Requests that no row tells of.
    pub others: u64,
    /// How long that is of which whole ones are told, in nanoseconds: a minute or an hour.
    pub whole: i64,
    /// Why it does not tell of all.
    pub partial: Option<Partial>,
}

/// Requests that were added up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestRow {
    /// Of which service; empty where it is not known, or not told apart.
    pub service: String,
    /// Of which route; empty where it is not known, or not told apart.
    pub route: String,
    /// When the step begins, in nanoseconds since 1970.
    pub start: Option<i64>,
    /// How many.
    pub count: u64,
    /// How many of them failed: with a status of 5xx, the level `ERROR`, or a span that says so.
    pub errors: u64,
    /// How many had a status of each class, by its first digit; first those without one.
    pub classes: [u64; 6],
    /// How long all took together, in milliseconds.
    pub sum_ms: f64,
    /// How long the longest took, in milliseconds.
    pub max_ms: f64,
    /// How long the shares took at most that were asked for, in milliseconds, to about one per cent.
    pub quantiles_ms: Vec<f64>,
    /// Requests that stand for the others: failed ones before others, slow ones before quick ones.
    pub exemplars: Vec<RequestExemplar>,
}

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestExemplar {
    /// Its trace, in hexadecimal.
    pub trace_id: String,
    /// How long it took.
    pub duration_ms: f64,
    /// Whether it failed.
    pub is_error: bool,
}

/// Of what an answer tells.
#[derive(Clone, Copy, Debug)]
struct ToldOf {
    whole: i64,
    steps: Option<Steps>,
    partial: Option<Partial>,
}

impl Requests {
    pub(super) fn answer(&self, dir: &Path) -> Result<Requested, QueryError> {
        let (sums, told) = self.add_up(dir)?;
        Ok(self.finish(&sums, told))
    }

    /// Answers many: those that differ in nothing but what they tell apart, from one look.
    pub(super) fn answer_all(all: &[Self], dir: &Path) -> Result<Vec<Requested>, QueryError> {
        if let Some(finest) = Self::finest(all) {
            let (sums, told) = finest.add_up(dir)?;
            if sums.others == 0 {
                let answer = |asked: &Self| {
                    let steps = told.steps.filter(|_| asked.step.is_some());
                    if (asked.by, asked.step) == (finest.by, finest.step) {
                        return asked.finish(&sums, told);
                    }
                    let grouped = sums.grouped(asked.by, steps.is_some(), !asked.shares.is_empty());
                    asked.finish(&grouped, ToldOf { steps, ..told })
                };
                return Ok(all.iter().map(answer).collect());
            }
        }
        all.iter().map(|asked| asked.answer(dir)).collect()
    }

    /// The question whose answer has those of all in it, if there is one.
    fn finest(all: &[Self]) -> Option<Self> {
        let (first, others) = all.split_first().filter(|(_, others)| !others.is_empty())?;
        let mut finest = first.clone();
        for asked in others {
            let about = |asked: &Self| (asked.signal, asked.since, asked.until);
            let is_alike = about(asked) == about(first) && asked.service == first.service && asked.route == first.route;
            if !is_alike || (finest.step.is_some() && asked.step.is_some() && finest.step != asked.step) {
                return None;
            }
            (finest.by, finest.step) = (finest.by.max(asked.by), finest.step.or(asked.step));
            finest.shares.extend_from_slice(&asked.shares);
        }
        Some(finest)
    }

    fn add_up(&self, dir: &Path) -> Result<(Sums, ToldOf), QueryError> {
        let what = match self.signal {
            Signal::Logs => What::LoggedRequests,
            Signal::Spans => What::TracedRequests,
            Signal::Metrics => return Err(QueryError::asked("requests are told of by logs and by spans")),
        };
        let is_long = self.until.saturating_sub(self.since) > MANY_HOURS;
        let whole = if is_long { HOUR } else { MINUTE };
        let since = self.since.div_euclid(whole).saturating_mul(whole);
        let selection = Selection { since: Some(since), until: Some(self.until), ..Selection::of(self.signal) };
        let steps = self.steps(&selection, whole)?;
        let mut scan = Scan::new(dir, &selection);
        let parts = match (is_long, steps) {
            (true, _) => vec![(Step::Hour, scan.times().clone())],
            (false, Some(steps)) if steps.length % HOUR != 0 => vec![(Step::Minute, scan.times().clone())],
            (false, _) => in_whole_hours(scan.times()),
        };
        let mut sums = Sums::new(!self.shares.is_empty());
        for day in scan.days()? {
            if let Some(why) = scan.is_over() {
                scan.partial = Some(why);
                break;
            }
            let Some(file) = scan.open(day)? else { continue };
            let _one_moment = file.snapshot()?;
            let wanted = sums.wanted(file.rollup_keys(what)?, self);
            for (step, times) in &parts {
                file.each_rollup(times, *step, |row| sums.add(row, &wanted, steps.as_ref()))?;
            }
        }
        Ok((sums, ToldOf { whole, steps, partial: scan.partial }))
    }

    fn steps(&self, selection: &Selection, whole: i64) -> Result<Option<Steps>, QueryError> {
        let Some(step) = self.step else { return Ok(None) };
        let steps = Steps::new(selection, step)?;
        if steps.length % whole == 0 {
            return Ok(Some(steps));
        }
        let unit = if whole == HOUR { "hours, since more than six are asked for" } else { "minutes" };
        Err(QueryError::asked(format!("a step of requests is a whole number of {unit}")))
    }

    fn finish(&self, sums: &Sums, told: ToldOf) -> Requested {
        let (ranked, left) = sums.ranked(self.limit);
        let start = |step: usize| told.steps.map(|steps| steps.start + step as i64 * steps.length);
        let rows = ranked.into_iter().map(|(named, step, sum)| self.row(named, start(step), sum)).collect();
        Requested { rows, others: sums.others + left, whole: told.whole, partial: told.partial }
    }

    fn row(&self, (service, route): &sums::Named, start: Option<i64>, sum: &Sum) -> RequestRow {
        let (sum_ms, longest) = sum.durations.ends();
        let durations = if self.shares.is_empty() { Durations::default() } else { sum.durations.finish() };
        RequestRow {
            service: service.to_string(),
            route: route.to_string(),
            start,
            count: sum.cell.count,
            errors: sum.cell.errors,
            classes: sum.classes,
            sum_ms,
            max_ms: number(longest),
            quantiles_ms: self.shares.iter().map(|share| durations.quantile(*share).unwrap_or_default()).collect(),
            exemplars: sum.cell.exemplars.iter().map(RequestExemplar::from).collect(),
        }
    }
}

impl From<&Exemplar> for RequestExemplar {
    fn from(exemplar: &Exemplar) -> Self {
        Self {
            trace_id: Value::Id(&exemplar.trace_id).text().into_owned(),
            duration_ms: number(exemplar.duration_ms),
            is_error: exemplar.is_error,
        }
    }
}

fn number(number: impl Into<f64>) -> f64 {
    number.into()
}
