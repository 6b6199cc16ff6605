//! Metrics: each point is an entry.

use std::borrow::Cow;

use super::any::Pair;
use super::entry::{Entry, Layout, settle};
use super::error::Flaw;
use super::point::Point;
use super::several::Several;
use super::walk::{Home, Records, walk};
use super::wire::Fields;
use crate::signal::Signal;
use crate::value::Value;

/// What all points of a metric have in common.
#[derive(Debug, Default)]
pub(super) struct Metric<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) unit: Cow<'a, str>,
    pub(super) temporality: u32,
    pub(super) monotonic: bool,
}

/// The kinds of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Gauge,
    Sum,
    Histogram,
    ExponentialHistogram,
    Summary,
}

impl Kind {
    pub(super) const ALL: [Self; 5] =
        [Self::Gauge, Self::Sum, Self::Histogram, Self::ExponentialHistogram, Self::Summary];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Sum => "sum",
            Self::Histogram => "histogram",
            Self::ExponentialHistogram => "exponential_histogram",
            Self::Summary => "summary",
        }
    }

    /// Its field's number in a metric.
    const fn field(self) -> u64 {
        match self {
            Self::Gauge => 5,
            Self::Sum => 7,
            Self::Histogram => 9,
            Self::ExponentialHistogram => 10,
            Self::Summary => 11,
        }
    }
}

/// Reads an `ExportMetricsServiceRequest`.
pub(super) fn from_protobuf(message: &[u8], layout: &mut Layout) -> Result<(), Flaw> {
    walk(message, &mut Metrics(layout))
}

struct Metrics<'l>(&'l mut Layout);

impl<'a> Records<'a> for Metrics<'_> {
    const NAMES: [&'static str; 3] = ["resource_metrics", "scope_metrics", "metrics"];

    fn settle(&mut self, attributes: &mut Several<Pair<'a>>) {
        settle(Signal::Metrics, attributes);
    }

    fn record(&mut self, home: &Home<'a>, bytes: &'a [u8]) -> Result<(), Flaw> {
        let mut metric = Metric::default();
        let mut data = None;
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => metric.name = value.text()?,
                3 => metric.unit = value.text()?,
                _ => {
                    if let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.field() == number) {
                        data = Some((kind, value.bytes()?));
                    }
                }
            }
        }
        let Some((kind, bytes)) = data else { return Ok(()) };
        self.data(home, metric, kind, bytes).map_err(|flaw| flaw.within(kind.as_str(), 0))
    }
}

impl Metrics<'_> {
    fn data<'a>(&mut self, home: &Home<'a>, mut metric: Metric<'a>, kind: Kind, bytes: &'a [u8]) -> Result<(), Flaw> {
        // What is said of all points may stand behind them.
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match (number, kind) {
                (2, Kind::Sum | Kind::Histogram | Kind::ExponentialHistogram) => {
                    metric.temporality = value.varint32()?
                }
                (3, Kind::Sum) => metric.monotonic = value.varint()? != 0,
                _ => {}
            }
        }
        let mut fields = Fields::new(bytes);
        let mut count = 0;
        while let Some((number, value)) = fields.next()? {
            if number == 1 {
                let read = value.bytes().and_then(|bytes| Point::from_protobuf(bytes, kind));
                let point = read.map_err(|flaw| flaw.within("data_points", count))?;
                metric.lay_out(home, kind, &point, self.0);
                count += 1;
            }
        }
        Ok(())
    }
}

impl Metric<'_> {
    pub(super) fn lay_out(&self, home: &Home<'_>, kind: Kind, point: &Point<'_>, layout: &mut Layout) {
        if self.name.is_empty() {
            return layout.reject("a metric has no name");
        }
        // A series that is no more, said at the time of its end: there is no value to keep.
        if point.has_no_value() {
            return;
        }
        let Some(mut entry) = layout.entry(point.times()) else { return };
        entry.set("metric", Value::Text(&self.name));
        entry.text("unit", &self.unit);
        entry.set("type", Value::Text(kind.as_str()));
        self.lay_out_sum(kind, &mut entry);
        point.lay_out(kind, &mut entry);
        entry.text("scope", &home.scope.name);
        entry.home(home);
    }

    fn lay_out_sum(&self, kind: Kind, entry: &mut Entry<'_>) {
        match self.temporality {
            1 => entry.set("temporality", Value::Text("delta")),
            2 => entry.set("temporality", Value::Text("cumulative")),
            _ => {}
        }
        if kind == Kind::Sum {
            entry.set("monotonic", Value::Bool(self.monotonic));
        }
    }
}
