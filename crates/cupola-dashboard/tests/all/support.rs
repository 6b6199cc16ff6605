//! A store in a folder of its own, messages for it, and a server.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use cupola_dashboard::{Receiver, replay};
use cupola_store::{Entry, Query as _, Reader, Search, Selection, Settings, Signal, Store};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use tokio::task::JoinHandle;

/// A store, and the folder that it is in.
pub(crate) struct House {
    store: Store,
    dir: tempfile::TempDir,
}

impl House {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { store: Store::open(dir.path(), &Settings::default(), &replay).unwrap(), dir }
    }

    pub(crate) fn receiver(&self) -> Receiver {
        Receiver::new(Arc::new(self.store.writer()))
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader::open(self.dir()).unwrap()
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Everything of a signal.
    pub(crate) fn found(&self, signal: Signal) -> Vec<Entry> {
        assert!(self.store.flush());
        let search = Search { selection: Selection::of(signal), limit: 1_000, cursor: None };
        self.reader().search(&search).unwrap().entries
    }
}

/// A server that ends with its handle's runtime.
pub(crate) async fn serve(router: axum::Router) -> (String, JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    (address, tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }))
}

/// Nanoseconds since 1970.
pub(crate) fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap()
}

pub(crate) fn text(text: &str) -> Option<AnyValue> {
    Some(AnyValue { value: Some(Value::StringValue(text.to_owned())) })
}

pub(crate) fn resource() -> Option<Resource> {
    let service = KeyValue { key: "service.name".to_owned(), value: text("billing"), ..KeyValue::default() };
    Some(Resource { attributes: vec![service], ..Resource::default() })
}

pub(crate) fn logs(messages: &[&str]) -> ExportLogsServiceRequest {
    let record = |message: &&str| LogRecord {
        time_unix_nano: now(),
        severity_number: 17,
        body: text(message),
        trace_id: vec![7; 16],
        ..LogRecord::default()
    };
    let scope_logs = vec![ScopeLogs { log_records: messages.iter().map(record).collect(), ..ScopeLogs::default() }];
    let resource_logs = vec![ResourceLogs { resource: resource(), scope_logs, ..ResourceLogs::default() }];
    ExportLogsServiceRequest { resource_logs }
}

pub(crate) fn spans() -> ExportTraceServiceRequest {
    let start = now();
    let span = Span {
        trace_id: vec![7; 16],
        span_id: vec![8; 8],
        name: "GET /vms".to_owned(),
        kind: 2,
        start_time_unix_nano: start,
        end_time_unix_nano: start + 2_000_000,
        ..Span::default()
    };
    let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { resource: resource(), scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }
}

pub(crate) fn metrics() -> ExportMetricsServiceRequest {
    let point = NumberDataPoint { time_unix_nano: now(), value: Some(Number::AsInt(3)), ..NumberDataPoint::default() };
    let data = Some(metric::Data::Gauge(Gauge { data_points: vec![point] }));
    let metrics = vec![Metric { name: "load".to_owned(), data, ..Metric::default() }];
    let scope_metrics = vec![ScopeMetrics { metrics, ..ScopeMetrics::default() }];
    let resource_metrics = vec![ResourceMetrics { resource: resource(), scope_metrics, ..ResourceMetrics::default() }];
    ExportMetricsServiceRequest { resource_metrics }
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Status {
    #[prost(int32, tag = "1")]
    pub(crate) code: i32,
    #[prost(string, tag = "2")]
    pub(crate) message: String,
    #[prost(message, repeated, tag = "3")]
    pub(crate) details: Vec<Any>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Any {
    #[prost(string, tag = "1")]
    pub(crate) type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) value: Vec<u8>,
}
