//! Requests and metrics: questions that entries are not read for, or that are told as numbers over time.

use std::collections::BTreeMap;

use cupola_store::{How, Points, Requests, RequestsBy, Signal};
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::{instant, why};
use super::questions::{Answer, said, usual_step};
use crate::asked::Asked;
use crate::problem::Problem;

/// `GET /requests`.
pub(super) fn requests(mut asked: Asked) -> Answer {
    let (since, until) = asked.range("1h")?;
    let signal = match asked.take("signal").as_deref() {
        None | Some("logs") => Signal::Logs,
        Some("spans") => Signal::Spans,
        Some(_) => return Err(Problem::bad("signal", "tells of no requests", "logs, spans")),
    };
    let by = match asked.take("by").as_deref() {
        None | Some("route") => RequestsBy::Route,
        Some("service") => RequestsBy::Service,
        Some("all") => RequestsBy::All,
        Some(_) => return Err(Problem::bad("by", "is nothing that requests are told apart by", "all, service, route")),
    };
    let (step, shares, limit) = (asked.span("step")?, asked.shares()?, asked.number("limit", 100, 1_000)?);
    let (service, route) = (asked.text("service"), asked.text("route"));
    let shown = shares.clone();
    let requests = Requests { signal, since, until, step, service, route, by, shares, limit };
    Ok(Box::new(move |query| said(&Requested::of(&query.requests(&requests)?, &shown))))
}

/// `GET /points`.
pub(super) fn points(mut asked: Asked) -> Answer {
    let (since, until) = asked.range("1h")?;
    let name = asked.text("name").ok_or_else(|| Problem::missing("name", "the name of a metric"))?;
    let how = match asked.take("how").as_deref() {
        None => How::Mean,
        Some(text) => how(text).ok_or_else(|| Problem::bad("how", "is nothing that is told of a metric", HOW))?,
    };
    let step = asked.span("step")?.unwrap_or_else(|| usual_step(Some(since), Some(until)));
    let service = asked.text("service");
    let by = asked.text("by").map_or_else(Vec::new, |by| by.split(',').map(|name| name.trim().to_owned()).collect());
    let only = asked.take("only").map_or(Ok(Vec::new()), |only| pairs(&only))?;
    let limit = asked.number("limit", 100, 1_000)?;
    let points = Points { step: Some(step), service, only, by, limit, ..Points::of(name, since, until, how) };
    Ok(Box::new(move |query| said(&Pointed::from(&query.points(&points)?))))
}

const HOW: &str = "last, mean, least, most, sum, rate, or a share of a histogram from 0 to 1: 0.95";

fn how(text: &str) -> Option<How> {
    Some(match text {
        "last" => How::Last,
        "mean" => How::Mean,
        "least" => How::Least,
        "most" => How::Most,
        "sum" => How::Sum,
        "rate" => How::Rate,
        share => How::Quantile(share.parse().ok().filter(|share| (0.0..=1.0).contains(share))?),
    })
}

/// `cpu.mode=user,host=a`.
fn pairs(only: &str) -> Result<Vec<(String, String)>, Problem> {
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
    let pairs: Option<Vec<_>> = only.split(',').map(pair).collect();
    pairs.ok_or_else(|| Problem::bad("only", "has a part without =", "attribute=value,attribute=value"))
}

/// How many requests there were, how many failed, and how long they took.
#[derive(Serialize, ToSchema)]
#[schema(as = Requests)]
pub(super) struct Requested<'a> {
    /// How long that is of which whole ones are told.
    whole_ms: f64,
    /// The most frequent first, or in the order of time.
    rows: Vec<Row<'a>>,
    /// How many requests are in rows that are not told.
    others: u64,
    /// Why it does not tell of all: `deadline`, `budget`, `damaged`.
    #[serde(skip_serializing_if = "Option::is_none")]
    partial: Option<&'static str>,
}

