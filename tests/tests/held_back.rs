//! Lines held back: a request that fails tells all, one that goes well tells what it always told.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::routing::get;
use cupola::record::{self, Choices};
use cupola::telemetry::Memory;
use cupola_tests::{Ended, Line, Service, builder, eventually, lines};
use tokio::sync::{Barrier, Notify};
use tracing::Level;

const ON: &[(&str, &str)] = &[("CUPOLA_HOLD_BACK", "debug"), ("CUPOLA_SLOW_MS", "60000")];

/// What was said of a path, before the access line and with it: messages, those held back with a `+`.
fn story(ended: &Ended, path: &str) -> Vec<String> {
    let lines = ended.lines();
    let access = lines.iter().find(|line| line.is_access() && line["path"] == path).unwrap();
    let own = lines.iter().filter(|line| line["request_id"] == access["request_id"]);
    let mark = |line: &Line| if line["held_back"] == true { "+" } else { "" };
    own.map(|line| format!("{}{}", mark(line), line.text("message"))).collect()
}

fn says() {
    tracing::trace!("traced");
    tracing::debug!(number = 1, token = "abc", "looked up");
    tracing::info!("informed");
    tracing::debug!("looked up again");
}

async fn ends_with(Path(status): Path<u16>) -> StatusCode {
    says();
    StatusCode::from_u16(status).unwrap()
}

#[test]
fn what_fails_tells_all_and_what_goes_well_what_it_always_told() {
    let app = Router::new().route("/{status}", get(ends_with));
    let service = Service::start(ON, app);
    ["/200", "/404", "/500"].iter().for_each(|path| drop(service.get(path)));
    let ended = service.stop();
    assert_eq!(story(&ended, "/200"), ["informed", "request completed"]);
    assert_eq!(story(&ended, "/404"), ["informed", "request completed"]);
    assert_eq!(story(&ended, "/500"), ["informed", "+looked up", "+looked up again", "request completed"]);

    let line = ended.line("looked up");
    assert_eq!((line.text("level"), line.text("target")), ("DEBUG", "held_back"));
    assert_eq!((line.number("number"), line.text("token")), (1.0, "[REDACTED]"), "{line}");
    let (informed, again) = (ended.lines(), ended.line("looked up again"));
    let informed = informed.iter().rfind(|line| line["message"] == "informed").unwrap();
    assert!(line.text("timestamp") <= informed.text("timestamp"), "it has the time at which it was said");
    assert!(informed.text("timestamp") <= again.text("timestamp"));
}

#[test]
fn a_muted_failure_tells_nothing_and_a_success_at_error_no_more_than_usual() {
    let handler = |Path(way): Path<String>| async move {
        says();
        let muted = way == "muted";
        let choices = Choices::new().level(Level::ERROR);
        assert!(record::choose(if muted { choices.mute() } else { choices }));
        if muted { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
    };
    let service = Service::start(ON, Router::new().route("/{way}", get(handler)));
    assert_eq!((service.get("/muted").status, service.get("/loud").status), (500, 200));
    let ended = service.stop();
    assert_eq!(story(&ended, "/loud"), ["informed", "request completed"]);
    assert!(ended.lines().iter().all(|line| !line.has("held_back")), "{}", ended.text);
}

#[test]
fn every_way_to_end_is_as_documented() {
    let handler = |path: Path<String>| async move {
        says();
        match &**path {
            "panic" => panic!("out of order"),
            "slow" => tokio::time::sleep(Duration::from_millis(30)).await,
            _ => std::future::pending().await,
        }
        "done"
    };
    let vars = [("CUPOLA_HOLD_BACK", "debug"), ("CUPOLA_SLOW_MS", "20"), ("CUPOLA_TIMEOUT_MS", "400")];
    let service = Service::start(&vars, Router::new().route("/{way}", get(handler)));
    assert_eq!(service.get("/panic").status, 500);
    assert_eq!(service.get("/slow").status, 200);
    assert_eq!(service.get("/timeout").status, 504);
    let ended = service.stop();
    let held = |end: &str| ["informed", "+looked up", "+looked up again", end].map(str::to_owned);
    assert_eq!(story(&ended, "/panic"), held("request failed: panic"));
    assert_eq!(story(&ended, "/slow"), held("request completed"));
    assert_eq!(story(&ended, "/timeout"), held("request timed out"));
}

#[test]
fn a_client_that_leaves_tells_nothing_unless_it_has_waited_long() {
    let handler = || async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        says();
        std::future::pending::<&str>().await
    };
    let story_of = |slow: &str| {
        let vars = [("CUPOLA_HOLD_BACK", "debug"), ("CUPOLA_SLOW_MS", slow)];
        let service = Service::start(&vars, Router::new().route("/waits", get(handler)));
        let mut client = service.client();
        client.send("GET /waits HTTP/1.1\r\nHost: test\r\n\r\n");
        eventually("the handler speaks", || service.lines().iter().any(|line| line["message"] == "informed"));
        drop(client);
        eventually("the end", || service.lines().iter().any(Line::is_access));
        story(&service.stop(), "/waits")
    };
    assert_eq!(story_of("60000"), ["informed", "request closed before a response"]);
    let waited = story_of("1");
    assert_eq!(waited, ["informed", "+looked up", "+looked up again", "request closed before a response"]);
}

