//! What other layers get wrong about the metrics of requests, row by row, and what ours says.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Method, Request, Response, StatusCode};
use axum::routing::get;
use cupola::metrics::{Format, Registry, RouteMetrics};
use cupola_tests::metric;
use futures_util::{StreamExt, stream};
use http_body_util::BodyExt;
use tower::{Layer, Service, ServiceExt, service_fn};

const COUNT: &str = "http_server_request_duration_seconds_count";

struct Counted {
    registry: Registry,
    app: Router,
}

impl Counted {
    fn new() -> Self {
        let registry = Registry::new();
        let app = Router::new()
            .route("/hello/{name}", get(|| async { "hello" }))
            .route("/never", get(std::future::pending::<&'static str>))
            .route("/chunks", get(chunks))
            .fallback(|| async { StatusCode::NOT_FOUND })
            .layer(cupola::http::layer(RouteMetrics::new(&registry)));
        Self { registry, app }
    }

    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        self.app.clone().oneshot(request).await.unwrap().map(Body::new)
    }

    async fn get(&self, path: &str) -> Bytes {
        let response = self.answer(Request::get(path).body(Body::empty()).unwrap()).await;
        response.into_body().collect().await.unwrap().to_bytes()
    }

    fn metric(&self, sample: &str) -> f64 {
        metric(&self.registry.render(), sample)
    }

    fn lines(&self, start: &str) -> Vec<String> {
        self.registry.render().lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect()
    }
}

/// Three chunks of four bytes, a hundred milliseconds apart, of a length that nobody has said.
async fn chunks() -> Body {
    Body::from_stream(stream::iter(["abcd", "efgh", "ijkl"]).then(|chunk| async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok::<_, std::io::Error>(chunk)
    }))
}

/// Others stop at the head, and record 0.
#[tokio::test(start_paused = true)]
async fn a_stream_of_300_ms_took_300_ms() {
    let counted = Counted::new();
    assert_eq!(counted.get("/chunks").await, "abcdefghijkl");
    assert!((counted.metric("http_server_request_duration_seconds_sum{") - 0.3).abs() < 1e-6);
    assert!(counted.metric("cupola_http_time_to_head_seconds_sum{") < 1e-6);
}

/// One of the others records a sample for each chunk: 4, 8 and 12 bytes. Others say 0, since no length was told.
#[tokio::test(start_paused = true)]
async fn a_body_of_three_chunks_is_one_size() {
    let counted = Counted::new();
    counted.get("/chunks").await;
    assert_eq!(counted.metric("http_server_response_body_size_bytes_count{"), 1.0);
    assert_eq!(counted.metric("http_server_response_body_size_bytes_sum{"), 12.0);
}

/// In the official layer they stay active for ever, and are not counted.
#[tokio::test]
async fn five_clients_that_leave_before_the_head_are_counted_and_gone() {
    let counted = Counted::new();
    for _ in 0..5 {
        let request = Request::get("/never").body(Body::empty()).unwrap();
        let mut future = counted.app.clone().oneshot(request);
        assert!(futures_util::poll!(&mut future).is_pending());
        assert_eq!(counted.metric("http_server_active_requests{"), 1.0);
        drop(future);
    }
    assert_eq!(counted.metric("http_server_active_requests{"), 0.0);
    let counts = counted.lines(COUNT);
    assert!(counts.len() == 1 && counts[0].contains("error_type=\"closed_before_head\"") && counts[0].ends_with(" 5"));
    assert!(counted.lines("cupola_http_aborted_total{")[0].ends_with("outcome=\"closed_before_head\"} 5"));
}

/// Others do not see it.
#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_in_the_middle_is_counted() {
    let counted = Counted::new();
    let mut body = counted.answer(Request::get("/chunks").body(Body::empty()).unwrap()).await.into_body();
    body.frame().await.unwrap().unwrap();
    drop(body);
    let counts = counted.lines(COUNT);
    assert!(counts.len() == 1 && counts[0].contains("error_type=\"closed_mid_body\""), "{counts:?}");
    assert_eq!(counted.metric("http_server_response_body_size_bytes_sum{"), 4.0);
}

/// Some of the others lose it, or say nothing of what it was.
#[tokio::test]
async fn an_error_instead_of_a_response_is_counted_with_its_type() {
    let registry = Registry::new();
    let fails = service_fn(|_| async { Err::<Response<Body>, _>(std::io::Error::other("down")) });
    let mut service = cupola::http::layer(RouteMetrics::new(&registry)).layer(fails);
    service.call(Request::new(Body::empty())).await.unwrap_err();
    let text = registry.render();
    let count = text.lines().find(|line| line.starts_with(COUNT)).unwrap();
    assert!(count.contains("error_type=\"service_error\"") && !count.contains("down"), "{count}");
}

/// One of the others makes a series of each path that a scanner tries.
#[tokio::test]
async fn a_path_that_no_route_matches_is_no_label() {
    let counted = Counted::new();
    for path in ["/wp-admin.php", "/.env", "/a/b/c"] {
        counted.get(path).await;
    }
    let counts = counted.lines(COUNT);
    assert!(counts.len() == 1 && counts[0].contains("http_route=\"_UNMATCHED\"") && counts[0].ends_with(" 3"));
}

/// In one of the others it is the raw text, in another nothing.
#[tokio::test]
async fn a_method_that_nobody_knows_is_other() {
    let counted = Counted::new();
    for method in ["ATTACK", "get", "PROPFIND"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        counted.answer(Request::builder().method(method).uri("/x").body(Body::empty()).unwrap()).await;
    }
    let counts = counted.lines(COUNT);
    assert!(counts.len() == 1 && counts[0].contains("http_request_method=\"_OTHER\"") && counts[0].ends_with(" 3"));
}

/// Others take it from headers that anybody can write.
#[tokio::test]
async fn no_host_is_a_label() {
    let counted = Counted::new();
    let request = Request::get("/hello/ada").header("host", "evil.example").header("x-forwarded-host", "evil.example");
    counted.answer(request.header("x-forwarded-proto", "evil").body(Body::empty()).unwrap()).await;
    assert!(!counted.registry.render().contains("evil"));
}

/// Of the others, none that counts requests has them.
#[tokio::test]
async fn a_bucket_leads_to_the_trace_of_a_request() {
    let counted = Counted::new();
    counted.get("/hello/ada").await;
    let text = String::from_utf8(counted.registry.encode(Format::OpenMetrics)).unwrap();
    assert!(
        text.lines().any(|line| line.starts_with("http_server_request_duration") && line.contains(" # {trace_id=\""))
    );
}
