//! Requests that are still running over a limit are told of, whatever holds them up.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::convert::Infallible;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use cupola::telemetry::Memory;
use cupola_tests::{Line, Service, builder, eventually, lines};
use futures_util::stream;
use tokio::sync::Notify;

const ON: &[(&str, &str)] = &[("CUPOLA_WATCHDOG_MS", "20")];

fn running(lines: &[Line]) -> Vec<&Line> {
    lines.iter().filter(|line| line["message"] == "request still running").collect()
}

/// Waits until so many lines tell of requests that run.
fn wait_for(service: &Service, number: usize) {
    eventually("told of what still runs", || running(&service.lines()).len() >= number);
}

/// A route that waits until it is let go.
fn waits(path: &str, go: &Arc<Notify>) -> Router {
    let go = go.clone();
    let work = || async move {
        cupola::context::set("vm_id", "vm-7");
        go.notified().await;
        "done"
    };
    Router::new().route(path, get(work))
}

#[test]
fn a_request_that_waits_is_told_of_again_and_again_with_all_that_is_known_of_it() {
    let go = Arc::new(Notify::new());
    let service = Service::start(ON, waits("/vms/{id}", &go));
    let mut client = service.client();
    client.send("GET /vms/7?token=hunter2 HTTP/1.1\r\nHost: test\r\n\r\n");
    wait_for(&service, 3);
    go.notify_one();
    assert_eq!(client.answer().text(), "done");

    let ended = service.stop();
    let (lines, access) = (ended.lines(), &ended.access()[0]);
    let told = running(&lines);
    let elapsed: Vec<f64> = told.iter().map(|line| line.number("elapsed_ms")).collect();
    assert!(elapsed[0] >= 20.0 && elapsed[1] >= 40.0 && elapsed[2] >= 80.0, "{elapsed:?}");
    assert!(elapsed[told.len() - 1] <= access.number("duration_ms") + 50.0, "{elapsed:?} {access}");
    for line in told {
        let said = ["level", "target", "category", "method", "route", "path", "vm_id"].map(|key| line.text(key));
        assert_eq!(said, ["WARN", "cupola::http", "api", "GET", "/vms/{id}", "/vms/7", "vm-7"]);
        for id in ["request_id", "trace_id", "span_id"] {
            assert_eq!(line[id], access[id]);
        }
        assert!(!line.to_string().contains("hunter2"));
    }
}

#[test]
fn a_handler_that_blocks_the_only_thread_is_told_of() {
    let (go, gone) = mpsc::channel::<()>();
    let gone = Arc::new(Mutex::new(gone));
    let blocks = move || async move { gone.lock().unwrap().recv().map_or("alone", |()| "done") };
    let service = Service::start(ON, Router::new().route("/blocks", get(blocks)));
    let mut client = service.client();
    client.send("GET /blocks HTTP/1.1\r\nHost: test\r\n\r\n");
    wait_for(&service, 1);
    go.send(()).unwrap();
    assert_eq!(client.answer().text(), "done");
    let ended = service.stop();
    assert_eq!(running(&ended.lines())[0].text("route"), "/blocks");
}

/// A body with one piece and no end.
fn endless(media: &'static str) -> impl IntoResponse {
    let pieces = stream::unfold(true, |first| async move {
        if !first {
            std::future::pending::<()>().await;
        }
        Some((Ok::<_, Infallible>(Bytes::from_static(b"data: up\n\n")), false))
    });
    ([(CONTENT_TYPE, media)], Body::from_stream(pieces))
}

#[test]
fn a_stream_of_events_is_not_running_and_a_download_is() {
    let app = Router::new()
        .route("/events", get(|| async { endless("text/event-stream") }))
        .route("/download", get(|| async { endless("application/octet-stream") }));
    let service = Service::start(ON, app);
    let (mut events, mut download) = (service.client(), service.client());
    for (client, path) in [(&mut events, "/events"), (&mut download, "/download")] {
        client.send(format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n"));
        assert_eq!(client.head().status, 200);
    }
    wait_for(&service, 3);
    drop((events, download));
    let ended = service.stop();
    let lines = ended.lines();
    let routes: Vec<&str> = running(&lines).iter().map(|line| line.text("route")).collect();
    assert!(routes.iter().all(|route| *route == "/download"), "{routes:?}");
}

#[test]
fn neither_an_upgraded_connection_nor_a_muted_request_is_told_of() {
    let go = Arc::new(Notify::new());
    let switch = || async { (axum::http::StatusCode::SWITCHING_PROTOCOLS, [("upgrade", "echo")]) };
    let mutes = || async {
        assert!(cupola::record::mute());
        std::future::pending::<&str>().await
    };
    let app = waits("/waits", &go).route("/upgrade", get(switch)).route("/muted", get(mutes));
    let service = Service::start(ON, app);
    let (mut upgraded, mut muted, mut waits) = (service.client(), service.client(), service.client());
    muted.send("GET /muted HTTP/1.1\r\nHost: test\r\n\r\n");
    upgraded.send("GET /upgrade HTTP/1.1\r\nHost: test\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
    assert_eq!(upgraded.head().status, 101);
    waits.send("GET /waits HTTP/1.1\r\nHost: test\r\n\r\n");
    wait_for(&service, 3);
    go.notify_one();
    waits.answer();
    drop(muted);
    let ended = service.stop();
    assert!(running(&ended.lines()).iter().all(|line| line.text("route") == "/waits"));
}

#[test]
fn code_says_whether_it_watches_and_the_filter_whether_it_is_heard() {
    let go = Arc::new(Notify::new());
    let start = |vars: &[(&str, &str)], limit| {
        let memory = Memory::new();
        let builder = builder(vars).output(memory.clone()).watchdog(Duration::from_millis(limit));
        (Service::run(builder, memory.clone(), waits("/waits", &go)), memory)
    };
    let (service, memory) = start(&[("LOG_LEVEL", "error")], 1);
    let mut client = service.client();
    client.send("GET /waits HTTP/1.1\r\nHost: test\r\n\r\n");
    let (heard, _) = start(&[], 20);
    let mut other = heard.client();
    other.send("GET /waits HTTP/1.1\r\nHost: test\r\n\r\n");
    wait_for(&heard, 2);
    assert_eq!(memory.text(), "", "it has looked often by now");
    go.notify_waiters();
    assert_eq!((client.answer().status, other.answer().status), (200, 200));
    assert!(running(&lines(&service.stop().text)).is_empty());
    heard.stop();
}
