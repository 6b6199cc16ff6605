//! The receiver over a real store: what is acknowledged is there, and what is not is told why.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use crate::support::{self, House, logs, metrics, now, serve, spans};
use axum::body::Body;
use bytes::Bytes;
use cupola_dashboard::{Limits, Receiver};
use cupola_store::{Batch, KeepError, Kept, Settings, Signal, Store, Value, Write};
use flate2::write::GzEncoder;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse, logs_service_client::LogsServiceClient,
};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::codec::CompressionEncoding;
use tower::ServiceExt as _;

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

async fn post(receiver: &Receiver, path: &str, headers: &[(&str, &str)], sent: impl Into<Body>) -> Response<Bytes> {
    let mut request = Request::post(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = receiver.clone().router().oneshot(request.body(sent.into()).unwrap()).await.unwrap();
    let (head, body) = answer.into_parts();
    Response::from_parts(head, body.collect().await.unwrap().to_bytes())
}

#[tokio::test]
async fn every_signal_encoding_and_compression_arrives() {
    let house = House::new();
    let receiver = house.receiver();
    let mut expected = 0;
    for (path, signal, protobuf, json) in [
        ("/v1/logs", Signal::Logs, logs(&["up"]).encode_to_vec(), serde_json::to_vec(&logs(&["up"])).unwrap()),
        ("/v1/traces", Signal::Spans, spans().encode_to_vec(), serde_json::to_vec(&spans()).unwrap()),
        ("/v1/metrics", Signal::Metrics, metrics().encode_to_vec(), serde_json::to_vec(&metrics()).unwrap()),
    ] {
        for (kind, sent) in [(PROTOBUF, protobuf), ("application/json; charset=utf-8", json)] {
            let zstd = zstd::encode_all(&sent[..], 1).unwrap();
            for (encoding, sent) in [("identity", sent.clone()), ("gzip", gzip(&sent)), ("zstd", zstd)] {
                let answer =
                    post(&receiver, path, &[("content-type", kind), ("content-encoding", encoding)], sent).await;
                assert_eq!(answer.status(), 200, "{path} {kind} {encoding}");
                assert!(kind.starts_with(answer.headers()["content-type"].to_str().unwrap()));
                assert_eq!(answer.body(), if kind == PROTOBUF { "" } else { "{}" });
            }
        }
        expected += 6;
        assert_eq!(house.found(signal).len(), 6, "{signal}");
    }
    assert_eq!(house.store().stats().accepted, expected);
}

#[tokio::test]
async fn what_is_no_message_is_told_so_in_its_own_language() {
    let receiver = House::new().receiver();
    let check = async |headers: &[(&str, &str)], sent: &'static [u8], status: u16, code: i64| {
        let answer = post(&receiver, "/v1/logs", headers, sent).await;
        assert_eq!(answer.status(), status, "{headers:?}");
        let is_protobuf = headers.iter().any(|(_, value)| *value == PROTOBUF);
        let (said_code, message) = if is_protobuf {
            let status = support::Status::decode(answer.body().clone()).unwrap();
            (i64::from(status.code), status.message)
        } else {
            let status: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
            (status["code"].as_i64().unwrap(), status["message"].as_str().unwrap().to_owned())
        };
        assert_eq!(said_code, code, "{headers:?}");
        message
    };
    let said = check(&[("content-type", PROTOBUF)], b"\x0a\x05abc", 400, 3).await;
    assert_eq!(said, "resource_logs[0]: it ends in the middle of a field");
    assert_eq!(check(&[("content-type", JSON)], b"{]", 400, 3).await, "line 1, column 2: this is not JSON");
    check(&[("content-type", "text/plain")], b"", 415, 12).await;
    check(&[], b"", 415, 12).await;
    check(&[("content-type", PROTOBUF), ("content-encoding", "br")], b"", 415, 12).await;
    check(&[("content-type", PROTOBUF), ("content-encoding", "gzip")], b"no gzip", 400, 3).await;
    check(&[("content-type", PROTOBUF), ("content-encoding", "zstd")], b"no zstd", 400, 3).await;
    // Nothing in it is something too.
    assert_eq!(post(&receiver, "/v1/logs", &[("content-type", PROTOBUF)], "").await.status(), 200);
    assert_eq!(post(&receiver, "/v1/logs", &[("content-type", JSON)], "{}").await.status(), 200);
}

