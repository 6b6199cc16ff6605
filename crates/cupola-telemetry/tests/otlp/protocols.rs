//! What goes over the wire.

use std::io::Read;

use cupola_telemetry::otlp::Message;
use tonic::Status;

use crate::collector::{Answer, Collector};
use crate::grpc::Receiver;
use crate::support::{Exports, PATIENCE};

#[test]
fn http_protobuf_as_the_specification_wants_it() {
    let collector = Collector::start(vec![Answer::ok()]);
    let vars = [("OTEL_EXPORTER_OTLP_HEADERS", "api-key=abc,tenant=a%20b")];
    let exports = Exports::to(&collector.url(), &vars);
    assert!(exports.offer(7, 1) && exports.exporter.flush(PATIENCE));
    let asked = collector.next();
    assert!(asked.head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{}", asked.head);
    let header = |name| asked.header(name);
    assert_eq!(header("content-type"), Some("application/x-protobuf"));
    assert_eq!((header("api-key"), header("tenant"), header("content-encoding")), (Some("abc"), Some("a b"), None));
    assert!(header("user-agent").unwrap().starts_with("cupola/"));
    assert_eq!(asked.body, [7]);
}

#[test]
fn gzip_by_choice() {
    let collector = Collector::start(vec![Answer::ok()]);
    let exports = Exports::to(&collector.url(), &[("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")]);
    assert!(exports.offer(7, 1) && exports.exporter.flush(PATIENCE));
    let asked = collector.next();
    assert_eq!(asked.header("content-encoding"), Some("gzip"));
    let mut body = Vec::new();
    flate2::read::GzDecoder::new(&*asked.body).read_to_end(&mut body).unwrap();
    assert_eq!(body, [7]);
}

#[test]
fn an_exporter_needs_no_runtime_and_ends_on_any() {
    let collector = Collector::start(vec![Answer::ok()]);
    let exports = Exports::to(&collector.url(), &[]);
    assert!(exports.offer(7, 1));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { exports.end(PATIENCE) });
    assert_eq!(exports.exporter.counts().exported, 1);
}

#[test]
fn whoever_drops_the_last_handle_loses_nothing() {
    let collector = Collector::start(vec![Answer::ok()]);
    let exports = Exports::to(&collector.url(), &[]);
    assert!(exports.offer(7, 1));
    let exporter = exports.exporter.clone();
    drop(exports);
    assert_eq!((collector.next().body, exporter.counts().exported), (vec![7], 1));
}

#[test]
fn grpc_with_gzip_and_without() {
    let check = |vars: &[(&str, &str)]| {
        let receiver = Receiver::start(vec![]);
        let vars = [&[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=abc")], vars];
        let exports = Exports::to(&receiver.url(), &vars.concat());
        // An `ExportTraceServiceRequest` with two empty `resource_spans`.
        let message = || Message::new(vec![10, 0, 10, 0], 2);
        assert!(exports.exporter.offer(message()) && exports.exporter.offer(message()));
        assert!(exports.exporter.flush(PATIENCE));
        for _ in 0..2 {
            let request = receiver.next();
            let key = request.metadata().get("api-key").and_then(|key| key.to_str().ok());
            assert_eq!((request.get_ref().resource_spans.len(), key), (2, Some("abc")));
        }
        assert_eq!((exports.exporter.counts().exported, exports.exporter.counts().retries), (4, 0));
    };
    check(&[]);
    check(&[("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")]);
}

#[test]
fn grpc_says_what_may_be_tried_again() {
    let answers = vec![Err(Status::unavailable("")), Err(Status::invalid_argument("")), Ok(3)];
    let receiver = Receiver::start(answers);
    let exports = Exports::to(&receiver.url(), &[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]);
    assert!((0..2).all(|_| exports.exporter.offer(Message::new(vec![10, 0], 5))));
    assert!(exports.exporter.flush(PATIENCE));
    let counts = exports.exporter.counts();
    assert_eq!((counts.exported, counts.dropped_rejected, counts.retries), (2, 8, 1));
}

#[test]
fn a_grpc_connection_that_has_died_in_silence_is_left() {
    let receiver = Receiver::start(vec![]);
    let vars = [("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "200")];
    let exports = Exports::to(&receiver.behind_a_dead_connection(), &vars);
    assert!(exports.exporter.offer(Message::new(vec![10, 0], 1)) && exports.exporter.flush(PATIENCE));
    receiver.next();
    assert_eq!((exports.exporter.counts().exported, exports.exporter.counts().retries), (1, 1));
}
