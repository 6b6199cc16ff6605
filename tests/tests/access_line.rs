//! The access line and the lines around it, from a socket to the log.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post};
use cupola_tests::{Answer, Ended, Line, Service, metric};

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn app() -> Router {
    Router::new()
        .route("/vms/{id}", get(show_vm).post(show_vm))
        .route("/fields", get(fields))
        .route("/spans", get(spans))
        .route("/secrets", get(secrets))
        .route("/users", post(login))
        .route("/slow", get(slow))
        .route("/endless", get(std::future::pending::<&'static str>))
        .route("/failing", get(|| async { StatusCode::SERVICE_UNAVAILABLE }))
        .route("/panicking", get(panicking))
}

async fn show_vm(Path(id): Path<String>, body: String) -> String {
    tracing::info!(bytes = body.len(), "showing");
    format!("vm {id}\n")
}

async fn panicking() -> &'static str {
    std::panic::resume_unwind(Box::new("no more machines, password=hunter2"))
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_millis(30)).await;
    "slow"
}

/// Runs one service for these requests.
fn run(vars: &[(&str, &str)], ask: impl FnOnce(&Service)) -> Ended {
    let service = Service::start(vars, app());
    ask(&service);
    service.stop()
}

fn one_access(vars: &[(&str, &str)], path: &str) -> Line {
    let ended = run(vars, |service| drop(service.get(path)));
    let access = ended.access();
    assert_eq!(access.len(), 1, "{}", ended.text);
    access[0].clone()
}

#[test]
fn it_says_everything_of_its_exchange() {
    let mut answer = Answer::default();
    let ended = run(&[], |service| {
        let header = format!("Traceparent: {TRACE}\r\nUser-Agent: tests/1.0\r\n");
        answer = service.client().get("/vms/7?page=2&token=hunter2", &header);
    });
    assert_eq!((answer.status, answer.text().as_str()), (200, "vm 7\n"));
    let line = &ended.access()[0];
    assert_eq!((line.text("level"), line.text("category")), ("INFO", "api"));
    assert_eq!((line.text("target"), line.text("message")), ("cupola::http", "request completed"));
    assert_eq!((line.text("method"), line.text("route"), line.text("path")), ("GET", "/vms/{id}", "/vms/7"));
    assert_eq!(line.text("query"), "page=2&token=[REDACTED]");
    assert_eq!((line.number("status"), line.text("outcome")), (200.0, "complete"));
    assert_eq!(line.text("request_id"), answer.header("x-request-id"));
    assert_eq!(line.text("trace_id"), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!((line.text("span_id").len(), line.text("parent_span_id")), (16, "b7ad6b7169203331"));
    assert_eq!((line.text("client_ip"), line.text("user_agent")), ("127.0.0.1", "tests/1.0"));
    assert_eq!((line.text("host"), line.text("scheme"), line.text("protocol")), ("test", "http", "1.1"));
    assert_eq!((line.number("request_bytes"), line.number("response_bytes")), (0.0, 5.0));
    assert!(line.number("head_ms") > 0.0 && line.number("head_ms") <= line.number("duration_ms"), "{line}");
    for absent in ["slow", "error", "error_type", "grpc_status", "client_request_id", "linked_trace_id", "request_body"]
    {
        assert!(!line.has(absent), "{absent}: {line}");
    }
    let inside = ended.line("showing");
    for id in ["request_id", "trace_id", "span_id"] {
        assert_eq!(inside.text(id), line.text(id), "{id}");
    }
}

#[test]
fn its_level_and_error_follow_the_end() {
    let ended = run(&[], |service| {
        for path in ["/nowhere", "/failing", "/panicking"] {
            let answer = service.get(path);
            assert!(answer.status >= 400 && !answer.header("x-request-id").is_empty());
        }
        let mut gone = service.client();
        gone.send("GET /endless HTTP/1.1\r\nHost: test\r\n\r\n");
        drop(gone);
        cupola_tests::eventually("the client's leaving is seen", || {
            service.lines().iter().any(|line| line["outcome"] == "closed_before_head")
        });
    });
    let access = ended.access();
    let said: Vec<_> = access
        .iter()
        .map(|line| (line.text("level"), line.text("outcome"), line["status"].as_u64(), line["error_type"].as_str()))
        .collect();
    assert_eq!(
        said,
        [
            ("WARN", "complete", Some(404), None),
            ("ERROR", "complete", Some(503), Some("503")),
            ("ERROR", "panicked", Some(500), Some("panicked")),
            ("WARN", "closed_before_head", None, Some("closed_before_head")),
        ]
    );
    assert!(!access[0].has("route"), "an unmatched path is no route");
    assert_eq!(access[2].text("error"), "no more machines, password=[REDACTED]");
}

/// Says things of its request in every way there is.
async fn fields() -> &'static str {
    cupola::context::set("vm_id", "vm-7");
    cupola::context::set("tries", 1);
    cupola::context::set("tries", 2);
    cupola::context::set("level", "of the user");
    cupola::context::set("timestamp", "of the user");
    cupola::context::set("status", "of the context");
    cupola::context::add("tokens_used", 40_u64);
    let task = cupola::spawn(async {
        tokio::task::yield_now().await;
        cupola::context::set("told_by", "a task");
        cupola::context::add("tokens_used", 2_u64);
        tracing::info!("in the task");
    });
    task.await.unwrap();
    let blocking = cupola::spawn_blocking(|| cupola::context::set("told_too_by", "a thread"));
    assert!(blocking.await.unwrap());
    tracing::info!(vm_id = "the event's own", level = "none", timestamp = 7, target = "a field", "at the end");
    "ok"
}

