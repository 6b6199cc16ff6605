//! `/healthz` and `/readyz` over real sockets: the status is for everybody, the reasons for one's own people.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use cupola::http::Check;
use cupola_tests::{Answer, Service};
use serde_json::{Value, json};

fn json_of(answer: &Answer) -> Value {
    assert_eq!(answer.header("content-type"), "application/json");
    serde_json::from_slice(&answer.body).unwrap()
}

/// A check that is well while the flag is up.
fn flagged(name: &str, flag: &Arc<AtomicBool>) -> Check {
    let flag = flag.clone();
    let check = Check::new(name, move || {
        let is_up = flag.load(Ordering::Relaxed);
        async move { if is_up { Ok(()) } else { Err("no connection to postgres://app:hunter2@db/app") } }
    });
    check.cached_for(Duration::ZERO)
}

#[test]
fn without_checks_a_process_that_answers_is_well() {
    let service = Service::start(&[("CUPOLA_TRUST", "never")], Router::new());
    for path in ["/healthz", "/readyz"] {
        let answer = service.get(path);
        assert_eq!((answer.status, answer.text().as_str()), (200, "ok\n"), "{path}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    assert!(service.stop().access().is_empty(), "and nothing of it is recorded");
}

#[test]
fn a_failing_check_is_503_and_only_ones_own_people_learn_why() {
    let flag = Arc::new(AtomicBool::new(true));
    let service = Service::start(&[], Router::new());
    service.cupola().ready_check(flagged("store", &flag));
    service.cupola().ready_check(Check::new("queue", || async { Ok::<_, String>(()) }));
    assert_eq!(json_of(&service.get("/readyz"))["status"], "ok");

    flag.store(false, Ordering::Relaxed);
    let mut answer = service.get("/readyz");
    let detail = json_of(&answer);
    assert_eq!((answer.status, &detail["status"], &detail["service"]), (503, &json!("failing"), &json!("tested")));
    let checks = detail["checks"].as_array().unwrap();
    assert_eq!((&checks[0]["name"], &checks[0]["status"]), (&json!("store"), &json!("failed")));
    assert_eq!(checks[0]["error"], "no connection to postgres://[REDACTED]@db/app");
    assert_eq!(
        (&checks[1]["name"], &checks[1]["status"], checks[1].get("error")),
        (&json!("queue"), &json!("ok"), None)
    );
    assert_eq!(service.get("/healthz").status, 200, "readiness is no reason to be restarted");

    // The same from behind a proxy, which is trusted and whose client is not known.
    for header in ["X-Forwarded-For: 10.0.0.9", "Forwarded: for=10.0.0.9", "X-Real-IP: 10.0.0.9", "Via: 1.1 edge"] {
        answer = service.client().get("/readyz", &format!("{header}\r\n"));
        assert_eq!((answer.status, answer.text().as_str()), (503, "failing\n"), "{header}");
    }
    flag.store(true, Ordering::Relaxed);
    assert_eq!(service.get("/readyz").status, 200);
    let ended = service.stop();
    let said = ended.line("a health check fails");
    assert_eq!((said.text("check"), said.text("error")), ("store", "no connection to postgres://[REDACTED]@db/app"));
    assert_eq!(ended.line("a health check is well again").text("check"), "store");
}

#[test]
fn the_client_behind_stated_proxies_decides() {
    let service = Service::start(&[("CUPOLA_TRUST", "private;hops=1")], Router::new());
    let asked = |header: &str| service.client().get("/readyz", &format!("{header}\r\n")).text();
    assert!(asked("X-Forwarded-For: 10.0.0.9").starts_with('{'));
    assert_eq!(asked("X-Forwarded-For: 203.0.113.9"), "ok\n");
    assert_eq!(asked("X-Forwarded-For: 10.0.0.9, 203.0.113.9"), "ok\n");
    assert_eq!(asked("X-Forwarded-For: 203.0.113.9, 10.0.0.9"), "ok\n", "it has come through one more");
    assert_eq!(asked("X-Forwarded-For: 10.0.0.9\r\nForwarded: for=10.0.0.8"), "ok\n");
    service.stop();
}

#[test]
fn a_check_that_hangs_or_panics_fails_in_time_and_requests_go_on() {
    let service = Service::start(&[], Router::new().route("/", axum::routing::get(|| async { "here" })));
    let hangs = Check::new("hangs", std::future::pending::<Result<(), String>>);
    service.cupola().health_check(hangs.timeout(Duration::from_millis(50)));
    let panics = Check::new("panics", || async {
        assert!(std::hint::black_box(false), "a client with password=hunter2");
        Ok::<_, String>(())
    });
    service.cupola().health_check(panics);
    let answer = service.get("/healthz");
    let detail = json_of(&answer);
    let statuses: Vec<&Value> = detail["checks"].as_array().unwrap().iter().map(|check| &check["status"]).collect();
    assert_eq!((answer.status, statuses), (503, vec![&json!("timed_out"), &json!("panicked")]));
    assert_eq!(detail["checks"][1]["error"], "a client with password=[REDACTED]");
    assert_eq!((service.get("/").text().as_str(), service.get("/readyz").status), ("here", 200));
    service.stop();
}

#[test]
fn however_many_ask_a_check_is_asked_once() {
    let asked = Arc::new(AtomicUsize::new(0));
    let service = Service::start(&[], Router::new());
    let count = asked.clone();
    let counted = Check::new("store", move || {
        count.fetch_add(1, Ordering::Relaxed);
        async { Ok::<_, String>(()) }
    });
    service.cupola().ready_check(counted.cached_for(Duration::from_secs(600)));
    let address = service.address();
    let clients = (0..8).map(|_| {
        std::thread::spawn(move || {
            let mut client = cupola_tests::Client::connect(address);
            (0..50).for_each(|_| assert_eq!(client.get("/readyz", "").status, 200));
        })
    });
    clients.collect::<Vec<_>>().into_iter().for_each(|client| client.join().unwrap());
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    service.stop();
}

#[test]
fn whoever_drains_is_asked_nothing() {
    let asked = Arc::new(AtomicUsize::new(0));
    let service = Service::start(&[], Router::new());
    let count = asked.clone();
    service.cupola().ready_check(Check::new("store", move || {
        count.fetch_add(1, Ordering::Relaxed);
        async { Ok::<_, String>(()) }
    }));
    service.cupola().drain();
    let answer = service.get("/readyz");
    assert_eq!((answer.status, &json_of(&answer)["status"]), (503, &json!("draining")));
    let answer = service.client().get("/readyz", "Via: 1.1 edge\r\n");
    assert_eq!((answer.status, answer.text().as_str()), (503, "shutting down\n"));
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    service.stop();
}
