//! A recorder for libraries that use the `metrics` facade, version 0.24: what they count lands in a registry.
//!
//! Feature `metrics_0_24`. `metrics::set_global_recorder(Recorder::new(&registry))` makes it the process's own, which is the
//! application's to do, or `cupola::init`'s.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use metrics::{CounterFn, GaugeFn, HistogramFn, Key, KeyName, Metadata, SharedString, Unit};

use crate::cells::histogram::{HistogramCells, Summed};
use crate::counter::Counter;
use crate::family::Kind;
use crate::foreign::{Described, Foreign, Pair, bounds};
use crate::gauge::FloatGauge;
use crate::histogram::Histogram;
use crate::registry::Registry;

/// Records what the `metrics` facade is told.
///
/// ```
/// use cupola_metrics::{Registry, metrics_0_24::Recorder};
///
/// let registry = Registry::new();
/// metrics::with_local_recorder(&Recorder::new(&registry), || {
///     metrics::describe_counter!("pool.connections.made", metrics::Unit::Count, "Connections made.");
///     metrics::counter!("pool.connections.made", "db" => "main").increment(2);
///     metrics::histogram!("query_seconds").record(0.003);
/// });
/// let text = registry.render();
/// assert!(text.contains("pool_connections_made_total{db=\"main\"} 2\n"));
/// assert!(text.contains("query_seconds_bucket{le=\"0.005\"} 1\n"));
/// ```
pub struct Recorder {
    counters: Foreign<Counter>,
    gauges: Foreign<FloatGauge>,
    histograms: Foreign<Histogram>,
    descriptions: RwLock<HashMap<String, (String, &'static str)>>,
}

impl Recorder {
    /// A recorder into this registry.
    pub fn new(registry: &Registry) -> Self {
        Self {
            counters: Foreign::new(registry),
            gauges: Foreign::new(registry),
            histograms: Foreign::new(registry),
            descriptions: RwLock::default(),
        }
    }

    fn describe(&self, name: &KeyName, unit: Option<Unit>, description: &SharedString) {
        let said = (description.to_string(), unit.map_or("", ucum));
        self.descriptions.write().unwrap_or_else(PoisonError::into_inner).insert(name.as_str().to_owned(), said);
    }

    fn described<R>(&self, key: &Key, kind: Kind, work: impl FnOnce(Described<'_>) -> R) -> R {
        let descriptions = self.descriptions.read().unwrap_or_else(PoisonError::into_inner);
        let (help, unit) = descriptions.get(key.name()).map_or(("", ""), |(help, unit)| (help.as_str(), *unit));
        work(Described { name: key.name(), help, unit, kind })
    }
}

/// The unit as UCUM writes it.
fn ucum(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "s",
        Unit::Milliseconds => "ms",
        Unit::Microseconds => "us",
        Unit::Nanoseconds => "ns",
        Unit::Bytes => "By",
        Unit::Kibibytes => "KiBy",
        Unit::Mebibytes => "MiBy",
        Unit::Gibibytes => "GiBy",
        Unit::Percent => "%",
        _ => "",
    }
}

fn labels(key: &Key) -> Vec<Pair> {
    key.labels().map(|label| (label.key().into(), label.value().into())).collect()
}

impl metrics::Recorder for Recorder {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe(&key, unit, &description);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe(&key, unit, &description);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe(&key, unit, &description);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> metrics::Counter {
        let family = self.described(key, Kind::Counter, |told| self.counters.family(told, Counter::new));
        family.map_or_else(metrics::Counter::noop, |family| {
            metrics::Counter::from_arc(Arc::new(Told(family.with(labels(key)))))
        })
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> metrics::Gauge {
        let family = self.described(key, Kind::Gauge, |told| self.gauges.family(told, FloatGauge::new));
        family.map_or_else(metrics::Gauge::noop, |family| {
            metrics::Gauge::from_arc(Arc::new(Told(family.with(labels(key)))))
        })
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> metrics::Histogram {
        let family = self.described(key, Kind::Histogram, |told| {
            let layout = Summed::Real.layout(bounds(told.name, told.unit)).expect("the bounds rise from above zero");
            let make = move || Histogram(Arc::new(HistogramCells::new(Arc::clone(&layout), Summed::Real)));
            self.histograms.family(told, make)
        });
        family.map_or_else(metrics::Histogram::noop, |family| {
            metrics::Histogram::from_arc(Arc::new(Told(family.with(labels(key)))))
        })
    }
}

/// One of our handles, as the facade calls it.
struct Told<I>(I);

impl CounterFn for Told<Counter> {
    fn increment(&self, value: u64) {
        self.0.add(value);
    }

    fn absolute(&self, value: u64) {
        self.0.add(value.saturating_sub(self.0.get()));
    }
}

impl GaugeFn for Told<FloatGauge> {
    fn increment(&self, value: f64) {
        self.0.add(value);
    }

    fn decrement(&self, value: f64) {
        self.0.add(-value);
    }

    fn set(&self, value: f64) {
        self.0.set(value);
    }
}

impl HistogramFn for Told<Histogram> {
    fn record(&self, value: f64) {
        self.0.observe(value);
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}
