//! Answers as JSON. Instants are RFC 3339 in UTC, with nanoseconds.

use std::collections::BTreeMap;

use cupola_store::{Entry, Partial, Scanned, Value};
use jiff::Timestamp;
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::value::RawValue;

/// How sure an answer is.
#[derive(Serialize)]
struct Told {
    /// Why it does not tell of all: `deadline`, `budget`, `damaged`.
    #[serde(skip_serializing_if = "Option::is_none")]
    partial: Option<&'static str>,
    scanned: ScannedJson,
}

#[derive(Serialize)]
struct ScannedJson {
    entries: u64,
    blocks: u64,
    passed: u64,
    damaged: u64,
}

impl Told {
    fn new(partial: Option<Partial>, scanned: &Scanned) -> Self {
        let partial = partial.map(why);
        let Scanned { entries, blocks, passed, damaged } = *scanned;
        Self { partial, scanned: ScannedJson { entries, blocks, passed, damaged } }
    }
}

/// Why an answer does not tell of all, in a word.
pub(super) fn why(partial: Partial) -> &'static str {
    match partial {
        Partial::Deadline => "deadline",
        Partial::Budget => "budget",
        Partial::Damaged => "damaged",
        _ => "other",
    }
}

/// An instant.
pub(super) fn instant(nanoseconds: i64) -> String {
    let instant = Timestamp::from_nanosecond(nanoseconds.into());
    instant.map(|instant| format!("{instant:.9}")).unwrap_or_default()
}

/// `{"time":…,"fields":{…}}`.
pub(super) struct Shown<'a>(pub(super) &'a Entry);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("time", &instant(self.0.time()))?;
        map.serialize_entry("fields", &Fields(self.0))?;
        map.end()
    }
}

struct Fields<'a>(&'a Entry);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.fields().len()))?;
        for (name, value) in self.0.fields() {
            match value {
                Value::Int(number) => map.serialize_entry(name, &number)?,
                Value::Float(number) if number.is_finite() => map.serialize_entry(name, &number)?,
                Value::Bool(is) => map.serialize_entry(name, &is)?,
                Value::Json(json) => match serde_json::from_str::<&RawValue>(json) {
                    Ok(raw) => map.serialize_entry(name, raw)?,
                    // One field that is not what it says does not cost the answer.
                    Err(_) => map.serialize_entry(name, json)?,
                },
                other => map.serialize_entry(name, &*other.text())?,
            }
        }
        map.end()
    }
}

fn shown(entries: &[Entry]) -> Vec<Shown<'_>> {
    entries.iter().map(Shown).collect()
}

#[derive(Serialize)]
pub(super) struct Found<'a> {
    entries: Vec<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    #[serde(flatten)]
    told: Told,
}

impl<'a> From<&'a cupola_store::Found> for Found<'a> {
    fn from(found: &'a cupola_store::Found) -> Self {
        let cursor = found.cursor.map(|cursor| cursor.to_string());
        Self { entries: shown(&found.entries), cursor, told: Told::new(found.partial, &found.scanned) }
    }
}

#[derive(Serialize)]
pub(super) struct Counted<'a> {
    start: String,
    step_ms: f64,
    series: Vec<Series<'a>>,
    others: &'a [u64],
    total: u64,
    #[serde(flatten)]
    told: Told,
}

#[derive(Serialize)]
struct Series<'a> {
    value: Option<&'a str>,
    counts: &'a [u64],
}

impl<'a> From<&'a cupola_store::Counted> for Counted<'a> {
    fn from(counted: &'a cupola_store::Counted) -> Self {
        let series = counted.series.iter();
        Self {
            start: instant(counted.start),
            step_ms: counted.step as f64 / 1e6,
            series: series.map(|of| Series { value: of.value.as_deref(), counts: &of.counts }).collect(),
            others: &counted.others,
            total: counted.total,
            told: Told::new(counted.partial, &counted.scanned),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Topped<'a> {
    values: Vec<Topping<'a>>,
    distinct: usize,
    others: u64,
    uncounted: u64,
    without: u64,
    #[serde(flatten)]
    told: Told,
}

#[derive(Serialize)]
struct Topping<'a> {
    value: &'a str,
    count: u64,
}

impl<'a> From<&'a cupola_store::Topped> for Topped<'a> {
    fn from(topped: &'a cupola_store::Topped) -> Self {
        Self {
            values: topped.values.iter().map(|(value, count)| Topping { value, count: *count }).collect(),
            distinct: topped.distinct,
            others: topped.others,
            uncounted: topped.uncounted,
            without: topped.without,
            told: Told::new(topped.partial, &topped.scanned),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Measured<'a> {
    measures: Vec<Measure<'a>>,
    others: u64,
    #[serde(flatten)]
    told: Told,
}

#[derive(Serialize)]
struct Measure<'a> {
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
    quantiles: BTreeMap<String, f64>,
}

impl<'a> Measured<'a> {
    pub(super) fn of(measured: &'a cupola_store::Measured, shares: &[f64]) -> Self {
        let measure = |of: &'a cupola_store::Measure| Measure {
            value: of.value.as_deref(),
            start: of.start.map(instant),
            count: of.count,
            sum: of.sum,
            min: of.min,
            max: of.max,
            quantiles: shares.iter().map(ToString::to_string).zip(of.quantiles.iter().copied()).collect(),
        };
        Self {
            measures: measured.measures.iter().map(measure).collect(),
            others: measured.others,
            told: Told::new(measured.partial, &measured.scanned),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Trace<'a> {
    spans: Vec<Shown<'a>>,
    logs: Vec<Shown<'a>>,
    is_cut: bool,
    #[serde(flatten)]
    told: Told,
}

impl<'a> From<&'a cupola_store::Trace> for Trace<'a> {
    fn from(trace: &'a cupola_store::Trace) -> Self {
        let told = Told::new(trace.partial, &trace.scanned);
        Self { spans: shown(&trace.spans), logs: shown(&trace.logs), is_cut: trace.is_cut, told }
    }
}

#[derive(Serialize)]
pub(super) struct Failed<'a> {
    groups: Vec<Group<'a>>,
    distinct: usize,
    others: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_ms: Option<f64>,
    #[serde(flatten)]
    told: Told,
}

#[derive(Serialize)]
struct Group<'a> {
    fingerprint: String,
    count: u64,
    first: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_version: Option<&'a str>,
    last: String,
    services: Vec<Topping<'a>>,
    #[serde(skip_serializing_if = "<[u64]>::is_empty")]
    counts: &'a [u64],
    template: &'a str,
    example: Shown<'a>,
}

impl<'a> From<&'a cupola_store::Failed> for Failed<'a> {
    fn from(failed: &'a cupola_store::Failed) -> Self {
        let group = |of: &'a cupola_store::FailureGroup| Group {
            fingerprint: of.fingerprint.to_string(),
            count: of.count,
            first: instant(of.first),
            first_version: of.first_version.as_deref(),
            last: instant(of.last),
            services: of.services.iter().map(|(value, count)| Topping { value, count: *count }).collect(),
            counts: &of.counts,
            template: &of.template,
            example: Shown(&of.example),
        };
        Self {
            groups: failed.groups.iter().map(group).collect(),
            distinct: failed.distinct,
            others: failed.others,
            start: (failed.step > 0).then(|| instant(failed.start)),
            step_ms: (failed.step > 0).then(|| failed.step as f64 / 1e6),
            told: Told::new(failed.partial, &failed.scanned),
        }
    }
}