#[test]
fn fields_and_totals_of_handlers_and_their_tasks_are_on_it() {
    let ended = run(&[], |service| {
        service.get("/fields");
        service.get("/vms/7");
    });
    let access = ended.access();
    let line = &access[0];
    assert_eq!((line.text("vm_id"), line.number("tries"), line.text("told_by")), ("vm-7", 2.0, "a task"));
    assert_eq!((line.text("told_too_by"), line.number("tokens_used")), ("a thread", 42.0));
    assert_eq!(line.number("status"), 200.0, "the line's own field wins over the context's");
    assert_eq!((line.text("level"), line.text("fields.level")), ("INFO", "of the user"));
    assert!(line.text("timestamp").starts_with("20") && line.text("fields.timestamp") == "of the user");

    let task = ended.line("in the task");
    assert_eq!((task.text("request_id"), task.text("vm_id")), (line.text("request_id"), "vm-7"));
    assert!(!task.has("tokens_used"), "sums are told at the end");
    let last = ended.line("at the end");
    assert_eq!((last.text("vm_id"), last.text("told_by")), ("the event's own", "a task"));
    assert_eq!((last.text("level"), last.text("fields.level")), ("INFO", "none"));
    assert_eq!((last.number("fields.timestamp"), last.text("fields.target")), (7.0, "a field"));
    assert!(last.text("target").starts_with("access_line"));

    for absent in ["vm_id", "told_by", "tokens_used"] {
        assert!(!access[1].has(absent), "another request's field: {}", access[1]);
    }
}

#[tracing::instrument(fields(depth = "outer", only_outer = 1, late = tracing::field::Empty))]
async fn outer(given: u32) {
    cupola::context::set("depth", "context");
    tracing::Span::current().record("late", "recorded");
    inner("token-hunter2").await;
    tracing::info!("outside");
}

#[tracing::instrument(fields(depth = "inner", message = "a span's own", level = 5))]
async fn inner(token: &str) {
    tracing::info!("inside");
    tokio::task::yield_now().await;
    tracing::info!(depth = "event", "inside with its own");
}

async fn spans() -> &'static str {
    outer(7).await;
    tracing::info!("without a span");
    "ok"
}

