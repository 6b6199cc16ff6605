//! Requests, errors and durations, whoever told of them: the log of a service, its spans, or both.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cupola_store::{Partial, Query, RequestRow, Requests, RequestsBy, Signal};

use super::chart::Steps;
use super::fault::Fault;
use super::range::Range;
use super::show;

/// The shares whose quantiles are shown.
pub(super) const SHARES: [f64; 3] = [0.5, 0.95, 0.99];

/// So many services or routes are told of.
const MOST: usize = 200;

/// By which signal each service's requests are counted. Where both tell of them it is the one that tells of more: spans may be sampled,
/// and not every service has lines of requests.
#[derive(Debug, Default)]
pub(super) struct Sources {
    by_spans: BTreeSet<String>,
    by_logs: BTreeSet<String>,
}

/// Which requests are meant.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Of<'a> {
    pub(super) service: Option<&'a str>,
    pub(super) route: Option<&'a str>,
    pub(super) by: RequestsBy,
    pub(super) step: Option<Duration>,
    /// Whether it is not asked how long they took.
    pub(super) counts_only: bool,
}

/// Requests of one time.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Those with the most requests first, each one's steps one behind the other.
    pub(super) rows: Vec<RequestRow>,
    pub(super) partial: Option<Partial>,
}

impl Sources {
    /// Looks at who tells of what.
    pub(super) fn find(query: &dyn Query, range: Range, service: Option<&str>) -> Result<Self, Fault> {
        let of = Of { service, by: RequestsBy::Service, counts_only: true, ..Of::default() };
        let count = |signal| -> Result<BTreeMap<String, u64>, Fault> {
            Ok(query
                .requests(&question(signal, range, of))?
                .rows
                .into_iter()
                .map(|row| (row.service, row.count))
                .collect())
        };
        let (logs, spans) = (count(Signal::Logs)?, count(Signal::Spans)?);
        let mut found = Self::default();
        for service in logs.keys().chain(spans.keys()) {
            let by_spans = spans.get(service) > logs.get(service);
            let side = if by_spans { &mut found.by_spans } else { &mut found.by_logs };
            side.insert(service.clone());
        }
        Ok(found)
    }

    /// Asks whoever tells of each service.
    pub(super) fn ask(&self, query: &dyn Query, range: Range, of: Of<'_>) -> Result<Told, Fault> {
        let [told] = self.ask_all(query, range, [of])?;
        Ok(told)
    }

    /// Asks whoever tells of each service many things of the same requests, which are answered from one look.
    pub(super) fn ask_all<const N: usize>(
        &self,
        query: &dyn Query,
        range: Range,
        all: [Of<'_>; N],
    ) -> Result<[Told; N], Fault> {
        let mut told = [const { Told { rows: Vec::new(), partial: None } }; N];
        for (signal, services) in [(Signal::Logs, &self.by_logs), (Signal::Spans, &self.by_spans)] {
            if services.is_empty() {
                continue;
            }
            let answers = query.requests_all(&all.map(|of| question(signal, range, of)))?;
            for ((told, asked), of) in told.iter_mut().zip(answers).zip(all) {
                told.partial = told.partial.or(asked.partial);
                // Where services are not told apart the question is about one of them.
                let is_meant = |row: &RequestRow| of.by == RequestsBy::All || services.contains(&row.service);
                told.rows.extend(asked.rows.into_iter().filter(is_meant));
            }
        }
        Ok(told)
    }
}

/// What one signal tells of requests: of all of the range, and step by step; `None` where it tells of none.
pub(super) fn told_by(
    query: &dyn Query,
    signal: Signal,
    range: Range,
    of: Of<'_>,
) -> Result<Option<(RequestRow, Vec<RequestRow>)>, Fault> {
    let of = Of { by: RequestsBy::All, ..of };
    let both = [Of { step: None, ..of }, of].map(|of| question(signal, range, of));
    let mut answers = query.requests_all(&both)?.into_iter().map(|told| told.rows);
    let all = answers.next().unwrap_or_default().into_iter().next();
    Ok(all.map(|all| (all, answers.next().unwrap_or_default())))
}

fn question(signal: Signal, range: Range, of: Of<'_>) -> Requests {
    let Of { service, route, by, step, counts_only } = of;
    let Range { since, until, .. } = range.whole();
    let (service, route) = (service.map(str::to_owned), route.map(str::to_owned));
    let shares = if counts_only { Vec::new() } else { SHARES.to_vec() };
    Requests { signal, since, until, step, service, route, by, shares, limit: MOST }
}

/// The steps of a range of requests.
pub(super) fn steps(range: Range, step: Duration) -> Steps {
    let step = i64::try_from(step.as_nanos()).unwrap_or(i64::MAX).max(1);
    let start = range.whole().since.div_euclid(step) * step;
    let count = usize::try_from((range.until - start + step - 1) / step).unwrap_or(1).max(1);
    Steps { start, step, count }
}

/// How many seconds of each step the range has: the first and the last one may lie in it in part. `None` of those that lie in it by less than
/// half, which say little.
pub(super) fn seconds(range: Range, steps: &Steps) -> Vec<Option<f64>> {
    let range = range.whole();
    let of_step = |step: usize| {
        let within = steps.time(step + 1).min(range.until) - steps.time(step).max(range.since);
        (within * 2 >= steps.step).then(|| show::as_f64(within.cast_unsigned()) / 1e9)
    };
    (0..steps.count).map(of_step).collect()
}

/// What each step has, at its place; `None` where no request was.
pub(super) fn by_step<'a>(
    rows: impl IntoIterator<Item = &'a RequestRow>,
    steps: &Steps,
) -> Vec<Option<&'a RequestRow>> {
    let mut all = vec![None; steps.count];
    for row in rows {
        let place = row.start.and_then(|start| usize::try_from((start - steps.start) / steps.step).ok());
        if let Some(slot) = place.and_then(|place| all.get_mut(place)) {
            *slot = Some(row);
        }
    }
    all
}

/// Which share of requests failed.
pub(super) fn failed(row: &RequestRow) -> f64 {
    if row.count == 0 { 0.0 } else { row.errors as f64 / row.count as f64 }
}

/// What requests cost: the failed ones first, then the time that all took.
pub(super) fn impact(row: &RequestRow, seconds: f64) -> (f64, f64) {
    (row.errors as f64 / seconds.max(1.0), row.sum_ms / 1e3 / seconds.max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_lies_in_the_range_in_part_counts_as_long_as_it_does() {
        const MINUTE: i64 = 60_000_000_000;
        let check = |until: i64, expected: &[Option<f64>]| {
            let range = Range { since: 7 * MINUTE, until, is_live: true };
            let steps = steps(range, Duration::from_secs(120));
            assert_eq!((steps.start, seconds(range, &steps)), (6 * MINUTE, expected.to_vec()));
        };
        check(12 * MINUTE, &[Some(60.0), Some(120.0), Some(120.0)]);
        check(11 * MINUTE, &[Some(60.0), Some(120.0), Some(60.0)]);
        check(10 * MINUTE + MINUTE / 2, &[Some(60.0), Some(120.0), None]);
    }
}
