//! A metric in JSON. What is said of all points may stand behind them, so that they are read when the metric has been.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::values::{self, or_default};
use crate::otlp::entry::Layout;
use crate::otlp::metric::{Kind, Metric};
use crate::otlp::point::Point;
use crate::otlp::walk::Home;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Parts<'a> {
    #[serde(borrow, deserialize_with = "values::text")]
    name: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "values::text")]
    unit: Cow<'a, str>,
    #[serde(borrow)]
    gauge: Option<&'a RawValue>,
    #[serde(borrow)]
    sum: Option<&'a RawValue>,
    #[serde(borrow)]
    histogram: Option<&'a RawValue>,
    #[serde(borrow)]
    exponential_histogram: Option<&'a RawValue>,
    #[serde(borrow)]
    summary: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Data<'a> {
    #[serde(borrow)]
    data_points: Option<&'a RawValue>,
    #[serde(deserialize_with = "values::number")]
    aggregation_temporality: u32,
    #[serde(deserialize_with = "or_default")]
    is_monotonic: bool,
}

/// Reads a metric and lays out its points.
pub(super) fn read<'de, D: Deserializer<'de>>(
    deserializer: D,
    home: &Home<'de>,
    layout: &mut Layout,
) -> Result<(), D::Error> {
    let parts: Parts<'de> = or_default(deserializer)?;
    let data = [parts.gauge, parts.sum, parts.histogram, parts.exponential_histogram, parts.summary];
    let mut found = Kind::ALL.into_iter().zip(data).filter_map(|(kind, data)| Some((kind, data?)));
    let Some((kind, data)) = found.next() else { return Ok(()) };
    let data: Data<'de> = serde_json::from_str(data.get()).map_err(D::Error::custom)?;
    let Some(points) = data.data_points else { return Ok(()) };
    let metric = Metric {
        name: parts.name,
        unit: parts.unit,
        temporality: data.aggregation_temporality,
        monotonic: data.is_monotonic,
    };
    let mut json = serde_json::Deserializer::from_str(points.get());
    json.deserialize_any(Points { metric, kind, home, layout }).map_err(D::Error::custom)
}

struct Points<'w, 'de> {
    metric: Metric<'de>,
    kind: Kind,
    home: &'w Home<'de>,
    layout: &'w mut Layout,
}

impl<'de> Visitor<'de> for Points<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(mut point) = list.next_element::<Point<'de>>()? {
            point.complete(self.kind);
            self.metric.lay_out(self.home, self.kind, &point, self.layout);
        }
        Ok(())
    }
}
