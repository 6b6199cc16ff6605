//! Calls of language models are spans of the request that makes them, under OpenTelemetry's names.

use axum::Router;
use axum::http::{Response, Uri};
use axum::routing::get as route;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

use crate::traced::{Traced, attribute, get, run};

const ASKED: &[u8] =
    br#"{"model":"small-1","temperature":0.5,"max_tokens":9,"messages":[{"role":"user","content":"a secret wish"}]}"#;
const ANSWER: &str = r#"{"id":"m-1","type":"message","model":"small-1-a","content":[{"type":"text","text":"granted wish"}],"stop_reason":"end_turn","usage":{"input_tokens":10,"cache_read_input_tokens":100,"cache_creation_input_tokens":50,"output_tokens":3}}"#;

fn traced(vars: &[(&str, &str)]) -> Traced {
    run(vars, Router::new(), |cupola, _| async move {
        let llm = cupola.llm();
        let ask = async move || {
            let uri = Uri::from_static("http://models.internal:8080/v1/messages");
            let answers = [Response::new(Full::<Bytes>::from(ANSWER)), Response::new(Full::from("{}"))];
            for answer in answers {
                let call = llm.request(&uri, ASKED).begin();
                call.tap(answer).into_body().collect().await.unwrap();
            }
            "asked"
        };
        get(&Router::new().route("/ask", route(ask)).layer(cupola.layer()), "/ask", &[]).await;
    })
}

#[test]
fn calls_of_models_are_spans_below_what_makes_them() {
    let traced = traced(&[("OTEL_SEMCONV_STABILITY_OPT_IN", "gen_ai_latest_experimental/dup")]);
    let mut names = traced.names();
    names.sort_unstable();
    assert_eq!(names, ["GET /ask", "chat small-1", "chat small-1"]);
    let spans = traced.spans.iter().map(|named| &named.span).filter(|span| span.name == "chat small-1");
    let spans: Vec<_> = spans.collect();
    let (good, bad, request) = (spans[0], spans[1], traced.span("GET /ask"));
    assert_eq!((&good.parent_span_id, &good.trace_id), (&request.span_id, &request.trace_id));
    assert_eq!(good.kind(), SpanKind::Client);
    let check = |key: &str, value: &str| assert_eq!(attribute(good, key).as_deref(), Some(value), "{key}");
    check("gen_ai.operation.name", r#"StringValue("chat")"#);
    check("gen_ai.provider.name", r#"StringValue("anthropic")"#);
    check("server.address", r#"StringValue("models.internal")"#);
    check("server.port", "IntValue(8080)");
    check("gen_ai.request.temperature", "DoubleValue(0.5)");
    check("gen_ai.response.model", r#"StringValue("small-1-a")"#);
    check("gen_ai.usage.input_tokens", "IntValue(160)");
    check("gen_ai.usage.cache_creation.input_tokens", "IntValue(50)");
    check("gen_ai.usage.cache_write.input_tokens", "IntValue(50)");
    check("gen_ai.usage.output_tokens", "IntValue(3)");
    assert!(attribute(good, "gen_ai.response.finish_reasons").unwrap().contains("end_turn"));
    assert_eq!(attribute(bad, "error.type").as_deref(), Some(r#"StringValue("malformed")"#));
    assert!(bad.status.as_ref().unwrap().code == 2 && good.status.as_ref().unwrap().code == 0);
    assert!(!format!("{:?} {}", traced.spans, traced.text).contains("wish"));
}
