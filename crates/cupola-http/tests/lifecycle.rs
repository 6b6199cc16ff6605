//! Beginnings, middles and ends: each is recorded once, as what it was.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::response::sse::{Event, Sse};
use axum::routing::{get, post};
use cupola_record::Outcome;
use futures_util::{StreamExt, stream};
use http::{Request, Response, StatusCode};
use http_body::Body as _;
use http_body_util::BodyExt;
use tokio::sync::Notify;
use tower::{Layer, Service, ServiceExt, service_fn};
use tracing::Level;

use crate::support::{
    Frames, Raw, Records, Step, answer, call, get as request, header, http2, in_time, raw, read, serve, serve_service,
};

#[tokio::test]
async fn client_gone_before_the_head() {
    let (records, entered) = (Records::new(), Arc::new(Notify::new()));
    let told = entered.clone();
    let handler = || async move {
        told.notify_one();
        std::future::pending::<()>().await;
    };
    let address = serve(Router::new().route("/wait", get(handler)).layer(records.layer())).await;
    let client = Raw::request(address, "GET", "/wait").await;
    in_time(entered.notified()).await;
    drop(client);
    let (exchange, ended) = records.ended().await;
    assert_eq!((ended.outcome, ended.status, ended.head), (Outcome::ClosedBeforeHead, None, None));
    assert_eq!((ended.route.as_deref(), exchange.path()), (Some("/wait"), "/wait"));
    assert_eq!((ended.level(), ended.error_type()), (Level::WARN, Some("closed_before_head")));
}

#[tokio::test]
async fn client_gone_mid_body() {
    let records = Records::new();
    let body = || async { Frames::new([Step::Data("first"), Step::Forever]).body() };
    let address = serve(Router::new().route("/", get(body)).layer(records.layer())).await;
    let mut client = Raw::request(address, "GET", "/").await;
    client.read_until("first").await;
    assert!(records.capture.exchanges().is_empty(), "the head is not the end");
    drop(client);
    let (_, ended) = records.ended().await;
    assert_eq!((ended.outcome, ended.status), (Outcome::ClosedMidBody, Some(StatusCode::OK)));
    assert_eq!(ended.response_bytes, 5);
    assert!(ended.head.is_some_and(|head| head <= ended.total));
}

#[tokio::test]
async fn http2_stream_reset_mid_body() {
    let records = Records::new();
    let body = || async { Frames::new([Step::Data("first"), Step::Forever]).body() };
    let address = serve(Router::new().route("/", get(body)).layer(records.layer())).await;
    let mut client = http2(address).await;
    let mut response = in_time(client.send_request(request(&format!("http://{address}/")))).await.unwrap();
    in_time(response.body_mut().frame()).await.unwrap().unwrap();
    // Only the stream goes: the connection lives on.
    drop(response);
    let (exchange, ended) = records.ended().await;
    assert_eq!((ended.outcome, exchange.version), (Outcome::ClosedMidBody, http::Version::HTTP_2));
    drop(client);
}

#[tokio::test]
async fn body_error_after_a_200() {
    let records = Records::new();
    let body = || async { Frames::new([Step::Data("first"), Step::Yield, Step::Fail]).body() };
    let address = serve(Router::new().route("/", get(body)).layer(records.layer())).await;
    let seen = raw(address, "GET", "/").await;
    assert!(seen.starts_with("HTTP/1.1 200") && !seen.ends_with("0\r\n\r\n"), "{seen}");
    let (_, ended) = records.ended().await;
    assert_eq!((ended.outcome, ended.status), (Outcome::BodyError, Some(StatusCode::OK)));
    assert_eq!((ended.level(), ended.error_type()), (Level::ERROR, Some("body_error")));
    assert_eq!(ended.response_bytes, 5);
}

#[tokio::test]
async fn service_error_passes_and_is_recorded() {
    let records = Records::new();
    let service = records.layer().layer(service_fn(|_| async { Err::<Response<Body>, _>("no backend") }));
    assert_eq!(service.oneshot(request("/")).await.unwrap_err(), "no backend");
    let (_, ended) = records.one();
    assert_eq!((ended.outcome, ended.status), (Outcome::ServiceError, None));
    assert_eq!((ended.level(), ended.error_type()), (Level::ERROR, Some("service_error")));
}

