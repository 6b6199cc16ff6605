//! A real collector that nobody here wrote: `rotel-agent`, of the Python package `rotel`.

use std::collections::BTreeSet;
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::Router;
use axum::routing::get as route;
use cupola::telemetry::Memory;
use cupola_tests::{builder, eventually};
use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
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

/// Every span of a few hundred requests reaches the far end, which is down while they are served, and for long after.
fn check(protocol: &str, endpoint: impl Fn(&Rotel) -> SocketAddr, compression: &str) {
    let far_end = free();
    let rotel = Rotel::start(far_end);
    let url = format!("http://{}", endpoint(&rotel));
    let cupola = builder(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &url),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", compression),
    ]);
    let cupola = cupola.output(Memory::new()).build().unwrap();
    let app = Router::new().route("/", route(|| async { info_span!("inner").in_scope(|| {}) })).layer(cupola.layer());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::dispatcher::with_default(cupola.telemetry().dispatch(), || {
        runtime.block_on(async {
            for _ in 0..REQUESTS {
                get(&app, "/", &[]).await;
            }
        });
    });
    cupola.telemetry().shutdown(Duration::from_secs(10));
    let counts = cupola.telemetry().exporters()[0].counts();
    let sent = 2 * REQUESTS as u64;
    assert_eq!((counts.accepted, counts.exported, counts.dropped()), (sent, sent, 0), "{protocol}");
    std::thread::sleep(DOWN);
    let collector = Collector::serve(TcpListener::bind(far_end).unwrap(), vec![Answer::ok()]);
    let mut arrived = BTreeSet::new();
    while arrived.len() < 2 * REQUESTS {
        let request = ExportTraceServiceRequest::decode(&*plain(&collector.next())).unwrap();
        arrived.extend(spans(&request).into_iter().map(|named| named.span.span_id));
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