#[test]
fn fields_of_spans_are_on_the_lines_inside_and_the_nearest_wins() {
    let ended = run(&[], |service| drop(service.get("/spans")));
    let inside = ended.line("inside");
    assert_eq!((inside.text("depth"), inside.number("only_outer")), ("inner", 1.0));
    assert_eq!((inside.number("given"), inside.text("late")), (7.0, "recorded"));
    assert_eq!((inside.text("fields.message"), inside.number("fields.level")), ("a span's own", 5.0));
    assert_eq!(inside.text("token"), "[REDACTED]");
    assert_eq!(ended.line("inside with its own").text("depth"), "event");
    assert_eq!(ended.line("outside").text("depth"), "outer");
    assert_eq!(ended.line("without a span").text("depth"), "context");
    assert!(!ended.access()[0].has("only_outer"), "the exchange is around the spans");
}

async fn secrets() -> &'static str {
    let password = "hunter2";
    cupola::context::set("api_key", "sk-hunter2");
    cupola::context::set("accessToken", String::from("hunter2"));
    cupola::context::set("max_tokens", 12);
    cupola::context::add("secret", 7_u64);
    tracing::info!(password, user.password = "hunter2", "X-Api-Key" = "hunter2", debugSecret = ?password, "secrets");
    "ok"
}

#[test]
fn secrets_are_masked_by_their_names_wherever_they_are_said() {
    let ended = run(&[], |service| drop(service.client().get("/secrets?api_key=hunter2", "Cookie: a=hunter2\r\n")));
    assert!(!ended.text.contains("hunter2"), "{}", ended.text);
    let line = ended.line("secrets");
    for field in ["password", "user.password", "X-Api-Key", "debugSecret", "api_key", "accessToken"] {
        assert_eq!(line.text(field), "[REDACTED]", "{field}");
    }
    let access = &ended.access()[0];
    assert_eq!((access.text("api_key"), access.number("max_tokens")), ("[REDACTED]", 12.0));
    assert_eq!((access.text("secret"), access.text("query")), ("[REDACTED]", "api_key=[REDACTED]"));
}

#[test]
fn a_request_that_begins_has_a_line_if_wanted() {
    let ended = run(&[("CUPOLA_REQUEST_START", "true")], |service| {
        service.client().get("/vms/7?page=2&token=hunter2", "User-Agent: tests/1.0\r\n");
    });
    let (start, end) = (ended.line("request started"), ended.line("request completed"));
    assert_eq!(start.text("request_id"), end.text("request_id"));
    assert_eq!((start.text("trace_id"), start.text("span_id")), (end.text("trace_id"), end.text("span_id")));
    assert_eq!((start.text("method"), start.text("path"), start.text("query_names")), ("GET", "/vms/7", "page,token"));
    assert_eq!((start.text("client_ip"), start.text("user_agent")), ("127.0.0.1", "tests/1.0"));
    assert_eq!(start.text("category"), "api");
}