#[tokio::test]
async fn head_204_and_304_are_complete_at_the_head() {
    for (method, status) in [("HEAD", 200), ("GET", 204), ("GET", 304)] {
        let records = Records::new();
        // A body that does not say that it is over: only method and status tell.
        let service = records.layer().layer(answer(move || {
            let body = Frames::new([Step::Data("never sent")]).exact(10).body();
            Response::builder().status(status).body(body).unwrap()
        }));
        let asked = Request::builder().method(method).body(Body::empty()).unwrap();
        let response = call(service, asked).await;
        let (_, ended) = records.one();
        assert_eq!((ended.outcome, ended.response_bytes), (Outcome::Complete, 0), "{method} {status}");
        drop(response);
        records.one();
    }
}

#[tokio::test]
async fn head_204_and_304_over_a_socket() {
    for (method, status) in [("HEAD", 200), ("GET", 204), ("GET", 304)] {
        let records = Records::new();
        let handler = move || async move { (StatusCode::from_u16(status).unwrap(), Frames::new([]).body()) };
        let address = serve(Router::new().route("/", get(handler)).layer(records.layer())).await;
        let seen = raw(address, method, "/").await;
        assert!(seen.ends_with("\r\n\r\n"), "nothing follows the head: {seen}");
        let (_, ended) = records.ended().await;
        assert_eq!((ended.outcome, ended.response_bytes), (Outcome::Complete, 0), "{method} {status}");
        assert_eq!(ended.status.unwrap(), status);
    }
}

#[tokio::test]
async fn an_exact_length_goes_out_as_content_length() {
    let records = Records::new();
    let address = serve(Router::new().route("/", get(|| async { "hello" })).layer(records.layer())).await;
    let seen = raw(address, "GET", "/").await;
    assert!(seen.contains("content-length: 5\r\n") && !seen.contains("chunked"), "{seen}");
    let (_, ended) = records.ended().await;
    assert_eq!((ended.outcome, ended.response_bytes), (Outcome::Complete, 5));
}

#[tokio::test]
async fn an_unknown_length_goes_out_in_chunks() {
    let records = Records::new();
    let body = || async { Frames::new([Step::Data("hello "), Step::Data("world")]).body() };
    let address = serve(Router::new().route("/", get(body)).layer(records.layer())).await;
    let seen = raw(address, "GET", "/").await;
    assert!(seen.contains("transfer-encoding: chunked") && seen.ends_with("0\r\n\r\n"), "{seen}");
    let (_, ended) = records.ended().await;
    assert_eq!((ended.outcome, ended.response_bytes), (Outcome::Complete, 11));
}

#[tokio::test]
async fn a_body_of_known_length_that_is_polled_once_is_complete() {
    let records = Records::new();
    let service = records.layer().layer(answer(|| Response::new(Frames::new([Step::Data("hello")]).exact(5).body())));
    let mut response = call(service, request("/")).await;
    response.body_mut().frame().await.unwrap().unwrap();
    assert!(!response.body().is_end_stream(), "the body did not say that it is over");
    assert_eq!(records.one().1.outcome, Outcome::Complete);
    drop(response);
    records.one();
}

#[tokio::test]
async fn a_body_of_known_length_is_complete_over_a_socket() {
    // hyper asks for the one frame that it needs, and never for the end.
    let records = Records::new();
    let service = answer(|| Response::new(Frames::new([Step::Data("hello"), Step::Forever]).exact(5).body()));
    let address = serve_service(records.layer().layer(service)).await;
    assert!(raw(address, "GET", "/").await.ends_with("hello"));
    assert_eq!(records.ended().await.1.outcome, Outcome::Complete);
}

#[tokio::test]
async fn a_stream_with_a_content_length_header_is_complete_over_a_socket() {
    let records = Records::new();
    let handler = || async {
        let body = Frames::new([Step::Data("hel"), Step::Data("lo"), Step::Forever]).body();
        Response::builder().header("content-length", "5").body(body).unwrap()
    };
    let address = serve(Router::new().route("/", get(handler)).layer(records.layer())).await;
    assert!(raw(address, "GET", "/").await.ends_with("hello"));
    let (_, ended) = records.ended().await;
    assert_eq!((ended.outcome, ended.response_bytes), (Outcome::Complete, 5));
}

