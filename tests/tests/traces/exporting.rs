//! Whether and how spans go out.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::get as route;
use cupola::telemetry::Memory;
use cupola_tests::{Service, builder, eventually, metric};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message as _;
use tracing::info_span;

use crate::collector::{Answer, Collector};
use crate::traced::{get, run};

fn app() -> Router {
    Router::new().route("/vms/{id}", route(|| async { info_span!("inner").in_scope(|| tracing::info!("inside")) }))
}

#[test]
fn a_trace_that_is_not_sampled_has_no_spans_and_its_ids_all_the_same() {
    let traced = run(&[("OTEL_TRACES_SAMPLER", "always_off")], app(), |_, app| async move {
        get(&app, "/vms/7", &[]).await;
        info_span!("of no request").in_scope(|| {});
    });
    assert_eq!(traced.names(), [""; 0]);
    let (inside, access) = (traced.line("inside"), traced.line("request completed"));
    assert_eq!((inside.text("trace_id"), inside.text("span_id")), (access.text("trace_id"), access.text("span_id")));
}

#[test]
fn a_trusted_caller_decides_unless_the_sampler_does_not_ask() {
    let check = |sampler, flags, sampled: bool| {
        let traced = run(&[("OTEL_TRACES_SAMPLER", sampler), ("CUPOLA_TRUST", "always")], app(), |_, app| async move {
            let parent = format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}");
            get(&app, "/vms/7", &[("traceparent", &parent)]).await;
        });
        let expected: &[&str] = if sampled { &["inner", "GET /vms/{id}"] } else { &[] };
        let mut names = traced.names();
        names.sort_by_key(|name| name.starts_with("GET"));
        assert_eq!(names, expected, "{sampler} {flags}");
    };
    check("parentbased_always_on", "00", false);
    check("parentbased_always_off", "01", true);
    check("always_on", "00", true);
    check("always_off", "01", false);
}

#[test]
fn who_speaks_is_in_every_message() {
    let vars = [("OTEL_SERVICE_NAME", "billing"), ("OTEL_RESOURCE_ATTRIBUTES", "team=a%20b")];
    let traced = run(&vars, app(), |_, app| async move { drop(get(&app, "/vms/7", &[]).await) });
    let resource = format!("{:?}", traced.requests[0].resource_spans[0].resource);
    assert!(resource.contains(r#"StringValue("billing")"#) && resource.contains(r#"StringValue("a b")"#), "{resource}");
    assert!(traced.spans.iter().any(|named| named.scope == "billing"));
}

#[test]
fn for_development_spans_are_lines() {
    let memory = Memory::new();
    let cupola = builder(&[("OTEL_EXPORT_CONSOLE", "true")]).output(memory.clone()).build().unwrap();
    let app = app().layer(cupola.layer());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::dispatcher::with_default(cupola.telemetry().dispatch(), || runtime.block_on(get(&app, "/vms/7", &[])));
    cupola.telemetry().shutdown(Duration::from_secs(10));
    let lines = cupola_tests::lines(&memory.text());
    let span = |name: &str| lines.iter().find(|line| line["target"] == "cupola::spans" && line["message"] == name);
    let (server, inner) = (span("GET /vms/{id}").unwrap(), span("inner").unwrap());
    assert_eq!((server.text("kind"), server.text("url.path")), ("server", "/vms/7"));
    assert_eq!(inner.text("parent_span_id"), server.text("span_id"));
    assert!(server.number("duration_ms") >= inner.number("duration_ms"));
    assert_eq!(inner.text("event"), "inside");
}

#[test]
fn an_absent_collector_is_seen_and_not_felt() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{nobody}");
    let vars = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_LOGS_EXPORTER", "none"),
        ("OTEL_BSP_SCHEDULE_DELAY", "10"),
    ];
    let service = Service::start(&vars, app());
    for _ in 0..20 {
        assert_eq!(service.get("/vms/7").status, 200);
    }
    eventually("the log tells of it", || {
        service.lines().iter().any(|line| line["message"] == "the collector does not take what is exported")
    });
    let dropped = r#"cupola_otlp_items_total{signal="traces",outcome="dropped",reason="queue_full"}"#;
    assert_eq!(metric(&service.metrics(), dropped), 0.0);
    let cupola = service.cupola().clone();
    let ended = service.stop();
    assert_eq!(ended.line("items to be exported were lost").number("lost"), 40.0);
    let lines = ended.lines();
    assert_eq!(lines[lines.len() - 1]["message"], "stopped");
    assert_eq!(ended.line("stopped").number("lines"), lines.len() as f64);
    let counts = cupola.telemetry().exporters()[0].counts();
    assert_eq!((counts.accepted, counts.dropped_shutdown), (40, 40));
}

