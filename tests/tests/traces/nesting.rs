//! Whose child a span is.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get as route;
use cupola::context::inject;
use futures_util::stream;
use http_body_util::BodyExt;
use std::collections::BTreeMap;
use tracing::{Instrument, info_span, instrument};

use crate::traced::{get, hex, run};

#[instrument]
async fn load() {
    tracing::info!("loading");
    query().await;
}

#[instrument]
async fn query() {
    tokio::task::yield_now().await;
    tracing::info!("querying");
}

async fn handler() -> &'static str {
    load().await;
    tracing::info!("loaded");
    "done"
}

fn app() -> Router {
    Router::new().route("/vms/{id}", route(handler))
}

#[test]
fn spans_nest_under_the_server_span_and_lines_show_the_innermost() {
    let traced = run(&[], app(), |_, app| async move {
        get(&app, "/vms/7", &[]).await;
    });
    assert_eq!(traced.names().len(), 3, "{:?}", traced.names());
    assert!(traced.is_parent("GET /vms/{id}", "load") && traced.is_parent("load", "query"));
    let scopes: Vec<&str> = traced.spans.iter().map(|named| named.scope.as_str()).collect();
    assert!(scopes.contains(&"cupola") && scopes.contains(&"tested"), "{scopes:?}");
    let check = |message: &str, span: &str| {
        let (line, span) = (traced.line(message), traced.span(span));
        let ids = (hex(&span.trace_id), hex(&span.span_id));
        assert_eq!((line.text("trace_id"), line.text("span_id")), (ids.0.as_str(), ids.1.as_str()), "{message}");
    };
    check("loading", "load");
    check("querying", "query");
    check("loaded", "GET /vms/{id}");
    check("request completed", "GET /vms/{id}");
}

#[test]
fn below_an_instrumented_main_too() {
    let traced = run(&[], app(), |_, app| {
        let serving = async move {
            load().await;
            get(&app, "/vms/7", &[]).await;
        };
        serving.instrument(info_span!("main"))
    });
    let (main, server) = (traced.span("main"), traced.span("GET /vms/{id}"));
    assert_ne!(main.trace_id, server.trace_id);
    assert!(server.parent_span_id.is_empty());
    let loads = traced.spans.iter().filter(|named| named.span.name == "load");
    let parents: Vec<&[u8]> = loads.map(|named| &*named.span.parent_span_id).collect();
    assert_eq!(parents, [&*main.span_id, &*server.span_id]);
    assert_eq!(traced.line("loaded").text("span_id"), hex(&server.span_id));
    let events: Vec<&str> = main.events.iter().map(|event| event.name.as_str()).collect();
    assert!(!events.contains(&"request completed"), "{events:?}");
}

#[test]
fn a_request_that_the_process_sends_to_itself_is_a_request() {
    let traced = run(&[], app(), |_, app| {
        let calling = async move {
            // As an instrumented client does: the span's own ids go out.
            let span = opentelemetry::Context::map_current(|cx| {
                use opentelemetry::trace::TraceContextExt;
                let span = cx.span().span_context().clone();
                format!("00-{}-{}-01", span.trace_id(), span.span_id())
            });
            get(&app, "/vms/7", &[("traceparent", &span)]).await;
        };
        calling.instrument(info_span!("call"))
    });
    assert!(traced.is_parent("call", "GET /vms/{id}") && traced.is_parent("GET /vms/{id}", "load"));
}

#[test]
fn spawned_tasks_belong_to_their_request() {
    let app = Router::new().route(
        "/",
        route(|| async {
            let with_context = cupola::spawn(async { info_span!("spawned by cupola").in_scope(|| {}) });
            let with_span = tokio::spawn(query().instrument(info_span!("spawned with a span")));
            with_context.await.unwrap();
            with_span.await.unwrap();
        }),
    );
    let traced = run(&[], app, |_, app| async move { drop(get(&app, "/", &[]).await) });
    assert!(traced.is_parent("GET /", "spawned by cupola") && traced.is_parent("GET /", "spawned with a span"));
    assert!(traced.is_parent("spawned with a span", "query"));
    // No request is ambient there; the line belongs to the span all the same.
    assert_eq!(traced.line("querying").text("span_id"), hex(&traced.span("query").span_id));
}

#[test]
fn so_do_streamed_bodies() {
    let body = || {
        let pieces = stream::iter(["a", "b"]).map_piece();
        Body::from_stream(pieces)
    };
    let app = Router::new().route("/", route(move || async move { body() }));
    let traced = run(&[], app, |_, app| async move { drop(get(&app, "/", &[]).await) });
    let pieces: Vec<_> = traced.spans.iter().filter(|named| named.span.name == "piece").collect();
    let server = traced.span("GET /");
    assert_eq!(pieces.len(), 2);
    assert!(pieces.iter().all(|piece| piece.span.parent_span_id == server.span_id));
}

trait Pieces: futures_util::Stream<Item = &'static str> + Sized {
    fn map_piece(self) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> {
        use futures_util::StreamExt;
        self.map(|piece| Ok(info_span!("piece").in_scope(|| Bytes::from_static(piece.as_bytes()))))
    }
}

impl<S: futures_util::Stream<Item = &'static str>> Pieces for S {}

#[test]
fn what_goes_out_names_the_innermost_span() {
    let app = Router::new().route(
        "/",
        route(|| async {
            let sent = async {
                let mut carrier = BTreeMap::new();
                inject(&cupola::context::current().unwrap(), &mut carrier);
                carrier.remove("traceparent").unwrap()
            };
            sent.instrument(info_span!("calling")).await
        }),
    );
    let sent = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let kept = sent.clone();
    let traced = run(&[], app, |_, app| async move {
        use tower::ServiceExt;
        let request = axum::http::Request::get("/").body(Body::empty()).unwrap();
        let body = app.oneshot(request).await.unwrap().into_body().collect().await.unwrap().to_bytes();
        *kept.lock().unwrap() = String::from_utf8(body.to_vec()).unwrap();
    });
    let span = traced.span("calling");
    assert_eq!(*sent.lock().unwrap(), format!("00-{}-{}-03", hex(&span.trace_id), hex(&span.span_id)));
}

#[test]
fn a_subscriber_of_ones_own_takes_both_in_one_layer() {
    use tracing_subscriber::layer::SubscriberExt;
    let traced = run(&[], app(), |cupola, app| async move {
        let subscriber = tracing_subscriber::registry().with(cupola.telemetry().layer());
        let _guard = tracing::subscriber::set_default(subscriber);
        get(&app, "/vms/7", &[]).await;
    });
    assert!(traced.is_parent("GET /vms/{id}", "load"));
    assert_eq!(traced.line("loading").text("span_id"), hex(&traced.span("load").span_id));
}
