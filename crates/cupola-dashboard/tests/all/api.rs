//! The REST API over a real store.

use std::sync::Arc;

use axum::body::Body;
use cupola_dashboard::{Api, Pages};
use cupola_store::{
    Batch, Cancel, Counted, Counts, Failed, Failures, Found, Measured, Pointed, Points, Quantiles, Query, QueryError,
    Reader, Requested, Requests, Search, Signal, Tails, Top, Topped, Trace, TraceOf, Value as Field,
};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tower::ServiceExt as _;

use crate::support::{House, now, serve};

/// Errors, requests and spans of the last minute.
fn filled() -> House {
    let house = House::new();
    let (mut logs, mut spans) = (Batch::new(Signal::Logs), Batch::new(Signal::Spans));
    let start = now().cast_signed() - 60_000_000_000;
    for number in 0..20 {
        let level = if number % 4 == 0 { "ERROR" } else { "INFO" };
        let message = format!("connection to vm-{number} lost");
        let mut row = logs.row(start + number * 1_000_000_000);
        row.set("level", Field::Text(level))
            .set("message", Field::Text(&message))
            .set("duration_ms", Field::Float(number as f64));
        row.set("route", Field::Text(if number < 15 { "/vms" } else { "/users" })).set("trace_id", Field::Id(&[7; 16]));
        row.set("tags", Field::Json(r#"{"a":[1,2]}"#)).set("ratio", Field::Float(f64::NAN));
    }
    spans.row(start).set("name", Field::Text("GET /vms")).set("trace_id", Field::Id(&[7; 16]));
    house.store().writer().offer(logs);
    house.store().writer().offer(spans);
    assert!(house.store().flush());
    house
}

async fn ask(api: &Api, path: &str) -> (u16, Value) {
    let request = Request::get(format!("/cupola/api/v1{path}")).body(Body::empty()).unwrap();
    let answer = api.clone().router().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let kind = answer.headers()["content-type"].clone();
    assert_eq!(kind, if status == 200 { "application/json" } else { "application/problem+json" }, "{path}");
    (status, serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap())
}

fn api(house: &House) -> Api {
    Api::new(Arc::new(house.reader()))
}

#[tokio::test]
async fn entries_come_page_by_page_the_newest_first() {
    let house = filled();
    let api = api(&house);
    let (status, first) = ask(&api, "/logs?query=level%3Derror&limit=3").await;
    assert_eq!((status, first["entries"].as_array().unwrap().len()), (200, 3));
    let fields = &first["entries"][0]["fields"];
    assert_eq!(fields["message"], "connection to vm-16 lost");
    assert_eq!((&fields["tags"], &fields["ratio"]), (&json!({"a": [1, 2]}), &json!("NaN")));
    assert_eq!(fields["trace_id"], "07070707070707070707070707070707");
    let time = first["entries"][0]["time"].as_str().unwrap();
    assert!(time.ends_with('Z') && time.len() == "2026-11-27T04:00:00.123456789Z".len(), "{time}");
    let cursor = first["cursor"].as_str().unwrap();
    let (_, second) = ask(&api, &format!("/logs?query=level%3Derror&limit=3&cursor={cursor}")).await;
    assert_eq!(second["entries"].as_array().unwrap().len(), 2);
    assert_eq!(second["entries"][1]["fields"]["message"], "connection to vm-0 lost");
    assert_eq!(ask(&api, "/spans").await.1["entries"][0]["fields"]["name"], "GET /vms");
    assert_eq!(ask(&api, "/metrics").await.1["entries"], json!([]));
    assert_eq!(ask(&api, "/logs?since=2001-01-01&until=2001-01-02").await.1["entries"], json!([]));
}

#[tokio::test]
async fn counts_tops_quantiles_traces_and_errors() {
    let house = filled();
    let api = api(&house);
    let (_, counted) = ask(&api, "/logs/counts?step=1m&by=level").await;
    assert_eq!(counted["total"], 20);
    let sums = counted["series"].as_array().unwrap().iter().map(|series| {
        let counts = series["counts"].as_array().unwrap().iter().map(|count| count.as_u64().unwrap());
        (series["value"].as_str().unwrap().to_owned(), counts.sum::<u64>())
    });
    assert_eq!(sums.collect::<Vec<_>>(), [("INFO".to_owned(), 15), ("ERROR".to_owned(), 5)]);
    let (_, topped) = ask(&api, "/logs/top?field=http.route&limit=1").await;
    assert_eq!((&topped["values"], &topped["others"]), (&json!([{"value": "/vms", "count": 15}]), &json!(5)));
    let (_, measured) = ask(&api, "/logs/quantiles?by=route&shares=0.5,1").await;
    let slowest = measured["measures"][0]["quantiles"]["1"].as_f64().unwrap();
    assert!((measured["measures"][0]["value"] == "/vms") && (slowest - 14.0).abs() < 0.5, "{measured}");
    let (_, trace) = ask(&api, "/traces/07070707070707070707070707070707").await;
    assert_eq!((trace["spans"].as_array().unwrap().len(), trace["logs"].as_array().unwrap().len()), (1, 20));
    let (_, failed) = ask(&api, "/errors").await;
    assert_eq!(
        failed["groups"].as_array().unwrap().iter().map(|group| group["count"].as_u64().unwrap()).sum::<u64>(),
        5
    );
    assert!(failed["groups"][0]["example"]["fields"]["message"].as_str().unwrap().starts_with("connection to vm-"));
}

#[tokio::test]
async fn what_cannot_be_answered_names_the_parameter_and_what_is_accepted() {
    let house = filled();
    let api = api(&house);
    let check = async |path: &str, parameter: &str, accepted: &str| {
        let (status, problem) = ask(&api, path).await;
        assert_eq!((status, &problem["parameter"]), (400, &json!(parameter)), "{path}");
        let said = problem["accepted"].as_str().unwrap();
        assert!(said.contains(accepted) && problem["detail"].as_str().unwrap().contains(said), "{path}: {problem}");
    };
    check("/logs?limit=0", "limit", "from 1 to 10000").await;
    check("/logs?limit=many", "limit", "a whole number").await;
    check("/logs?since=whenever", "since", "yesterday").await;
    check("/logs?query=status%3D500%20and", "query", "level>=warn").await;
    check("/logs?cursor=here", "cursor", "an earlier answer").await;
    check("/logs?lmit=5", "lmit", "query, since, until, limit, cursor").await;
    check("/logs?limit=5&limit=6", "limit", "limit").await;
    check("/logs/counts?step=soon", "step", "30s").await;
    check("/logs/top", "field", "the name of a field").await;
    check("/logs/quantiles?shares=2", "shares", "from 0 to 1").await;
    check("/errors?level=loud", "level", "warn").await;
    check("/traces/xyz", "trace_id", "32 hexadecimal digits").await;
    let (status, problem) = ask(&api, "/logs/counts?step=1ms").await;
    assert!(status == 400 && problem["detail"].as_str().unwrap().contains("too many steps"), "{problem}");
}

#[tokio::test]
async fn only_who_has_a_token_is_answered() {
    let house = filled();
    let api = api(&house).token("to read");
    assert_eq!(ask(&api, "/logs").await.0, 401);
    assert_eq!(ask(&api, "/logs/tail").await.0, 401);
    let request = Request::get("/cupola/api/v1/logs").header("authorization", "Bearer to read").body(Body::empty());
    assert_eq!(api.router().oneshot(request.unwrap()).await.unwrap().status(), 200);
}

/// A store that does something before it searches.
struct Held<F>(F, Reader);

impl<F> std::fmt::Debug for Held<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Held")
    }
}

