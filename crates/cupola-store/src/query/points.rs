//! A metric over time.

mod raw;
mod spread;
mod sum;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use super::error::QueryError;
use super::scan::Scan;
use super::selection::{Partial, Selection};
use super::steps::Steps;
use crate::language::{Expression, Operand, Relation, Test};
use crate::signal::Signal;
use raw::Gathered;
use sum::Sum;

/// How far before the beginning a counter's earlier value is looked for, from which its growth is told.
const LOOK_BACK: i64 = 300_000_000_000;

/// A question for a metric over time.
///
/// ```
/// use std::time::Duration;
/// use cupola_store::{How, Points};
///
/// # let now = 1_795_232_762_000_000_000;
/// let points = Points {
///     only: vec![("cpu.mode".into(), "user".into())],
///     step: Some(Duration::from_secs(60)),
///     ..Points::of("system.cpu.utilization", now - 3_600_000_000_000, now, How::Mean)
/// };
/// # assert_eq!(points.by.len(), 0);
/// ```
#[derive(Clone, Debug)]
pub struct Points {
    /// Its name.
    pub name: String,
    /// From this time on, in nanoseconds since 1970.
    pub since: i64,
    /// Before this time.
    pub until: i64,
    /// Tells of each step of time apart; all time is one step otherwise.
    pub step: Option<Duration>,
    /// Only of this service.
    pub service: Option<String>,
    /// Only of series that have these values of attributes.
    pub only: Vec<(String, String)>,
    /// Attributes whose values are told apart; `service` is one.
    pub by: Vec<String>,
    /// What is told of a step.
    pub how: How,
    /// How many series at most, those with the largest values.
    pub limit: usize,
}

/// What is told of the points that lie in a step. Of histograms that is `Mean`, `Sum`, `Rate` or a quantile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum How {
    /// The last value; of several series that are told as one, their last values added up.
    Last,
    /// The mean of all values.
    Mean,
    /// The least value.
    Least,
    /// The largest value.
    Most,
    /// By how much a counter grew; of a histogram, how many values it counted. One that began anew has not shrunk.
    Sum,
    /// By how much a counter grew each second.
    Rate,
    /// The value of a histogram below which this share lies, from 0 to 1, as far as its buckets tell.
    Quantile(f64),
}

/// A metric over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pointed {
    /// Its series, those with the largest values first.
    pub series: Vec<PointSeries>,
    /// When the first step begins, in nanoseconds since 1970.
    pub start: i64,
    /// How long a step is, in nanoseconds.
    pub step: i64,
    /// Its unit, as it was sent: `By`, `1`, `ms`.
    pub unit: String,
    /// How many more series there are.
    pub others: usize,
    /// Why it does not tell of all.
    pub partial: Option<Partial>,
}

/// One series of a metric, or several as one.
#[derive(Clone, Debug, PartialEq)]
pub struct PointSeries {
    /// The values of the attributes that are told apart, as far as it has them.
    pub labels: BTreeMap<String, String>,
    /// What is told of each step; `None` where nothing was said.
    pub values: Vec<Option<f64>>,
}

impl Points {
    /// All of a metric as one.
    pub fn of(name: impl Into<String>, since: i64, until: i64, how: How) -> Self {
        Self {
            name: name.into(),
            since,
            until,
            step: None,
            service: None,
            only: Vec::new(),
            by: Vec::new(),
            how,
            limit: 100,
        }
    }

    pub(super) fn answer(&self, dir: &Path) -> Result<Pointed, QueryError> {
        if let How::Quantile(share) = self.how
            && !(0.0..=1.0).contains(&share)
        {
            return Err(QueryError::asked(format!("{share} is no share: one is from 0 to 1")));
        }
        let steps = self.steps()?;
        let mut scan = Scan::new(dir, &self.selection());
        let mut gathered = Gathered::new(&self.by);
        let mut is_full = false;
        scan.each(|hit| {
            is_full = !gathered.add(&hit)?;
            Ok(if is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        let partial = scan.partial.or(is_full.then_some(Partial::Budget));
        let unit = std::mem::take(&mut gathered.unit);
        let (series, others) = self.series(gathered, &steps)?;
        Ok(Pointed { series, others, unit, partial, start: steps.start, step: steps.length })
    }

    fn steps(&self) -> Result<Steps, QueryError> {
        match self.step {
            Some(step) => Steps::new(&self.selection_of(self.since), step),
            None => Ok(Steps { start: self.since, length: self.until.saturating_sub(self.since).max(1), count: 1 }),
        }
    }

    fn selection(&self) -> Selection {
        let grows = matches!(self.how, How::Sum | How::Rate | How::Mean | How::Quantile(_));
        self.selection_of(if grows { self.since.saturating_sub(LOOK_BACK) } else { self.since })
    }

    fn selection_of(&self, since: i64) -> Selection {
        let is = |name: &str, value: &str| {
            let (name, value) = (name.to_owned(), Operand::plain(value));
            Expression::from(Test::Field { name, relation: Relation::Equal, value })
        };
        let mut tests = vec![is("metric", &self.name)];
        tests.extend(self.service.iter().map(|service| is("service", service)));
        tests.extend(self.only.iter().map(|(name, value)| is(name, value)));
        let expression = Expression::all(tests);
        Selection { expression, since: Some(since), until: Some(self.until), ..Selection::of(Signal::Metrics) }
    }

    /// The series that are told, and how many are not.
    fn series(&self, gathered: Gathered, steps: &Steps) -> Result<(Vec<PointSeries>, usize), QueryError> {
        let mut groups: BTreeMap<BTreeMap<String, String>, Sum> = BTreeMap::new();
        for (labels, mut raw) in gathered.into_series() {
            if !raw.tells(self.how) {
                return Err(QueryError::asked(format!(
                    "{:?} is not told of a {}: {}",
                    self.how,
                    raw.kind,
                    raw.kind.told()
                )));
            }
            let sum = groups.entry(labels).or_insert_with(|| Sum::new(self.how, steps.count));
            raw.sort();
            sum.add(&raw, steps);
        }
        let finish = |(labels, sum): (_, Sum)| PointSeries { labels, values: sum.finish() };
        let mut series: Vec<PointSeries> = groups.into_iter().map(finish).collect();
        series.retain(|series| series.values.iter().any(Option::is_some));
        let largest = |series: &PointSeries| series.values.iter().flatten().copied().fold(f64::MIN, f64::max);
        series.sort_by_cached_key(|series| Reverse(Total(largest(series))));
        let others = series.len().saturating_sub(self.limit);
        series.truncate(self.limit);
        Ok((series, others))
    }
}

/// Numbers in an order.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Total(f64);

impl Eq for Total {}

impl PartialOrd for Total {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Total {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}