#[tokio::test]
async fn what_is_too_large_ends_at_the_limit_compressed_or_not() {
    let mut limits = Limits::default();
    (limits.body_bytes, limits.decompressed_bytes) = (50_000, 100_000);
    let house = House::new();
    let receiver = house.receiver().limits(limits);
    let zeros = vec![0; 2 << 20];
    let zstd = zstd::encode_all(&zeros[..], 1).unwrap();
    let bombs = [("gzip", gzip(&zeros)), ("zstd", zstd), ("identity", vec![0; 60_000])];
    for (encoding, sent) in bombs {
        assert!(encoding == "identity" || sent.len() < 50_000, "a bomb is small");
        let headers = [("content-type", PROTOBUF), ("content-encoding", encoding)];
        assert_eq!(post(&receiver, "/v1/logs", &headers, sent).await.status(), 413, "{encoding}");
    }
    // Without a length, and larger than it may be.
    let chunks = (0..20).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![0; 5_000])));
    let streamed = Body::from_stream(futures_util::stream::iter(chunks));
    assert_eq!(post(&receiver, "/v1/logs", &[("content-type", PROTOBUF)], streamed).await.status(), 413);
}

#[tokio::test]
async fn bodies_are_bounded_together() {
    let mut limits = Limits::default();
    limits.waiting_bytes = 50_000;
    let house = House::new();
    let router = house.receiver().limits(limits).router();
    let ask = async |sent: Body| {
        let request = Request::post("/v1/logs").header("content-type", JSON).body(sent).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        (answer.status().as_u16(), answer.headers().get("retry-after").map(|again| again.to_str().unwrap().to_owned()))
    };
    let spaces = |count| Bytes::from(" ".repeat(count));
    // One who does not go on sending has most of the room.
    let (give, pieces) = tokio::sync::mpsc::channel::<Bytes>(1);
    let stream = futures_util::stream::unfold(pieces, async |mut pieces| {
        pieces.recv().await.map(|piece| (Ok::<_, std::io::Error>(piece), pieces))
    });
    let request = Request::post("/v1/logs").header("content-type", JSON).body(Body::from_stream(stream)).unwrap();
    let waiting = tokio::spawn(router.clone().oneshot(request));
    give.send(spaces(40_000)).await.unwrap();
    // There is a place in the channel again, so the first has been taken; and this runs once it waits for more.
    drop(give.reserve().await.unwrap());
    tokio::task::yield_now().await;
    assert_eq!(ask(Body::from(spaces(20_000))).await, (429, Some("1".to_owned())));
    assert_eq!(ask(Body::from([&spaces(5_000)[..], b"{}"].concat())).await.0, 200);
    give.send(Bytes::from("{}")).await.unwrap();
    drop(give);
    assert_eq!(waiting.await.unwrap().unwrap().status(), 200);
    assert_eq!(ask(Body::from([&spaces(20_000)[..], b"{}"].concat())).await.0, 200);
}

#[tokio::test]
async fn a_part_that_is_not_kept_is_counted() {
    let house = House::new();
    let receiver = house.receiver();
    let mut message = logs(&["now", "far ahead"]);
    message.resource_logs[0].scope_logs[0].log_records[1].time_unix_nano = now() + 200_000_000_000_000;
    let answer = post(&receiver, "/v1/logs", &[("content-type", PROTOBUF)], message.encode_to_vec()).await;
    let partial = ExportLogsServiceResponse::decode(answer.body().clone()).unwrap().partial_success.unwrap();
    let why = "1: their time is more than a day ahead";
    assert_eq!((answer.status().as_u16(), partial.rejected_log_records, &*partial.error_message), (200, 1, why));
    let mut message = spans();
    message.resource_spans[0].scope_spans[0].spans[0].trace_id = vec![1, 2];
    let sent = serde_json::to_vec(&message).unwrap();
    let answer = post(&receiver, "/v1/traces", &[("content-type", JSON)], sent).await;
    let said: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(said["partialSuccess"]["rejectedSpans"], "1");
    assert_eq!(said["partialSuccess"]["errorMessage"], "1: a span has no trace id of 16 bytes");
    assert_eq!(house.found(Signal::Logs).len(), 1);
}

/// A store that keeps nothing.
#[derive(Debug)]
struct Stuck(fn() -> KeepError);

impl Write for Stuck {
    fn keep(&self, _: u8, _: &[u8], _: Vec<Batch>) -> Result<Kept, KeepError> {
        Err((self.0)())
    }
}

/// A store that is busy until somebody waits.
#[derive(Debug, Default)]
struct Crowded(std::sync::atomic::AtomicBool);

impl Write for Crowded {
    fn keep(&self, _: u8, _: &[u8], _: Vec<Batch>) -> Result<Kept, KeepError> {
        Err(if self.0.load(std::sync::atomic::Ordering::Relaxed) { KeepError::TooLarge } else { KeepError::Busy })
    }

