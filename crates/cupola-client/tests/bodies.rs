//! Bodies and headers of calls by choice, over sockets: masked, capped, and unchanged on their way.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use bytes::Bytes;
use cupola_client::{CallInfo, CallLayer, CallRequestBody, Watched};
use cupola_context::{Context, Fresh, RequestIdFormat, WithContext};
use cupola_record::{BodyCapture, BodyRules, Call, CallEnded, CallOutcome, Capture, Choices};
use futures_util::{StreamExt, stream};
use http::{Request, Response, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tower::{Layer, Service, ServiceExt, service_fn};

/// A server that answers one request so, and gives what it was sent.
async fn server(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        while !is_whole(&asked) {
            asked.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(asked).unwrap()
    });
    (address, served)
}

/// The head, and as much as it promises; of chunks, up to the last.
fn is_whole(asked: &[u8]) -> bool {
    let text = std::str::from_utf8(asked).unwrap_or_default().to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    if head.contains("transfer-encoding: chunked") {
        body.ends_with("0\r\n\r\n")
    } else {
        body.len() >= length.unwrap_or(0)
    }
}

const ASKED: &str = r#"{"user":"ana","password":"hunter2"}"#;
const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nset-cookie: sid=s3cr3t\r\n\
                      content-length: 34\r\n\r\n{\"id\":7,\"access_token\":\"s3cr3t\"}  ";

struct Called {
    call: Call,
    ended: CallEnded,
    wire: String,
}

fn json(address: &str, path: &str, body: &'static str) -> Request<Full<Bytes>> {
    let request = Request::post(format!("http://{address}{path}")).header(header::CONTENT_TYPE, "application/json");
    request.header(header::AUTHORIZATION, "Bearer abcdefgh").body(Full::from(body)).unwrap()
}

/// One call through a layer, to the last byte.
async fn called(
    layer: CallLayer<Watched>,
    answer: &'static str,
    change: impl FnOnce(&mut Request<Full<Bytes>>),
) -> Called {
    let (address, served) = server(answer).await;
    let capture = Capture::new();
    let client = layer.sink(capture.clone()).layer(Client::builder(TokioExecutor::new()).build_http());
    let mut request = json(&address, "/users", ASKED);
    change(&mut request);
    let response = client.oneshot(request).await.unwrap();
    drop(response.into_body().collect().await.unwrap());
    let (call, ended) = capture.calls().remove(0);
    Called { call, ended, wire: served.await.unwrap() }
}

fn layer(rules: BodyRules) -> CallLayer<Watched> {
    CallLayer::new().bodies(rules).watch_requests()
}

fn shown(body: Option<&BodyCapture>) -> (&str, &str) {
    body.map_or(("", "none"), |body| (body.text.as_str(), body.state.as_str()))
}

#[tokio::test]
async fn both_bodies_are_masked_and_arrive_as_they_were() {
    let Called { call, ended, wire } = called(layer(BodyRules::default()).headers(), ANSWER, |_| {}).await;
    assert!(wire.ends_with(ASKED) && wire.to_ascii_lowercase().contains("content-length: 35"), "{wire}");
    assert_eq!((ended.request_bytes, ended.response_bytes), (Some(35), 34));
    let (request, response) = (shown(ended.request_body.as_deref()), shown(ended.response_body.as_deref()));
    assert_eq!(request, (r#"{"user":"ana","password":"[REDACTED]"}"#, "complete"));
    assert_eq!(response, ("{\"id\":7,\"access_token\":\"[REDACTED]\"}  ", "complete"));
    let all = format!("{call:?} {ended:?}");
    assert!(all.contains("application/json"), "{all}");
    assert!(!["hunter2", "s3cr3t", "abcdefgh"].iter().any(|secret| all.contains(secret)), "{all}");
}

#[tokio::test]
async fn what_is_not_chosen_is_not_kept() {
    let Called { call, ended, .. } = called(CallLayer::new().watch_requests(), ANSWER, |_| {}).await;
    assert_eq!((ended.request_bytes, ended.response_bytes), (Some(35), 34));
    assert!(call.headers.is_none() && ended.headers.is_none());
    assert!(ended.request_body.is_none() && ended.response_body.is_none());
}

#[tokio::test]
async fn how_far_a_capture_goes_is_said() {
    let rules = BodyRules::default;
    let templated = |template: &'static str| {
        move |request: &mut Request<Full<Bytes>>| {
            drop(request.extensions_mut().insert(CallInfo::new().template(template)))
        }
    };
    let states = |called: &Called| {
        let state = |body: &Option<Box<BodyCapture>>| shown(body.as_deref()).1.to_owned();
        (state(&called.ended.request_body), state(&called.ended.response_body))
    };
    let check = |called: Called, request: &str, response: &str| {
        assert_eq!(states(&called), (request.to_owned(), response.to_owned()), "{:?}", called.ended);
    };
    check(called(layer(rules().cap(8)), ANSWER, |_| {}).await, "truncated", "truncated");
    check(
        called(layer(rules().not_route("/users")), ANSWER, templated("/users")).await,
        "skipped_route",
        "skipped_route",
    );
    check(called(layer(rules().route("/users")), ANSWER, templated("/users")).await, "complete", "complete");
    check(called(layer(rules()), ANSWER, templated("/oauth/token")).await, "skipped_route", "skipped_route");
    let login = |request: &mut Request<Full<Bytes>>| {
        let authority = request.uri().authority().unwrap().clone();
        *request.uri_mut() = format!("http://{authority}/oauth/token").parse().unwrap();
    };
    check(called(layer(rules()), ANSWER, login).await, "skipped_route", "skipped_route");
    let empty = "HTTP/1.1 204 No Content\r\n\r\n";
    check(called(layer(rules()), empty, |_| {}).await, "complete", "skipped_empty");
    let encoded =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}";
    check(called(layer(rules()), encoded, |_| {}).await, "complete", "skipped_encoded");
    let bare = |request: &mut Request<Full<Bytes>>| *request.body_mut() = Full::default();
    check(called(layer(rules()), ANSWER, bare).await, "none", "complete");
}

#[tokio::test]
async fn the_request_that_is_served_may_hide_them() {
    let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
    Choices::new().bodies(false).apply(&context);
    let Called { ended, .. } = called(layer(BodyRules::default()), ANSWER, |_| {}).in_context(context).await;
    let (request, response) = (shown(ended.request_body.as_deref()), shown(ended.response_body.as_deref()));
    assert_eq!((request, response), (("", "skipped_route"), ("", "skipped_route")));
    // Also where it says so only while the call is running.
    let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
    let late = context.clone();
    let (capture, rules) = (Capture::new(), BodyRules::default());
    let client = CallLayer::new().bodies(rules).sink(capture.clone()).layer(service_fn(move |_: Request<()>| {
        Choices::new().bodies(false).apply(&late);
        let response =
            Response::builder().header(header::CONTENT_TYPE, "text/plain").body(Full::<Bytes>::from("hello"));
        async move { Ok::<_, Infallible>(response.unwrap()) }
    }));
    let call = async { client.oneshot(Request::new(())).await.unwrap().into_body().collect().await.unwrap() };
    call.in_context(context).await;
    assert_eq!(shown(capture.calls()[0].1.response_body.as_deref()), ("", "skipped_route"));
}

#[tokio::test]
async fn a_body_that_is_not_read_to_its_end_is_partial() {
    let capture = Capture::new();
    let client = service_fn(|request: Request<CallRequestBody<Full<Bytes>>>| async move {
        drop(request);
        let frames = [Ok::<_, Infallible>(Frame::data(Bytes::from("one ")))];
        let body = StreamBody::new(stream::iter(frames).chain(stream::pending()));
        Ok::<_, Infallible>(Response::builder().header(header::CONTENT_TYPE, "text/plain").body(body).unwrap())
    });
    let layer = CallLayer::new().bodies(BodyRules::default()).watch_requests().sink(capture.clone());
    let mut body = layer.layer(client).oneshot(json("users", "/", ASKED)).await.unwrap().into_body();
    assert!(body.frame().await.unwrap().is_ok());
    drop(body);
    let ended = &capture.calls()[0].1;
    assert_eq!(ended.outcome, CallOutcome::DroppedMidBody);
    assert_eq!(shown(ended.response_body.as_deref()), ("one ", "partial"));
    assert_eq!(shown(ended.request_body.as_deref()), ("", "not_read"));
    assert_eq!(ended.request_bytes, Some(0));
}

/// A body with a trailer, of a length that is known.
struct Trailed(u8);

impl Body for Trailed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0 += 1;
        let trailers = [(header::ETAG, header::HeaderValue::from_static("x"))].into_iter().collect();
        Poll::Ready(match self.0 {
            1 => Some(Ok(Frame::data(Bytes::from("data")))),
            2 => Some(Ok(Frame::trailers(trailers))),
            _ => None,
        })
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(4)
    }
}

#[tokio::test]
async fn size_hint_and_trailers_pass_both_ways() {
    let client = service_fn(|request: Request<CallRequestBody<Trailed>>| async move {
        let body = request.into_body();
        assert_eq!(body.size_hint().exact(), Some(4));
        let collected = body.collect().await.unwrap();
        assert_eq!(collected.trailers().unwrap()[header::ETAG], "x");
        Ok::<_, Infallible>(Response::new(Trailed(0)))
    });
    let capture = Capture::new();
    let client = CallLayer::new().watch_requests().sink(capture.clone()).layer(client);
    let mut client = client;
    let response = client.ready().await.unwrap().call(Request::new(Trailed(0))).await.unwrap();
    assert_eq!(response.body().size_hint().exact(), Some(4));
    let collected = response.into_body().collect().await.unwrap();
    assert_eq!(collected.trailers().unwrap()[header::ETAG], "x");
    let ended = &capture.calls()[0].1;
    assert_eq!((ended.outcome, ended.request_bytes, ended.response_bytes), (CallOutcome::Complete, Some(4), 4));
}
