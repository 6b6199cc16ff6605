//! Panics: told apart from clients that leave, whoever catches them, and never shown unmasked.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use cupola_record::{Ended, Outcome};
use futures_util::FutureExt;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Level;

use crate::support::{Frames, Records, Step, answer, call, get as request, header, raw, read, serve, serve_service};

const SECRET: &str = "cannot log in with password=hunter2";

async fn panics() -> &'static str {
    panic!("{SECRET}")
}

fn error(ended: &Ended) -> &str {
    ended.error.as_ref().map_or("", |text| text.as_str())
}

fn assert_masked(ended: &Ended) {
    let error = error(ended);
    assert!(error.starts_with("cannot log in") && !error.contains("hunter2"), "{error:?}");
}

#[tokio::test]
async fn handler_panic_caught_by_us() {
    let records = Records::new();
    let address = serve(Router::new().route("/", get(panics)).layer(records.layer().catch_panics())).await;
    let seen = raw(address, "GET", "/").await;
    let (exchange, ended) = records.ended().await;
    assert!(seen.starts_with("HTTP/1.1 500") && seen.ends_with("Internal Server Error"), "{seen}");
    assert!(seen.contains(&format!("x-request-id: {}\r\n", exchange.context.request_id())), "{seen}");
    assert!(!seen.contains("hunter2"));
    assert_eq!((ended.outcome, ended.status), (Outcome::Panicked, Some(StatusCode::INTERNAL_SERVER_ERROR)));
    assert_eq!((ended.level(), ended.error_type()), (Level::ERROR, Some("panicked")));
    assert_eq!((ended.route.as_deref(), ended.response_bytes), (Some("/"), 21));
    assert_masked(&ended);
}

#[tokio::test]
async fn handler_panic_caught_by_a_layer_above() {
    let records = Records::new();
    let app = Router::new().route("/", get(panics)).layer(records.layer()).layer(CatchPanicLayer::new());
    let response = call(app, request("/")).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let (_, ended) = records.one();
    assert_eq!((ended.outcome, ended.status), (Outcome::Panicked, None));
    assert_masked(&ended);
}

#[tokio::test]
async fn handler_panic_that_nobody_catches() {
    let records = Records::new();
    let address = serve(Router::new().route("/", get(panics)).layer(records.layer())).await;
    assert_eq!(raw(address, "GET", "/").await, "", "the connection just closes");
    assert_eq!(records.ended().await.1.outcome, Outcome::Panicked);
}

#[tokio::test]
async fn panic_in_call_itself() {
    let service = || service_fn(|_| -> std::future::Ready<Result<Response<Body>, BoxError>> { panic!("{SECRET}") });
    let records = Records::new();
    let response = call(records.layer().catch_panics().layer(service()), request("/")).await;
    let (exchange, ended) = records.one();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(header(&response, "x-request-id"), exchange.context.request_id().as_str());
    assert_eq!(ended.outcome, Outcome::Panicked);
    assert_masked(&ended);

    let records = Records::new();
    let mut uncaught = records.layer().layer(service());
    let caught = std::panic::catch_unwind(AssertUnwindSafe(|| drop(uncaught.call(request("/")))));
    assert_eq!(caught.unwrap_err().downcast_ref::<String>().unwrap(), SECRET, "the panic goes on as it was");
    let (_, ended) = records.one();
    assert_eq!(ended.outcome, Outcome::Panicked);
    assert_masked(&ended);
    assert!(cupola_context::current().is_none());
}

type BoxError = Box<dyn std::error::Error>;

#[tokio::test]
async fn panic_in_the_poll_of_a_body() {
    let records = Records::new();
    let body = || Response::new(Frames::new([Step::Data("first"), Step::Panic(SECRET)]).body());
    // A head that is sent cannot be taken back, so nothing is caught here.
    let service = records.layer().catch_panics().layer(answer(body));
    let mut response = call(service, request("/")).await;
    response.body_mut().frame().await.unwrap().unwrap();
    let panic = AssertUnwindSafe(response.body_mut().frame()).catch_unwind().await.unwrap_err();
    assert_eq!(panic.downcast_ref::<String>().unwrap(), SECRET);
    let (_, ended) = records.one();
    assert_eq!((ended.outcome, ended.status, ended.response_bytes), (Outcome::Panicked, Some(StatusCode::OK), 5));
    assert_masked(&ended);
    drop(response);
    records.one();
}

