//! Prometheus' protobuf: each family as one `io.prometheus.client.MetricFamily`, its length before it.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::cells::exemplar::Exemplar;
use crate::distribution::Distribution;
use crate::encoder::Number;
use crate::family::Kind;
use crate::name;
use crate::snapshot::{FamilySamples, Sample, Snapshot, Value};
use crate::wire::Wire;

/// All families that have samples.
pub(super) fn encode(snapshot: &Snapshot) -> Vec<u8> {
    let mut wire = Wire::default();
    for (name, family) in snapshot.families() {
        wire.delimited(4, |wire| write_family(wire, snapshot, name, family));
    }
    wire.0
}

fn write_family(wire: &mut Wire, snapshot: &Snapshot, name: &str, family: &FamilySamples) {
    wire.text(1, name);
    wire.text(2, family.family.help);
    wire.unsigned(
        3,
        match family.family.kind {
            Kind::Counter => 0,
            Kind::Gauge | Kind::UpDown | Kind::Info => 1,
            Kind::Histogram => 4,
        },
    );
    for sample in &family.samples {
        let kind = family.family.kind;
        let write = |wire: &mut Wire| write_metric(wire, snapshot, kind, sample);
        if kind == Kind::Histogram { wire.long_message(4, write) } else { wire.message(4, write) }
    }
    wire.text(5, &name::unit(&family.family, name).unwrap_or_default());
}

fn write_metric(wire: &mut Wire, snapshot: &Snapshot, kind: Kind, sample: &Sample) {
    for (name, value) in snapshot.texts.pairs(&sample.labels) {
        wire.message(1, |wire| write_label(wire, &name.exposed, value));
    }
    match (&sample.value, kind) {
        (Value::Number(number), Kind::Counter) => wire.message(3, |wire| write_counter(wire, *number, sample.created)),
        (Value::Number(number), _) => wire.message(2, |wire| wire.double(1, number.as_f64())),
        (Value::Distribution(distribution), _) => {
            wire.long_message(7, |wire| write_histogram(wire, distribution, sample.created));
        }
    }
}

fn write_label(wire: &mut Wire, name: &str, value: &str) {
    wire.text(1, name);
    wire.text(2, value);
}

fn write_counter(wire: &mut Wire, number: Number, created: Option<SystemTime>) {
    wire.double(1, number.as_f64());
    if let Some(created) = created {
        wire.message(3, |wire| write_time(wire, created));
    }
}

fn write_histogram(wire: &mut Wire, distribution: &Distribution, created: Option<SystemTime>) {
    wire.unsigned(1, distribution.count());
    wire.double(2, distribution.sum());
    let mut below = f64::NEG_INFINITY;
    for (bound, count) in distribution.cumulative() {
        wire.message(3, |wire| {
            wire.unsigned(1, count);
            wire.double(2, bound);
            if let Some(exemplar) = distribution.exemplar(below, bound) {
                wire.message(3, |wire| write_exemplar(wire, exemplar));
            }
        });
        below = bound;
    }
    wire.signed(5, distribution.schema().into());
    wire.double(6, distribution.zero_threshold());
    wire.unsigned(7, distribution.zero());
    write_exponential(wire, distribution.exponential());
    if let Some(created) = created {
        wire.message(15, |wire| write_time(wire, created));
    }
}

/// Runs of buckets without a gap as spans, and each bucket as its difference from the one before.
fn write_exponential(wire: &mut Wire, buckets: &[(i32, u64)]) {
    // A span without a length says that this is a native histogram, and an empty one.
    if buckets.is_empty() {
        wire.message(12, |_| {});
    }
    let mut next = 0;
    for run in buckets.chunk_by(|a, b| a.0 + 1 == b.0) {
        let first = run[0].0;
        wire.message(12, |wire| {
            wire.signed(1, i64::from(first - next));
            wire.unsigned(2, run.len() as u64);
        });
        next = first + run.len() as i32;
    }
    let before = [0].into_iter().chain(buckets.iter().map(|bucket| bucket.1 as i64));
    wire.signed_list(13, buckets.iter().zip(before).map(|(bucket, before)| bucket.1 as i64 - before));
}

fn write_exemplar(wire: &mut Wire, exemplar: &Exemplar) {
    let (trace, span) = (exemplar.trace.text(), exemplar.span.text());
    wire.message(1, |wire| write_label(wire, "trace_id", &trace));
    wire.message(1, |wire| write_label(wire, "span_id", &span));
    wire.double(2, exemplar.value);
    wire.message(3, |wire| write_time(wire, exemplar.time));
}

fn write_time(wire: &mut Wire, time: SystemTime) {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    wire.unsigned(1, since.as_secs());
    wire.unsigned(2, since.subsec_nanos().into());
}
