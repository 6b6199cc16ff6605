//! Two layers around one request: one id, one line, one count.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use cupola_http::layer;
use cupola_record::{AccessLog, Duties, Empty, Exchange, Record, Sink};
use http::Request;
use tower::{Layer, ServiceBuilder, ServiceExt};
use tower_http::cors::CorsLayer;

use crate::support::{Line, Lines, Records, call, get as request, header, read};

/// Counts as route metrics do: once for each exchange, however many layers tell it.
#[derive(Clone, Default)]
struct Counter(Arc<Counts>);

#[derive(Default)]
struct Counts {
    ended: AtomicU64,
    in_flight: AtomicU64,
    most: AtomicU64,
}

impl Counter {
    fn counts(&self) -> [u64; 3] {
        [&self.0.ended, &self.0.in_flight, &self.0.most].map(|count| count.load(Ordering::Relaxed))
    }
}

impl Sink for Counter {
    fn opened(&self, exchange: &Exchange) {
        if !exchange.served.contains(Duties::METRICS) {
            let now = self.0.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
            self.0.most.fetch_max(now, Ordering::Relaxed);
        }
    }

    fn record(&self, record: Record<'_>) {
        let Record::Exchange(exchange, _) = record else { return };
        if !exchange.served.contains(Duties::METRICS) {
            self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
            self.0.ended.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn duties(&self) -> Duties {
        Duties::METRICS
    }
}

/// One request through layers, the innermost first.
async fn lines_of(layers: impl IntoIterator<Item = cupola_http::ObserveLayer>) -> Vec<Line> {
    let (lines, _guard) = Lines::capture();
    let app = Router::new().route("/vms/{id}", get(|| async { "a vm" }));
    let app = layers.into_iter().fold(app, Router::layer);
    let mut asked = request("/vms/7");
    asked.extensions_mut().insert(cupola_http::Peer([8, 8, 8, 8].into()));
    asked.headers_mut().insert("x-request-id", "mine".parse().unwrap());
    let response = call(app, asked).await;
    assert_eq!(response.headers().get_all("x-request-id").iter().count(), 1);
    let id = header(&response, "x-request-id").to_owned();
    assert_eq!(read(response).await, "a vm");
    for line in lines.all() {
        assert_eq!(line.get("request_id"), id);
    }
    lines.all()
}

fn assert_one_line(lines: &[Line]) {
    let [line] = lines else { panic!("{lines:#?}") };
    assert_eq!((line.message(), line.get("route"), line.get("status")), ("request completed", "/vms/{id}", "200"));
    assert_eq!((line.get("client_request_id"), line.get("response_bytes")), ("mine", "4"));
}

#[tokio::test]
async fn one_access_log_alone() {
    assert_one_line(&lines_of([layer(AccessLog::new())]).await);
}

#[tokio::test]
async fn two_access_logs_write_one_line() {
    assert_one_line(&lines_of([layer(AccessLog::new()), layer(AccessLog::new())]).await);
    let three = [layer(AccessLog::new()), layer(Empty), layer(AccessLog::new())];
    assert_one_line(&lines_of(three).await);
}

#[tokio::test]
async fn ids_outside_and_the_log_inside_write_one_line() {
    assert_one_line(&lines_of([layer(AccessLog::new()), layer(Empty)]).await);
}

#[tokio::test]
async fn two_start_lines_are_one_too() {
    let both = || layer(AccessLog::new().start_line(true));
    let lines = lines_of([both(), both()]).await;
    let messages: Vec<_> = lines.iter().map(Line::message).collect();
    assert_eq!(messages, ["request started", "request completed"]);
}

#[tokio::test]
async fn log_outside_and_log_with_metrics_inside() {
    let counter = Counter::default();
    let inner = layer(AccessLog::new().and(counter.clone()));
    assert_one_line(&lines_of([inner, layer(AccessLog::new())]).await);
    assert_eq!(counter.counts(), [1, 0, 1]);
}

#[tokio::test]
async fn metrics_in_both_layers_count_once() {
    let counter = Counter::default();
    let both = || layer(AccessLog::new().and(counter.clone()));
    assert_one_line(&lines_of([both(), both()]).await);
    assert_eq!(counter.counts(), [1, 0, 1]);
}

#[tokio::test]
async fn bytes_of_the_request_are_counted_once() {
    let (outer, inner) = (Records::new(), Records::new());
    let app = Router::new().route("/", post(|_: String| async {})).layer(inner.layer()).layer(outer.layer());
    read(call(app, Request::post("/").body("hello".into()).unwrap()).await).await;
    for (exchange, ended) in [outer.one(), inner.one()] {
        assert_eq!(ended.request_bytes, 5, "{:?}", exchange.served);
    }
}

#[tokio::test]
async fn both_layers_have_one_context_and_the_same_trace() {
    let (outer, inner) = (Records::new(), Records::new());
    let app = Router::new().route("/", get(|| async {})).layer(inner.layer()).layer(outer.layer());
    read(call(app, request("/")).await).await;
    assert!(outer.one().0.context.is(&inner.one().0.context));
}

#[tokio::test]
async fn requests_that_run_side_by_side_do_not_mix() {
    let (outer, inner) = (Records::new(), Records::new());
    let app = Router::new().route("/", get(|| async {})).layer(inner.layer()).layer(outer.layer());
    let calls = (0..50).map(|_| async { header(&call(app.clone(), request("/")).await, "x-request-id").to_owned() });
    let mut ids = futures_util::future::join_all(calls).await;
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 50);
    outer.now(50);
    inner.now(50);
}

#[tokio::test]
async fn layers_that_answer_by_themselves_may_stand_outside() {
    // CORS answers a preflight with a body of its own, made of nothing.
    let records = Records::new();
    let stack = ServiceBuilder::new().layer(CorsLayer::permissive()).layer(records.layer());
    let app = Router::new().route("/", get(|| async { "hello" })).layer(stack);
    let preflight = Request::options("/").header("access-control-request-method", "GET");
    assert_eq!(read(call(app.clone(), preflight.body("".into()).unwrap()).await).await, "");
    records.now(0);
    assert_eq!(read(call(app, request("/")).await).await, "hello");
    records.now(1);
}

/// Whoever keeps a request's extensions for a request of its own does not hide that one behind an exchange that is over.
#[tokio::test]
async fn a_context_whose_request_has_ended_serves_no_other() {
    let records = Records::new();
    let app = Router::new().route("/", get(|| async {})).layer(records.layer());
    call(app.clone(), request("/")).await;
    let first = records.one().0.context;
    let mut second = request("/");
    second.extensions_mut().insert(first.clone());
    call(app, second).await;
    assert!(!records.wait_for(2).await[1].0.context.is(&first));
}

/// A middleware between two layers may try again: both attempts are the outer request's.
#[tokio::test]
async fn a_second_attempt_between_two_layers_is_the_same_request() {
    let (outer, inner) = (Records::new(), Records::new());
    let service =
        inner.layer().layer(tower::service_fn(|_| async { Ok::<_, Infallible>(http::Response::new(Body::empty())) }));
    let twice = tower::service_fn(move |asked: Request<cupola_http::RequestBody<Body>>| {
        let attempt = || {
            let mut attempt = Request::new(Body::empty());
            *attempt.extensions_mut() = asked.extensions().clone();
            service.clone().oneshot(attempt)
        };
        let (first, second) = (attempt(), attempt());
        async move {
            drop(first.await);
            second.await
        }
    });
    drop(outer.layer().layer(twice).oneshot(request("/")).await);
    let context = outer.one().0.context;
    assert!(inner.now(2).iter().all(|(attempt, _)| attempt.context.is(&context)));
}
