//! A service that calls another, both with sockets: the spans of both are one tree.

use axum::Router;
use axum::http::Request;
use axum::routing::get as route;
use bytes::Bytes;
use cupola::Cupola;
use cupola::client::CallInfo;
use cupola::telemetry::Memory;
use cupola_tests::{Service, builder};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message as _;
use tower::{Layer, ServiceExt};
use tracing::{Instrument, info_span};

use crate::collector::{Answer, Collector};
use crate::traced::{attribute, spans};

fn service(collector: &Collector, vars: &[(&str, &str)], app: impl FnOnce(&Cupola) -> Router) -> Service {
    let url = collector.url();
    let exported = [("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()), ("OTEL_METRICS_EXPORTER", "none")];
    let vars = [&exported[..], &[("OTEL_LOGS_EXPORTER", "none")], vars].concat();
    let memory = Memory::new();
    Service::run_with(builder(&vars).output(memory.clone()), memory, app)
}

/// Asks `address` for `path`, and reads what it says.
async fn ask(cupola: &Cupola, address: &str, path: &str) -> u16 {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let uri = format!("http://ana:hunter2@{address}{path}?token=s3cr3t");
    let info = CallInfo::new().template("/stock/{id}");
    let request = Request::get(uri).extension(info).body(Empty::new()).unwrap();
    let response = cupola.call_layer().dependency("stock").layer(client).oneshot(request).await.unwrap();
    let status = response.status();
    response.into_body().collect().await.unwrap();
    status.as_u16()
}

/// The spans of so many messages' worth.
fn exported(collector: &Collector, count: usize) -> Vec<Span> {
    let mut found = Vec::new();
    while found.len() < count {
        let request = ExportTraceServiceRequest::decode(&*collector.next().body).unwrap();
        found.extend(spans(&request).into_iter().map(|named| named.span));
    }
    assert_eq!(found.len(), count, "{found:?}");
    found
}

fn find(spans: &[Span], kind: SpanKind, name: &str) -> Span {
    let found = spans.iter().find(|span| span.kind() == kind && span.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {spans:?}")).clone()
}

fn stock(_: &Cupola) -> Router {
    Router::new().route("/stock/{id}", route(|| async { "7" }))
}

#[test]
fn whom_a_call_reaches_has_its_attempt_as_the_parent() {
    let collector = Collector::start(vec![Answer::ok()]);
    let back = service(&collector, &[], stock);
    let address = back.address().to_string();
    let front = service(&collector, &[], |cupola| {
        let (direct, inner) = (cupola.clone(), cupola.clone());
        let (here, there) = (address.clone(), address);
        let call = move || async move { ask(&direct, &here, "/stock/1").await.to_string() };
        let inside =
            move || async move { ask(&inner, &there, "/nobody").await.to_string() }.instrument(info_span!("inside"));
        Router::new().route("/orders/{id}", route(call)).route("/inside", route(inside))
    });
    assert_eq!(front.get("/orders/1").text(), "200");
    assert_eq!(front.get("/inside").text(), "404");
    let (front, back) = (front.stop(), back.stop());

    let spans = exported(&collector, 7);
    let child = |parent: &Span, child: &Span| {
        assert_eq!(
            (&parent.span_id, &parent.trace_id),
            (&child.parent_span_id, &child.trace_id),
            "{parent:?} {child:?}"
        );
    };
    let asked = find(&spans, SpanKind::Server, "GET /orders/{id}");
    let clients: Vec<&Span> = spans.iter().filter(|span| span.kind() == SpanKind::Client).collect();
    assert_eq!(clients.len(), 2);
    let (good, bad) =
        if clients[0].trace_id == asked.trace_id { (clients[0], clients[1]) } else { (clients[1], clients[0]) };
    child(&asked, good);
    child(good, &find(&spans, SpanKind::Server, "GET /stock/{id}"));
    child(&find(&spans, SpanKind::Server, "GET /inside"), &find(&spans, SpanKind::Internal, "inside"));
    child(&find(&spans, SpanKind::Internal, "inside"), bad);
    child(bad, &find(&spans, SpanKind::Server, "GET"));

    assert_eq!((good.name.as_str(), bad.name.as_str()), ("GET /stock/{id}", "GET /stock/{id}"));
    let url = attribute(good, "url.full").unwrap();
    assert!(url.contains("/stock/1?token=[REDACTED]"), "{url}");
    assert_eq!(attribute(bad, "error.type").as_deref(), Some(r#"StringValue("404")"#));
    assert!(bad.status.as_ref().unwrap().code == 2 && good.status.as_ref().unwrap().code == 0);
    let shown = format!("{spans:?} {} {}", front.text, back.text);
    assert!(!shown.contains("hunter2") && !shown.contains("s3cr3t"), "{shown}");
}

#[test]
fn a_call_of_nobody_is_a_trace_of_its_own_if_the_sampler_wants_it() {
    for (sampler, sampled) in [("always_on", true), ("always_off", false)] {
        let collector = Collector::start(vec![Answer::ok()]);
        let back = service(&collector, &[], stock);
        let front = service(&collector, &[("OTEL_TRACES_SAMPLER", sampler)], |_| Router::new());
        let (cupola, address) = (front.cupola().clone(), back.address().to_string());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tracing::dispatcher::with_default(cupola.telemetry().dispatch(), || {
            assert_eq!(runtime.block_on(ask(&cupola, &address, "/stock/1")), 200);
            let inside = ask(&cupola, &address, "/stock/2").instrument(info_span!("a loop"));
            assert_eq!(runtime.block_on(inside), 200);
        });
        drop(runtime);
        let exporters = [front.cupola().clone(), back.cupola().clone()];
        front.stop();
        let asked = back.stop().access();
        // Whom it calls follows it, also where it has said no.
        assert!(asked.len() == 2 && asked.iter().all(|line| line.has("parent_span_id")), "{asked:?}");
        if !sampled {
            let exported = |cupola: &Cupola| cupola.telemetry().exporters()[0].counts().accepted;
            assert_eq!(exporters.each_ref().map(exported), [0, 0]);
            continue;
        }
        let spans = exported(&collector, 5);
        let of_loop = find(&spans, SpanKind::Internal, "a loop");
        let clients = spans.iter().filter(|span| span.kind() == SpanKind::Client);
        let (below, roots): (Vec<&Span>, Vec<&Span>) = clients.partition(|span| span.trace_id == of_loop.trace_id);
        assert_eq!((below.len(), roots.len()), (1, 1), "{spans:?}");
        assert_eq!(below[0].parent_span_id, of_loop.span_id);
        assert!(roots[0].parent_span_id.is_empty());
        for client in [below[0], roots[0]] {
            let reached = |span: &&Span| span.kind() == SpanKind::Server && span.parent_span_id == client.span_id;
            assert_eq!(spans.iter().filter(reached).count(), 1, "{spans:?}");
        }
    }
}

#[test]
fn without_spans_the_server_span_is_the_parent_of_what_is_called() {
    let back = Service::start(&[], stock(&builder(&[]).output(std::io::sink()).build().unwrap()));
    let address = back.address().to_string();
    let memory = Memory::new();
    let front = Service::run_with(builder(&[]).output(memory.clone()), memory, |cupola| {
        let cupola = cupola.clone();
        let call = move || async move { ask(&cupola, &address, "/stock/1").await.to_string() };
        Router::new().route("/orders/{id}", route(call))
    });
    assert_eq!(front.get("/orders/1").text(), "200");
    let (front, back) = (front.stop(), back.stop());
    assert_eq!(back.access()[0].text("parent_span_id"), front.access()[0].text("span_id"));
}
