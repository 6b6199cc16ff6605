//! Requests and metrics: questions that entries are not read for, or that are told as numbers over time.

use std::collections::BTreeMap;
use std::time::Duration;

use cupola_store::{How, Points, Requests, RequestsBy, Signal};
use serde::Serialize;

use super::answers::{instant, why};
use super::{Answer, said};
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
    let (service, route) = (asked.take("service"), asked.take("route"));
    asked.end()?;
    let shown = shares.clone();
    let requests = Requests { signal, since, until, step, service, route, by, shares, limit };
    Ok(Box::new(move |query| said(&Requested::of(&query.requests(&requests)?, &shown))))
}

/// `GET /points`.
pub(super) fn points(mut asked: Asked) -> Answer {
    let (since, until) = asked.range("1h")?;
    let name = asked.take("name").ok_or_else(|| Problem::missing("name", "the name of a metric"))?;
    let how = match asked.take("how").as_deref() {
        None => How::Mean,
        Some(text) => how(text).ok_or_else(|| Problem::bad("how", "is nothing that is told of a metric", HOW))?,
    };
    let step = asked.span("step")?.unwrap_or(Duration::from_secs(60));
    let service = asked.take("service");
    let by = asked.take("by").map_or_else(Vec::new, |by| by.split(',').map(|name| name.trim().to_owned()).collect());
    let only = asked.take("only").map_or(Ok(Vec::new()), |only| pairs(&only))?;
    let limit = asked.number("limit", 100, 1_000)?;
    asked.end()?;
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

#[derive(Serialize)]
struct Requested<'a> {
    /// How long that is of which whole ones are told.
    whole_ms: f64,
    rows: Vec<Row<'a>>,
    others: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    partial: Option<&'static str>,
}

#[derive(Serialize)]
struct Row<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    service: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    route: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    count: u64,
    errors: u64,
    /// How many had a status of each class: `2xx`.
    statuses: BTreeMap<String, u64>,
    mean_ms: f64,
    max_ms: f64,
    quantiles_ms: BTreeMap<String, f64>,
    exemplars: Vec<Exemplar<'a>>,
}

#[derive(Serialize)]
struct Exemplar<'a> {
    trace_id: &'a str,
    duration_ms: f64,
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

#[derive(Serialize)]
struct Pointed<'a> {
    unit: &'a str,
    start: String,
    step_ms: f64,
    series: Vec<Series<'a>>,
    others: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    partial: Option<&'static str>,
}

#[derive(Serialize)]
struct Series<'a> {
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
