//! A meter provider for libraries that use OpenTelemetry's interface, version 0.33: what they count lands in a registry.
//!
//! Feature `otel_0_33`. `opentelemetry::global::set_meter_provider(MeterProvider::new(&registry))` makes it the process's
//! own, which is the application's to do, or `cupola::init`'s.

mod observed;

use std::fmt;
use std::sync::Arc;

use opentelemetry::metrics::{
    AsyncInstrumentBuilder, Counter as OtelCounter, Gauge as OtelGauge, Histogram as OtelHistogram, HistogramBuilder,
    InstrumentBuilder, InstrumentProvider, Meter, ObservableCounter, ObservableGauge, ObservableUpDownCounter,
    SyncInstrument, UpDownCounter,
};
use opentelemetry::{InstrumentationScope, KeyValue};

use crate::cells::histogram::{HistogramCells, Summed};
use crate::counter::{Counter, FloatCounter};
use crate::encoder::Number;
use crate::family::Kind;
use crate::foreign::{Described, Foreign, ForeignFamily, Pair, bounds};
use crate::gauge::FloatGauge;
use crate::histogram::Histogram;
use crate::instrument::Instrument;
use crate::otel_0_33::observed::{Observed, Observer};
use crate::registry::Registry;

/// Gives meters that record into a registry; clones are handles on the same one.
///
/// ```
/// use cupola_metrics::{Registry, otel_0_33::MeterProvider};
/// use opentelemetry::{KeyValue, metrics::MeterProvider as _};
///
/// let registry = Registry::new();
/// let meter = MeterProvider::new(&registry).meter("some.library");
/// let sent = meter.u64_counter("mail.sent").with_description("Mails sent.").build();
/// sent.add(2, &[KeyValue::new("list", "news")]);
/// let _depth = meter.i64_observable_gauge("queue.depth").with_callback(|gauge| gauge.observe(7, &[])).build();
/// let text = registry.render();
/// assert!(text.contains("mail_sent_total{list=\"news\"} 2\n") && text.contains("queue_depth 7\n"));
/// ```
#[derive(Clone)]
pub struct MeterProvider(Arc<Instruments>);

struct Instruments {
    registry: Registry,
    counters: Foreign<Counter>,
    float_counters: Foreign<FloatCounter>,
    /// Sums that go up and down, and gauges: both may have parts.
    gauges: Foreign<FloatGauge>,
    histograms: Foreign<Histogram>,
    observed: Observed,
}

impl MeterProvider {
    /// Meters that record into this registry.
    pub fn new(registry: &Registry) -> Self {
        Self(Arc::new(Instruments {
            registry: registry.clone(),
            counters: Foreign::new(registry),
            float_counters: Foreign::new(registry),
            gauges: Foreign::new(registry),
            histograms: Foreign::new(registry),
            observed: Observed::default(),
        }))
    }

    /// Whether what OpenTelemetry's global meter is told lands here.
    pub fn is_global(&self) -> bool {
        let made = |name| opentelemetry::global::meter("cupola").u64_counter(name).build();
        let probe = made(observed::PROBE);
        let before = self.0.observed.probed();
        probe.add(1, &[]);
        self.0.observed.probed() > before
    }
}

impl opentelemetry::metrics::MeterProvider for MeterProvider {
    fn meter_with_scope(&self, _: InstrumentationScope) -> Meter {
        Meter::new(self.0.clone())
    }
}

/// One of our instruments, as OpenTelemetry calls it.
struct Told<I> {
    family: Arc<ForeignFamily<I>>,
}

fn pairs(attributes: &[KeyValue]) -> Vec<Pair> {
    attributes.iter().map(|pair| (pair.key.as_str().into(), pair.value.as_str().as_ref().into())).collect()
}

macro_rules! sync {
    ($($cell:ty, $number:ty, $method:ident;)+) => {$(
        impl SyncInstrument<$number> for Told<$cell> {
            fn measure(&self, measurement: $number, attributes: &[KeyValue]) {
                self.family.with(pairs(attributes)).$method(measurement as _);
            }
        }
    )+};
}

sync! {
    Counter, u64, add;
    FloatCounter, f64, add;
    Histogram, u64, observe;
    Histogram, f64, observe;
}

/// Whether a gauge is set or added to is what tells a gauge from a sum that goes up and down.
struct Set(Told<FloatGauge>);
struct Added(Told<FloatGauge>);

macro_rules! gauge {
    ($($number:ty),+) => {$(
        impl SyncInstrument<$number> for Set {
            fn measure(&self, measurement: $number, attributes: &[KeyValue]) {
                self.0.family.with(pairs(attributes)).set(measurement as f64);
            }
        }

        impl SyncInstrument<$number> for Added {
            fn measure(&self, measurement: $number, attributes: &[KeyValue]) {
                self.0.family.with(pairs(attributes)).add(measurement as f64);
            }
        }
    )+};
}
gauge!(u64, i64, f64);

/// What the registry does not take is counted there, and goes nowhere.
struct Nowhere;

impl<T> SyncInstrument<T> for Nowhere {
    fn measure(&self, _: T, _: &[KeyValue]) {}
}

