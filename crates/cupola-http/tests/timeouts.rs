//! Timeouts: ours is known as one, a foreign one as a future that was dropped.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use cupola_context::current;
use cupola_record::Outcome;
use http::{Request, StatusCode};
use tower::timeout::TimeoutLayer;
use tower::{Layer, ServiceExt};
use tracing::Level;

use crate::support::{Frames, Records, Step, answer, call, get as request, header, in_time, read};

const SECOND: Duration = Duration::from_secs(1);

async fn slow() -> &'static str {
    tokio::time::sleep(10 * SECOND).await;
    "late"
}

#[tokio::test(start_paused = true)]
async fn our_timeout_answers_504() {
    let records = Records::new();
    let app = Router::new().route("/", get(slow)).layer(records.layer().timeout(SECOND));
    let response = call(app, request("/")).await;
    let (exchange, ended) = records.one();
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(header(&response, "x-request-id"), exchange.context.request_id().as_str());
    assert_eq!(read(response).await, "Gateway Timeout");
    assert_eq!((ended.outcome, ended.status), (Outcome::TimedOut, Some(StatusCode::GATEWAY_TIMEOUT)));
    assert_eq!((ended.level(), ended.error_type()), (Level::ERROR, Some("timed_out")));
    assert_eq!((ended.route.as_deref(), ended.total.as_secs()), (Some("/"), 1));
}

#[tokio::test(start_paused = true)]
async fn our_timeout_lets_a_late_body_pass() {
    let records = Records::new();
    let body = || http::Response::new(Frames::new([Step::Wait(5 * SECOND), Step::Data("late")]).body());
    let response = call(records.layer().timeout(SECOND).layer(answer(body)), request("/")).await;
    assert_eq!(read(response).await, "late");
    let (_, ended) = records.one();
    assert_eq!((ended.outcome, ended.status, ended.total.as_secs()), (Outcome::Complete, Some(StatusCode::OK), 5));
}

#[tokio::test(start_paused = true)]
async fn a_response_at_the_last_moment_wins() {
    let records = Records::new();
    let handler = || tokio::time::sleep(SECOND);
    let app = Router::new().route("/", get(handler)).layer(records.layer().timeout(SECOND));
    assert_eq!(call(app, request("/")).await.status(), StatusCode::OK);
    assert_eq!(records.one().1.outcome, Outcome::Complete);
}

#[tokio::test(start_paused = true)]
async fn what_timed_out_is_dropped_at_once_and_in_its_context() {
    struct Says(tokio::sync::mpsc::UnboundedSender<Option<String>>);
    impl Drop for Says {
        fn drop(&mut self) {
            let id = current().map(|context| context.request_id().as_str().to_owned());
            self.0.send(id).unwrap();
        }
    }
    let (send, mut receive) = tokio::sync::mpsc::unbounded_channel();
    let records = Records::new();
    let handler = move || {
        let says = Says(send.clone());
        async move {
            let _says = says;
            std::future::pending::<()>().await;
        }
    };
    let app = Router::new().route("/", get(handler)).layer(records.layer().timeout(SECOND));
    let response = call(app, request("/")).await;
    assert_eq!(receive.recv().await.unwrap().as_deref(), Some(header(&response, "x-request-id")));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_layer_above_shows_as_closed() {
    let records = Records::new();
    let inner = records.layer().layer(tower::service_fn(|_: Request<_>| async {
        slow().await;
        Ok::<_, std::io::Error>(http::Response::new(Body::empty()))
    }));
    let error = TimeoutLayer::new(SECOND).layer(inner).oneshot(request("/")).await.unwrap_err();
    assert!(error.is::<tower::timeout::error::Elapsed>());
    let (_, ended) = records.one();
    assert_eq!((ended.outcome, ended.status, ended.total.as_secs()), (Outcome::ClosedBeforeHead, None, 1));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_layer_further_in_is_a_response_like_any_other() {
    let records = Records::new();
    let foreign = tower_http::timeout::TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, SECOND);
    let app = Router::new().route("/", get(slow)).layer(foreign).layer(records.layer().timeout(5 * SECOND));
    read(call(app, request("/")).await).await;
    let (_, ended) = records.one();
    assert_eq!((ended.outcome, ended.status), (Outcome::Complete, Some(StatusCode::REQUEST_TIMEOUT)));
}

/// A handler that never waits uses up what tokio allows a task per poll, the timer's share too.
#[tokio::test]
async fn a_busy_handler_times_out_as_well() {
    async fn busy() {
        loop {
            tokio::task::coop::consume_budget().await;
        }
    }
    let records = Records::new();
    let app = Router::new().route("/", get(busy)).layer(records.layer().timeout(SECOND / 20));
    let response = in_time(call(app, request("/"))).await;
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(records.one().1.outcome, Outcome::TimedOut);
}
