//! The store beside a service: what requests say is found there, and nothing else has to run.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use cupola::Cupola;
use cupola::store::{Batch, Entry, Query as _, Search, Selection, Settings, Signal, Store, Value};
use tower::ServiceExt as _;

fn cupola(dir: &Path) -> Result<Cupola, cupola::InitError> {
    let dir = dir.to_str().unwrap().to_owned();
    let vars = move |name: &str| (name == "CUPOLA_STORE").then(|| dir.clone());
    Cupola::builder("vms").vars(vars).output(std::io::sink()).build()
}

fn all(cupola: &Cupola, signal: Signal) -> Vec<Entry> {
    let search = Search { selection: Selection::of(signal), limit: 1000, cursor: None };
    cupola.store().unwrap().search(&search).unwrap().entries
}

fn text(entry: &Entry, name: &str) -> String {
    entry.get(name).unwrap_or_else(|| panic!("no {name}: {entry:?}")).text().into_owned()
}

#[tokio::test]
async fn a_request_is_a_line_a_span_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let cupola = cupola(folder.path()).unwrap();
    let app = Router::new().route("/vms/{id}", get(|| async { "vm" })).layer(cupola.layer());
    let _default = tracing::dispatcher::set_default(cupola.telemetry().dispatch());
    let answer = app.oneshot(Request::get("/vms/7?token=hunter2").body(Body::empty()).unwrap()).await.unwrap();
    axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
    let shown = cupola.registry().render();
    assert!(shown.contains("cupola_store_entries_total{outcome=\"sealed\"}"), "{shown}");
    cupola.shutdown().await;

    let lines = all(&cupola, Signal::Logs);
    let line = lines.iter().find(|line| text(line, "message") == "request completed").unwrap();
    assert_eq!(
        (text(line, "route"), text(line, "status"), text(line, "service")),
        ("/vms/{id}".into(), "200".into(), "vms".into())
    );
    assert!(!format!("{lines:?}").contains("hunter2"));
    let spans = all(&cupola, Signal::Spans);
    let [span] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!((text(span, "name"), text(span, "route")), ("GET /vms/{id}".into(), "/vms/{id}".into()));
    assert_eq!(text(span, "trace_id"), text(line, "trace_id"));
    let metrics = all(&cupola, Signal::Metrics);
    let of_route =
        |point: &&Entry| text(point, "metric") == "http.server.request.duration" && text(point, "count") == "1";
    assert!(metrics.iter().any(|point| of_route(&point)), "{metrics:?}");
    assert!(text(lines.first().unwrap(), "message") == "stopped", "the last line too");
}

#[tokio::test]
async fn a_second_process_runs_without_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let first = cupola(folder.path()).unwrap();
    let second = cupola(folder.path()).unwrap();
    assert!(first.store().is_some() && second.store().is_none());
    second.shutdown().await;
    first.shutdown().await;
    assert!(cupola(folder.path()).unwrap().store().is_some());
}

#[tokio::test]
async fn what_somebody_else_was_promised_and_nobody_here_can_read_is_put_aside_and_counted() {
    let (there, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let other = Store::open(there.path(), &Settings::default(), &|_, _| Ok(Vec::new())).unwrap();
    let mut batch = Batch::new(Signal::Logs);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    batch.row(i64::try_from(now.as_nanos()).unwrap()).set("message", Value::Text("up"));
    other.writer().keep(77, b"what only it can read", vec![batch]).unwrap();
    // As if it had been killed there and then.
    std::fs::create_dir(here.path().join("journal")).unwrap();
    for file in std::fs::read_dir(there.path().join("journal")).unwrap() {
        let path = file.unwrap().path();
        std::fs::copy(&path, here.path().join("journal").join(path.file_name().unwrap())).unwrap();
    }
    let cupola = cupola(here.path()).unwrap();
    let shown = cupola.registry().render();
    assert!(shown.contains("cupola_store_quarantined_total{what=\"record\"} 1"), "{shown}");
    cupola.shutdown().await;
}

#[test]
fn what_cannot_be_a_store_is_an_error_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, "").unwrap();
    let error = cupola(&path).unwrap_err();
    assert!(format!("{error:?}").contains(path.to_str().unwrap()), "{error:?}");
    let vars = |name: &str| (name == "CUPOLA_STORE_DAYS").then(|| "ever".to_owned());
    let error = Cupola::builder("vms").vars(vars).output(std::io::sink()).build().unwrap_err();
    assert_eq!(error.to_string(), "CUPOLA_STORE_DAYS is `ever`; accepted: a number of days, 1 to 36500");
}
