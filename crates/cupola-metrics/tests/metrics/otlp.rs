//! OTLP messages, read back by opentelemetry-proto.

use std::time::{Duration, SystemTime};

use cupola_metrics::otlp::{Buckets, Otlp, Temporality};
use cupola_metrics::{DURATION_BUCKETS, Registry, RouteMetrics};
use cupola_record::{Exchange, Outcome, Record, Sink};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric::Data, number_data_point};
use prost::Message;

use crate::everything::everything;
use crate::support::{ended, exchange, served};

fn read(otlp: &Otlp) -> (u64, Vec<Metric>) {
    let batch = otlp.collect();
    let mut request = ExportMetricsServiceRequest::decode(&batch.bytes[..]).unwrap();
    let of_resource = request.resource_metrics.remove(0);
    let resource = of_resource.resource.unwrap();
    assert_eq!(attribute(&resource.attributes, "service.name"), Some(&Value::StringValue("billing".into())));
    let of_scope = of_resource.scope_metrics.into_iter().next().unwrap();
    assert_eq!(of_scope.scope.unwrap().name, "cupola");
    (batch.points, of_scope.metrics)
}

fn attribute<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a Value> {
    attributes.iter().find(|pair| pair.key == name)?.value.as_ref()?.value.as_ref()
}

fn metric<'a>(metrics: &'a [Metric], name: &str) -> Option<&'a Data> {
    metrics.iter().find(|metric| metric.name == name)?.data.as_ref()
}

fn otlp(registry: &Registry) -> Otlp {
    Otlp::new(registry, [("service.name", "billing")])
}

fn now() -> Exchange {
    let mut exchange = exchange("GET", Some("/vms/{id}"));
    exchange.started = SystemTime::now() + Duration::from_secs(1);
    exchange
}

fn record(metrics: &RouteMetrics, exchange: &Exchange, millis: u64) {
    let ended = ended(exchange, Some(200), Outcome::Complete, Duration::from_millis(millis));
    metrics.record(Record::Exchange(exchange, &ended));
}

#[test]
fn everything_is_a_message() {
    let registry = everything();
    let (points, metrics) = read(&otlp(&registry));
    let Some(Data::Sum(done)) = metric(&metrics, "jobs.done") else { panic!("{metrics:?}") };
    assert!(done.is_monotonic && done.aggregation_temporality == 2);
    assert_eq!(done.data_points[0].value, Some(number_data_point::Value::AsInt(1)));
    let Some(Data::Sum(active)) = metric(&metrics, "http.server.active_requests") else { panic!("{metrics:?}") };
    assert!(!active.is_monotonic && active.aggregation_temporality == 2);
    let Some(Data::Gauge(depth)) = metric(&metrics, "queue.depth") else { panic!("{metrics:?}") };
    assert_eq!(depth.data_points[0].value, Some(number_data_point::Value::AsInt(-1)));
    let Some(Data::Gauge(load)) = metric(&metrics, "system.load") else { panic!("{metrics:?}") };
    assert_eq!(load.data_points[0].value, Some(number_data_point::Value::AsDouble(f64::INFINITY)));
    let counted: usize = metrics
        .iter()
        .map(|metric| match metric.data.as_ref().unwrap() {
            Data::Gauge(gauge) => gauge.data_points.len(),
            Data::Sum(sum) => sum.data_points.len(),
            Data::Histogram(histogram) => histogram.data_points.len(),
            other => panic!("{other:?}"),
        })
        .sum();
    assert_eq!(points, counted as u64);
    let unit = |name: &str| metrics.iter().find(|metric| metric.name == name).unwrap().unit.clone();
    assert_eq!((unit("http.server.request.duration"), unit("jobs.done")), ("s".into(), "{job}".into()));
}

