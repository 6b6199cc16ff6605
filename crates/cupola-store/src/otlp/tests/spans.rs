//! Spans.

use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use prost::Message as _;

use super::samples::{SPAN, TIME, TRACE, pair, span, spans, text};
use super::*;

#[test]
fn everything_of_a_span_has_its_place() {
    let (time, found) = read_both(Signal::Spans, &spans(vec![span()])).remove(0);
    let events = concat!(
        r#"json [{"time_unix_nano":"1795232762123456794","name":"cache miss"},"#,
        r#"{"time_unix_nano":"1795232762123456798","name":"exception","attributes":{"exception.type":"Timeout","#,
        r#""exception.message":"gave up","exception.stacktrace":"at main"}}]"#
    );
    let links = r#"json [{"trace_id":"02020202020202020202020202020202","span_id":"0303030303030303"}]"#;
    let expected = fields([
        ("name", "text GET /vms/{id}"),
        ("kind", "text server"),
        ("trace_id", "id 0af7651916cd43dd8448eb211c80319c"),
        ("span_id", "id b7ad6b7169203331"),
        ("parent_span_id", "id 0101010101010101"),
        ("duration_ms", "float 1.5"),
        ("otel.status_code", "text ERROR"),
        ("otel.status_description", "text deadline"),
        ("method", "text GET"),
        ("fields.name", "text mine"),
        ("trace_state", "text a=b"),
        ("error_type", "text Timeout"),
        ("error", "text gave up"),
        ("backtrace", "text at main"),
        ("events", events),
        ("links", links),
        ("dropped_fields", "int 1"),
        ("scope", "text app::vms"),
        ("lib", "text axum"),
        ("service", "text billing"),
        ("host.name", "text web-1"),
    ]);
    assert_eq!((time.unsigned_abs(), found), (TIME, expected));
}

#[test]
fn a_span_that_says_its_error_itself_keeps_it() {
    let attributes = vec![pair("error.type", text("504"))];
    let (_, found) = read_both(Signal::Spans, &spans(vec![Span { attributes, ..span() }])).remove(0);
    assert_eq!((&*found["error_type"], &*found["error"]), ("text 504", "text gave up"));
}

#[test]
fn what_is_not_said_is_absent() {
    let bare = Span { trace_id: TRACE.to_vec(), span_id: SPAN.to_vec(), ..Span::default() };
    let status = Some(Status { code: 1, ..Status::default() });
    let backwards = Span { start_time_unix_nano: TIME, end_time_unix_nano: TIME - 5, status, ..bare.clone() };
    let found = read_both(Signal::Spans, &spans(vec![bare, backwards]));
    assert_eq!(found[0].0, NOW);
    for absent in ["kind", "otel.status_code", "parent_span_id", "events", "links", "dropped_fields", "trace_state"] {
        assert!(!found[0].1.contains_key(absent), "{absent}");
    }
    assert_eq!((&*found[1].1["duration_ms"], &*found[1].1["otel.status_code"]), ("float 0.0", "text OK"));
}

#[test]
fn a_span_without_ids_is_none() {
    let message = spans(vec![Span { trace_id: vec![1; 4], ..span() }, span(), Span { span_id: vec![0; 8], ..span() }]);
    let json = serde_json::to_vec(&message).unwrap();
    for (encoding, bytes) in [(Encoding::Protobuf, message.encode_to_vec()), (Encoding::Json, json)] {
        let decoded = decode(Signal::Spans, encoding, &bytes, NOW).unwrap();
        assert_eq!((decoded.batch.rows(), decoded.rejected), (1, 2));
        assert_eq!(decoded.reason, Some("a span has no trace id of 16 bytes"));
    }
}
