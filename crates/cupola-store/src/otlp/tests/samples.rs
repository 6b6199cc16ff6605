//! Messages as exporters send them.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Of;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint, Metric,
    NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, exemplar, metric,
    number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

pub(super) const TIME: u64 = 1_795_232_762_123_456_789;
pub(super) const TRACE: [u8; 16] = *b"\x0a\xf7\x65\x19\x16\xcd\x43\xdd\x84\x48\xeb\x21\x1c\x80\x31\x9c";
pub(super) const SPAN: [u8; 8] = *b"\xb7\xad\x6b\x71\x69\x20\x33\x31";

pub(super) fn any(value: Of) -> AnyValue {
    AnyValue { value: Some(value) }
}

pub(super) fn text(text: &str) -> AnyValue {
    any(Of::StringValue(text.to_owned()))
}

pub(super) fn pair(key: &str, value: AnyValue) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
}

pub(super) fn array(values: Vec<AnyValue>) -> AnyValue {
    any(Of::ArrayValue(ArrayValue { values }))
}

pub(super) fn object(values: Vec<KeyValue>) -> AnyValue {
    any(Of::KvlistValue(KeyValueList { values }))
}

pub(super) fn resource() -> Option<Resource> {
    let attributes = vec![pair("service.name", text("billing")), pair("host.name", text("web-1"))];
    Some(Resource { attributes, ..Resource::default() })
}

pub(super) fn scope() -> Option<InstrumentationScope> {
    let attributes = vec![pair("lib", text("axum"))];
    Some(InstrumentationScope { name: "app::vms".to_owned(), attributes, ..InstrumentationScope::default() })
}

pub(super) fn logs(log_records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    let scope_logs = vec![ScopeLogs { scope: scope(), log_records, ..ScopeLogs::default() }];
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs { resource: resource(), scope_logs, ..ResourceLogs::default() }],
    }
}

pub(super) fn spans(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope_spans = vec![ScopeSpans { scope: scope(), spans, ..ScopeSpans::default() }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { resource: resource(), scope_spans, ..ResourceSpans::default() }],
    }
}

pub(super) fn metrics(metrics: Vec<Metric>) -> ExportMetricsServiceRequest {
    let scope_metrics = vec![ScopeMetrics { scope: scope(), metrics, ..ScopeMetrics::default() }];
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics { resource: resource(), scope_metrics, ..ResourceMetrics::default() }],
    }
}

/// A log record with everything that one can have.
pub(super) fn log() -> LogRecord {
    LogRecord {
        time_unix_nano: TIME,
        observed_time_unix_nano: TIME + 1,
        severity_number: 13,
        severity_text: "WARNING".to_owned(),
        body: Some(text("machine \"vm-7\" is slow\n")),
        attributes: vec![
            pair("http.route", text("/vms/{id}")),
            pair("http.response.status_code", any(Of::IntValue(200))),
            pair("duration_ms", any(Of::DoubleValue(1.25))),
            pair("cached", any(Of::BoolValue(true))),
            pair("digest", any(Of::BytesValue(vec![0xde, 0xad]))),
            pair("tags", array(vec![text("a"), any(Of::IntValue(-1)), any(Of::DoubleValue(0.5)), AnyValue::default()])),
            pair("who", object(vec![pair("name", text("Zo\u{eb}")), pair("roles", array(vec![]))])),
            pair("level", text("loud")),
            pair("nothing", AnyValue::default()),
        ],
        dropped_attributes_count: 3,
        flags: 1,
        trace_id: TRACE.to_vec(),
        span_id: SPAN.to_vec(),
        event_name: "vm.slow".to_owned(),
    }
}

