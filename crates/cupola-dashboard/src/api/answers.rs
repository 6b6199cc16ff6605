//! Answers as JSON. Instants are RFC 3339 in UTC, with nanoseconds.

use std::borrow::Cow;
use std::collections::BTreeMap;

use cupola_store::{Entry, Partial, Scanned, Value};
use jiff::Timestamp;
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::value::RawValue;
use utoipa::openapi::schema::{AdditionalProperties, KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// How sure an answer is.
#[derive(Serialize, ToSchema)]
#[schema(as = Certainty)]
struct Told {
    /// Why it does not tell of all: `deadline`, `budget`, `damaged`.
    #[serde(skip_serializing_if = "Option::is_none")]
    partial: Option<&'static str>,
    scanned: ScannedJson,
}

/// What was looked at for it.
#[derive(Serialize, ToSchema)]
#[schema(as = Scanned)]
struct ScannedJson {
    /// How many entries were looked at.
    entries: u64,
    /// How many blocks were read.
    blocks: u64,
    /// How many blocks could be passed over.
    passed: u64,
    /// How many blocks could not be read.
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

impl PartialSchema for Shown<'_> {
    fn schema() -> RefOr<Schema> {
        let time = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
        let fields = ObjectBuilder::new().additional_properties(Some(AdditionalProperties::FreeForm(true)));
        let fields =
            fields.description(Some("Its fields as they were said, by name: texts, numbers, booleans and JSON."));
        let entry = ObjectBuilder::new().description(Some("A log entry, span or point of a metric."));
        entry.property("time", time).required("time").property("fields", fields).required("fields").into()
    }
}

impl ToSchema for Shown<'_> {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Entry")
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

/// Entries, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Entries)]
pub(super) struct Found<'a> {
    /// The entries.
    entries: Vec<Shown<'a>>,
    /// Where the next page begins; missing on the last one.
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

/// How many entries there are in each step of time.
#[derive(Serialize, ToSchema)]
#[schema(as = Counts)]
pub(super) struct Counted<'a> {
    /// When the first step begins.
    #[schema(format = DateTime)]
    start: String,
    /// How long a step is, in milliseconds.
    step_ms: f64,
    /// One for each value of `by`, the most frequent first; one for all without it.
    series: Vec<Series<'a>>,
    /// How many have other values, in each step.
    others: &'a [u64],
    /// How many there are in all.
    total: u64,
    #[serde(flatten)]
    told: Told,
}

/// Those of one value.
#[derive(Serialize, ToSchema)]
#[schema(as = CountSeries)]
struct Series<'a> {
    /// The value; `null` where all are told as one, or those without the field.
    value: Option<&'a str>,
    /// One for each step.
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

/// The most frequent values of a field.
#[derive(Serialize, ToSchema)]
#[schema(as = TopValues)]
pub(super) struct Topped<'a> {
    /// The most frequent first.
    values: Vec<Topping<'a>>,
    /// How many values there are.
    distinct: usize,
    /// How many entries have values that are not told.
    others: u64,
    /// How many entries have values that were too many to be counted.
    uncounted: u64,
    /// How many entries do not have the field.
    without: u64,
    #[serde(flatten)]
    told: Told,
}

/// A value, and how often it is there.
#[derive(Serialize, ToSchema)]
#[schema(as = ValueCount)]
struct Topping<'a> {
    /// The value.
    value: &'a str,
    /// How many entries have it.
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

/// How numbers are spread.
#[derive(Serialize, ToSchema)]
#[schema(as = Quantiles)]
pub(super) struct Measured<'a> {
    /// The most frequent first.
    measures: Vec<Measure<'a>>,
    /// How many entries have values that are not told.
    others: u64,
    #[serde(flatten)]
    told: Told,
}

/// Those of one value, or of one step of time.
#[derive(Serialize, ToSchema)]
#[schema(as = Measure)]
struct Measure<'a> {
    /// The value of `by`; `null` where all are told as one, or those without the field.
    value: Option<&'a str>,
    /// When the step begins, where there is a `step`.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    /// How many there are.
    count: u64,
    /// Their sum.
    sum: f64,
    /// The least.
    min: f64,
    /// The greatest.
    max: f64,
    /// The quantiles, by share: `0.95`.
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

/// Everything of a trace.
#[derive(Serialize, ToSchema)]
#[schema(as = Trace)]
pub(super) struct Trace<'a> {
    /// The spans, the earliest first.
    spans: Vec<Shown<'a>>,
    /// The log entries, the earliest first.
    logs: Vec<Shown<'a>>,
    /// Whether there are more than are told.
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

/// Errors, those that are alike as one.
#[derive(Serialize, ToSchema)]
#[schema(as = Errors)]
pub(super) struct Failed<'a> {
    /// The most frequent first.
    groups: Vec<Group<'a>>,
    /// How many groups there are.
    distinct: usize,
    /// How many errors are in groups that are not told.
    others: u64,
    /// When the first step begins, where there is a `step`.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    /// How long a step is, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    step_ms: Option<f64>,
    #[serde(flatten)]
    told: Told,
}

/// Errors that are alike.
#[derive(Serialize, ToSchema)]
#[schema(as = ErrorGroup)]
struct Group<'a> {
    /// By what the group is known.
    fingerprint: String,
    /// How many there are.
    count: u64,
    /// The first of them in this time.
    #[schema(format = DateTime)]
    first: String,
    /// The version of the service that the first one came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_version: Option<&'a str>,
    /// The last of them.
    #[schema(format = DateTime)]
    last: String,
    /// Which services they came from.
    services: Vec<Topping<'a>>,
    /// How many in each step of time.
    #[serde(skip_serializing_if = "<[u64]>::is_empty")]
    counts: &'a [u64],
    /// What they have in common.
    template: &'a str,
    /// The last of them, as it is.
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