#[tokio::test]
async fn a_stream_of_which_the_head_says_that_it_is_empty_is_complete() {
    // hyper drops such a body unpolled.
    let records = Records::new();
    let handler = || async { Response::builder().header("content-length", "0").body(Frames::new([]).body()).unwrap() };
    let address = serve(Router::new().route("/", get(handler)).layer(records.layer())).await;
    raw(address, "GET", "/").await;
    assert_eq!(records.ended().await.1.outcome, Outcome::Complete);
}

#[tokio::test]
async fn a_body_that_knows_its_end_is_over_with_its_last_frame() {
    let records = Records::new();
    let frames = || Frames::new([Step::Data("a"), Step::Data("b")]).says_its_end();
    let service = records.layer().layer(answer(move || Response::new(frames().body())));
    let mut response = call(service, request("/")).await;
    response.body_mut().frame().await.unwrap().unwrap();
    assert!(records.capture.exchanges().is_empty());
    response.body_mut().frame().await.unwrap().unwrap();
    assert_eq!(records.one().1.outcome, Outcome::Complete);
}

#[tokio::test]
async fn an_event_stream_whose_client_leaves_was_closed() {
    let records = Records::new();
    let events = || async {
        let hello = stream::iter([Ok::<_, Infallible>(Event::default().data("hello"))]);
        Sse::new(hello.chain(stream::pending()))
    };
    let address = serve(Router::new().route("/events", get(events)).layer(records.layer())).await;
    let mut client = Raw::request(address, "GET", "/events").await;
    client.read_until("data: hello").await;
    drop(client);
    assert_eq!(records.ended().await.1.outcome, Outcome::ClosedMidBody);
}

#[tokio::test]
async fn an_event_stream_that_ends_is_complete() {
    let records = Records::new();
    let events = || async { Sse::new(stream::iter([Ok::<_, Infallible>(Event::default().data("hello"))])) };
    let address = serve(Router::new().route("/events", get(events)).layer(records.layer())).await;
    assert!(raw(address, "GET", "/events").await.contains("data: hello"));
    let (_, ended) = records.ended().await;
    assert_eq!((ended.outcome, ended.response_bytes), (Outcome::Complete, 13));
}

#[tokio::test]
async fn a_websocket_handshake_upgrades() {
    let records = Records::new();
    let socket = |upgrade: WebSocketUpgrade| async {
        upgrade.on_upgrade(|mut socket| async move {
            let greeting = axum::extract::ws::Message::Text("hello".into());
            socket.send(greeting).await.unwrap();
        })
    };
    let address = serve(Router::new().route("/ws", get(socket)).layer(records.layer())).await;
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let connected = tokio_tungstenite::client_async(format!("ws://{address}/ws"), stream);
    let (mut socket, response) = in_time(connected).await.unwrap();
    assert!(!header(&response, "x-request-id").is_empty());
    // The socket still talks after its exchange has ended.
    let (exchange, ended) = records.ended().await;
    assert_eq!((ended.outcome, ended.status), (Outcome::Upgraded, Some(StatusCode::SWITCHING_PROTOCOLS)));
    assert_eq!((ended.level(), ended.error_type()), (Level::INFO, None));
    assert_eq!(header(&response, "x-request-id"), exchange.context.request_id().as_str());
    assert_eq!(in_time(socket.next()).await.unwrap().unwrap().into_text().unwrap().as_str(), "hello");
    drop(socket);
    records.one();
}