#[tokio::test]
async fn panic_in_the_poll_of_a_body_over_a_socket() {
    let records = Records::new();
    let body = || Response::new(Frames::new([Step::Data("first"), Step::Yield, Step::Panic("gone")]).body());
    let address = serve_service(records.layer().layer(answer(body))).await;
    let seen = raw(address, "GET", "/").await;
    assert!(seen.starts_with("HTTP/1.1 200") && !seen.ends_with("0\r\n\r\n"), "{seen}");
    assert_eq!(records.ended().await.1.outcome, Outcome::Panicked);
}

#[tokio::test]
async fn a_panic_without_text_has_no_error_text() {
    let records = Records::new();
    async fn number() {
        std::panic::panic_any(7_u8)
    }
    call(Router::new().route("/", get(number)).layer(records.layer().catch_panics()), request("/")).await;
    let (_, ended) = records.one();
    assert_eq!((ended.outcome, ended.error.is_none()), (Outcome::Panicked, true));
}

#[tokio::test]
async fn nothing_is_sent_after_the_head_of_a_panicked_head_request() {
    let records = Records::new();
    let address = serve(Router::new().route("/", get(panics)).layer(records.layer().catch_panics())).await;
    let seen = raw(address, "HEAD", "/").await;
    assert!(seen.starts_with("HTTP/1.1 500") && seen.ends_with("\r\n\r\n"), "{seen}");
    let (_, ended) = records.ended().await;
    assert_eq!((ended.outcome, ended.response_bytes), (Outcome::Panicked, 0));
}

#[tokio::test]
async fn somebody_elses_unwinding_is_not_our_panic() {
    // The thread panics while our future is pending: it is dropped during the unwinding, and was innocent.
    let records = Records::new();
    let app = Router::new().route("/", get(std::future::pending::<()>)).layer(records.layer());
    let both = async move {
        let mut ours = std::pin::pin!(app.oneshot(request("/")));
        assert!(ours.as_mut().now_or_never().is_none());
        panic!("a sibling");
    };
    assert!(AssertUnwindSafe(both).catch_unwind().await.is_err());
    let (_, ended) = records.one();
    assert_eq!((ended.outcome, ended.error.is_none()), (Outcome::ClosedBeforeHead, true));
}

/// A future that panics when it is dropped.
struct PanicsInDrop;

impl Future for PanicsInDrop {
    type Output = Result<Response<Body>, BoxError>;

    fn poll(self: Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        std::task::Poll::Ready(Ok(Response::new(Body::empty())))
    }
}

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic!("{SECRET}");
    }
}

#[tokio::test]
async fn a_future_that_panics_in_its_drop_leaves_one_record_and_no_context() {
    let records = Records::new();
    let service = records.layer().layer(service_fn(|_: Request<_>| PanicsInDrop));
    assert!(AssertUnwindSafe(service.oneshot(request("/"))).catch_unwind().await.is_err());
    assert_eq!(records.one().1.outcome, Outcome::Panicked);
    assert!(cupola_context::current().is_none());
}

#[tokio::test]
async fn the_next_request_is_served_as_if_nothing_had_happened() {
    let records = Records::new();
    let app = Router::new().route("/panics", get(panics)).route("/", get(|| async { "fine" }));
    let app = app.layer(ServiceBuilder::new().layer(records.layer().catch_panics()));
    for path in ["/panics", "/", "/panics", "/"] {
        read(call(app.clone(), request(path)).await).await;
    }
    let outcomes: Vec<_> = records.now(4).iter().map(|(_, ended)| ended.outcome).collect();
    assert_eq!(outcomes, [Outcome::Panicked, Outcome::Complete, Outcome::Panicked, Outcome::Complete]);
}