/// Those of a route, a service or a step of time.
#[derive(Serialize, ToSchema)]
#[schema(as = RequestRow)]
struct Row<'a> {
    /// The service; missing where all are told as one.
    #[serde(skip_serializing_if = "str::is_empty")]
    service: &'a str,
    /// The route; missing where routes are not told apart.
    #[serde(skip_serializing_if = "str::is_empty")]
    route: &'a str,
    /// When the step begins, where there is a `step`.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    /// How many there were.
    count: u64,
    /// How many of them failed.
    errors: u64,
    /// How many had a status of each class: `2xx`.
    statuses: BTreeMap<String, u64>,
    /// How long they took, on the average.
    mean_ms: f64,
    /// How long the longest took.
    max_ms: f64,
    /// The quantiles of how long they took, by share: `0.95`.
    quantiles_ms: BTreeMap<String, f64>,
    /// Slow ones and failed ones, to be looked at.
    exemplars: Vec<Exemplar<'a>>,
}

/// A request that is an example of them.
#[derive(Serialize, ToSchema)]
#[schema(as = Exemplar)]
struct Exemplar<'a> {
    /// Its trace.
    trace_id: &'a str,
    /// How long it took.
    duration_ms: f64,
    /// Whether it failed.
    is_error: bool,
}

impl<'a> Requested<'a> {
    fn of(requested: &'a cupola_store::Requested, shares: &[f64]) -> Self {
        let row = |row: &'a cupola_store::RequestRow| Row {
            service: &row.service,
            route: &row.route,
            start: row.start.map(instant),
            count: row.count,
            errors: row.errors,
            statuses: statuses(&row.classes),
            mean_ms: row.sum_ms / row.count.max(1) as f64,
            max_ms: row.max_ms,
            quantiles_ms: shares.iter().map(ToString::to_string).zip(row.quantiles_ms.iter().copied()).collect(),
            exemplars: row.exemplars.iter().map(Exemplar::from).collect(),
        };
        Self {
            whole_ms: requested.whole as f64 / 1e6,
            rows: requested.rows.iter().map(row).collect(),
            others: requested.others,
            partial: requested.partial.map(why),
        }
    }
}

fn statuses(classes: &[u64; 6]) -> BTreeMap<String, u64> {
    let name = |class: usize| if class == 0 { "none".to_owned() } else { format!("{class}xx") };
    (0..).zip(classes).filter(|(_, count)| **count > 0).map(|(class, count)| (name(class), *count)).collect()
}

impl<'a> From<&'a cupola_store::RequestExemplar> for Exemplar<'a> {
    fn from(exemplar: &'a cupola_store::RequestExemplar) -> Self {
        Self { trace_id: &exemplar.trace_id, duration_ms: exemplar.duration_ms, is_error: exemplar.is_error }
    }
}

/// A metric over time.
#[derive(Serialize, ToSchema)]
#[schema(as = Points)]
pub(super) struct Pointed<'a> {
    /// The unit, as the metric has it.
    unit: &'a str,
    /// When the first step begins.
    #[schema(format = DateTime)]
    start: String,
    /// How long a step is, in milliseconds.
    step_ms: f64,
    /// One for each set of values of `by`.
    series: Vec<Series<'a>>,
    /// How many more there are.
    others: usize,
    /// Why it does not tell of all: `deadline`, `budget`, `damaged`.
    #[serde(skip_serializing_if = "Option::is_none")]
    partial: Option<&'static str>,
}

/// Those of one set of attributes.
#[derive(Serialize, ToSchema)]
#[schema(as = PointSeries)]
struct Series<'a> {
    /// The attributes.
    labels: &'a BTreeMap<String, String>,
    /// One a step; `null` where nothing was said.
    values: &'a [Option<f64>],
}

impl<'a> From<&'a cupola_store::Pointed> for Pointed<'a> {
    fn from(pointed: &'a cupola_store::Pointed) -> Self {
        let series = pointed.series.iter();
        Self {
            unit: &pointed.unit,
            start: instant(pointed.start),
            step_ms: pointed.step as f64 / 1e6,
            series: series.map(|series| Series { labels: &series.labels, values: &series.values }).collect(),
            others: pointed.others,
            partial: pointed.partial.map(why),
        }
    }
}