#[test]
fn a_request_has_the_attributes_of_the_conventions() {
    let registry = Registry::new();
    let metrics = RouteMetrics::new(&registry);
    served(&metrics, &exchange("GET", None), Some(404), Outcome::Complete, 3);
    let exchange = now();
    record(&metrics, &exchange, 30);
    let (_, read) = read(&otlp(&registry));
    let Some(Data::Histogram(histogram)) = metric(&read, "http.server.request.duration") else { panic!("{read:?}") };
    let route = |route: Option<&str>| {
        let found = |point: &&opentelemetry_proto::tonic::metrics::v1::HistogramDataPoint| {
            attribute(&point.attributes, "http.route") == route.map(|route| Value::StringValue(route.into())).as_ref()
        };
        histogram.data_points.iter().find(found).unwrap_or_else(|| panic!("no {route:?}: {read:?}"))
    };
    assert_eq!(attribute(&route(None).attributes, "http.response.status_code"), Some(&Value::IntValue(404)));
    let point = route(Some("/vms/{id}"));
    assert_eq!((point.count, point.sum, &point.explicit_bounds[..]), (1, Some(0.03), &DURATION_BUCKETS[..]));
    assert_eq!((point.bucket_counts.len(), point.bucket_counts[3]), (15, 1));
    assert!(point.start_time_unix_nano > 0 && point.time_unix_nano >= point.start_time_unix_nano);
    let trace = exchange.context.trace();
    let exemplar = &point.exemplars[0];
    assert_eq!(exemplar.trace_id, trace.trace_id.to_bytes());
    assert_eq!(exemplar.span_id, trace.span_id.to_bytes());
}

#[test]
fn exponential_buckets_hold_each_value() {
    let registry = Registry::new();
    let waits = registry.duration_histogram("wait", "How long.", &[0.1, 1.0]).unwrap();
    let values = [0.000_000_001, 0.05, 0.055, 1.0, 1.01];
    values.iter().for_each(|value| waits.observe(Duration::from_secs_f64(*value)));
    let (_, read) = read(&otlp(&registry).buckets(Buckets::Exponential));
    let Some(Data::ExponentialHistogram(histogram)) = metric(&read, "wait") else { panic!("{read:?}") };
    let point = &histogram.data_points[0];
    assert_eq!((point.count, point.zero_count, point.scale), (5, 1, 3));
    assert!(point.zero_threshold > 0.0 && point.zero_threshold < 0.000_1);
    let positive = point.positive.as_ref().unwrap();
    for value in &values[1..] {
        let index = ((value.log2() * 8.0).ceil() as i32 - 1 - positive.offset) as usize;
        assert!(positive.bucket_counts[index] >= 1, "{value}: {positive:?}");
    }
    assert_eq!(positive.bucket_counts.iter().sum::<u64>(), 4);
}

#[test]
fn deltas_add_up_and_say_since_when() {
    let registry = Registry::new();
    let (done, depth) =
        (registry.counter("done", "Done.", "1").unwrap(), registry.gauge("depth", "Jobs.", "1").unwrap());
    let metrics = RouteMetrics::new(&registry);
    let otlp = otlp(&registry).temporality(Temporality::Delta);
    let mut ends = Vec::new();
    for round in 1..=3_u64 {
        done.add(round);
        depth.set(7);
        (0..round).for_each(|_| record(&metrics, &now(), 30));
        let (_, read) = read(&otlp);
        let Some(Data::Sum(sum)) = metric(&read, "done") else { panic!("{read:?}") };
        let point = &sum.data_points[0];
        assert_eq!(
            (sum.aggregation_temporality, &point.value),
            (1, &Some(number_data_point::Value::AsInt(round as i64)))
        );
        assert!(ends.last().is_none_or(|end| *end == point.start_time_unix_nano), "no gap, no overlap");
        ends.push(point.time_unix_nano);
        let Some(Data::Histogram(histogram)) = metric(&read, "http.server.request.duration") else {
            panic!("{read:?}")
        };
        let point = &histogram.data_points[0];
        assert_eq!((point.count, point.bucket_counts[3], histogram.aggregation_temporality), (round, round, 1));
        assert!((point.sum.unwrap() - 0.03 * round as f64).abs() < 1e-9);
    }
    let (_, quiet) = read(&otlp);
    assert!(metric(&quiet, "done").is_none() && metric(&quiet, "depth").is_some(), "{quiet:?}");
}
