//! A real collector that nobody here wrote: `rotel-agent`, of the Python package `rotel`.

use std::collections::BTreeSet;
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::Router;
use axum::routing::get as route;
use cupola::telemetry::Memory;
use cupola::telemetry::otlp::Signal;
use cupola_tests::{builder, eventually};
use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use prost::Message as _;
use tracing::info_span;

use crate::collector::{Answer, Asked, Collector};
use crate::traced::{get, spans};

/// How long the far end is down.
const DOWN: Duration = Duration::from_secs(10);

const REQUESTS: usize = 300;

/// Takes OTLP over both protocols, and hands it on to `far_end`.
struct Rotel {
    process: Child,
    grpc: SocketAddr,
    http: SocketAddr,
}

impl Rotel {
    fn start(far_end: SocketAddr) -> Self {
        let (grpc, http) = (free(), free());
        let mut command = Command::new("rotel-agent");
        command.args(["start", "--otlp-grpc-endpoint", &grpc.to_string(), "--otlp-http-endpoint", &http.to_string()]);
        command.args(["--exporter", "otlp", "--otlp-exporter-endpoint", &format!("http://{far_end}")]);
        command.args(["--otlp-exporter-protocol", "http"]);
        command.args(["--otlp-exporter-retry-initial-backoff", "1s"]);
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let rotel = Self { process, grpc, http };
        eventually("rotel listens", || TcpStream::connect(grpc).is_ok() && TcpStream::connect(http).is_ok());
        rotel
    }
}

/// A test that fails leaves no process behind.
impl Drop for Rotel {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Every span, line and data point of a few hundred requests reaches the far end, which is down while they are served,
/// and for long after.
fn check(protocol: &str, endpoint: impl Fn(&Rotel) -> SocketAddr, compression: &str) {
    let far_end = free();
    let rotel = Rotel::start(far_end);
    let url = format!("http://{}", endpoint(&rotel));
    let cupola = builder(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &url),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", compression),
        ("OTEL_METRIC_EXPORT_INTERVAL", "100"),
    ]);
    let cupola = cupola.output(Memory::new()).build().unwrap();
    let inside = || async { info_span!("inner").in_scope(|| tracing::info!("inside")) };
    let app = Router::new().route("/", route(inside)).layer(cupola.layer());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::dispatcher::with_default(cupola.telemetry().dispatch(), || {
        runtime.block_on(async {
            for _ in 0..REQUESTS {
                get(&app, "/", &[]).await;
            }
        });
    });
    let lines = cupola.telemetry().shutdown(Duration::from_secs(10)).written as usize;
    let sent = |signal: Signal| {
        let exporter = cupola.telemetry().exporters().into_iter().find(|exporter| exporter.signal() == signal).unwrap();
        let counts = exporter.counts();
        assert_eq!((counts.exported, counts.dropped()), (counts.accepted, 0), "{protocol} {signal}");
        counts.exported as usize
    };
    assert_eq!((sent(Signal::Traces), sent(Signal::Logs), lines), (2 * REQUESTS, lines, 2 * REQUESTS));
    std::thread::sleep(DOWN);
    let collector = Collector::serve(TcpListener::bind(far_end).unwrap(), vec![Answer::ok()]);
    let mut arrived = Arrived::default();
    while (arrived.spans.len(), arrived.records.len(), arrived.points) != (2 * REQUESTS, lines, sent(Signal::Metrics)) {
        arrived.take(&collector.next());
    }
    assert_eq!(arrived.requests, REQUESTS as u64);
}

/// What has come to the far end; a message that came twice counts once.
#[derive(Default)]
struct Arrived {
    spans: BTreeSet<Vec<u8>>,
    /// The span and the text of each record.
    records: BTreeSet<(Vec<u8>, String)>,
    /// Messages of metrics as they came, so that none counts twice.
    messages: BTreeSet<Vec<u8>>,
    points: usize,
    /// How many requests the metrics tell of.
    requests: u64,
}

impl Arrived {
    fn take(&mut self, asked: &Asked) {
        let body = plain(asked);
        let path = asked.head.split(' ').nth(1).unwrap_or_default();
        match path {
            "/v1/traces" => {
                let request = ExportTraceServiceRequest::decode(&*body).unwrap();
                self.spans.extend(spans(&request).into_iter().map(|named| named.span.span_id));
            }
            "/v1/logs" => self.take_logs(&body),
            "/v1/metrics" if self.messages.insert(body.clone()) => self.take_metrics(&body),
            _ => {}
        }
    }

    fn take_logs(&mut self, body: &[u8]) {
        let request = ExportLogsServiceRequest::decode(body).unwrap();
        let scopes = request.resource_logs.into_iter().flat_map(|resource| resource.scope_logs);
        for record in scopes.flat_map(|scope| scope.log_records) {
            assert!(record.time_unix_nano > 0 && record.severity_number == 9 && record.flags & 1 == 1, "{record:?}");
            self.records.insert((record.span_id, format!("{:?}", record.body)));
        }
    }

    fn take_metrics(&mut self, body: &[u8]) {
        let request = ExportMetricsServiceRequest::decode(body).unwrap();
        let scopes = request.resource_metrics.into_iter().flat_map(|resource| resource.scope_metrics);
        for metric in scopes.flat_map(|scope| scope.metrics) {
            self.points += match &metric.data {
                Some(Data::Sum(sum)) => sum.data_points.len(),
                Some(Data::Gauge(gauge)) => gauge.data_points.len(),
                Some(Data::Histogram(histogram)) => histogram.data_points.len(),
                other => panic!("{other:?}"),
            };
            match &metric.data {
                Some(Data::Histogram(histogram)) if metric.name == "http.server.request.duration" => {
                    self.requests = self.requests.max(histogram.data_points[0].count);
                }
                _ => {}
            }
        }
    }
}

/// It compresses, whatever it was told.
fn plain(asked: &Asked) -> Vec<u8> {
    let mut plain = Vec::new();
    match asked.header("content-encoding") {
        Some("gzip") => drop(GzDecoder::new(&*asked.body).read_to_end(&mut plain).unwrap()),
        _ => plain.extend_from_slice(&asked.body),
    }
    plain
}

#[test]
#[ignore = "needs rotel"]
fn rotel_takes_http_protobuf_and_loses_nothing() {
    check("http/protobuf", |rotel| rotel.http, "gzip");
}

#[test]
#[ignore = "needs rotel"]
fn rotel_takes_grpc_and_loses_nothing() {
    check("grpc", |rotel| rotel.grpc, "none");
}