fn described<'a, T>(builder: &'a InstrumentBuilder<'_, T>, kind: Kind) -> Described<'a> {
    Described {
        name: &builder.name,
        help: builder.description.as_deref().unwrap_or_default(),
        unit: builder.unit.as_deref().unwrap_or_default(),
        kind,
    }
}

impl Instruments {
    fn histogram<T>(&self, builder: &HistogramBuilder<'_, T>) -> Option<Told<Histogram>> {
        let described = Described {
            name: &builder.name,
            help: builder.description.as_deref().unwrap_or_default(),
            unit: builder.unit.as_deref().unwrap_or_default(),
            kind: Kind::Histogram,
        };
        // A bound of zero, which OpenTelemetry allows, tells nothing apart here.
        let stated: Vec<f64> = builder.boundaries.iter().flatten().copied().filter(|bound| *bound > 0.0).collect();
        let advised = bounds(described.name, described.unit);
        let layout = Summed::Real.layout(if stated.is_empty() { advised } else { &stated });
        let layout = layout.or_else(|| Summed::Real.layout(advised))?;
        let make = move || Histogram(Arc::new(HistogramCells::new(Arc::clone(&layout), Summed::Real)));
        told(&self.histograms, described, make)
    }

    fn observe<I, T: Copy + Send + Into<Number> + 'static>(
        &self,
        builder: AsyncInstrumentBuilder<'_, I, T>,
        kind: Kind,
    ) {
        let AsyncInstrumentBuilder { name, description, unit, callbacks, .. } = builder;
        let (help, unit) = (description.unwrap_or_default(), unit.unwrap_or_default());
        let described = Described { name: &name, help: &help, unit: &unit, kind };
        if let Some(family) = self.observed.family(&self.registry, described) {
            self.registry.source(move |encoder| {
                for callback in &callbacks {
                    let observer = Observer::<T>::default();
                    callback(&observer);
                    observer.encode(encoder, &family);
                }
            });
        }
    }
}

fn told<I: Instrument>(
    all: &Foreign<I>,
    described: Described<'_>,
    make: impl Fn() -> I + Send + Sync + 'static,
) -> Option<Told<I>> {
    all.family(described, make).map(|family| Told { family })
}

macro_rules! instruments {
    ($($method:ident $otel:ident $number:ty, $all:ident $kind:ident $cell:ident $as:path;)+) => {$(
        fn $method(&self, builder: InstrumentBuilder<'_, $otel<$number>>) -> $otel<$number> {
            match told(&self.$all, described(&builder, Kind::$kind), $cell::new) {
                Some(told) => $otel::new(Arc::new($as(told))),
                None => $otel::new(Arc::new(Nowhere)),
            }
        }
    )+};
}

macro_rules! observables {
    ($($method:ident $otel:ident $number:ty, $kind:ident;)+) => {$(
        fn $method(&self, builder: AsyncInstrumentBuilder<'_, $otel<$number>, $number>) -> $otel<$number> {
            self.observe(builder, Kind::$kind);
            $otel::new()
        }
    )+};
}

impl InstrumentProvider for Instruments {
    fn u64_counter(&self, builder: InstrumentBuilder<'_, OtelCounter<u64>>) -> OtelCounter<u64> {
        if builder.name == observed::PROBE {
            return OtelCounter::new(self.observed.probe());
        }
        match told(&self.counters, described(&builder, Kind::Counter), Counter::new) {
            Some(told) => OtelCounter::new(Arc::new(told)),
            None => OtelCounter::new(Arc::new(Nowhere)),
        }
    }

    instruments! {
        f64_counter OtelCounter f64, float_counters Counter FloatCounter std::convert::identity;
        i64_up_down_counter UpDownCounter i64, gauges UpDown FloatGauge Added;
        f64_up_down_counter UpDownCounter f64, gauges UpDown FloatGauge Added;
        u64_gauge OtelGauge u64, gauges Gauge FloatGauge Set;
        i64_gauge OtelGauge i64, gauges Gauge FloatGauge Set;
        f64_gauge OtelGauge f64, gauges Gauge FloatGauge Set;
    }

    observables! {
        u64_observable_counter ObservableCounter u64, Counter;
        f64_observable_counter ObservableCounter f64, Counter;
        i64_observable_up_down_counter ObservableUpDownCounter i64, UpDown;
        f64_observable_up_down_counter ObservableUpDownCounter f64, UpDown;
        u64_observable_gauge ObservableGauge u64, Gauge;
        i64_observable_gauge ObservableGauge i64, Gauge;
        f64_observable_gauge ObservableGauge f64, Gauge;
    }

    fn u64_histogram(&self, builder: HistogramBuilder<'_, OtelHistogram<u64>>) -> OtelHistogram<u64> {
        match self.histogram(&builder) {
            Some(told) => OtelHistogram::new(Arc::new(told)),
            None => OtelHistogram::new(Arc::new(Nowhere)),
        }
    }

    fn f64_histogram(&self, builder: HistogramBuilder<'_, OtelHistogram<f64>>) -> OtelHistogram<f64> {
        match self.histogram(&builder) {
            Some(told) => OtelHistogram::new(Arc::new(told)),
            None => OtelHistogram::new(Arc::new(Nowhere)),
        }
    }
}

impl fmt::Debug for MeterProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeterProvider").field("registry", &self.0.registry).finish()
    }
}
