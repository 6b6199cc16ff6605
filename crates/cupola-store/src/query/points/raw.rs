//! The points of a metric, series by series as they were sent.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::How;
use super::spread::Spread;
use crate::column::Column;
use crate::query::error::QueryError;
use crate::query::opened::Opened;
use crate::query::scan::Hit;
use crate::query::wanted::Place;
use crate::value::Value;

/// Numbers and buckets of at most so many are kept for an answer.
const MAX_NUMBERS: usize = 4_000_000;

/// What is said of a point and is no attribute of its series, in the order of the alphabet.
const NO_LABELS: [&str; 15] = [
    "buckets",
    "count",
    "exemplars",
    "max",
    "metric",
    "min",
    "monotonic",
    "quantiles",
    "scope",
    "start_time_unix_nano",
    "sum",
    "temporality",
    "type",
    "unit",
    "value",
];

/// The series that were found.
#[derive(Debug)]
pub(super) struct Gathered {
    by: Vec<(String, Place)>,
    known: FxHashMap<Box<[u8]>, usize>,
    series: Vec<(BTreeMap<String, String>, Raw)>,
    numbers: usize,
    pub(super) unit: String,
}

/// The points of one series.
#[derive(Debug)]
pub(super) struct Raw {
    pub(super) kind: Kind,
    /// Whether each point tells of all since the beginning, and not since the last one.
    pub(super) is_cumulative: bool,
    pub(super) points: Vec<Point>,
}

/// What a series is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Gauge,
    Counter,
    Histogram,
    Summary,
}

/// A point.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub(super) time: i64,
    /// Since when it was counted, if that was said.
    pub(super) start: Option<i64>,
    /// The value; of histograms how many there were.
    pub(super) value: f64,
    /// Of histograms all values together.
    pub(super) sum: f64,
    pub(super) spread: Option<Spread>,
}

impl Gathered {
    pub(super) fn new(by: &[String]) -> Self {
        let by = by.iter().map(|name| (name.clone(), Place::of(name))).collect();
        Self { by, known: FxHashMap::default(), series: Vec::new(), numbers: 0, unit: String::new() }
    }

    /// Takes the points of a block; whether there is room for more.
    pub(super) fn add(&mut self, hit: &Hit<'_>) -> Result<bool, QueryError> {
        let rows: Vec<usize> = hit.rows.iter().collect();
        let identities = identities(hit.opened, &rows)?;
        let read = Columns::of(hit.opened)?;
        for (row, identity) in rows.into_iter().zip(identities) {
            let series = match self.known.get(&identity[..]) {
                Some(known) => *known,
                None => self.begin(identity, &read, hit.opened, row)?,
            };
            let raw = &mut self.series[series].1;
            let Some(point) = read.point(row, raw.kind) else { continue };
            self.numbers += 1 + point.spread.as_ref().map_or(0, Spread::len);
            raw.points.push(point);
        }
        Ok(self.numbers < MAX_NUMBERS)
    }

    fn begin(
        &mut self,
        identity: Vec<u8>,
        read: &Columns,
        opened: &Opened<'_>,
        row: usize,
    ) -> Result<usize, QueryError> {
        let mut labels = BTreeMap::new();
        for (name, place) in &self.by {
            for field in place.names() {
                let value = opened.column(field)?.and_then(|column| Some(column.value(row)?.text().into_owned()));
                if let Some(value) = value {
                    labels.insert(name.clone(), value);
                    break;
                }
            }
        }
        if self.unit.is_empty() {
            self.unit = read.text(Field::Unit, row).unwrap_or_default();
        }
        let is_cumulative = read.text(Field::Temporality, row).as_deref() == Some("cumulative");
        self.series.push((labels, Raw { kind: read.kind(row), is_cumulative, points: Vec::new() }));
        self.known.insert(identity.into(), self.series.len() - 1);
        Ok(self.series.len() - 1)
    }

    pub(super) fn into_series(self) -> impl Iterator<Item = (BTreeMap<String, String>, Raw)> {
        self.series.into_iter()
    }
}

