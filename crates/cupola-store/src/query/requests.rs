//! Requests: how many there were, how many failed, how long they took. Told from what was added up while entries were sealed, so that no
//! entry is read.

use std::cmp::Reverse;
use std::path::Path;
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::error::QueryError;
use super::scan::Scan;
use super::selection::{Partial, Selection};
use super::steps::Steps;
use crate::block::Torn;
use crate::file::{DayFile, FileError, Stored, read_data};
use crate::rollup::{Adding, Cell, Exemplar, Key, Step, What};
use crate::signal::Signal;
use crate::value::Value;

const MINUTE: i64 = 60_000_000_000;
const HOUR: i64 = 60 * MINUTE;
/// Of more time than this whole hours are told.
const MANY_HOURS: i64 = 6 * HOUR;
/// So many rows are added up; requests of others are counted, and nothing else.
const MAX_ROWS: usize = 20_000;

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
    /// The shares, from 0 to 1, whose quantiles are wanted: 0.5, 0.95.
    pub shares: Vec<f64>,
    /// How many services or routes, those with the most requests.
    pub limit: usize,
}

/// What is told apart of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

/// Service and route.
type Named = (Box<str>, Box<str>);

#[derive(Debug, Default)]
struct Sum {
    /// All but its durations.
    cell: Cell,
    durations: Adding,
    classes: [u64; 6],
}

#[derive(Debug, Default)]
struct Sums {
    /// The number of each service and route.
    names: FxHashMap<Named, usize>,
    /// By name and step.
    rows: FxHashMap<(usize, usize), Sum>,
    others: u64,
}

/// Which of a file's keys are asked for: the number of its service and route, and its class of status.
type Wanted = FxHashMap<i64, (usize, usize)>;

impl Requests {
    pub(super) fn answer(&self, dir: &Path) -> Result<Requested, QueryError> {
        let what = match self.signal {
            Signal::Logs => What::LoggedRequests,
            Signal::Spans => What::TracedRequests,
            Signal::Metrics => return Err(QueryError::asked("requests are told of by logs and by spans")),
        };
        let is_long = self.until.saturating_sub(self.since) > MANY_HOURS;
        let (whole, step) = if is_long { (HOUR, Step::Hour) } else { (MINUTE, Step::Minute) };
        let since = self.since.div_euclid(whole).saturating_mul(whole);
        let selection = Selection { since: Some(since), until: Some(self.until), ..Selection::of(self.signal) };
        let steps = self.steps(&selection, whole)?;
        let mut scan = Scan::new(dir, &selection);
        let mut sums = Sums::default();
        for day in scan.days()? {
            if let Some(why) = scan.is_over() {
                scan.partial = Some(why);
                break;
            }
            let Some(file) = scan.open(day)? else { continue };
            let wanted = self.wanted(&file, what, &mut sums)?;
            file.each_rollup(scan.times(), step, |row| sums.add(row, &wanted, steps.as_ref()))?;
        }
        Ok(Requested { whole, partial: scan.partial, ..self.finish(sums, steps.as_ref()) })
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

    fn wanted(&self, file: &DayFile, what: What, sums: &mut Sums) -> Result<Wanted, FileError> {
        let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        let keys = file.rollup_keys(what)?.into_iter();
        let asked_for = keys.filter(|(_, key)| is(&self.service, &key.service) && is(&self.route, &key.name));
        let place = |(number, key): (i64, Key)| {
            let class = usize::from(key.class).min(5);
            let named: Named = match self.by {
                RequestsBy::All => Named::default(),
                RequestsBy::Service => (key.service, Box::default()),
                RequestsBy::Route => (key.service, key.name),
            };
            let next = sums.names.len();
            (number, (*sums.names.entry(named).or_insert(next), class))
        };
        Ok(asked_for.map(place).collect())
    }

    fn finish(&self, sums: Sums, steps: Option<&Steps>) -> Requested {
        let Sums { names, mut rows, others } = sums;
        let mut totals = vec![0_u64; names.len()];
        rows.iter().for_each(|((name, _), sum)| totals[*name] += sum.cell.count);
        let mut order: Vec<(Named, usize)> = names.into_iter().filter(|(_, name)| totals[*name] > 0).collect();
        order.sort_unstable_by(|(one, a), (other, b)| (Reverse(totals[*a]), one).cmp(&(Reverse(totals[*b]), other)));
        let (shown, left) = order.split_at(self.limit.min(order.len()));
        let others = others + left.iter().map(|(_, name)| totals[*name]).sum::<u64>();
        let ranks: FxHashMap<usize, usize> = shown.iter().zip(0..).map(|((_, name), rank)| (*name, rank)).collect();
        let mut ranked: Vec<_> =
            rows.drain().filter_map(|((name, step), sum)| Some((*ranks.get(&name)?, step, sum))).collect();
        ranked.sort_by_key(|(rank, step, _)| (*rank, *step));
        let start = |step: usize| steps.map(|steps| steps.start + step as i64 * steps.length);
        let rows = ranked.into_iter().map(|(rank, step, sum)| self.row(&shown[rank].0, start(step), sum)).collect();
        Requested { rows, others, ..Requested::default() }
    }

    fn row(&self, (service, route): &Named, start: Option<i64>, sum: Sum) -> RequestRow {
        let Sum { cell, durations, classes } = sum;
        let durations = durations.finish();
        RequestRow {
            service: service.to_string(),
            route: route.to_string(),
            start,
            count: cell.count,
            errors: cell.errors,
            classes,
            sum_ms: number(durations.sum),
            max_ms: number(durations.most),
            quantiles_ms: self.shares.iter().map(|share| durations.quantile(*share).unwrap_or_default()).collect(),
            exemplars: cell.exemplars.iter().map(RequestExemplar::from).collect(),
        }
    }
}

impl Sums {
    fn add(&mut self, row: Stored<'_>, wanted: &Wanted, steps: Option<&Steps>) -> Result<(), Torn> {
        let step = steps.map_or(Some(0), |steps| steps.of(row.start));
        let (Some(step), Some(&(name, class))) = (step, wanted.get(&row.key)) else { return Ok(()) };
        let place = (name, step);
        if self.rows.len() >= MAX_ROWS && !self.rows.contains_key(&place) {
            self.others += row.count;
            return Ok(());
        }
        let Sum { cell, durations, classes } = self.rows.entry(place).or_default();
        (cell.count, cell.errors) = (cell.count + row.count, cell.errors + row.errors);
        classes[class] += row.count;
        durations.add(&mut read_data(row.data, |exemplar| cell.show(exemplar))?)
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
