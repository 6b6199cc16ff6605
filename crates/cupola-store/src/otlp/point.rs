//! A point of a metric, of whichever kind.

use std::borrow::Cow;

use serde::Deserialize;

use super::any::{Commas, Pair, hex, write_double, write_number, write_text};
use super::entry::{Entry, is_id};
use super::error::Flaw;
use super::json::values;
use super::metric::Kind;
use super::several::Several;
use super::span::{list, write_attributes};
use super::wire::{Fields, Wire};
use crate::signal::Signal;
use crate::value::Value;

/// The points of all kinds of metrics in one: what a kind does not have is not there.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Point<'a> {
    #[serde(borrow)]
    attributes: Several<Pair<'a>>,
    #[serde(deserialize_with = "values::number")]
    start_time_unix_nano: u64,
    #[serde(deserialize_with = "values::number")]
    time_unix_nano: u64,
    #[serde(borrow)]
    exemplars: Several<Exemplar<'a>>,
    #[serde(deserialize_with = "values::number")]
    flags: u32,
    #[serde(deserialize_with = "values::some_double")]
    as_double: Option<f64>,
    #[serde(deserialize_with = "values::some_number")]
    as_int: Option<i64>,
    #[serde(deserialize_with = "values::number")]
    count: u64,
    #[serde(deserialize_with = "values::some_double")]
    sum: Option<f64>,
    #[serde(deserialize_with = "values::some_double")]
    min: Option<f64>,
    #[serde(deserialize_with = "values::some_double")]
    max: Option<f64>,
    #[serde(deserialize_with = "values::numbers")]
    bucket_counts: Vec<u64>,
    #[serde(deserialize_with = "values::doubles")]
    explicit_bounds: Vec<f64>,
    #[serde(deserialize_with = "values::number")]
    scale: i32,
    #[serde(deserialize_with = "values::number")]
    zero_count: u64,
    #[serde(deserialize_with = "values::double")]
    zero_threshold: f64,
    #[serde(deserialize_with = "values::or_default")]
    positive: Buckets,
    #[serde(deserialize_with = "values::or_default")]
    negative: Buckets,
    quantile_values: Several<Quantile>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Buckets {
    #[serde(deserialize_with = "values::number")]
    offset: i32,
    #[serde(deserialize_with = "values::numbers")]
    bucket_counts: Vec<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Quantile {
    #[serde(deserialize_with = "values::double")]
    quantile: f64,
    #[serde(deserialize_with = "values::double")]
    value: f64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Exemplar<'a> {
    #[serde(borrow)]
    filtered_attributes: Several<Pair<'a>>,
    #[serde(deserialize_with = "values::number")]
    time_unix_nano: u64,
    #[serde(deserialize_with = "values::some_double")]
    as_double: Option<f64>,
    #[serde(deserialize_with = "values::some_number")]
    as_int: Option<i64>,
    #[serde(borrow, deserialize_with = "values::id")]
    span_id: Cow<'a, [u8]>,
    #[serde(borrow, deserialize_with = "values::id")]
    trace_id: Cow<'a, [u8]>,
}

impl<'a> Point<'a> {
    pub(super) fn from_protobuf(bytes: &'a [u8], kind: Kind) -> Result<Self, Flaw> {
        let mut point = Self::default();
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match (number, kind) {
                (2, _) => point.start_time_unix_nano = value.fixed64()?,
                (3, _) => point.time_unix_nano = value.fixed64()?,
                (7, Kind::Gauge | Kind::Sum | Kind::Summary)
                | (9, Kind::Histogram)
                | (1, Kind::ExponentialHistogram) => {
                    point.attributes.push(Pair::from_protobuf(value.bytes()?)?);
                }
                (8, Kind::Gauge | Kind::Sum | Kind::Summary) | (10, Kind::Histogram | Kind::ExponentialHistogram) => {
                    point.flags = value.varint32()?;
                }
                (5, Kind::Gauge | Kind::Sum) | (8, Kind::Histogram) | (11, Kind::ExponentialHistogram) => {
                    point.exemplars.push(Exemplar::from_protobuf(value.bytes()?)?);
                }
                (_, Kind::Gauge | Kind::Sum) => point.read_number(number, value)?,
                (4, _) => point.count = value.fixed64()?,
                (5, _) => point.sum = Some(value.double()?),
                (_, Kind::Histogram) => point.read_explicit(number, value)?,
                (_, Kind::ExponentialHistogram) => point.read_exponential(number, value)?,
                (6, Kind::Summary) => point.quantile_values.push(Quantile::from_protobuf(value.bytes()?)?),
                _ => {}
            }
        }
        point.complete(kind);
        Ok(point)
    }

    /// Of a summary the sum is always there, and zero where it is not sent.
    pub(super) fn complete(&mut self, kind: Kind) {
        if kind == Kind::Summary {
            self.sum.get_or_insert_default();
        }
    }

    fn read_number(&mut self, number: u64, value: Wire<'a>) -> Result<(), Flaw> {
        match number {
            4 => (self.as_double, self.as_int) = (Some(value.double()?), None),
            6 => (self.as_double, self.as_int) = (None, Some(value.fixed64()?.cast_signed())),
            _ => {}
        }
        Ok(())
    }

    fn read_explicit(&mut self, number: u64, value: Wire<'a>) -> Result<(), Flaw> {
        match number {
            6 => value.each_fixed64(|count| self.bucket_counts.push(count))?,
            7 => value.each_fixed64(|bound| self.explicit_bounds.push(f64::from_bits(bound)))?,
            11 => self.min = Some(value.double()?),
            12 => self.max = Some(value.double()?),
            _ => {}
        }
        Ok(())
    }

    fn read_exponential(&mut self, number: u64, value: Wire<'a>) -> Result<(), Flaw> {
        match number {
            6 => self.scale = value.sint32()?,
            7 => self.zero_count = value.fixed64()?,
            8 => self.positive.merge(value.bytes()?)?,
            9 => self.negative.merge(value.bytes()?)?,
            12 => self.min = Some(value.double()?),
            13 => self.max = Some(value.double()?),
            14 => self.zero_threshold = value.double()?,
            _ => {}
        }
        Ok(())
    }

    pub(super) const fn has_no_value(&self) -> bool {
        self.flags & 1 != 0
    }

    pub(super) const fn times(&self) -> [u64; 2] {
        [self.time_unix_nano, 0]
    }

    pub(super) fn lay_out(&self, kind: Kind, entry: &mut Entry<'_>) {
        match (kind, self.as_int, self.as_double) {
            (Kind::Gauge | Kind::Sum, Some(number), _) => entry.set("value", Value::Int(number)),
            (Kind::Gauge | Kind::Sum, None, Some(number)) => entry.set("value", Value::Float(number)),
            (Kind::Gauge | Kind::Sum, None, None) => {}
            _ => self.lay_out_distribution(kind, entry),
        }
        if self.start_time_unix_nano != 0 {
            let start = i64::try_from(self.start_time_unix_nano).unwrap_or(i64::MAX);
            entry.set("start_time_unix_nano", Value::Int(start));
        }
        entry.attributes(Signal::Metrics, self.attributes.items());
        if !self.exemplars.items().is_empty() {
            entry.set("exemplars", Value::Json(&list(self.exemplars.items(), Exemplar::write)));
        }
    }

    fn lay_out_distribution(&self, kind: Kind, entry: &mut Entry<'_>) {
        entry.set("count", Value::Int(i64::try_from(self.count).unwrap_or(i64::MAX)));
        for (name, number) in [("sum", self.sum), ("min", self.min), ("max", self.max)] {
            if let Some(number) = number {
                entry.set(name, Value::Float(number));
            }
        }
        let mut out = Vec::new();
        match kind {
            Kind::Histogram if !self.bucket_counts.is_empty() => self.write_explicit(&mut out),
            Kind::ExponentialHistogram => self.write_exponential(&mut out),
            _ => {}
        }
        if !out.is_empty() {
            entry.set("buckets", Value::Json(&String::from_utf8(out).unwrap_or_default()));
        }
        if !self.quantile_values.items().is_empty() {
            entry.set("quantiles", Value::Json(&list(self.quantile_values.items(), Quantile::write)));
        }
    }

    fn write_explicit(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"bounds\":");
        write_list(&self.explicit_bounds, write_double, out);
        out.extend_from_slice(b",\"counts\":");
        write_list(&self.bucket_counts, write_number, out);
        out.push(b'}');
    }

    fn write_exponential(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"scale\":");
        write_number(self.scale, out);
        out.extend_from_slice(b",\"zero_count\":");
        write_number(self.zero_count, out);
        if self.zero_threshold != 0.0 {
            out.extend_from_slice(b",\"zero_threshold\":");
            write_double(self.zero_threshold, out);
        }
        for (name, buckets) in [("positive", &self.positive), ("negative", &self.negative)] {
            if !buckets.bucket_counts.is_empty() {
                out.push(b',');
                write_text(name, out);
                out.extend_from_slice(b":{\"offset\":");
                write_number(buckets.offset, out);
                out.extend_from_slice(b",\"counts\":");
                write_list(&buckets.bucket_counts, write_number, out);
                out.push(b'}');
            }
        }
        out.push(b'}');
    }
}