/// A span with everything that one can have.
pub(super) fn span() -> Span {
    let exception = vec![
        pair("exception.type", text("Timeout")),
        pair("exception.message", text("gave up")),
        pair("exception.stacktrace", text("at main")),
    ];
    Span {
        trace_id: TRACE.to_vec(),
        span_id: SPAN.to_vec(),
        trace_state: "a=b".to_owned(),
        parent_span_id: vec![1; 8],
        flags: 0x101,
        name: "GET /vms/{id}".to_owned(),
        kind: 2,
        start_time_unix_nano: TIME,
        end_time_unix_nano: TIME + 1_500_000,
        attributes: vec![pair("http.request.method", text("GET")), pair("name", text("mine"))],
        dropped_attributes_count: 1,
        events: vec![
            Event { time_unix_nano: TIME + 5, name: "cache miss".to_owned(), ..Event::default() },
            Event { name: "exception".to_owned(), time_unix_nano: TIME + 9, attributes: exception, ..Event::default() },
        ],
        dropped_events_count: 0,
        links: vec![Link { trace_id: vec![2; 16], span_id: vec![3; 8], ..Link::default() }],
        dropped_links_count: 0,
        status: Some(Status { message: "deadline".to_owned(), code: 2 }),
    }
}

pub(super) fn metric(name: &str, unit: &str, data: metric::Data) -> Metric {
    Metric { name: name.to_owned(), unit: unit.to_owned(), data: Some(data), ..Metric::default() }
}

/// A metric of each kind.
pub(super) fn all_metrics() -> Vec<Metric> {
    let point = |value| NumberDataPoint {
        attributes: vec![pair("state", text("idle")), pair("type", text("heap"))],
        time_unix_nano: TIME,
        value: Some(value),
        ..NumberDataPoint::default()
    };
    let exemplar = Exemplar {
        filtered_attributes: vec![pair("user", text("u1"))],
        time_unix_nano: TIME,
        span_id: SPAN.to_vec(),
        trace_id: TRACE.to_vec(),
        value: Some(exemplar::Value::AsDouble(0.25)),
    };
    let gauge = point(number_data_point::Value::AsDouble(0.5));
    let sum = NumberDataPoint { start_time_unix_nano: TIME - 9, ..point(number_data_point::Value::AsInt(-7)) };
    let histogram = HistogramDataPoint {
        attributes: vec![pair("http.route", text("/vms"))],
        start_time_unix_nano: TIME - 9,
        time_unix_nano: TIME,
        count: 3,
        sum: Some(0.75),
        bucket_counts: vec![1, 2, 0],
        explicit_bounds: vec![0.1, 0.5],
        exemplars: vec![exemplar],
        min: Some(0.05),
        max: Some(0.5),
        ..HistogramDataPoint::default()
    };
    let exponential = ExponentialHistogramDataPoint {
        time_unix_nano: TIME,
        count: 6,
        sum: None,
        scale: -2,
        zero_count: 1,
        positive: Some(Buckets { offset: -3, bucket_counts: vec![1, 300, 4] }),
        negative: Some(Buckets::default()),
        zero_threshold: 1e-9,
        ..ExponentialHistogramDataPoint::default()
    };
    let summary = SummaryDataPoint {
        time_unix_nano: TIME,
        count: 2,
        sum: 3.0,
        quantile_values: vec![ValueAtQuantile { quantile: 0.5, value: 1.5 }],
        ..SummaryDataPoint::default()
    };
    vec![
        metric("load", "1", metric::Data::Gauge(Gauge { data_points: vec![gauge] })),
        metric(
            "jobs",
            "{job}",
            metric::Data::Sum(Sum { data_points: vec![sum], aggregation_temporality: 2, is_monotonic: true }),
        ),
        metric(
            "latency",
            "s",
            metric::Data::Histogram(Histogram { data_points: vec![histogram], aggregation_temporality: 1 }),
        ),
        metric(
            "size",
            "By",
            metric::Data::ExponentialHistogram(ExponentialHistogram {
                data_points: vec![exponential],
                aggregation_temporality: 1,
            }),
        ),
        metric("old", "", metric::Data::Summary(Summary { data_points: vec![summary] })),
    ]
}