#[test]
fn two_requests_on_one_thread_do_not_mix() {
    let barrier = Arc::new(Barrier::new(2));
    let handler = move |Path(status): Path<u16>| async move {
        for turn in 0..5 {
            tracing::debug!("{status} in turn {turn}");
            barrier.wait().await;
        }
        StatusCode::from_u16(status).unwrap()
    };
    let service = Service::start(ON, Router::new().route("/{status}", get(handler)));
    let (mut well, mut fails) = (service.client(), service.client());
    well.send("GET /200 HTTP/1.1\r\nHost: test\r\n\r\n");
    fails.send("GET /500 HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_eq!((well.answer().status, fails.answer().status), (200, 500));
    let ended = service.stop();
    assert_eq!(story(&ended, "/200"), ["request completed"]);
    let turns = (0..5).map(|turn| format!("+500 in turn {turn}"));
    assert_eq!(story(&ended, "/500"), turns.chain(["request completed".to_owned()]).collect::<Vec<_>>());
}

#[test]
fn of_a_flood_the_last_lines_are_told_and_the_rest_counted() {
    let handler = || async {
        for number in 0..5000 {
            tracing::debug!(number, "flood");
        }
        StatusCode::INTERNAL_SERVER_ERROR
    };
    let service = Service::start(ON, Router::new().route("/flood", get(handler)));
    service.get("/flood");
    let ended = service.stop();
    let numbers = |line: &Line| (line["message"] == "flood").then(|| line.number("number") as usize);
    let numbers: Vec<usize> = ended.lines().iter().filter_map(numbers).collect();
    let first = 5000 - numbers.len();
    assert_eq!(numbers, (first..5000).collect::<Vec<_>>());
    let bytes: usize = ended.text.lines().filter(|line| line.contains(r#""held_back":true"#)).map(str::len).sum();
    assert!((60 * 1024..66 * 1024).contains(&bytes), "{bytes}");
    let missing = ended.line("of the lines that were held back some are missing");
    assert_eq!((missing.number("missing_lines") as usize, &missing["held_back"]), (first, &true.into()));
    assert_eq!(missing["request_id"], ended.access()[0]["request_id"]);
}

#[test]
fn lines_outside_of_requests_and_after_their_end_follow_the_filter_alone() {
    let go = Arc::new(Notify::new());
    let waits = go.clone();
    let handler = move || async move {
        tracing::debug!("inside");
        let late = async move {
            waits.notified().await;
            says();
        };
        cupola::spawn(late);
        StatusCode::INTERNAL_SERVER_ERROR
    };
    let memory = Memory::new();
    let builder = builder(&[]).output(memory.clone()).hold_back(Level::DEBUG);
    let service = Service::run(builder, memory, Router::new().route("/fails", get(handler)));
    service.get("/fails");
    go.notify_one();
    eventually("the task speaks", || service.lines().iter().any(|line| line["message"] == "informed"));
    tracing::dispatcher::with_default(service.cupola().telemetry().dispatch(), says);
    let ended = service.stop();
    assert_eq!(story(&ended, "/fails"), ["+inside", "request completed", "informed"]);
    let messages = ended.lines().iter().filter(|line| line["message"] == "looked up").count();
    assert_eq!(messages, 0, "{}", ended.text);
}

async fn speaks_of_all() -> StatusCode {
    tracing::debug!(target: "app", "app debugs");
    tracing::warn!(target: "app", "app warns");
    tracing::debug!(target: "chatty", "chatty debugs");
    tracing::debug!(target: "silent", "silent debugs");
    tracing::error!(target: "silent", "silent fails");
    tracing::info!(target: "careful", "careful informs");
    tracing::warn!(target: "careful", "careful warns");
    let span = tracing::debug_span!(target: "app", "step", number = 7);
    span.in_scope(|| tracing::info!(target: "app", "app informs"));
    let named = tracing::info_span!(target: "app", "named");
    named.in_scope(|| tracing::trace!(target: "app", "app traces"));
    StatusCode::INTERNAL_SERVER_ERROR
}

#[test]
fn directives_keep_meaning_what_they_mean() {
    let check = |directives: &'static str, hold: &'static str, expected: &[&str]| {
        let vars = [("RUST_LOG", directives), ("CUPOLA_HOLD_BACK", hold)];
        let service = Service::start(&vars, Router::new().route("/x", get(speaks_of_all)));
        service.get("/x");
        let ended = service.stop();
        assert!(ended.lines().iter().all(|line| !line.has("number")), "the span is not wanted: {}", ended.text);
        assert_eq!(story(&ended, "/x"), expected, "{directives} {hold}");
    };
    let plain = "info,chatty=debug,silent=off,careful=warn";
    let usual = ["app warns", "chatty debugs", "careful warns", "app informs", "request completed"];
    check(plain, "off", &usual);
    let (more, end) = (["+app debugs", "+careful informs"], "request completed");
    check(plain, "debug", &[&usual[..4], &more, &[end]].concat());
    check(plain, "trace", &[&usual[..4], &more, &["+app traces", end]].concat());
    // A directive that names a span takes the other filter, which asks at each event.
    let named = "info,chatty=debug,silent=off,careful=warn,app[named]=trace";
    let usual = [&usual[..4], &["app traces"]].concat();
    check(named, "debug", &[&usual[..], &more, &[end]].concat());
}

#[test]
fn what_is_asked_is_answered_as_it_will_be() {
    let handler = |_: Request| async {
        let wanted = tracing::enabled!(Level::DEBUG);
        if wanted { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
    };
    let app = || Router::new().route("/asks", get(handler));
    let vars = [("LOG_LEVEL", "error"), ("CUPOLA_HOLD_BACK", "debug"), ("CUPOLA_REQUEST_START", "true")];
    let service = Service::start(&vars, app());
    assert_eq!(service.get("/asks").status, 500, "a line would be held");
    let ended = service.stop();
    assert_eq!(story(&ended, "/asks"), ["request completed"], "our own lines are not held");
    let service = Service::start(&[("LOG_LEVEL", "error")], app());
    assert_eq!(service.get("/asks").status, 200);
    assert!(lines(&service.stop().text).is_empty(), "an access line at INFO is not wanted");
}

#[test]
fn without_access_lines_a_failure_still_tells() {
    let vars = [("LOG_API_CALLS", "false"), ("CUPOLA_HOLD_BACK", "debug")];
    let service = Service::start(&vars, Router::new().route("/{status}", get(ends_with)));
    ["/200", "/500"].iter().for_each(|path| drop(service.get(path)));
    let ended = service.stop();
    assert_eq!(ended.access().iter().map(|line| line.number("status")).collect::<Vec<_>>(), [500.0]);
    let held = ended.lines().iter().filter(|line| line["held_back"] == true).count();
    assert_eq!(held, 2);
}
