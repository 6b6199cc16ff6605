//! One evaluation of all rules that are due: each question is asked once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use cupola_store::language::{Expression, Meaning, parse};
use cupola_store::{Counts, Failures, Points, Query, QueryError, Requests, RequestsBy, Selection, Signal};

use super::answer::{Answer, Row};
use super::question::Question;
use super::{Labels, Span, Trouble};
use crate::rule::{Apart, Rule};

/// A question of a rule may take so long.
const DEADLINE: Duration = Duration::from_secs(5);
/// So much is told apart, at most.
const MAX_REQUESTS: usize = 20_000;
const MAX_VALUES: usize = 1_000;
const MAX_POINTS: usize = 5_000;
const MAX_FAILURES: usize = 10_000;
const MINUTE: i64 = 60_000_000_000;
const HOUR: i64 = 60 * MINUTE;

/// A rule that cannot be evaluated.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    pub(crate) rule: String,
    /// How often in a row.
    pub(crate) failures: u32,
}

/// Answers about times long past, which later rounds need again.
#[derive(Debug, Default)]
pub(crate) struct Past {
    answers: HashMap<Question, (u64, Arc<Answer>)>,
    round: u64,
}

/// An answer that so many rounds did not need is forgotten.
const FORGOTTEN_AFTER: u64 = 500;

impl Past {
    fn begin(&mut self) {
        self.round += 1;
        let round = self.round;
        self.answers.retain(|_, (used, _)| round - *used < FORGOTTEN_AFTER);
    }

    pub(crate) fn clear(&mut self) {
        self.answers.clear();
    }
}

/// One evaluation of all rules that are due.
pub(crate) struct Round<'a> {
    query: &'a dyn Query,
    /// The shares whose quantiles any rule asks for.
    shares: Vec<f64>,
    answers: RefCell<HashMap<Question, Result<Arc<Answer>, Trouble>>>,
    past: RefCell<&'a mut Past>,
    broken: Vec<Broken>,
}

