//! One message, field by field, as opentelemetry-proto describes it.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{Batch, Buckets, Temporality, Told};
use crate::cells::exemplar::Exemplar;
use crate::distribution::Distribution;
use crate::encoder::{Digits, Number};
use crate::family::{Family, Kind};
use crate::route_metrics::UNMATCHED_ROUTE;
use crate::snapshot::{Sample, Snapshot, Value};
use crate::wire::Wire;

const DELTA: u64 = 1;
const CUMULATIVE: u64 = 2;

/// Takes families, and gives the message.
pub(super) struct Message<'a> {
    snapshot: &'a Snapshot,
    buckets: Buckets,
    metrics: Wire,
    points: u64,
}

impl<'a> Message<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, buckets: Buckets) -> Self {
        Self { snapshot, buckets, metrics: Wire::default(), points: 0 }
    }

    pub(super) fn family(&mut self, family: &Family, temporality: Temporality, told: &[Told<'_>]) {
        if told.is_empty() {
            return;
        }
        self.points += told.len() as u64;
        let mut metrics = std::mem::take(&mut self.metrics);
        metrics.message(2, |metric| {
            metric.text(1, family.name);
            metric.text(2, family.help);
            metric.text(3, family.unit);
            self.data(metric, family.kind, temporality, told);
        });
        self.metrics = metrics;
    }

    fn data(&self, metric: &mut Wire, kind: Kind, temporality: Temporality, told: &[Told<'_>]) {
        let since = if temporality == Temporality::Delta { DELTA } else { CUMULATIVE };
        let (field, since, monotonic) = match (kind, self.buckets) {
            (Kind::Gauge | Kind::Info, _) => (5, 0, false),
            (Kind::UpDown, _) => (7, CUMULATIVE, false),
            (Kind::Counter, _) => (7, since, true),
            (Kind::Histogram, Buckets::Explicit) => (9, since, false),
            (Kind::Histogram, Buckets::Exponential) => (10, since, false),
        };
        metric.message(field, |data| {
            for told in told {
                data.message(1, |point| self.point(point, told));
            }
            data.unsigned(2, since);
            data.unsigned(3, monotonic.into());
        });
    }

    fn point(&self, point: &mut Wire, told: &Told<'_>) {
        point.fixed(2, nanos(told.since));
        point.fixed(3, nanos(self.snapshot.time));
        match (&told.value, self.buckets) {
            (Value::Number(number), _) => {
                self.attributes(point, 7, told.sample);
                write_number(point, *number);
            }
            (Value::Distribution(distribution), Buckets::Explicit) => {
                self.attributes(point, 9, told.sample);
                write_explicit(point, distribution, told.since);
            }
            (Value::Distribution(distribution), Buckets::Exponential) => {
                self.attributes(point, 1, told.sample);
                write_exponential(point, distribution, told.since);
            }
        }
    }

    /// A route that nothing matched is none, and a status is a number.
    fn attributes(&self, point: &mut Wire, field: u64, sample: &Sample) {
        for (name, value) in self.snapshot.texts.pairs(&sample.labels) {
            match (name.told.as_str(), value) {
                ("http.route", UNMATCHED_ROUTE) => {}
                ("http.response.status_code", status) if status.parse::<u16>().is_ok() => {
                    point.message(field, |pair| {
                        pair.text(1, &name.told);
                        pair.message(2, |any| any.unsigned(3, status.parse().unwrap_or_default()));
                    });
                }
                _ => point.message(field, |pair| write_text(pair, &name.told, value)),
            }
        }
    }

    pub(super) fn finish(self, resource: &[(String, String)]) -> Batch {
        let mut request = Wire::default();
        request.message(1, |of_resource| {
            of_resource.message(1, |said| {
                for (name, value) in resource {
                    said.message(1, |pair| write_text(pair, name, value));
                }
            });
            of_resource.message(2, |of_scope| {
                of_scope.message(1, |scope| {
                    scope.text(1, "cupola");
                    scope.text(2, env!("CARGO_PKG_VERSION"));
                });
                of_scope.0.extend_from_slice(&self.metrics.0);
            });
        });
        Batch { bytes: request.0, points: self.points }
    }
}

fn write_text(pair: &mut Wire, name: &str, value: &str) {
    pair.text(1, name);
    pair.message(2, |any| any.always_text(1, value));
}

fn write_number(point: &mut Wire, number: Number) {
    match number.0 {
        Digits::Unsigned(number) => point.fixed(6, i64::try_from(number).unwrap_or(i64::MAX) as u64),
        Digits::Signed(number) => point.fixed(6, number as u64),
        Digits::Float(number) => point.double(4, number),
    }
}

fn write_explicit(point: &mut Wire, distribution: &Distribution, since: SystemTime) {
    point.fixed(4, distribution.count());
    point.double(5, distribution.sum());
    point.fixed_list(6, distribution.buckets().iter().copied());
    point.fixed_list(7, distribution.bounds().iter().map(|bound| bound.to_bits()));
    write_exemplars(point, 8, distribution, since);
}

fn write_exponential(point: &mut Wire, distribution: &Distribution, since: SystemTime) {
    point.fixed(4, distribution.count());
    point.double(5, distribution.sum());
    point.signed(6, distribution.schema().into());
    point.fixed(7, distribution.zero());
    point.message(8, |positive| {
        let buckets = distribution.exponential();
        let (Some(first), Some(last)) = (buckets.first(), buckets.last()) else { return };
        // A bucket is counted here by its lower border, and in Prometheus by its upper one.
        positive.signed(1, i64::from(first.0) - 1);
        let mut counts = vec![0; (last.0 - first.0) as usize + 1];
        for (index, count) in buckets {
            counts[(index - first.0) as usize] = *count;
        }
        positive.varint_list(2, counts.into_iter());
    });
    write_exemplars(point, 11, distribution, since);
    point.double(14, distribution.zero_threshold());
}

/// Those of the time that is told of.
fn write_exemplars(point: &mut Wire, field: u64, distribution: &Distribution, since: SystemTime) {
    for exemplar in
        distribution.exemplars.iter().filter(|exemplar| nanos(exemplar.time) >= nanos(since) / MILLI * MILLI)
    {
        point.message(field, |wire| write_exemplar(wire, exemplar));
    }
}

/// Exemplars keep their times to the millisecond.
const MILLI: u64 = 1_000_000;

fn write_exemplar(wire: &mut Wire, exemplar: &Exemplar) {
    wire.fixed(2, nanos(exemplar.time));
    wire.double(3, exemplar.value);
    wire.bytes(4, &exemplar.span.to_bytes());
    wire.bytes(5, &exemplar.trace.to_bytes());
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
