//! A service that calls another: one line for each call, with the ids of the request on whose behalf it was made.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use bytes::Bytes;
use cupola::client::CallInfo;
use cupola_line::schema;
use cupola_tests::{Service, builder, metric};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tower::{Layer, ServiceExt};

/// A front that asks another service, and says what that says.
fn front(vars: &[(&str, &str)], back: &Service) -> Service {
    let address = back.address();
    let memory = cupola::telemetry::Memory::new();
    let builder = builder(vars).output(memory.clone());
    Service::run_with(builder, memory, move |cupola| {
        let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
        let users = cupola.call_layer().dependency("users").layer(client);
        let ask = move |path: &'static str| {
            let (users, uri) = (users.clone(), format!("http://ana:hunter2@{address}{path}?page=2&token=s3cr3t"));
            async move {
                let info = CallInfo::new().template("/users/{id}");
                let request = Request::get(uri).extension(info).body(Empty::new()).unwrap();
                match users.oneshot(request).await {
                    Ok(response) => (response.status(), response.into_body().collect().await.unwrap().to_bytes()),
                    Err(error) => (StatusCode::BAD_GATEWAY, error.to_string().into()),
                }
            }
        };
        let (found, missing) = (ask.clone(), ask);
        Router::new()
            .route("/found", get(move || found("/users/17")))
            .route("/missing", get(move || missing("/nobody")))
    })
}

