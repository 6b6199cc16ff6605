//! The end: requests in flight first, then every line that was accepted, within the deadline.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use cupola::telemetry::Memory;
use cupola_tests::{Client, Gate, Line, Process, Service, builder, said};

const BINARY: &str = env!("CARGO_BIN_EXE_service");

#[test]
fn every_answer_that_was_given_has_its_line_when_the_service_stops_under_load() {
    let service = Service::start(&[], Router::new().route("/hello", get(|| async { "hello" })));
    let address = service.address();
    let clients: Vec<_> = (0..4).map(|_| thread::spawn(move || ask_until_closed(Client::connect(address)))).collect();
    while service.cupola().telemetry().counts().accepted < 500 {
        thread::yield_now();
    }
    let ended = service.stop();
    let answered: Vec<String> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
    let access = ended.access();
    let logged: HashSet<&str> = access.iter().map(|line| line.text("request_id")).collect();
    assert!(answered.len() > 100);
    for id in &answered {
        assert!(logged.contains(id.as_str()), "{id} was answered and is not in the log");
    }
    assert_eq!((ended.counts.written, ended.counts.dropped()), (ended.counts.accepted, 0));
    assert_eq!(ended.lines().len() as u64, ended.counts.written);
    assert_eq!(ended.lines().last().unwrap()["message"], "stopped");
}

/// The ids of all answers that came.
fn ask_until_closed(mut client: Client) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let answer = client.get("/hello", "");
        if answer.status != 200 {
            return ids;
        }
        ids.push(answer.header("x-request-id").to_owned());
    }
}

#[test]
fn lines_offered_during_and_after_the_shutdown_are_written_or_counted() {
    let memory = Memory::new();
    let cupola = builder(&[]).output(memory.clone()).build().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let offer = || {
        let (cupola, stop) = (cupola.clone(), stop.clone());
        thread::spawn(move || {
            tracing::dispatcher::with_default(cupola.telemetry().dispatch(), || {
                let mut offered = 0_u64;
                while !stop.load(Ordering::Relaxed) {
                    tracing::info!(offered, "line");
                    offered += 1;
                }
                offered
            })
        })
    };
    let threads: Vec<_> = (0..4).map(|_| offer()).collect();
    while cupola.telemetry().counts().written < 1_000 {
        thread::yield_now();
    }
    let at_shutdown = cupola.telemetry().shutdown(Duration::from_secs(10));
    assert_eq!(said(&memory.text()).len() as u64, at_shutdown.written, "all that was accepted is there");
    while cupola.telemetry().counts().dropped_shutdown < 1_000 {
        thread::yield_now();
    }
    stop.store(true, Ordering::Relaxed);
    let offered: u64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    let counts = cupola.telemetry().counts();
    assert_eq!((counts.accepted, counts.written), (offered, at_shutdown.written));
    assert_eq!(counts.accepted, counts.written + counts.dropped());
    assert_eq!(counts.dropped(), counts.dropped_shutdown);
    assert_eq!(said(&memory.text()).len() as u64, counts.written, "nothing is written after the end");
}

#[test]
#[allow(clippy::disallowed_methods, reason = "the deadline is real time")]
fn an_output_that_never_comes_back_holds_the_shutdown_no_longer_than_its_deadline() {
    let memory = Memory::new();
    let (output, gate) = Gate::new(memory.clone());
    let app = Router::new().route("/hello", get(|| async { "hello" }));
    let service = Service::run(builder(&[("CUPOLA_SHUTDOWN_MS", "200")]).output(output), memory, app);
    gate.shut();
    let mut client = service.client();
    client.get("/hello", "");
    gate.wait_until_blocked();
    client.get("/hello", "");
    drop(client);
    let began = Instant::now();
    let counts = service.stop().counts;
    let took = began.elapsed();
    assert!((Duration::from_millis(200)..Duration::from_secs(5)).contains(&took), "{took:?}");
    assert_eq!(counts.accepted, counts.written + counts.dropped(), "{counts:?}");
    assert!(counts.dropped_shutdown >= 3, "what the deadline left behind, in hand or waiting: {counts:?}");
    gate.open();
}