    fn wait_for_room(&self, batch: &Batch, _: Duration) {
        self.0.store(batch.rows() == 1, std::sync::atomic::Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_message_waits_for_room_before_it_is_sent_back() {
    let receiver = Receiver::new(Arc::new(Crowded::default()));
    let answer = post(&receiver, "/v1/logs", &[("content-type", PROTOBUF)], logs(&["x"]).encode_to_vec()).await;
    assert_eq!(answer.status(), 413, "it was brought when there was room");
}

#[tokio::test]
async fn a_store_that_cannot_take_it_says_when_to_come_again() {
    let check = async |error: fn() -> KeepError, status: u16, again: Option<&str>| {
        let receiver = Receiver::new(Arc::new(Stuck(error)));
        let answer = post(&receiver, "/v1/logs", &[("content-type", PROTOBUF)], logs(&["x"]).encode_to_vec()).await;
        let retry_after = answer.headers().get("retry-after").map(|value| value.to_str().unwrap());
        assert_eq!((answer.status().as_u16(), retry_after), (status, again));
    };
    check(|| KeepError::Busy, 429, Some("1")).await;
    check(|| KeepError::Full, 429, Some("60")).await;
    check(|| KeepError::TooLarge, 413, None).await;
    check(|| KeepError::Closed, 503, None).await;
    check(|| KeepError::Journal(std::io::Error::other("no space")), 503, None).await;
}

#[tokio::test]
async fn only_who_has_a_token_comes_in() {
    let house = House::new();
    let receiver = house.receiver().token("secret");
    let check = async |token: Option<&str>, status: u16| {
        let mut headers = vec![("content-type", PROTOBUF)];
        headers.extend(token.map(|token| ("authorization", token)));
        let answer = post(&receiver, "/v1/logs", &headers, logs(&["x"]).encode_to_vec()).await;
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers().contains_key("www-authenticate"), status == 401);
    };
    check(None, 401).await;
    check(Some("Bearer wrong"), 401).await;
    check(Some("Bearer secret"), 200).await;
    let (address, _server) = serve(receiver.clone().router()).await;
    let mut client = LogsServiceClient::connect(address).await.unwrap();
    assert_eq!(client.export(logs(&["x"])).await.unwrap_err().code(), tonic::Code::Unauthenticated);
    let mut request = tonic::Request::new(logs(&["x"]));
    request.metadata_mut().insert("authorization", "Bearer secret".parse().unwrap());
    assert!(client.export(request).await.is_ok());
}

#[tokio::test]
async fn grpc_is_spoken_beside_http() {
    let house = House::new();
    let (address, _server) = serve(house.receiver().router()).await;
    let gzip = CompressionEncoding::Gzip;
    let mut client = LogsServiceClient::connect(address.clone()).await.unwrap();
    assert_eq!(client.export(logs(&["plain"])).await.unwrap().into_inner().partial_success, None);
    let mut client = client.send_compressed(gzip).accept_compressed(gzip);
    client.export(logs(&["packed"])).await.unwrap();
    client.export(ExportLogsServiceRequest::default()).await.unwrap();
    let mut client = TraceServiceClient::connect(address.clone()).await.unwrap();
    client.export(spans()).await.unwrap();
    client.export(ExportTraceServiceRequest::default()).await.unwrap();
    let mut without_ids = spans();
    without_ids.resource_spans[0].scope_spans[0].spans[0].span_id.clear();
    let partial = client.export(without_ids).await.unwrap().into_inner().partial_success.unwrap();
    assert_eq!((partial.rejected_spans, &*partial.error_message), (1, "1: a span has no id of 8 bytes"));
    let mut client = MetricsServiceClient::connect(address).await.unwrap().send_compressed(gzip);
    client.export(metrics()).await.unwrap();
    client.export(ExportMetricsServiceRequest::default()).await.unwrap();
    let counts = Signal::ALL.map(|signal| house.found(signal).len());
    assert_eq!(counts, [2, 1, 1]);
    let texts: Vec<_> =
        house.found(Signal::Logs).iter().map(|entry| entry.get("message").unwrap().text().into_owned()).collect();
    assert!(texts.contains(&"plain".to_owned()) && texts.contains(&"packed".to_owned()), "{texts:?}");
}

#[tokio::test]
async fn grpc_says_when_to_come_again() {
    let (address, _server) = serve(Receiver::new(Arc::new(Stuck(|| KeepError::Busy))).router()).await;
    let mut client = LogsServiceClient::connect(address).await.unwrap();
    let status = client.export(logs(&["x"])).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (tonic::Code::ResourceExhausted, "too much waits to be stored"));
    let details = support::Status::decode(status.details()).unwrap();
    let detail = &details.details[0];
    assert_eq!(detail.type_url, "type.googleapis.com/google.rpc.RetryInfo");
    // `retry_delay` of one second.
    assert_eq!(detail.value, [10, 2, 8, 1]);
    let mut limits = Limits::default();
    limits.decompressed_bytes = 10;
    let house = House::new();
    let (address, _server) = serve(house.receiver().limits(limits).router()).await;
    let status = LogsServiceClient::connect(address).await.unwrap().export(logs(&["x"])).await.unwrap_err();
    // Not to be tried again: without details.
    assert_eq!((status.code(), status.details().len()), (tonic::Code::ResourceExhausted, 0));
}

#[tokio::test]
async fn a_body_in_chunks_arrives_and_one_that_never_ends_does_not_stay() {
    let house = House::new();
    let mut limits = Limits::default();
    limits.body_time = Duration::from_millis(200);
    let (address, _server) = serve(house.receiver().limits(limits).router()).await;
    let head =
        "POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let talk = async |rest: &str| {
        let mut stream = tokio::net::TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(rest.as_bytes()).await.unwrap();
        let mut said = vec![0; 12];
        stream.read_exact(&mut said).await.unwrap();
        String::from_utf8(said).unwrap()
    };
    let message = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"in chunks"}}]}]}]}"#;
    let (first, second) = message.split_at(30);
    let chunks = format!("{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n", first.len(), second.len());
    assert_eq!(talk(&chunks).await, "HTTP/1.1 200");
    assert_eq!(talk("1\r\n{\r\n").await, "HTTP/1.1 408");
    assert_eq!(house.found(Signal::Logs)[0].get("message"), Some(Value::Text("in chunks")));
}