#[test]
fn a_collector_that_hangs_holds_up_no_request() {
    let collector = Collector::start(vec![Answer::Hangs]);
    let url = collector.url();
    let vars = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_LOGS_EXPORTER", "none"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "10"),
        ("CUPOLA_SHUTDOWN_MS", "500"),
    ];
    let service = Service::start(&vars, app());
    for _ in 0..50 {
        assert_eq!(service.get("/vms/7").status, 200);
    }
    let dropped = r#"cupola_otlp_items_total{signal="traces",outcome="dropped",reason="queue_full"}"#;
    assert_eq!(metric(&service.metrics(), dropped), 90.0);
    let cupola = service.cupola().clone();
    service.stop();
    let counts = cupola.telemetry().exporters()[0].counts();
    assert_eq!((counts.accepted, counts.dropped_queue_full, counts.dropped_shutdown), (100, 90, 10));
}

#[test]
fn a_collector_that_is_slow_holds_up_no_request_and_gets_everything() {
    let gate = Arc::new(Mutex::new(()));
    let held = gate.lock().unwrap();
    let collector = Collector::start(vec![Answer::Held(gate.clone()), Answer::ok()]);
    let url = collector.url();
    let vars = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()),
        ("OTEL_LOGS_EXPORTER", "none"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2"),
    ];
    let service = Service::start(&vars, app());
    let counts = || service.cupola().telemetry().exporters()[0].counts();
    (0..20).for_each(|_| assert_eq!(service.get("/vms/7").status, 200));
    assert_eq!((counts().accepted, counts().exported), (40, 0), "the collector has not answered the first message");
    drop(held);
    eventually("all is exported", || counts().exported == 40);
    assert_eq!((counts().retries, counts().dropped()), (0, 0));
    service.stop();
}

#[test]
fn every_line_is_sent_the_last_one_too() {
    let collector = Collector::start(vec![Answer::ok()]);
    let url = collector.url();
    let vars = [("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", url.as_str())];
    let service = Service::start(&vars, app());
    assert_eq!(service.get("/vms/7").status, 200);
    let ended = service.stop();
    let mut records = Vec::new();
    while records.len() < ended.lines().len() {
        let request = ExportLogsServiceRequest::decode(&*collector.next().body).unwrap();
        let scopes = request.resource_logs.into_iter().flat_map(|resource| resource.scope_logs);
        records.extend(scopes.flat_map(|scope| scope.log_records));
    }
    // Each scope has its own, so that their order across scopes is not told.
    let body = |record: &LogRecord| format!("{:?}", record.body.clone().and_then(|body| body.value).unwrap());
    let mut texts: Vec<_> = records.iter().map(body).collect();
    let mut lines: Vec<_> =
        ended.lines().iter().map(|line| format!("StringValue({:?})", line.text("message"))).collect();
    assert!(lines.last().unwrap().contains("stopped"));
    texts.sort();
    lines.sort();
    assert_eq!(texts, lines);
}

#[test]
fn what_cannot_be_exported_is_one_error_at_the_start() {
    let check = |pairs: &[(&str, &str)], text: &str| {
        let error = builder(pairs).output(std::io::sink()).build().unwrap_err();
        assert_eq!(error.to_string(), text);
    };
    check(&[("OTEL_LOGS_EXPORTER", "file")], "OTEL_LOGS_EXPORTER is `file`; accepted: otlp, console or none");
    check(&[("OTEL_TRACES_EXPORTER", "jaeger")], "OTEL_TRACES_EXPORTER is `jaeger`; accepted: otlp, console or none");
    check(
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector")],
        "an https endpoint needs the feature `tls`, which this build is without",
    );
}
