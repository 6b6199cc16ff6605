//! What a rule finds at one time: numbers of what it tells apart.

mod answer;
mod errors;
mod gaps;
mod host;
mod metric;
mod question;
mod requests;
mod round;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use rustc_hash::FxHashSet;

pub(crate) use gaps::Gaps;
pub(crate) use round::{Broken, Past, Round};

use crate::rule::{Awaited, Compare, Kind, Rule, Verdict};
use crate::state::hash_of_labels;
use question::Question;

pub(crate) type Labels = BTreeMap<String, String>;

/// When a rule is evaluated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'a> {
    /// The end of what is looked at: behind the present, and a multiple of the rule's interval.
    pub(crate) until: i64,
    /// When nobody was there to see.
    pub(crate) gaps: &'a Gaps,
}

/// A number of one of the things that a rule tells apart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) labels: Labels,
    /// Stands for what of the labels makes it another thing.
    pub(crate) hash: u64,
    pub(crate) value: f64,
    pub(crate) verdict: Verdict,
}

/// What a rule has found: all that is not well, and of those that are what was asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) samples: Vec<Sample>,
    /// How many things there are.
    pub(crate) seen: usize,
    /// How many of those that are not well are left out.
    pub(crate) beyond: usize,
    /// Nobody was there for all of the time: what is not here may be so nevertheless.
    pub(crate) is_doubtful: bool,
    /// What is not as it should be, and does not keep it from being judged.
    pub(crate) note: Option<String>,
}

/// Why a rule finds nothing: it cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble(pub(crate) String);

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// When a rule's window ends that is evaluated now.
pub(crate) fn end_of_window(rule: &Rule, now: i64) -> i64 {
    let (interval, delay) = (nanoseconds(rule.interval).max(1), nanoseconds(rule.delay));
    now.saturating_sub(delay).div_euclid(interval).saturating_mul(interval)
}

/// Evaluates a rule. Of what is well only those are told whose hash is wanted.
pub(crate) fn evaluate(
    rule: &Rule,
    at: At<'_>,
    round: &Round<'_>,
    wanted: &FxHashSet<u64>,
) -> Result<Outcome, Trouble> {
    let window = nanoseconds(rule.window);
    let since = at.until.saturating_sub(window);
    let is_doubtful = at.gaps.touch(since, at.until);
    let mut found = Collect::new(rule, wanted);
    if is_doubtful && (rule.kind.is_absence() || rule.kind.is_sum() && rule.compare == Compare::Below) {
        return Ok(Outcome { is_doubtful, ..Outcome::default() });
    }
    let span = Span { since, until: at.until };
    match &rule.kind {
        Kind::Requests { measure, scope } => requests::measured(*measure, scope, span, round, &mut found)?,
        Kind::BurnRate { objective, short, scope } => {
            let short = Span { since: at.until.saturating_sub(nanoseconds(*short)), ..span };
            requests::burn_rate(*objective, scope, span, short, round, &mut found)?;
        }
        Kind::Baseline { measure, scope, days } => {
            requests::baseline(*measure, scope, *days, span, round, &mut found)?;
        }
        Kind::Logs { signal, filter, by } => {
            let question = Question::Counts { signal: *signal, filter: filter.clone(), by: by.clone(), span };
            let answer = round.ask(&question)?;
            answer.rows().for_each(|row| found.see(&row.labels, row.hash, row.one()));
            found.note(answer.note());
        }
        Kind::NewError { filter, level, lookback } => {
            errors::new(filter.as_deref(), *level, nanoseconds(*lookback), span, round, &mut found)?;
        }
        Kind::ErrorSpike { filter, level, lookback, min_count } => {
            let before = errors::Before { lookback: nanoseconds(*lookback), min_count: *min_count };
            errors::spike(filter.as_deref(), *level, before, span, round, &mut found)?;
        }
        Kind::Absence { of } => found.one(&about(of), f64::from(u8::from(is_absent(of, span, round)?))),
        Kind::Metric { metric, how, service, only, by } => {
            metric::any(metric, *how, service.as_deref(), only, by, span, round, &mut found)?;
        }
        Kind::Cpu { service } => host::share("system.cpu.utilization", service.as_deref(), span, round, &mut found)?,
        Kind::Memory { service } => {
            host::share("system.memory.utilization", service.as_deref(), span, round, &mut found)?;
        }
        Kind::Disk { service, mountpoint } => {
            host::disk(service.as_deref(), mountpoint.as_deref(), span, round, &mut found)?;
        }
        Kind::ServiceDown { service, known } => {
            host::down(service.as_deref(), nanoseconds(*known), span, round, &mut found)?;
        }
        Kind::TelemetryDropped { service } => metric::dropped(service.as_deref(), span, round, &mut found)?,
        Kind::RuleBroken => {
            for Broken { rule, failures } in round.broken() {
                found.one(&BTreeMap::from([("broken".to_owned(), rule.clone())]), f64::from(*failures));
            }
        }
        Kind::Heartbeat => found.one(&Labels::new(), 1.0),
    }
    let mut outcome = found.finish();
    if is_doubtful && rule.kind.is_sum() {
        outcome.is_doubtful = true;
        outcome.samples.retain(|sample| matches!(sample.verdict, Verdict::Breach(_)));
    }
    Ok(outcome)
}

