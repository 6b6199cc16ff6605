//! What routes do: rate, errors, duration, and how the rate went.

use std::cmp::Ordering;

use cupola_store::{RequestRow, Requested};

use super::range::Range;
use crate::terminal::safe;

/// The shares whose quantiles are shown.
pub(super) const SHARES: [f64; 3] = [0.5, 0.95, 0.99];

/// A route of a service; both are what they are called, and not fit for a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    pub(super) service: String,
    pub(super) route: String,
}

impl Named {
    /// Fit for a terminal: the route, and the service that it is of.
    pub(super) fn shown(&self) -> (String, String) {
        let route = if self.route.is_empty() { "(no route)" } else { &self.route };
        (safe(route), safe(&self.service))
    }
}

/// One route.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Route {
    pub(super) named: Named,
    /// Requests in a second.
    pub(super) rate: f64,
    /// The share that failed, from 0 to 1.
    pub(super) failed: f64,
    /// Of half of the requests, of 95 and of 99 in a hundred, in milliseconds.
    pub(super) quantiles_ms: [f64; 3],
    /// How many requests of it are in work at a time.
    pub(super) busy: f64,
    pub(super) trend: Vec<Bar>,
}

/// A step of a trend.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Bar {
    /// Requests in a second.
    pub(super) rate: f64,
    pub(super) has_errors: bool,
}

/// Routes of a time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Routes {
    pub(super) rows: Vec<Route>,
    /// Not everything has been read.
    pub(super) is_partial: bool,
}

/// By what routes are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sort {
    /// Failed requests first, and then the time that all take.
    #[default]
    Impact,
    Name,
    Rate,
    Errors,
    Quantile(usize),
}

impl Sort {
    const ALL: [Self; 7] =
        [Self::Impact, Self::Name, Self::Rate, Self::Errors, Self::Quantile(0), Self::Quantile(1), Self::Quantile(2)];

    /// The one so many places on.
    pub(super) fn next(self, places: usize) -> Self {
        let place = Self::ALL.iter().position(|sort| *sort == self).unwrap_or_default();
        Self::ALL[(place + places) % Self::ALL.len()]
    }

    pub(super) fn back(self) -> Self {
        self.next(Self::ALL.len() - 1)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Impact => "impact",
            Self::Name => "name",
            Self::Rate => "rate",
            Self::Errors => "errors",
            Self::Quantile(0) => "p50",
            Self::Quantile(1) => "p95",
            Self::Quantile(_) => "p99",
        }
    }

    pub(super) fn compare(self, one: &Route, other: &Route) -> Ordering {
        let downward = |of: fn(&Route) -> f64| of(other).total_cmp(&of(one));
        let first = match self {
            Self::Impact => downward(|route| route.rate * route.failed).then(downward(|route| route.busy)),
            Self::Name => Ordering::Equal,
            Self::Rate => downward(|route| route.rate),
            Self::Errors => downward(|route| route.failed),
            Self::Quantile(which) => other.quantiles_ms[which].total_cmp(&one.quantiles_ms[which]),
        };
        first.then_with(|| one.named.cmp(&other.named))
    }
}

impl Routes {
    /// Of what was told of the range as a whole, and step by step.
    pub(super) fn of(whole: &Requested, steps: &Requested, range: Range, now: i64) -> Self {
        let unit = whole.whole.max(1);
        // Time is widened to whole minutes, or hours, of which the last one is not over.
        let since = (now - range.length()).div_euclid(unit) * unit;
        let seconds = (now - since) as f64 / 1e9;
        let row = |row: &RequestRow| {
            let is_of = |step: &&RequestRow| step.service == row.service && step.route == row.route;
            Route {
                named: Named { service: row.service.clone(), route: row.route.clone() },
                rate: row.count as f64 / seconds,
                failed: row.errors as f64 / row.count.max(1) as f64,
                quantiles_ms: std::array::from_fn(|which| row.quantiles_ms.get(which).copied().unwrap_or_default()),
                busy: row.sum_ms / 1e3 / seconds,
                trend: trend(steps.rows.iter().filter(is_of), range, since, now),
            }
        };
        Self { rows: whole.rows.iter().map(row).collect(), is_partial: whole.partial.or(steps.partial).is_some() }
    }

