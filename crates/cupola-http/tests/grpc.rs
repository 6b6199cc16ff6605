//! gRPC, spoken by hand over HTTP/2: its status is in the trailers, behind a 200.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use bytes::Bytes;
use cupola_record::{Ended, Outcome};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Collected, Full};
use tower::Layer;
use tracing::Level;

use crate::support::{Frames, Records, Step, answer, call, get as request, http2, in_time, read, serve_service};

const METHOD: &str = "/demo.Greeter/Hello";
/// Not compressed, five bytes, `hello`.
const MESSAGE: &str = "\0\0\0\0\u{5}hello";

fn trailers(status: &str) -> HeaderMap {
    let pairs = [("grpc-status", status), ("grpc-message", "as%20it%20is")];
    pairs.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

fn grpc(body: Frames) -> Response<Body> {
    Response::builder().header("content-type", "application/grpc").body(body.body()).unwrap()
}

async fn unary(address: SocketAddr) -> (HeaderMap, Collected<Bytes>) {
    let asked = Request::post(format!("http://{address}{METHOD}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Body::from(MESSAGE))
        .unwrap();
    let response = in_time(http2(address).await.send_request(asked)).await.unwrap();
    (response.headers().clone(), in_time(response.into_body().collect()).await.unwrap())
}

/// One call of a method that ends with this status in its trailers.
async fn ended_with(status: &'static str) -> Ended {
    let records = Records::new();
    let body = move || grpc(Frames::new([Step::Data(MESSAGE), Step::Trailers(trailers(status))]));
    let address = serve_service(records.layer().layer(answer(body))).await;
    let (_, collected) = unary(address).await;
    assert_eq!(collected.trailers(), Some(&trailers(status)), "trailers pass unchanged");
    assert_eq!(collected.to_bytes(), MESSAGE);
    records.ended().await.1
}

#[tokio::test]
async fn the_status_in_the_trailers_is_recorded() {
    let ended = ended_with("0").await;
    assert_eq!((ended.outcome, ended.status), (Outcome::Complete, Some(StatusCode::OK)));
    assert_eq!((ended.grpc_status.map(|status| status.code()), ended.level()), (Some(0), Level::INFO));
    assert_eq!((ended.error_type(), ended.response_bytes), (None, 10));
}

#[tokio::test]
async fn an_internal_error_in_the_trailers_is_an_error() {
    let ended = ended_with("13").await;
    assert_eq!((ended.outcome, ended.status), (Outcome::Complete, Some(StatusCode::OK)));
    assert_eq!((ended.level(), ended.error_type()), (Level::ERROR, Some("INTERNAL")));
}

#[tokio::test]
async fn the_clients_mistakes_are_no_error() {
    let ended = ended_with("5").await;
    assert_eq!((ended.level(), ended.error_type()), (Level::INFO, None));
}

#[tokio::test]
async fn the_path_is_the_route_only_where_the_server_knows_the_method() {
    assert_eq!(ended_with("0").await.route.as_deref(), Some(METHOD));
    for refused in ["13", "12", "16", "3"] {
        assert_eq!(ended_with(refused).await.route, None, "{refused}: a stranger may have made the method up");
    }
    let nonsense = ended_with("ok").await;
    assert_eq!((nonsense.route, nonsense.grpc_status), (None, None));
}

#[tokio::test]
async fn trailers_only_responses_have_their_status_in_the_head() {
    let records = Records::new();
    let body = || {
        let mut response = Response::new(Body::empty());
        response.headers_mut().extend(trailers("13"));
        response.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
        response
    };
    let address = serve_service(records.layer().layer(answer(body))).await;
    let (headers, _) = unary(address).await;
    assert_eq!(headers["grpc-status"], "13");
    let (_, ended) = records.ended().await;
    assert_eq!((ended.outcome, ended.response_bytes), (Outcome::Complete, 0));
    assert_eq!((ended.level(), ended.error_type()), (Level::ERROR, Some("INTERNAL")));
    assert_eq!(ended.route, None);
}

#[tokio::test]
async fn an_error_of_a_method_that_was_served_before_has_its_route() {
    let records = Records::new();
    let turns = Arc::new(AtomicUsize::new(0));
    let body = move || {
        let status = if turns.fetch_add(1, Ordering::Relaxed) == 0 { "0" } else { "13" };
        grpc(Frames::new([Step::Data(MESSAGE), Step::Trailers(trailers(status))]))
    };
    let address = serve_service(records.layer().layer(answer(body))).await;
    unary(address).await;
    assert_eq!(records.ended().await.1.route.as_deref(), Some(METHOD));
    unary(address).await;
    let ended = records.wait_for(2).await;
    assert_eq!((ended[1].1.error_type(), ended[1].1.route.as_deref()), (Some("INTERNAL"), Some(METHOD)));
}

#[tokio::test]
async fn a_length_does_not_hide_the_trailers() {
    let records = Records::new();
    let body = || grpc(Frames::new([Step::Data(MESSAGE), Step::Trailers(trailers("14"))]).exact(10));
    let address = serve_service(records.layer().layer(answer(body))).await;
    unary(address).await;
    assert_eq!(records.ended().await.1.error_type(), Some("UNAVAILABLE"));
}

#[tokio::test]
async fn a_call_that_the_client_cancels_was_closed() {
    let records = Records::new();
    let body = || grpc(Frames::new([Step::Data(MESSAGE), Step::Forever]));
    let address = serve_service(records.layer().layer(answer(body))).await;
    let mut client = http2(address).await;
    let asked = request(&format!("http://{address}{METHOD}"));
    let mut response = in_time(client.send_request(asked)).await.unwrap();
    in_time(response.body_mut().frame()).await.unwrap().unwrap();
    drop(response);
    let (_, ended) = records.ended().await;
    assert_eq!((ended.outcome, ended.grpc_status), (Outcome::ClosedMidBody, None));
    assert_eq!(ended.route, None, "no status: nothing shows that the method exists");
}

#[tokio::test]
async fn grpc_webs_trailers_are_in_the_body_so_its_length_counts() {
    let records = Records::new();
    let body = || {
        let body = Frames::new([Step::Data(MESSAGE), Step::Forever]).exact(10).body();
        Response::builder().header("content-type", "application/grpc-web+proto").body(body).unwrap()
    };
    let mut response = call(records.layer().layer(answer(body)), request(METHOD)).await;
    response.body_mut().frame().await.unwrap().unwrap();
    drop(response);
    assert_eq!(records.one().1.outcome, Outcome::Complete);
}

#[tokio::test]
async fn other_responses_are_not_taken_for_grpc() {
    let records = Records::new();
    let service = records.layer().layer(answer(|| Response::new(Full::new(Bytes::from_static(b"hello")))));
    read(call(service, request(METHOD)).await).await;
    let (_, ended) = records.one();
    assert_eq!((ended.grpc_status, ended.route), (None, None));
}