impl<F: Fn() + Send + Sync> Query for Held<F> {
    fn search(&self, search: &Search) -> Result<Found, QueryError> {
        self.0();
        self.1.search(search)
    }
    fn counts(&self, counts: &Counts) -> Result<Counted, QueryError> {
        self.1.counts(counts)
    }
    fn top(&self, top: &Top) -> Result<Topped, QueryError> {
        self.1.top(top)
    }
    fn quantiles(&self, quantiles: &Quantiles) -> Result<Measured, QueryError> {
        self.1.quantiles(quantiles)
    }
    fn requests(&self, requests: &Requests) -> Result<Requested, QueryError> {
        self.1.requests(requests)
    }
    fn points(&self, points: &Points) -> Result<Pointed, QueryError> {
        self.1.points(points)
    }
    fn trace(&self, trace: &TraceOf) -> Result<Trace, QueryError> {
        self.1.trace(trace)
    }
    fn failures(&self, failures: &Failures) -> Result<Failed, QueryError> {
        self.1.failures(failures)
    }
}

#[tokio::test]
async fn who_waits_too_long_for_a_turn_is_told_to_come_again() {
    let (house, gate) = (House::new(), Arc::new(tokio::sync::Mutex::new(())));
    let until_open = Arc::clone(&gate);
    let held = Held(move || drop(until_open.blocking_lock()), house.reader());
    let api = Api::new(Arc::new(held)).wait(std::time::Duration::ZERO).router();
    let ask = || api.clone().oneshot(Request::get("/cupola/api/v1/logs").body(Body::empty()).unwrap());
    let closed = gate.lock().await;
    // Four get a turn, whichever they are, and are held; the one that ends is the fifth.
    let all = (0..5).map(|_| Box::pin(ask()));
    let (refused, _, held) = futures_util::future::select_all(all).await;
    let refused = refused.unwrap();
    let (head, body) = refused.into_parts();
    assert_eq!((head.status.as_u16(), &head.headers["retry-after"]), (503, &"1".parse().unwrap()));
    assert_eq!(head.headers["content-type"], "application/problem+json");
    let problem: Value = serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap();
    assert_eq!(problem["detail"], "too many others ask at the moment");
    drop(closed);
    let answered = futures_util::future::join_all(held).await;
    assert!(answered.into_iter().all(|answer| answer.unwrap().status() == 200));
    assert_eq!(ask().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_question_is_stopped_once_its_asker_has_gone() {
    let (house, (tell, mut told)) = (House::new(), tokio::sync::mpsc::unbounded_channel());
    let until_gone = move || {
        tell.send("asked").unwrap();
        while !Cancel::current().is_cancelled() {
            std::thread::yield_now();
        }
        tell.send("stopped").unwrap();
    };
    let (address, _server) = serve(Api::new(Arc::new(Held(until_gone, house.reader()))).router()).await;
    let mut asker = tokio::net::TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
    asker.write_all(b"GET /cupola/api/v1/logs HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    assert_eq!(told.recv().await, Some("asked"));
    drop(asker);
    assert_eq!(told.recv().await, Some("stopped"));
}

#[tokio::test]
async fn what_comes_in_is_told_to_who_watches() {
    let house = House::new();
    assert_eq!(ask(&api(&house), "/logs/tail").await.0, 404);
    let tails = Tails::new(1);
    let api = api(&house).tails(tails.clone());
    let watch = async || -> Response<Body> {
        let request = Request::get("/cupola/api/v1/logs/tail?query=level%3Dwarn").body(Body::empty()).unwrap();
        api.clone().router().oneshot(request).await.unwrap()
    };
    let watched = watch().await;
    assert_eq!(
        (watched.status().as_u16(), watched.headers()["content-type"].to_str().unwrap()),
        (200, "text/event-stream")
    );
    assert_eq!(watch().await.status(), 429, "one may watch");
    let mut batch = Batch::new(Signal::Logs);
    for (level, message) in [("INFO", "not this"), ("WARN", "line one\nand two")] {
        batch.row(1_795_232_762_123_456_789).set("level", Field::Text(level)).set("message", Field::Text(message));
    }
    tails.offer(&batch);
    let mut body = watched.into_body();
    let said = loop {
        let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
        if !frame.starts_with(b":") {
            break String::from_utf8(frame.to_vec()).unwrap();
        }
    };
    let entry = r#"{"time":"2026-11-21T03:46:02.123456789Z","fields":{"level":"WARN","message":"line one\nand two"}}"#;
    assert_eq!(said, format!("event: entry\ndata: {entry}\n\n"));
    drop(body);
    assert_eq!(watch().await.status(), 200, "who has left watches no more");
}

#[tokio::test]
async fn requests_and_metrics_over_time() {
    let house = filled();
    let mut metrics = Batch::new(Signal::Metrics);
    for second in 0..4_i64 {
        let mut row = metrics.row(now().cast_signed() - second * 1_000_000_000);
        row.set("metric", Field::Text("memory")).set("type", Field::Text("gauge")).set("unit", Field::Text("By"));
        row.set("host", Field::Text("a")).set("value", Field::Int(7));
    }
    house.store().writer().offer(metrics);
    assert!(house.store().flush());
    let api = api(&house);
    let (_, requests) = ask(&api, "/requests?shares=0.5&since=10m").await;
    assert_eq!(requests["rows"][0]["route"], "/vms");
    assert_eq!((&requests["rows"][0]["count"], &requests["rows"][0]["errors"]), (&json!(15), &json!(4)));
    assert_eq!(requests["rows"][0]["statuses"], json!({"none": 15}));
    let median = requests["rows"][0]["quantiles_ms"]["0.5"].as_f64().unwrap();
    assert!((median / 7.0 - 1.0).abs() < 0.012, "{median}");
    assert_eq!(requests["rows"][0]["exemplars"][0]["trace_id"], "07".repeat(16));
    let (_, all) = ask(&api, "/requests?by=all&step=5m&since=2h").await;
    assert_eq!(all["rows"].as_array().unwrap().iter().map(|row| row["count"].as_u64().unwrap()).sum::<u64>(), 20);
    let (_, points) = ask(&api, "/points?name=memory&how=most&by=host&only=host%3Da&step=2h&since=2h").await;
    assert_eq!((&points["unit"], &points["series"][0]["labels"]), (&json!("By"), &json!({"host": "a"})));
    assert!(points["series"][0]["values"].as_array().unwrap().contains(&json!(7.0)));
    for (path, named) in [
        ("/points", "name"),
        ("/points?name=memory&how=much", "how"),
        ("/points?name=memory&only=a", "only"),
        ("/requests?by=user", "by"),
        ("/requests?signal=metrics", "signal"),
        ("/requests?query=a", "query"),
    ] {
        let (status, problem) = ask(&api, path).await;
        assert_eq!((status, problem["parameter"].as_str()), (400, Some(named)), "{path} {problem}");
    }
    let (status, problem) = ask(&api, "/points?name=memory&how=rate").await;
    assert_eq!(
        (status, &problem["detail"]),
        (400, &json!("Rate is not told of a gauge: ask for Last, Mean, Least or Most"))
    );
}

/// What is no answer of the API's is a problem, too, with whatever heads belong to it.
#[tokio::test]
async fn what_is_not_there_and_what_cannot_be_done_are_problems() {
    let house = filled();
    let app = api(&house).router().merge(Pages::new(Arc::new(house.reader())).router());
    let check = async |method: &str, path: &str, status: u16, allow: Option<&str>| {
        let request =
            Request::builder().method(method).uri(format!("/cupola/api/v1{path}")).body(Body::empty()).unwrap();
        let answer = app.clone().oneshot(request).await.unwrap();
        let heads = answer.headers().clone();
        assert_eq!(answer.status().as_u16(), status, "{method} {path}");
        assert_eq!(heads["content-type"], "application/problem+json", "{method} {path}");
        assert_eq!(heads.get("allow").map(|allow| allow.to_str().unwrap()), allow, "{method} {path}");
        let problem: Value = serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap();
        assert_eq!(problem["status"], status);
        assert!(problem["detail"].as_str().unwrap().contains("accepted: "), "{problem}");
    };
    for path in ["", "/", "/lgos", "/logs/", "/logs/counts/more", "/%ff"] {
        check("GET", path, 404, None).await;
        check("POST", path, 404, None).await;
    }
    check("POST", "/logs", 405, Some("GET,HEAD")).await;
    check("DELETE", "/traces/07", 405, Some("GET,HEAD")).await;
    check("GET", "/traces/%ff", 400, None).await;
}