/// What tells series apart: all attributes of each row.
fn identities(opened: &Opened<'_>, rows: &[usize]) -> Result<Vec<Vec<u8>>, QueryError> {
    let mut identities = vec![Vec::new(); rows.len()];
    for (name, column) in opened.all()? {
        if NO_LABELS.binary_search(&&**name).is_ok() {
            continue;
        }
        for (row, identity) in rows.iter().zip(&mut identities) {
            if let Some(value) = column.value(*row) {
                identity.extend_from_slice(name.as_bytes());
                identity.push(0xff);
                identity.extend_from_slice(value.text().as_bytes());
                identity.push(0xfe);
            }
        }
    }
    Ok(identities)
}

impl Raw {
    /// From the first point to the last.
    pub(super) fn sort(&mut self) {
        self.points.sort_by_key(|point| point.time);
        // What is sent twice is said once.
        self.points.dedup_by_key(|point| point.time);
    }

    /// Whether this can be told of such a series.
    pub(super) fn tells(&self, how: How) -> bool {
        match self.kind {
            Kind::Gauge => matches!(how, How::Last | How::Mean | How::Least | How::Most),
            Kind::Counter => !matches!(how, How::Quantile(_)),
            Kind::Histogram => matches!(how, How::Mean | How::Sum | How::Rate | How::Quantile(_)),
            Kind::Summary => matches!(how, How::Mean | How::Sum | How::Rate),
        }
    }
}

impl Kind {
    /// What can be told of it, in words.
    pub(super) fn told(self) -> &'static str {
        match self {
            Self::Gauge => "ask for Last, Mean, Least or Most",
            Self::Counter => "ask for Rate, Sum, Last, Mean, Least or Most",
            Self::Histogram => "ask for Mean, Sum, Rate or a Quantile",
            Self::Summary => "ask for Mean, Sum or Rate",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
        })
    }
}

/// The columns that a point is read from.
#[derive(Debug)]
struct Columns {
    times: Rc<[i64]>,
    columns: [Option<Rc<Column>>; 8],
}

#[derive(Clone, Copy, Debug)]
enum Field {
    Value,
    Start,
    Count,
    Sum,
    Buckets,
    Type,
    Temporality,
    Unit,
}

impl Columns {
    fn of(opened: &Opened<'_>) -> Result<Self, QueryError> {
        let names = ["value", "start_time_unix_nano", "count", "sum", "buckets", "type", "temporality", "unit"];
        let mut columns = [const { None }; 8];
        for (column, name) in columns.iter_mut().zip(names) {
            *column = opened.column(name)?;
        }
        Ok(Self { times: opened.times()?, columns })
    }

    fn value(&self, field: Field, row: usize) -> Option<Value<'_>> {
        self.columns[field as usize].as_ref()?.value(row)
    }

    fn number(&self, field: Field, row: usize) -> Option<f64> {
        self.value(field, row)?.as_f64()
    }

    fn text(&self, field: Field, row: usize) -> Option<String> {
        Some(self.value(field, row)?.text().into_owned())
    }

    fn kind(&self, row: usize) -> Kind {
        match self.value(Field::Type, row).as_ref().map(Value::text).as_deref() {
            Some("sum") => Kind::Counter,
            Some("histogram" | "exponential_histogram") => Kind::Histogram,
            Some("summary") => Kind::Summary,
            _ => Kind::Gauge,
        }
    }

    /// The point of a row; `None` where it has no number.
    fn point(&self, row: usize, kind: Kind) -> Option<Point> {
        let counts = matches!(kind, Kind::Histogram | Kind::Summary);
        let value = self.number(if counts { Field::Count } else { Field::Value }, row)?;
        let start = match self.value(Field::Start, row) {
            Some(Value::Int(start)) => Some(start),
            _ => None,
        };
        let spread = match self.value(Field::Buckets, row) {
            Some(Value::Json(buckets)) if kind == Kind::Histogram => Spread::read(buckets),
            _ => None,
        };
        let sum = self.number(Field::Sum, row).unwrap_or_default();
        Some(Point { time: *self.times.get(row)?, start, value, sum, spread })
    }
}