/// From when to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Span {
    pub(crate) since: i64,
    pub(crate) until: i64,
}

impl Span {
    fn length(self) -> i64 {
        self.until.saturating_sub(self.since)
    }
}

fn about(of: &Awaited) -> Labels {
    let (service, route, metric) = match of {
        Awaited::Entries { .. } => (None, None, None),
        Awaited::Requests(scope) => (scope.service.as_ref(), scope.route.as_ref(), None),
        Awaited::Metric { metric, service } => (service.as_ref(), None, Some(metric)),
    };
    let pairs = [("service", service), ("route", route), ("metric", metric)];
    pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.clone()))).collect()
}

fn is_absent(of: &Awaited, span: Span, round: &Round<'_>) -> Result<bool, Trouble> {
    let answer = match of {
        Awaited::Entries { signal, filter } => {
            round.ask(&Question::Counts { signal: *signal, filter: filter.clone(), by: None, span })?
        }
        Awaited::Requests(scope) => {
            let answer = round.ask(&Question::Requests { signal: scope.signal, by: scope.by, span })?;
            let is_any = answer.of(scope.service.as_deref()).any(|row| requests::is_in(row, scope));
            return Ok(!is_any);
        }
        Awaited::Metric { metric, service } => {
            let question = Question::Points {
                metric: metric.clone(),
                how: question::HowKey::of(cupola_store::How::Last),
                service: service.clone(),
                only: Vec::new(),
                by: Vec::new(),
                span,
            };
            return Ok(round.ask(&question)?.rows().next().is_none());
        }
    };
    Ok(answer.rows().all(|row| row.one() == 0.0))
}

/// What is found, while it is found.
pub(crate) struct Collect<'a> {
    rule: &'a Rule,
    wanted: &'a FxHashSet<u64>,
    outcome: Outcome,
}

impl<'a> Collect<'a> {
    fn new(rule: &'a Rule, wanted: &'a FxHashSet<u64>) -> Self {
        Self { rule, wanted, outcome: Outcome::default() }
    }

    /// Takes a number; of what is well nothing is kept that nobody wants, and so most of all there is costs next to nothing.
    #[inline]
    fn see(&mut self, labels: &Labels, hash: u64, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.outcome.seen += 1;
        let verdict = self.rule.judge(value);
        let is_wanted = || !self.wanted.is_empty() && self.wanted.contains(&hash);
        if !matches!(verdict, Verdict::Breach(_)) {
            if is_wanted() {
                self.outcome.samples.push(Sample { labels: labels.clone(), hash, value, verdict });
            }
        } else if self.outcome.samples.len() < self.rule.limit || is_wanted() {
            self.outcome.samples.push(Sample { labels: labels.clone(), hash, value, verdict });
        } else {
            self.outcome.beyond += 1;
        }
    }

    /// The same of what has no hash yet.
    fn one(&mut self, labels: &Labels, value: f64) {
        self.see(labels, hash_of_labels(labels), value);
    }

    fn note(&mut self, note: Option<&str>) {
        if let Some(note) = note {
            self.outcome.note = Some(note.to_owned());
        }
    }

    fn finish(self) -> Outcome {
        self.outcome
    }
}

pub(crate) fn nanoseconds(span: std::time::Duration) -> i64 {
    i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)
}
