//! Requests: how many, how many fail, how long they take; now, over two windows, and against earlier days.

use rustc_hash::FxHashMap;

use super::answer::{Answer, Row};
use super::question::Question;
use super::round::{Round, hour_of};
use super::{Collect, Labels, Span, Trouble};
use crate::rule::{Apart, Measure, Scope};

const DAY: i64 = 86_400_000_000_000;
/// From fewer days nothing is told.
const LEAST_DAYS: usize = 3;
/// What a deviation is at least, as a share of what is usual: what is always the same is not abnormal for a bit more.
const LEAST_SPREAD: f64 = 0.05;

/// Whether a row is of a rule's route.
pub(super) fn is_in(row: &Row, scope: &Scope) -> bool {
    scope.route.as_ref().is_none_or(|route| row.labels.get("route") == Some(route))
}

fn question(scope: &Scope, span: Span) -> Question {
    Question::Requests { signal: scope.signal, by: scope.by, span }
}

fn place(measure: Measure, round: &Round<'_>) -> usize {
    match measure {
        Measure::Latency(share) => round.place(share),
        _ => 0,
    }
}

pub(super) fn measured(
    measure: Measure,
    scope: &Scope,
    span: Span,
    round: &Round<'_>,
    found: &mut Collect<'_>,
) -> Result<(), Trouble> {
    let answer = round.ask(&question(scope, span))?;
    let place = place(measure, round);
    let mut is_any = false;
    for row in answer.of(scope.service.as_deref()).filter(|row| is_in(row, scope)) {
        is_any = true;
        if let Some(value) = row.measure(measure, scope.min_requests, place, answer.seconds) {
            found.see(&row.labels, row.hash, value);
        }
    }
    // That nothing comes at all is a rate, too, where it is known whose.
    if let (false, Measure::Rate, Some(labels)) = (is_any, measure, named(scope)) {
        found.one(&labels, 0.0);
    }
    found.note(answer.note());
    Ok(())
}

/// The labels of the one row that a scope has, if it is one.
fn named(scope: &Scope) -> Option<Labels> {
    let pair = |name: &str, value: &Option<String>| Some((name.to_owned(), value.clone()?));
    match scope.by {
        Apart::Nothing => Some(Labels::new()),
        Apart::Service => Some(Labels::from([pair("service", &scope.service)?])),
        Apart::Route => Some(Labels::from([pair("service", &scope.service)?, pair("route", &scope.route)?])),
    }
}

/// Errors have to come too fast over both windows: over the long one so that it matters, over the short one so that it still goes on.
pub(super) fn burn_rate(
    objective: f64,
    scope: &Scope,
    long: Span,
    short: Span,
    round: &Round<'_>,
    found: &mut Collect<'_>,
) -> Result<(), Trouble> {
    let (long, short) = (round.ask(&question(scope, long))?, round.ask(&question(scope, short))?);
    let allowed = 100.0 - objective;
    let of_short = by_hash(&short, scope);
    for row in long.of(scope.service.as_deref()).filter(|row| is_in(row, scope)) {
        let Some(ratio) = row.measure(Measure::ErrorRatio, scope.min_requests, 0, 0.0) else { continue };
        let lately = of_short.get(&row.hash).and_then(|row| row.measure(Measure::ErrorRatio, 1, 0, 0.0));
        found.see(&row.labels, row.hash, ratio.min(lately.unwrap_or(0.0)) / allowed);
    }
    found.note(long.note());
    Ok(())
}

fn by_hash<'a>(answer: &'a Answer, scope: &Scope) -> FxHashMap<u64, &'a Row> {
    answer.of(scope.service.as_deref()).map(|row| (row.hash, row)).collect()
}

/// How far what is from what was in the same hour of earlier days.
pub(super) fn baseline(
    measure: Measure,
    scope: &Scope,
    days: u32,
    span: Span,
    round: &Round<'_>,
    found: &mut Collect<'_>,
) -> Result<(), Trouble> {
    let now = round.ask(&question(scope, span))?;
    let place = place(measure, round);
    let mut earlier = Vec::new();
    for day in 1..=i64::from(days) {
        let hour = hour_of(span.until.saturating_sub(day.saturating_mul(DAY)));
        let answer = round.ask_past(&question(scope, hour))?;
        // An hour of which nothing at all is known was one in which nobody was there.
        if answer.rows().next().is_some() {
            earlier.push(answer);
        }
    }
    let earlier: Vec<_> = earlier.iter().map(|answer| (answer.seconds, by_hash(answer, scope))).collect();
    for row in now.of(scope.service.as_deref()).filter(|row| is_in(row, scope)) {
        let Some(value) = row.measure(measure, scope.min_requests, place, now.seconds) else { continue };
        let of_day = |(seconds, rows): &(f64, FxHashMap<u64, &Row>)| match rows.get(&row.hash) {
            Some(row) => row.measure(measure, scope.min_requests, place, *seconds),
            None => (measure == Measure::Rate).then_some(0.0),
        };
        let usual: Vec<f64> = earlier.iter().filter_map(of_day).collect();
        if let Some(deviation) = deviation(value, usual) {
            found.see(&row.labels, row.hash, deviation);
        }
    }
    found.note(now.note());
    Ok(())
}

/// The robust z-score: (x - median) / (1.4826 · MAD).
fn deviation(value: f64, mut usual: Vec<f64>) -> Option<f64> {
    if usual.len() < LEAST_DAYS {
        return None;
    }
    let middle = median(&mut usual);
    let mut away: Vec<f64> = usual.iter().map(|usual| (usual - middle).abs()).collect();
    let spread = (1.4826 * median(&mut away)).max(LEAST_SPREAD * middle.abs()).max(1e-9);
    Some((value - middle) / spread)
}

fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let half = numbers.len() / 2;
    if numbers.len().is_multiple_of(2) { f64::midpoint(numbers[half - 1], numbers[half]) } else { numbers[half] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_are_robust() {
        let check = |value: f64, usual: &[f64], expected: Option<f64>| {
            let found = deviation(value, usual.to_vec());
            assert_eq!(found.map(|found| (found * 100.0).round() / 100.0), expected, "{value} {usual:?}");
        };
        check(10.0, &[8.0, 9.0], None);
        check(9.0, &[8.0, 9.0, 10.0], Some(0.0));
        check(19.0, &[8.0, 9.0, 10.0], Some(6.74));
        // One day that was odd does not move it.
        check(19.0, &[8.0, 9.0, 10.0, 500.0], Some(6.41));
        // What was always the same may be a twentieth off.
        check(110.0, &[100.0; 7], Some(2.0));
        check(0.0, &[100.0; 7], Some(-20.0));
        check(0.0, &[0.0; 7], Some(0.0));
    }
}