fn write_list<T: Copy>(items: &[T], write: impl Fn(T, &mut Vec<u8>), out: &mut Vec<u8>) {
    let mut commas = Commas::default();
    out.push(b'[');
    for item in items {
        commas.next(out);
        write(*item, out);
    }
    out.push(b']');
}

impl Buckets {
    fn merge(&mut self, bytes: &[u8]) -> Result<(), Flaw> {
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => self.offset = value.sint32()?,
                2 => value.each_varint(|count| self.bucket_counts.push(count))?,
                _ => {}
            }
        }
        Ok(())
    }
}

impl Quantile {
    fn from_protobuf(bytes: &[u8]) -> Result<Self, Flaw> {
        let mut quantile = Self::default();
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => quantile.quantile = value.double()?,
                2 => quantile.value = value.double()?,
                _ => {}
            }
        }
        Ok(quantile)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"quantile\":");
        write_double(self.quantile, out);
        out.extend_from_slice(b",\"value\":");
        write_double(self.value, out);
        out.push(b'}');
    }
}

impl<'a> Exemplar<'a> {
    fn from_protobuf(bytes: &'a [u8]) -> Result<Self, Flaw> {
        let mut exemplar = Self::default();
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                2 => exemplar.time_unix_nano = value.fixed64()?,
                3 => (exemplar.as_double, exemplar.as_int) = (Some(value.double()?), None),
                4 => exemplar.span_id = Cow::Borrowed(value.bytes()?),
                5 => exemplar.trace_id = Cow::Borrowed(value.bytes()?),
                6 => (exemplar.as_double, exemplar.as_int) = (None, Some(value.fixed64()?.cast_signed())),
                7 => exemplar.filtered_attributes.push(Pair::from_protobuf(value.bytes()?)?),
                _ => {}
            }
        }
        Ok(exemplar)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"time_unix_nano\":\"");
        write_number(self.time_unix_nano, out);
        out.extend_from_slice(b"\",\"value\":");
        match (self.as_int, self.as_double) {
            (Some(number), _) => write_number(number, out),
            (None, Some(number)) => write_double(number, out),
            (None, None) => out.extend_from_slice(b"null"),
        }
        if is_id::<16>(&self.trace_id) {
            out.extend_from_slice(b",\"trace_id\":");
            write_text(&hex(&self.trace_id), out);
        }
        if is_id::<8>(&self.span_id) {
            out.extend_from_slice(b",\"span_id\":");
            write_text(&hex(&self.span_id), out);
        }
        write_attributes(self.filtered_attributes.items(), out);
    }
}