#[tokio::test]
async fn what_was_acknowledged_is_made_again_from_the_journal() {
    let wanted = "kept, and never sealed";
    let journal = {
        // A message without a time: it has that of its receipt, also when it is made again.
        let mut message = logs(&[wanted]);
        message.resource_logs[0].scope_logs[0].log_records[0].time_unix_nano = 0;
        let sent = gzip(&message.encode_to_vec());
        let raw = Arc::new(Raw::default());
        let receiver = Receiver::new(raw.clone());
        post(&receiver, "/v1/logs", &[("content-type", PROTOBUF), ("content-encoding", "gzip")], sent).await;
        raw.0.lock().unwrap().take().unwrap()
    };
    let (kind, raw, rows) = journal;
    assert!(cupola_dashboard::KINDS.contains(&kind));
    let batches = cupola_dashboard::replay(kind, &raw).unwrap();
    assert_eq!(format!("{batches:?}"), rows, "the same entries at the same time");
    assert!(cupola_dashboard::replay(kind, &raw[..5]).is_err());
    assert!(cupola_dashboard::replay(1, &raw).is_err());
    assert!(cupola_dashboard::replay(kind + 1, &raw).is_err());
}

/// Shows what would stand in the journal.
#[derive(Debug, Default)]
struct Raw(std::sync::Mutex<Option<(u8, Vec<u8>, String)>>);

impl Write for Raw {
    fn keep(&self, kind: u8, raw: &[u8], batches: Vec<Batch>) -> Result<Kept, KeepError> {
        *self.0.lock().unwrap() = Some((kind, raw.to_vec(), format!("{batches:?}")));
        Err(KeepError::Busy)
    }
}

#[tokio::test]
async fn who_watches_sees_what_comes_in() {
    let house = House::new();
    let mut tail = house.store().tails().open(Signal::Logs, None).unwrap();
    let mut message = logs(&["seen", "of another year"]);
    message.resource_logs[0].scope_logs[0].log_records[1].time_unix_nano = 1;
    post(&house.receiver(), "/v1/logs", &[("content-type", PROTOBUF)], message.encode_to_vec()).await;
    let told = tail.take();
    let texts: Vec<_> = told.entries.iter().map(|entry| entry.get("message").unwrap().text().into_owned()).collect();
    assert_eq!((texts, told.dropped), (vec!["seen".to_owned()], 0), "once, and nothing that is refused");
}

#[test]
fn a_store_opens_with_our_decoder() {
    let dir = tempfile::tempdir().unwrap();
    Store::open(dir.path(), &Settings::default(), &cupola_dashboard::replay).unwrap().close().unwrap();
}