    pub(super) fn and(mut self, other: Self) -> Self {
        self.rows.extend(other.rows);
        self.is_partial |= other.is_partial;
        self
    }
}

/// The first and the last step may lie in the range in part; of those that lie in it by less than half too little is known.
fn trend<'a>(rows: impl Iterator<Item = &'a RequestRow>, range: Range, since: i64, now: i64) -> Vec<Bar> {
    let step = i64::try_from(range.step().as_nanos()).unwrap_or(i64::MAX);
    let start = since.div_euclid(step) * step;
    let count = usize::try_from((now - start + step - 1) / step).unwrap_or_default();
    let within = |place: i64| ((start + (place + 1) * step).min(now) - (start + place * step).max(since)).max(0);
    let mut bars = vec![Bar::default(); count];
    for row in rows {
        let place = (row.start.unwrap_or(start) - start) / step;
        if let Some(bar) = usize::try_from(place).ok().and_then(|place| bars.get_mut(place)) {
            let seconds = within(place).max(1) as f64 / 1e9;
            *bar = Bar { rate: row.count as f64 / seconds, has_errors: row.errors > 0 };
        }
    }
    let is_known = |place: usize| within(i64::try_from(place).unwrap_or_default()) * 2 >= step;
    bars.into_iter().enumerate().filter(|(place, _)| is_known(*place)).map(|(_, bar)| bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000_000;

    fn row(route: &str, start: Option<i64>, count: u64, errors: u64) -> RequestRow {
        let quantiles_ms = vec![1.0, 2.0, 3.0];
        RequestRow {
            route: route.into(),
            start,
            count,
            errors,
            sum_ms: 60_000.0,
            quantiles_ms,
            ..RequestRow::default()
        }
    }

    #[test]
    fn rates_are_of_the_time_that_is_told_of() {
        let now = 100 * MINUTE + MINUTE / 4;
        let range = Range::default();
        let whole = Requested { rows: vec![row("/a", None, 1_830, 183)], whole: MINUTE, ..Requested::default() };
        // Widened to whole minutes it begins at 85, and ends now.
        let steps =
            [(85, 120), (99, 60), (100, 15)].map(|(at, count)| row("/a", Some(at * MINUTE), count, at as u64 / 99));
        let steps = Requested { rows: steps.into(), ..Requested::default() };
        let routes = Routes::of(&whole, &steps, range, now);
        let route = &routes.rows[0];
        assert_eq!((route.rate, route.failed, route.busy), (2.0, 0.1, 60.0 / 915.0));
        assert_eq!(route.trend.len(), 15, "the minute that has just begun tells too little");
        assert_eq!((route.trend[0], route.trend[13].rate), (Bar { rate: 2.0, has_errors: false }, 0.0));
        assert_eq!(route.trend[14], Bar { rate: 1.0, has_errors: true });
    }

    #[test]
    fn what_fails_comes_before_what_is_busy() {
        let route = |name: &str, rate, failed, busy| Route {
            named: Named { route: name.to_owned(), ..Named::default() },
            rate,
            failed,
            busy,
            quantiles_ms: [busy; 3],
            ..Route::default()
        };
        let mut rows = [route("/a", 9.0, 0.0, 3.0), route("/b", 1.0, 0.5, 1.0), route("/c", 2.0, 0.0, 7.0)];
        let mut check = |sort: Sort, expected: &str| {
            rows.sort_by(|one, other| sort.compare(one, other));
            assert_eq!(rows.iter().map(|row| row.named.route.as_str()).collect::<String>(), expected, "{sort:?}");
        };
        check(Sort::Impact, "/b/c/a");
        check(Sort::Name, "/a/b/c");
        check(Sort::Rate, "/a/c/b");
        check(Sort::Errors, "/b/a/c");
        check(Sort::Quantile(2), "/c/a/b");
        assert_eq!(
            (Sort::Impact.next(1), Sort::Impact.back(), Sort::Impact.next(7)),
            (Sort::Name, Sort::Quantile(2), Sort::Impact)
        );
    }
}