async fn login(body: String) -> ([(&'static str, &'static str); 1], String) {
    ([("content-type", "application/json")], format!(r#"{{"length":{},"access_token":"hunter2"}}"#, body.len()))
}

#[test]
fn bodies_are_shown_masked_if_wanted() {
    let body = r#"{"user":"grace","password":"hunter2","card":{"cvv":"123"}}"#;
    let ask = |service: &Service| {
        assert_eq!(service.client().post("/users", "application/json", body).status, 200);
        service.client().post("/users", "image/png", "hunter2");
    };
    let ended = run(&[("CUPOLA_BODIES", "true")], ask);
    assert!(!ended.text.contains("hunter2"), "{}", ended.text);
    let access = ended.access();
    let shown = r#"{"user":"grace","password":"[REDACTED]","card":{"cvv":"[REDACTED]"}}"#;
    assert_eq!((access[0].text("request_body"), access[0].text("request_body_state")), (shown, "complete"));
    assert_eq!(access[0].text("response_body"), r#"{"length":58,"access_token":"[REDACTED]"}"#);
    assert_eq!(access[0].text("response_body_state"), "complete");
    assert_eq!(access[1].text("request_body_state"), "skipped_media_type");
    assert!(!access[1].has("request_body"));
    let ended = run(&[], ask);
    assert!(!ended.access()[0].has("request_body_state") && !ended.text.contains("grace"));
    let ended = run(&[("CUPOLA_BODIES", "yes"), ("CUPOLA_BODY_BYTES", "20")], ask);
    assert_eq!(ended.access()[0].text("request_body_state"), "truncated");
    assert!(ended.access()[0].text("request_body").len() <= 20);
}

#[test]
fn headers_are_shown_masked_if_wanted() {
    let ask =
        |service: &Service| drop(service.client().get("/vms/7", "Authorization: Bearer hunter2\r\nX-Own: mine\r\n"));
    let ended = run(&[("CUPOLA_HEADERS", "true")], ask);
    assert!(!ended.text.contains("hunter2"), "{}", ended.text);
    let access = ended.access();
    let (asked, answered) = (access[0].text("request_headers"), access[0].text("response_headers"));
    assert!(asked.contains("host: test\n") && asked.contains("authorization: Bearer [REDACTED]"), "{asked}");
    assert!(asked.contains("x-own: [REDACTED]"), "{asked}");
    assert!(answered.contains("content-type: text/plain; charset=utf-8"), "{answered}");
    assert!(!run(&[], ask).access()[0].has("request_headers"));
}

#[test]
fn without_access_lines_metrics_still_count() {
    let mut metrics = String::new();
    let ended = run(&[("LOG_API_CALLS", "false")], |service| {
        service.get("/vms/7");
        metrics = service.metrics();
    });
    assert_eq!(ended.access().len(), 0);
    assert!(ended.line("showing").has("request_id"), "other lines still know their request");
    let count = r#"http_server_request_duration_seconds_count{http_request_method="GET",http_route="/vms/{id}""#;
    assert_eq!(metric(&metrics, count), 1.0);
}

#[test]
fn what_is_skipped_has_no_line_and_no_count_but_an_id() {
    let mut metrics = String::new();
    let ended = run(&[("CUPOLA_SKIP", "/vms/*, /slow")], |service| {
        assert!(!service.get("/vms/7").header("x-request-id").is_empty());
        service.get("/slow");
        service.get("/healthz");
        service.get("/fields");
        metrics = service.metrics();
    });
    let access = ended.access();
    assert_eq!((access.len(), access[0].text("route")), (1, "/fields"));
    assert!(ended.line("showing").has("request_id"));
    assert!(!metrics.contains("/vms") && !metrics.contains("/slow") && !metrics.contains("/healthz"), "{metrics}");
}

#[test]
fn what_takes_too_long_is_marked() {
    let slow = one_access(&[("CUPOLA_SLOW_MS", "10")], "/slow");
    assert_eq!((&slow["slow"], slow.text("level")), (&true.into(), "WARN"));
    assert!(!one_access(&[("CUPOLA_SLOW_MS", "20000")], "/slow").has("slow"));
}

#[test]
fn our_own_timeout_is_an_end_of_its_own() {
    let late = one_access(&[("CUPOLA_TIMEOUT_MS", "5")], "/slow");
    assert_eq!((late.text("outcome"), late.number("status")), ("timed_out", 504.0));
    assert_eq!((late.text("level"), late.text("error_type")), ("ERROR", "timed_out"));
}

#[test]
fn directives_decide_what_is_logged() {
    let lines_with = |vars: &[(&str, &str)]| {
        let ended = run(vars, |service| {
            service.get("/vms/7");
            service.get("/nowhere");
        });
        let lines = ended.lines();
        lines.iter().map(|line| line.text("message").to_owned()).collect::<Vec<_>>()
    };
    let all = ["listening", "showing", "request completed", "request completed", "stopped"];
    assert_eq!(lines_with(&[]), all);
    assert_eq!(lines_with(&[("RUST_LOG", "cupola::http=info")]), ["request completed", "request completed"]);
    assert_eq!(lines_with(&[("RUST_LOG", "info,cupola::http=off")]), ["listening", "showing", "stopped"]);
    assert_eq!(lines_with(&[("LOG_LEVEL", "warn")]), ["request completed"], "the 404");
    assert_eq!(lines_with(&[("LOG_LEVEL", "off")]), [""; 0]);
    assert_eq!(lines_with(&[("LOG_LEVEL", "off"), ("RUST_LOG", "info")]), all);
    assert_eq!(lines_with(&[("LOG_LEVEL", "off"), ("RUST_LOG", " ")]), [""; 0], "an empty value is unset");
}

#[test]
fn a_stranger_is_not_believed_unless_trust_says_so() {
    let ask = |service: &Service| {
        let answer = service.client().get("/vms/7", &format!("X-Request-Id: order-7\r\nTraceparent: {TRACE}\r\n"));
        assert!(!answer.header("x-request-id").is_empty());
    };
    let line = run(&[("CUPOLA_TRUST", "never")], ask).access()[0].clone();
    assert_eq!((line.text("client_request_id"), line.text("request_id").len()), ("order-7", 36));
    assert_eq!(line.text("linked_trace_id"), "0af7651916cd43dd8448eb211c80319c");
    assert_ne!(line.text("trace_id"), line.text("linked_trace_id"));
    let line = run(&[("CUPOLA_TRUST", "always")], ask).access()[0].clone();
    assert_eq!((line.text("request_id"), line.has("client_request_id")), ("order-7", false));
}

#[test]
fn new_ids_look_as_wanted() {
    let id = |format| one_access(&[("CUPOLA_REQUEST_ID", format)], "/vms/7");
    assert_eq!((id("uuid7").text("request_id").len(), &id("uuid7").text("request_id")[14..15]), (36, "7"));
    assert_eq!(&id("uuid4").text("request_id")[14..15], "4");
    assert_eq!(id("ulid").text("request_id").len(), 26);
    let line = id("trace-id");
    assert_eq!(line.text("request_id"), line.text("trace_id"));
}

#[test]
fn a_span_that_threads_share_loses_no_field() {
    let memory = cupola::telemetry::Memory::new();
    let cupola = cupola_tests::builder(&[]).output(memory.clone()).build().unwrap();
    let dispatch = cupola.telemetry().dispatch();
    let empty = tracing::field::Empty;
    let span = tracing::dispatcher::with_default(dispatch, || {
        tracing::info_span!("shared", owner = "ada", first = empty, second = empty)
    });
    std::thread::scope(|scope| {
        let record = |field: &'static str| {
            let span = &span;
            scope.spawn(move || {
                for number in 1..=2_000_u64 {
                    span.record(field, number);
                }
            })
        };
        let recording = [record("first"), record("second")];
        tracing::dispatcher::with_default(dispatch, || {
            while !recording.iter().all(|thread| thread.is_finished()) {
                span.in_scope(|| tracing::info!("meanwhile"));
            }
            span.in_scope(|| tracing::info!("at last"));
        });
    });
    cupola.telemetry().shutdown(Duration::from_secs(10));
    let lines = cupola_tests::lines(&memory.text());
    assert!(lines.len() > 1 && lines.iter().all(|line| line["owner"] == "ada"));
    let last = lines.last().unwrap();
    assert_eq!((last.number("first"), last.number("second")), (2_000.0, 2_000.0));
}

#[test]
fn sampled_lines_keep_what_went_wrong_and_what_was_slow() {
    let vars = [("CUPOLA_LOG_SAMPLE", "0"), ("CUPOLA_SLOW_MS", "20"), ("CUPOLA_REQUEST_START", "true")];
    let ended = run(&vars, |service| {
        for path in ["/vms/1", "/vms/2", "/nowhere", "/failing", "/slow"] {
            service.get(path);
        }
    });
    let paths: Vec<&str> =
        ended.text.lines().filter_map(|line| line.split_once(r#""path":""#)).map(|(_, rest)| rest).collect();
    let paths: Vec<&str> = paths.into_iter().filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(paths, ["/nowhere", "/failing", "/slow"], "{}", ended.text);
}
