//! The text formats: Prometheus 0.0.4 and OpenMetrics 1.0, which differ in little.

use std::time::{SystemTime, UNIX_EPOCH};

use super::number;
use crate::cells::exemplar::Exemplar;
use crate::distribution::Distribution;
use crate::encoder::Number;
use crate::family::Kind;
use crate::name;
use crate::snapshot::{FamilySamples, Sample, Snapshot, Value};
use crate::texts::escape;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Dialect {
    Prometheus,
    OpenMetrics,
}

/// Writes all families that have samples.
pub(super) fn write(out: &mut String, snapshot: &Snapshot, dialect: Dialect) {
    // About what a series takes, so that a large text is moved rarely.
    out.reserve(snapshot.families().map(|(_, family)| family.samples.len() * room(family.family.kind)).sum());
    for (exposed, family) in snapshot.families() {
        let mut writer = Writer::new(out, exposed, family, dialect);
        writer.header(family);
        for sample in &family.samples {
            writer.series(sample, snapshot.texts.key(&sample.labels));
        }
    }
    if dialect == Dialect::OpenMetrics {
        out.push_str("# EOF\n");
    }
}

const fn room(kind: Kind) -> usize {
    if matches!(kind, Kind::Histogram) { 4_096 } else { 128 }
}

/// Writes one family.
struct Writer<'a> {
    out: &'a mut String,
    dialect: Dialect,
    /// The family's name: in OpenMetrics without the suffix that its samples have.
    name: &'a str,
    /// The suffix of a plain sample: in OpenMetrics that which the family's name is without.
    suffix: &'static str,
    /// What follows the prefix, for each of the bounds that were last written: they are those of the next series too.
    bounds: Vec<String>,
    of: Vec<f64>,
    prefix: String,
}

impl<'a> Writer<'a> {
    fn new(out: &'a mut String, exposed: &'a str, family: &FamilySamples, dialect: Dialect) -> Self {
        let suffix = match (family.family.kind, dialect) {
            (Kind::Counter, Dialect::OpenMetrics) => "_total",
            (Kind::Info, Dialect::OpenMetrics) => "_info",
            _ => "",
        };
        let name = exposed.strip_suffix(suffix).unwrap_or(exposed);
        Self { out, dialect, name, suffix, bounds: Vec::new(), of: Vec::new(), prefix: String::new() }
    }

    fn header(&mut self, family: &FamilySamples) {
        let open = self.dialect == Dialect::OpenMetrics;
        self.push(&["# HELP ", self.name, " "]);
        escape(self.out, family.family.help, open);
        let kind = match family.family.kind {
            Kind::Counter => "counter",
            Kind::Info if open => "info",
            Kind::Gauge | Kind::UpDown | Kind::Info => "gauge",
            Kind::Histogram => "histogram",
        };
        self.push(&["\n# TYPE ", self.name, " ", kind, "\n"]);
        if let Some(unit) = name::unit(&family.family, self.name).filter(|_| open) {
            self.push(&["# UNIT ", self.name, " ", &unit, "\n"]);
        }
    }

    fn series(&mut self, sample: &Sample, labels: &str) {
        match &sample.value {
            Value::Number(number) => self.sample(self.suffix, labels, *number),
            Value::Distribution(distribution) => self.distribution(labels, distribution),
        }
        let begins = self.suffix == "_total" || matches!(sample.value, Value::Distribution(_));
        let created = sample.created.filter(|_| begins && self.dialect == Dialect::OpenMetrics);
        if let Some(created) = created {
            self.sample("_created", labels, seconds(created).into());
        }
    }

    fn sample(&mut self, suffix: &str, labels: &str, number: Number) {
        let (open, close) = if labels.is_empty() { ("", "") } else { ("{", "}") };
        self.push(&[self.name, suffix, open, labels, close, " "]);
        number::push(self.out, number);
        self.out.push('\n');
    }

    fn distribution(&mut self, labels: &str, distribution: &Distribution) {
        self.learn_bounds(distribution);
        let separator = if labels.is_empty() { "" } else { "," };
        self.prefix.clear();
        for part in [self.name, "_bucket{", labels, separator, "le=\""] {
            self.prefix.push_str(part);
        }
        let exemplars = self.dialect == Dialect::OpenMetrics && !distribution.exemplars.is_empty();
        let mut below = f64::NEG_INFINITY;
        for ((bound, count), text) in distribution.cumulative().zip(&self.bounds) {
            self.out.push_str(&self.prefix);
            self.out.push_str(text);
            number::push_whole(self.out, count);
            if let Some(exemplar) = exemplars.then(|| distribution.exemplar(below, bound)).flatten() {
                push_exemplar(self.out, exemplar);
            }
            self.out.push('\n');
            below = bound;
        }
        self.sample("_sum", labels, distribution.sum().into());
        self.sample("_count", labels, distribution.count().into());
    }

    fn learn_bounds(&mut self, distribution: &Distribution) {
        if self.of == distribution.bounds() && !self.bounds.is_empty() {
            return;
        }
        let text = |bound| {
            let text = number::bound(bound);
            let short = text.strip_suffix(".0").filter(|_| self.dialect == Dialect::Prometheus);
            [short.unwrap_or(&text), "\"} "].concat()
        };
        self.bounds = distribution.bounds().iter().copied().chain([f64::INFINITY]).map(text).collect();
        self.of = distribution.bounds().to_vec();
    }

    fn push(&mut self, parts: &[&str]) {
        for part in parts {
            self.out.push_str(part);
        }
    }
}

fn push_exemplar(out: &mut String, exemplar: &Exemplar) {
    let (trace, span) = (exemplar.trace.text(), exemplar.span.text());
    for part in [" # {trace_id=\"", &*trace, "\",span_id=\"", &*span, "\"} "] {
        out.push_str(part);
    }
    number::push_float(out, exemplar.value);
    out.push(' ');
    number::push_float(out, seconds(exemplar.time));
}

/// Seconds since 1970, to the millisecond.
fn seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_millis() as f64 / 1000.0)
}
