//! Metrics, from the registry to a collector.

use std::io::Read;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cupola_metrics::{Registry, RouteMetrics};
use cupola_telemetry::metrics::MetricsConfig;
use cupola_telemetry::otlp::Exporter;
use cupola_telemetry::{Config, Memory, Telemetry};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric::Data, number_data_point::Value};
use prost::Message;

use crate::collector::{Answer, Asked, Collector};
use crate::support::PATIENCE;

struct Service {
    registry: Registry,
    telemetry: Telemetry,
    exporter: Exporter,
}

impl Service {
    fn start(endpoint: &str, vars: &[(&str, &str)]) -> Self {
        let value = |asked: &str| match vars.iter().find(|(name, _)| *name == asked) {
            None if asked == "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(endpoint.to_owned()),
            found => found.map(|(_, value)| (*value).to_owned()),
        };
        let telemetry = Telemetry::builder(Config::default()).output(Memory::new()).build().unwrap();
        let registry = Registry::new();
        let config = MetricsConfig::from_vars("billing", &value).unwrap().unwrap();
        let exporter = config.start(&telemetry, &registry).unwrap();
        Self { registry, telemetry, exporter }
    }
}

fn read(asked: &Asked) -> Vec<Metric> {
    let mut body = asked.body.clone();
    if asked.header("content-encoding") == Some("gzip") {
        body.clear();
        flate2::read::GzDecoder::new(&asked.body[..]).read_to_end(&mut body).unwrap();
    }
    let request = ExportMetricsServiceRequest::decode(&body[..]).unwrap();
    let service = &request.resource_metrics[0].resource.as_ref().unwrap().attributes[0];
    assert_eq!(service.key, "service.name");
    request.resource_metrics.into_iter().flat_map(|of| of.scope_metrics).flat_map(|of| of.metrics).collect()
}

/// The value of a sum without attributes.
fn sum(metrics: &[Metric], name: &str) -> Option<i64> {
    let metric = metrics.iter().find(|metric| metric.name == name)?;
    let Some(Data::Sum(sum)) = &metric.data else { panic!("{metric:?}") };
    let Some(Value::AsInt(number)) = sum.data_points[0].value else { panic!("{sum:?}") };
    Some(number)
}

#[test]
fn a_registry_is_sent_in_each_interval_and_at_the_end() {
    let collector = Collector::start(vec![Answer::ok()]);
    let service = Service::start(&collector.url(), &[("OTEL_METRIC_EXPORT_INTERVAL", "50")]);
    let done = service.registry.counter("jobs.done", "Done.", "{job}").unwrap();
    done.add(3);
    let first = std::iter::repeat_with(|| collector.next()).find(|asked| sum(&read(asked), "jobs.done") == Some(3));
    assert!(first.unwrap().head.starts_with("POST /v1/metrics "));
    done.add(4);
    service.telemetry.shutdown(PATIENCE);
    let counts = service.exporter.counts();
    assert_eq!((counts.accepted, counts.dropped()), (counts.exported, 0));
    let mut last = 0;
    while last != 7 {
        last = sum(&read(&collector.next()), "jobs.done").unwrap();
    }
}

#[test]
fn deltas_are_sent_once() {
    let collector = Collector::start(vec![Answer::ok()]);
    let delta = ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta");
    let service = Service::start(&collector.url(), &[delta, ("OTEL_METRIC_EXPORT_INTERVAL", "3600000")]);
    let done = service.registry.counter("jobs.done", "Done.", "{job}").unwrap();
    for amount in [3, 4] {
        done.add(amount);
        service.exporter.flush(PATIENCE);
        assert_eq!(sum(&read(&collector.next()), "jobs.done"), Some(amount as i64));
    }
    service.telemetry.shutdown(PATIENCE);
}

/// A collector that nobody here wrote, which relays to one of ours.
struct Rotel {
    running: Child,
    url: String,
}

impl Rotel {
    fn start(to: &Collector) -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let (http, grpc) = (free(), free());
        let mut command = Command::new("rotel-agent");
        command.args(["start", "--otlp-http-endpoint", &http, "--otlp-grpc-endpoint", &grpc]);
        command.args(["--exporter", "otlp", "--otlp-exporter-protocol", "http", "--otlp-exporter-endpoint", &to.url()]);
        let running = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { running, url: format!("http://{http}") }
    }
}

impl Drop for Rotel {
    fn drop(&mut self) {
        let _ = self.running.kill();
        let _ = self.running.wait();
    }
}

#[test]
#[ignore = "needs rotel"]
fn a_real_collector_takes_each_form_and_relays_it() {
    for (temporality, buckets) in [
        ("cumulative", "explicit_bucket_histogram"),
        ("delta", "explicit_bucket_histogram"),
        ("cumulative", "base2_exponential_bucket_histogram"),
        ("delta", "base2_exponential_bucket_histogram"),
    ] {
        let end = Collector::start(vec![Answer::ok()]);
        let rotel = Rotel::start(&end);
        let vars = [
            ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", temporality),
            ("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", buckets),
        ];
        let service = Service::start(&rotel.url, &vars);
        service.registry.counter("jobs.done", "Done.", "{job}").unwrap().add(3);
        let waits = service.registry.duration_histogram("wait", "How long.", &[0.1, 1.0]).unwrap();
        (1..=10).for_each(|tenths| waits.observe(Duration::from_millis(tenths * 100)));
        drop(RouteMetrics::new(&service.registry));
        // It may still be starting: the exporter tries again.
        service.telemetry.shutdown(PATIENCE);
        let counts = service.exporter.counts();
        assert_eq!((counts.exported, counts.dropped()), (counts.accepted, 0), "{counts:?}");
        let metrics = read(&end.next());
        assert_eq!(sum(&metrics, "jobs.done"), Some(3));
        let wait = metrics.iter().find(|metric| metric.name == "wait").unwrap();
        let counted = match wait.data.as_ref().unwrap() {
            Data::Histogram(histogram) => histogram.data_points[0].count,
            Data::ExponentialHistogram(histogram) => histogram.data_points[0].count,
            other => panic!("{other:?}"),
        };
        assert_eq!(counted, 10, "{temporality} {buckets}");
    }
}