#[test]
fn sigterm_lets_requests_in_flight_end_and_the_last_lines_out() {
    let mut process = Process::start(BINARY, &[]);
    let mut slow = process.client();
    slow.send("GET /slow/400 HTTP/1.1\r\nHost: test\r\n\r\n");
    process.wait_for("slow request is there");
    process.terminate();
    assert_eq!((slow.answer().status, slow.answer().status), (200, 0), "it ends, and so does its connection");
    let (status, lines) = process.end();
    assert!(status.success(), "{status}");
    let last: Vec<&str> = lines.iter().rev().take(2).map(|line| line.text("message")).collect();
    assert_eq!(last, ["stopped", "request completed"]);
    assert_stopped(&lines, "SIGTERM", 0);
    let access = lines.iter().find(|line| line.is_access()).unwrap();
    assert_eq!((access.text("outcome"), access.number("status")), ("complete", 200.0));
    assert!(access.number("duration_ms") >= 400.0, "{access}");
}

#[test]
#[allow(clippy::disallowed_methods, reason = "the deadline is real time")]
fn a_request_that_outlasts_the_deadline_is_left_behind_with_a_warning() {
    let mut process = Process::start(BINARY, &[("CUPOLA_SHUTDOWN_MS", "300")]);
    let mut slow = process.client();
    slow.send("GET /slow/60000 HTTP/1.1\r\nHost: test\r\n\r\n");
    process.wait_for("slow request is there");
    let began = Instant::now();
    process.terminate();
    let (status, lines) = process.end();
    let took = began.elapsed();
    assert!(status.success(), "{status}");
    assert!((Duration::from_millis(300)..Duration::from_secs(10)).contains(&took), "{took:?}");
    let warning = |line: &&Line| line["level"] == "WARN" && line.text("message").contains("outlasted");
    assert!(lines.iter().find(warning).is_some(), "{lines:?}");
    assert_stopped(&lines, "SIGTERM", 1);
}

/// The last line tells why, and gives the account.
fn assert_stopped(lines: &[Line], reason: &str, in_flight: u32) {
    let last = lines.last().unwrap();
    assert_eq!((last.text("message"), last.text("reason")), ("stopped", reason));
    assert_eq!(last.number("in_flight"), f64::from(in_flight));
    let (all, dropped) = (lines.len() as f64, 0.0);
    assert_eq!((last.number("lines"), last.number("lines_written"), last.number("lines_dropped")), (all, all, dropped));
}

#[test]
fn the_last_line_tells_who_has_ended_it() {
    let ended = Service::start(&[], Router::new()).stop();
    assert_stopped(&ended.lines(), "the server was told to end", 0);
    let memory = Memory::new();
    let cupola = builder(&[]).output(memory.clone()).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::dispatcher::with_default(cupola.telemetry().dispatch(), || {
        runtime.block_on(cupola.shutdown());
    });
    assert_stopped(&cupola_tests::lines(&memory.text()), "shutdown was called", 0);
    let process = Process::start(BINARY, &[]);
    process.signal("INT");
    assert_stopped(&process.end().1, "SIGINT", 0);
}

#[test]
fn the_first_lines_name_what_is_in_force() {
    let process = Process::start(BINARY, &[("CUPOLA_SLOW_MS", "250"), ("OTEL_SERVICE_NAME", "renamed")]);
    process.terminate();
    let (_, lines) = process.end();
    let first = &lines[0];
    assert_eq!((first.text("message"), first.text("service")), ("cupola is on", "renamed"));
    assert_eq!(
        (first.text("trust"), first.text("settings")),
        ("private", "OTEL_SERVICE_NAME=renamed CUPOLA_SLOW_MS=250")
    );
    let platform = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    assert!(first.text("runtime").starts_with("rustc 1.") && first.text("platform") == platform, "{first}");
}

#[test]
fn a_service_that_is_to_end_says_that_it_is_not_ready_and_still_answers() {
    let service = Service::start(&[], Router::new().route("/hello", get(|| async { "hello" })));
    assert_eq!((service.get("/readyz").status, service.get("/healthz").status), (200, 200));
    service.cupola().drain();
    assert_eq!((service.get("/readyz").status, service.get("/healthz").status), (503, 200));
    assert_eq!(service.get("/hello").status, 200);
}
