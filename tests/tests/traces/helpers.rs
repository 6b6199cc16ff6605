//! What handlers say on spans.

use axum::Router;
use axum::routing::get as route;
use opentelemetry::trace::{Span as _, TraceContextExt, Tracer as _};
use tracing::{info_span, instrument};

use crate::traced::{attribute, get, run};

#[test]
fn attributes_go_to_the_innermost_span_or_the_servers() {
    let app = Router::new().route(
        "/vms/{id}",
        route(|| async {
            assert!(cupola::span::set("vm.state", "running"));
            assert!(cupola::span::set("vm.cpus", 4u8));
            assert!(cupola::span::set("api_key", "hunter2"));
            assert!(cupola::span::set("http.route", "/mine"));
            info_span!("inner").in_scope(|| assert!(cupola::span::set("cache.hit", true)));
        }),
    );
    let traced = run(&[], app, |_, app| async move { drop(get(&app, "/vms/7", &[]).await) });
    let (server, inner) = (traced.span("GET /vms/{id}"), traced.span("inner"));
    assert_eq!(attribute(server, "vm.state").as_deref(), Some(r#"StringValue("running")"#));
    assert_eq!(attribute(server, "vm.cpus").as_deref(), Some("IntValue(4)"));
    assert_eq!(attribute(server, "api_key").as_deref(), Some(r#"StringValue("[REDACTED]")"#));
    assert_eq!(attribute(server, "http.route").as_deref(), Some(r#"StringValue("/vms/{id}")"#));
    assert_eq!(attribute(inner, "cache.hit").as_deref(), Some("BoolValue(true)"));
    assert_eq!((attribute(inner, "vm.state"), attribute(server, "cache.hit")), (None, None));
    assert!(!traced.text.contains("vm.state"), "{}", traced.text);
}

#[test]
fn the_tracer_begins_children_of_the_request() {
    let app = Router::new().route(
        "/",
        route(|| async {
            cupola::tracer().in_span("by hand", |cx| {
                cx.span().set_attribute(opentelemetry::KeyValue::new("step", 1));
                info_span!("below").in_scope(|| cupola::tracer().start("deeper").end());
            });
        }),
    );
    let traced = run(&[], app, |_, app| async move {
        get(&app, "/", &[]).await;
        cupola::tracer().start("of no request").end();
    });
    assert!(traced.is_parent("GET /", "by hand") && traced.is_parent("by hand", "below"));
    assert!(traced.is_parent("below", "deeper"));
    assert!(traced.span("of no request").parent_span_id.is_empty());
}

#[test]
fn without_a_pipeline_spans_go_nowhere() {
    let mut span = cupola::tracer().start("nobody asks");
    assert!(!span.is_recording() && !cupola::span::set("a", 1));
    span.end();
}

#[instrument]
fn login(user: &str, password: &str) {
    tracing::warn!(token = "hunter2", "refused with password=hunter2");
}

#[test]
fn secrets_of_spans_stay_here() {
    let app = Router::new().route("/", route(|| async { login("ada", "hunter2") }));
    let traced = run(&[], app, |_, app| async move { drop(get(&app, "/?token=hunter2", &[]).await) });
    let all = format!("{:?}", traced.requests);
    assert!(!all.contains("hunter2") && all.contains("refused"), "{all}");
    assert_eq!(attribute(traced.span("login"), "user").as_deref(), Some(r#"StringValue("ada")"#));
}

#[test]
fn callers_are_told_of_the_trace_by_choice() {
    let app = || Router::new().route("/", route(|| async { [("server-timing", "db;dur=1")] }));
    let vars = [("CUPOLA_TRACERESPONSE", "true"), ("CUPOLA_SERVER_TIMING", "true")];
    let traced = run(&vars, app(), |cupola, app| async move {
        // A second layer says nothing a second time.
        let headers = get(&app.layer(cupola.layer()), "/", &[]).await;
        let trace = headers["traceresponse"].to_str().unwrap();
        let timings: Vec<&str> = headers.get_all("server-timing").iter().map(|value| value.to_str().unwrap()).collect();
        assert_eq!(timings.len(), 2, "{timings:?}");
        assert!(timings[1].starts_with("total;dur=") && timings[1].ends_with(&format!("traceparent;desc=\"{trace}\"")));
        tracing::info!(trace, "told");
    });
    let (told, access) = (traced.line("told"), traced.line("request completed"));
    let expected = format!("00-{}-{}-03", access.text("trace_id"), access.text("span_id"));
    assert_eq!(told.text("trace"), expected);
    run(&[], app(), |_, app| async move {
        let headers = get(&app, "/", &[]).await;
        assert!(!headers.contains_key("traceresponse") && headers.get_all("server-timing").iter().count() == 1);
    });
}