#[tokio::test]
async fn an_accepted_connect_upgrades_and_a_refused_one_does_not() {
    for (status, outcome) in [(200, Outcome::Upgraded), (403, Outcome::Complete)] {
        let records = Records::new();
        let service =
            records.layer().layer(answer(move || Response::builder().status(status).body(Body::empty()).unwrap()));
        call(service, Request::connect("db.internal:5432").body(Body::empty()).unwrap()).await;
        assert_eq!(records.one().1.outcome, outcome, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_stream_has_a_quick_head_and_a_long_total() {
    let records = Records::new();
    let handler = || async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Frames::new([Step::Data("a"), Step::Wait(Duration::from_millis(300)), Step::Data("b")]).body()
    };
    let app = Router::new().route("/", get(handler)).layer(records.layer());
    read(call(app, request("/")).await).await;
    let (_, ended) = records.one();
    let (head, total) = (ended.head.unwrap(), ended.total);
    assert!((20..25).contains(&head.as_millis()) && (320..330).contains(&total.as_millis()), "{head:?} {total:?}");
    assert!(!ended.slow);
}

#[tokio::test(start_paused = true)]
async fn what_takes_longer_than_the_limit_is_marked_as_slow() {
    for (wait, slow, level) in [(200, false, Level::INFO), (300, true, Level::WARN)] {
        let records = Records::new();
        let handler = move || async move { tokio::time::sleep(Duration::from_millis(wait)).await };
        let layer = records.layer().slow_after(Duration::from_millis(250));
        read(call(Router::new().route("/", get(handler)).layer(layer), request("/")).await).await;
        let (_, ended) = records.one();
        assert_eq!((ended.slow, ended.level()), (slow, level), "{wait}");
    }
}

#[tokio::test]
async fn bytes_of_the_request_are_those_that_were_read() {
    let app = |records: &Records| {
        let part = |request: Request<Body>| async { request.into_body().frame().await.map(|_| ()).unwrap() };
        Router::new()
            .route("/all", post(|_: bytes::Bytes| async {}))
            .route("/part", post(part))
            .route("/none", post(|| async {}))
            .layer(records.layer())
    };
    for (path, bytes) in [("/all", 11), ("/part", 6), ("/none", 0)] {
        let records = Records::new();
        let body = Frames::new([Step::Data("hello "), Step::Data("world")]).body();
        read(call(app(&records), Request::post(path).body(body).unwrap()).await).await;
        assert_eq!(records.one().1.request_bytes, bytes, "{path}");
    }
}

#[tokio::test]
async fn bytes_of_the_request_over_a_socket() {
    let records = Records::new();
    let app = Router::new().route("/", post(|body: String| async move { body })).layer(records.layer());
    let address = serve(app).await;
    let text = "POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
    assert!(Raw::send(address, text).await.read_all().await.ends_with("hello"));
    let (_, ended) = records.ended().await;
    assert_eq!((ended.request_bytes, ended.response_bytes), (5, 5));
}

#[tokio::test]
async fn client_gone_in_the_middle_of_its_own_body() {
    // The handler is told so by the body that it reads, and what it answers is what happened.
    let records = Records::new();
    let app = Router::new().route("/", post(|_: String| async {})).layer(records.layer());
    let address = serve(app).await;
    drop(Raw::send(address, "POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 50\r\n\r\nhello").await);
    let (_, ended) = records.ended().await;
    assert_eq!((ended.status, ended.request_bytes), (Some(StatusCode::BAD_REQUEST), 5));
    assert_eq!(ended.level(), Level::WARN);
}

#[tokio::test]
async fn two_requests_on_one_connection_are_two_exchanges() {
    let records = Records::new();
    let address = serve(Router::new().route("/", get(|| async { "hello" })).layer(records.layer())).await;
    let mut client = Raw::send(address, "GET / HTTP/1.1\r\nhost: test\r\n\r\n".repeat(2)).await;
    client.read_until("hello").await;
    let ended = records.wait_for(2).await;
    assert!(!ended[0].0.context.is(&ended[1].0.context));
    assert_ne!(ended[0].0.context.request_id(), ended[1].0.context.request_id());
}

/// A service that must be called as the instance that was ready, as those behind a limit are.
#[derive(Default)]
struct Readied(bool);

impl Clone for Readied {
    fn clone(&self) -> Self {
        Self(false)
    }
}

impl<B> Service<Request<B>> for Readied {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        self.0 = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        assert!(std::mem::take(&mut self.0), "called without being ready");
        std::future::ready(Ok(Response::new(Body::empty())))
    }
}

#[tokio::test]
async fn the_instance_that_was_ready_is_the_one_that_is_called() {
    let records = Records::new();
    let mut service = records.layer().layer(Readied::default());
    for _ in 0..2 {
        let ready = ServiceExt::<Request<Body>>::ready(&mut service).await.unwrap();
        ready.call(request("/")).await.unwrap();
    }
    records.now(2);
}

#[tokio::test]
async fn skipped_paths_are_not_recorded_but_identified() {
    let records = Records::new();
    let app = Router::new().route("/healthz", get(|| async { "ok" })).layer(records.layer().skip("/healthz"));
    let response = call(app, request("/healthz")).await;
    assert!(!header(&response, "x-request-id").is_empty());
    read(response).await;
    records.now(0);
}