impl<'a> Round<'a> {
    pub(crate) fn new<'r>(
        query: &'a dyn Query,
        rules: impl Iterator<Item = &'r Rule>,
        past: &'a mut Past,
        broken: Vec<Broken>,
    ) -> Self {
        let mut shares: Vec<f64> = rules.filter_map(|rule| rule.kind.share()).collect();
        shares.sort_by(f64::total_cmp);
        shares.dedup();
        past.begin();
        Self { query, shares, answers: RefCell::default(), past: RefCell::new(past), broken }
    }

    pub(crate) fn broken(&self) -> &[Broken] {
        &self.broken
    }

    /// The place of a share among the quantiles of an answer.
    pub(super) fn place(&self, share: f64) -> usize {
        self.shares.iter().position(|known| *known == share).unwrap_or(usize::MAX)
    }

    /// Asks the store, unless somebody has asked the same in this round.
    pub(super) fn ask(&self, question: &Question) -> Result<Arc<Answer>, Trouble> {
        if let Some(answer) = self.answers.borrow().get(question) {
            return answer.clone();
        }
        let answer = self.answer(question).map(Arc::new);
        self.answers.borrow_mut().insert(question.clone(), answer.clone());
        answer
    }

    /// Asks about a time to which nothing is added any more: the answer is kept for later rounds.
    pub(super) fn ask_past(&self, question: &Question) -> Result<Arc<Answer>, Trouble> {
        let round = self.past.borrow().round;
        if let Some((used, answer)) = self.past.borrow_mut().answers.get_mut(question) {
            *used = round;
            return Ok(answer.clone());
        }
        let answer = self.ask(question)?;
        self.past.borrow_mut().answers.insert(question.clone(), (round, answer.clone()));
        Ok(answer)
    }

    fn answer(&self, question: &Question) -> Result<Answer, Trouble> {
        match question {
            Question::Requests { signal, by, span } => match signal {
                Some(signal) => self.requests(*signal, *by, *span),
                None => {
                    let logged = self.requests(Signal::Logs, *by, *span)?;
                    let is_empty = logged.rows().next().is_none();
                    if is_empty { self.requests(Signal::Spans, *by, *span) } else { Ok(logged) }
                }
            },
            Question::Counts { signal, filter, by, span } => {
                self.counts(*signal, filter.as_deref(), by.as_deref(), *span)
            }
            Question::Failures { filter, level, span } => {
                let selection = selection(Signal::Logs, filter.as_deref(), *span)?;
                // The lines of failed requests stand beside the errors that made them fail.
                let besides = vec!["cupola::http".to_owned()];
                // Of a service alone it would be told to the hour when its errors began, and a new one might be missed.
                let examples = filter.is_some();
                let failures =
                    Failures { selection, level: *level, besides, step: None, examples, limit: MAX_FAILURES };
                let found = self.query.failures(&failures).map_err(|error| trouble(&error))?;
                Answer::new(found.groups.iter().map(Row::failures).collect()).complete(found.partial, found.others)
            }
            Question::Points { metric, how, service, only, by, span } => {
                let points = Points {
                    service: service.clone(),
                    only: only.clone(),
                    by: by.clone(),
                    limit: MAX_POINTS,
                    ..Points::of(metric, span.since, span.until, how.how())
                };
                let found = self.query.points(&points).map_err(|error| trouble(&error))?;
                let rows = found.series.into_iter().filter_map(|series| {
                    let value = series.values.first().copied().flatten()?;
                    Some(Row::number(series.labels, value))
                });
                Answer::new(rows.collect()).complete(found.partial, found.others as u64)
            }
        }
    }

    fn requests(&self, signal: Signal, by: Apart, span: Span) -> Result<Answer, Trouble> {
        let asked = Requests {
            signal,
            since: span.since,
            until: span.until,
            step: None,
            service: None,
            route: None,
            by: match by {
                Apart::Nothing => RequestsBy::All,
                Apart::Service => RequestsBy::Service,
                Apart::Route => RequestsBy::Route,
            },
            shares: self.shares.clone(),
            limit: MAX_REQUESTS,
        };
        let told = self.query.requests(&asked).map_err(|error| trouble(&error))?;
        let whole = if told.whole > 0 { told.whole } else { MINUTE };
        let since = span.since.div_euclid(whole).saturating_mul(whole);
        let answer = Answer::new(told.rows.into_iter().map(Row::requests).collect());
        let mut answer = answer.complete(told.partial, told.others)?;
        answer.seconds = seconds(span.until.saturating_sub(since));
        Ok(answer)
    }

    fn counts(&self, signal: Signal, filter: Option<&str>, by: Option<&str>, span: Span) -> Result<Answer, Trouble> {
        let selection = selection(signal, filter, span)?;
        let step = Duration::from_nanos(span.length().max(1).unsigned_abs());
        let counts = Counts { selection, step, by: by.map(str::to_owned), values: MAX_VALUES };
        let counted = self.query.counts(&counts).map_err(|error| trouble(&error))?;
        #[allow(clippy::cast_precision_loss, reason = "counts of entries")]
        let rows = match by {
            None => vec![Row::number(Labels::new(), counted.total as f64)],
            Some(by) => {
                let of_value = |series: cupola_store::Series| {
                    let count = series.counts.iter().sum::<u64>();
                    Some(Row::number(Labels::from([(by.to_owned(), series.value?)]), count as f64))
                };
                counted.series.into_iter().filter_map(of_value).collect()
            }
        };
        Answer::new(rows).complete(counted.partial, counted.others.iter().sum())
    }
}

fn selection(signal: Signal, filter: Option<&str>, span: Span) -> Result<Selection, Trouble> {
    let now = jiff::Timestamp::from_nanosecond(span.until.into()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let meaning = Meaning { now: now.to_zoned(jiff::tz::TimeZone::UTC), ignore_case: false };
    let parsed = filter.map(|filter| parse(filter, &meaning)).transpose();
    let expression: Option<Expression> = parsed.map_err(|error| Trouble(format!("the filter: {}", error.message())))?;
    let (since, until) = (Some(span.since), Some(span.until));
    Ok(Selection { expression, since, until, deadline: DEADLINE, ..Selection::of(signal) })
}

fn trouble(error: &QueryError) -> Trouble {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    Trouble(text)
}

#[allow(clippy::cast_precision_loss, reason = "lengths of time")]
pub(super) fn seconds(nanoseconds: i64) -> f64 {
    nanoseconds as f64 / 1e9
}

/// The hour that a time lies in.
pub(super) fn hour_of(time: i64) -> Span {
    let since = time.div_euclid(HOUR).saturating_mul(HOUR);
    Span { since, until: since.saturating_add(HOUR) }
}

/// The last multiple of five minutes at a time.
pub(super) fn five_minutes(time: i64) -> i64 {
    time.div_euclid(5 * MINUTE).saturating_mul(5 * MINUTE)
}
