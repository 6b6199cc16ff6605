//! The same work as `metrics` of the benches, by what a user would pick instead.
//!
//! metrics-exporter-prometheus keeps what a histogram was told until somebody scrapes or runs its upkeep: the time that
//! takes is in its scrapes. OpenTelemetry's SDK has no handle for a set of attributes: they are looked up at each record.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use metrics::{Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::reader::MetricReader;
use opentelemetry_sdk::metrics::{InstrumentKind, ManualReader, Pipeline, SdkMeterProvider, Temporality};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

#[path = "../../../src/hot.rs"]
mod hot;

use hot::Effort;

const BOUNDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

fn main() -> ExitCode {
    let effort = Effort::from_args();
    exporter_prometheus(effort);
    prometheus_client(effort);
    sdk(effort);
    ExitCode::SUCCESS
}

fn recorder() -> PrometheusRecorder {
    let builder = PrometheusBuilder::new().set_buckets(&BOUNDS).expect("the bounds rise");
    builder.build_recorder()
}

fn key(name: &'static str, number: usize) -> Key {
    let labels =
        vec![Label::new("number", number.to_string()), Label::new("state", ["running", "stopped"][number % 2])];
    Key::from_parts(name, labels)
}

const METADATA: Metadata<'static> = Metadata::new("bench", Level::INFO, None);

fn exporter_prometheus(effort: Effort) {
    let (recorder, durations) = (recorder(), hot::durations());
    let handle = recorder.handle();
    let counter = recorder.register_counter(&key("jobs", 1), &METADATA);
    hot::record("metrics-exporter-prometheus: counter", effort, |_| counter.increment(1));
    let histogram = recorder.register_histogram(&key("wait", 1), &METADATA);
    // As an application does in the background, so that what was recorded does not pile up.
    let record = |call: u64| histogram.record(durations[call as usize % 4096]);
    hot::record("metrics-exporter-prometheus: histogram", effort, |call| {
        record(call);
        if call % 100_000 == 0 {
            handle.run_upkeep();
        }
    });
    let scraped = || handle.render().len();
    hot::pause("metrics-exporter-prometheus: histogram, scraped all the time", effort, record, scraped);

    let counters = self::recorder();
    (0..effort.series).for_each(|number| counters.register_counter(&key("jobs", number), &METADATA).increment(1));
    let handle = counters.handle();
    hot::scrape("metrics-exporter-prometheus: scrape, counters", effort, || handle.render().len());
    for (name, count) in
        [("scrape, histograms of as many lines", effort.series / 17), ("scrape, histograms", effort.series)]
    {
        let histograms = self::recorder();
        for number in 0..count.max(1) {
            let histogram = histograms.register_histogram(&key("wait", number), &METADATA);
            durations.iter().skip(number % 100).step_by(41).for_each(|duration| histogram.record(*duration));
        }
        let handle = histograms.handle();
        hot::scrape(&format!("metrics-exporter-prometheus: {name}"), effort, || handle.render().len());
    }
}

type Labels = Vec<(String, String)>;

fn labels(number: usize) -> Labels {
    vec![("number".into(), number.to_string()), ("state".into(), ["running", "stopped"][number % 2].into())]
}

fn encode(registry: &Registry) -> usize {
    let mut out = String::new();
    prometheus_client::encoding::text::encode(&mut out, registry).expect("a String takes all");
    out.len()
}

fn prometheus_client(effort: Effort) {
    let durations = hot::durations();
    let counter: Counter<u64, AtomicU64> = Counter::default();
    hot::record("prometheus-client: counter", effort, |_| _ = counter.inc());
    let histogram = Histogram::new(BOUNDS);
    let record = |call: u64| histogram.observe(durations[call as usize % 4096].as_secs_f64());
    hot::record("prometheus-client: histogram", effort, record);
    let mut registry = Registry::default();
    registry.register("wait", "How long", histogram.clone());
    hot::pause("prometheus-client: histogram, scraped all the time", effort, record, || encode(&registry));

    let mut counters = Registry::default();
    let by = Family::<Labels, Counter>::default();
    counters.register("jobs", "Jobs", by.clone());
    (0..effort.series).for_each(|number| _ = by.get_or_create(&labels(number)).inc());
    hot::scrape("prometheus-client: scrape, counters", effort, || encode(&counters));
    for (name, count) in
        [("scrape, histograms of as many lines", effort.series / 17), ("scrape, histograms", effort.series)]
    {
        let mut histograms = Registry::default();
        let by = Family::<Labels, Histogram>::new_with_constructor(|| Histogram::new(BOUNDS));
        histograms.register("wait", "How long", by.clone());
        for number in 0..count.max(1) {
            let histogram = by.get_or_create(&labels(number));
            durations
                .iter()
                .skip(number % 100)
                .step_by(41)
                .for_each(|duration| histogram.observe(duration.as_secs_f64()));
        }
        hot::scrape(&format!("prometheus-client: {name}"), effort, || encode(&histograms));
    }
}

/// A reader that is asked by hand.
#[derive(Debug, Clone)]
struct Reader(Arc<ManualReader>);

impl MetricReader for Reader {
    fn register_pipeline(&self, pipeline: std::sync::Weak<Pipeline>) {
        self.0.register_pipeline(pipeline);
    }

    fn collect(&self, metrics: &mut ResourceMetrics) -> opentelemetry_sdk::error::OTelSdkResult {
        self.0.collect(metrics)
    }

    fn force_flush(&self) -> opentelemetry_sdk::error::OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> opentelemetry_sdk::error::OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn temporality(&self, kind: InstrumentKind) -> Temporality {
        self.0.temporality(kind)
    }
}

fn attributes(number: usize) -> [KeyValue; 2] {
    [KeyValue::new("number", number.to_string()), KeyValue::new("state", ["running", "stopped"][number % 2])]
}

fn sdk(effort: Effort) {
    let durations = hot::durations();
    let reader = Reader(Arc::new(ManualReader::builder().build()));
    let provider = SdkMeterProvider::builder().with_reader(reader.clone()).build();
    let meter = provider.meter("bench");
    let (counter, one) = (meter.u64_counter("jobs").build(), attributes(1));
    hot::record("opentelemetry_sdk: counter", effort, |_| counter.add(1, &one));
    let histogram = meter.f64_histogram("wait").with_boundaries(BOUNDS.to_vec()).build();
    let record = |call: u64| histogram.record(durations[call as usize % 4096].as_secs_f64(), &one);
    hot::record("opentelemetry_sdk: histogram", effort, record);
    let collect = || {
        let mut metrics = ResourceMetrics::default();
        reader.collect(&mut metrics).expect("nobody has shut it down");
        metrics.scope_metrics().count()
    };
    hot::pause("opentelemetry_sdk: histogram, scraped all the time", effort, record, collect);
}