#[test]
fn a_call_has_one_line_with_the_ids_of_its_request() {
    let back = Service::start(&[], Router::new().route("/users/{id}", get(|| async { "ada" })));
    let front = front(&[], &back);
    assert_eq!(front.get("/found").text(), "ada");
    assert_eq!(front.get("/missing").status, 404);
    let metrics = front.metrics();
    let (front, back) = (front.stop(), back.stop());

    let access = front.access();
    let lines = front.lines();
    let calls: Vec<_> = lines.iter().filter(|line| line["target"] == "cupola::client").collect();
    assert_eq!((access.len(), calls.len()), (2, 2), "{calls:?}");
    for (call, access) in calls.iter().zip(&access) {
        for id in ["request_id", "trace_id", "span_id"] {
            assert_eq!(call.text(id), access.text(id));
        }
        assert_eq!((call.text("dependency"), call.text("url_template")), ("users", "/users/{id}"));
        assert_eq!((call.text("outcome"), call.text("query")), ("complete", "page=2&token=[REDACTED]"));
    }
    assert!(!front.text.contains("hunter2") && !front.text.contains("s3cr3t"), "{}", front.text);
    front.text.lines().for_each(|line| assert_eq!(schema::check(line.as_bytes()), Ok(()), "{line}"));
    assert_eq!((calls[0].text("level"), calls[1].text("level")), ("INFO", "WARN"));
    assert_eq!((calls[0].number("status"), calls[0].number("response_bytes")), (200.0, 3.0));
    assert_eq!(calls[1].text("error_type"), "404");
    assert_eq!(metric(&metrics, r#"http_client_request_duration_seconds_count{"#), 1.0);

    for (asked, access) in back.access().iter().zip(&access) {
        assert_eq!(asked.text("request_id"), access.text("request_id"), "the id has travelled");
        assert_eq!(
            (asked.text("trace_id"), asked.text("parent_span_id")),
            (access.text("trace_id"), access.text("span_id"))
        );
    }
}

#[test]
fn variables_have_the_last_word() {
    let back = Service::start(&[], Router::new().route("/users/{id}", get(|| async { "ada" })));
    let front = front(&[("CUPOLA_PROPAGATE_TO", "none"), ("LOG_API_CALLS", "no")], &back);
    assert_eq!(front.get("/found").status, 200);
    let (front, back) = (front.stop(), back.stop());
    assert!(!front.lines().iter().any(|line| line["target"] == "cupola::client"));
    assert!(!back.access()[0].has("parent_span_id"));
    let error = builder(&[("CUPOLA_PROPAGATE_TO", "http://x")]).build().unwrap_err();
    assert!(error.to_string().contains("CUPOLA_PROPAGATE_TO"), "{error}");
}

/// A service that fails so many times before it answers.
fn flaky(failures: u32) -> Router {
    let asked = Arc::new(AtomicU32::new(0));
    let answer = move || {
        let number = asked.fetch_add(1, Ordering::Relaxed);
        async move { if number < failures { (StatusCode::SERVICE_UNAVAILABLE, "busy") } else { (StatusCode::OK, "ada") } }
    };
    Router::new().route("/users/{id}", get(answer))
}

#[test]
fn a_call_of_several_attempts_is_one_line_and_one_request_each() {
    let back = Service::start(&[], flaky(1));
    let base = format!("http://{}", back.address());
    let memory = cupola::telemetry::Memory::new();
    let front = Service::run_with(builder(&[]).output(memory.clone()), memory, move |cupola| {
        let users = cupola.client().base_url(base).dependency("users").build().unwrap();
        let ask = move || {
            let request = users.get_template("/users/{id}", &[("id", &17)]).query(&[("token", "s3cr3t")]);
            async move { request.send().await.unwrap().text().await.unwrap() }
        };
        Router::new().route("/found", get(ask))
    });
    assert_eq!(front.get("/found").text(), "ada");
    let (front, back) = (front.stop(), back.stop());

    let lines = front.lines();
    let call = lines.iter().find(|line| line["target"] == "cupola::client").unwrap();
    assert_eq!((call.number("attempts"), call.number("status"), call.text("level")), (2.0, 200.0, "WARN"));
    let attempts: Vec<&str> = call.text("attempt_log").lines().collect();
    assert!(attempts[0].starts_with("first status=503 "), "{attempts:?}");
    assert!(attempts[1].starts_with("retry ") && attempts[1].contains("status=200"), "{attempts:?}");
    assert!(!front.text.contains("s3cr3t"), "{}", front.text);
    front.text.lines().for_each(|line| assert_eq!(schema::check(line.as_bytes()), Ok(()), "{line}"));
    let access = &front.access()[0];
    assert_eq!(back.access().len(), 2);
    back.access().iter().for_each(|asked| assert_eq!(asked.text("request_id"), access.text("request_id")));
}

#[test]
fn bodies_and_headers_are_on_the_line_by_choice() {
    let secret = r#"{"id":7,"access_token":"s3cr3t"}"#;
    let json = move || async move { ([("content-type", "application/json"), ("set-cookie", "sid=s3cr3t")], secret) };
    let back = Service::start(&[], Router::new().route("/users/{id}", get(json)));
    let vars = [("CUPOLA_CALL_BODIES", "true"), ("CUPOLA_CALL_HEADERS", "true"), ("CUPOLA_BODY_BYTES", "40")];
    let (shown, hidden) = (front(&vars, &back), front(&[("CUPOLA_BODIES", "true")], &back));
    assert_eq!((shown.get("/found").text(), hidden.get("/found").text()), (secret.to_owned(), secret.to_owned()));
    let (shown, hidden, _) = (shown.stop(), hidden.stop(), back.stop());

    let line = shown.line("call completed");
    assert_eq!(line.text("response_body"), r#"{"id":7,"access_token":"[REDACTED]"}"#);
    assert_eq!(line.text("response_body_state"), "complete");
    assert!(line.text("response_headers").contains("content-type: application/json\n"), "{line:?}");
    assert!(!shown.text.contains("s3cr3t"), "{}", shown.text);
    shown.text.lines().for_each(|line| assert_eq!(schema::check(line.as_bytes()), Ok(()), "{line}"));
    let line = hidden.line("call completed");
    assert!(!["response_body", "response_headers", "request_headers"].iter().any(|name| line.has(name)), "{line:?}");
}
