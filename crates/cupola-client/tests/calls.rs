//! Real calls over sockets, by hyper-util's client: each ends once, as what it was.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use cupola_client::{CallError, CallInfo, CallLayer, CallService, Propagation};
use cupola_context::{Context, Fresh, Identify, RequestIdFormat, Sampler, SpanId, SpanLookup, TraceId, WithContext};
use cupola_record::{Call, CallEnded, CallOutcome, Capture, Duties, ErrorKind, Record, Sink};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::{Layer, Service, ServiceExt};

type Observed = CallService<Client<HttpConnector, Empty<Bytes>>>;

/// What becomes of a connection after the head of its request was read.
#[derive(Clone, Copy)]
enum Then {
    Answer(&'static str),
    /// The same, and then nothing for ever.
    Hang(&'static str),
}

/// A server that says the same to everybody, and the heads of the requests that it got.
struct Server {
    address: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, heads) = (listener.local_addr().unwrap().to_string(), Arc::<Mutex<Vec<String>>>::default());
        let kept = Arc::clone(&heads);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, then, Arc::clone(&kept)));
            }
        });
        Self { address, heads }
    }

    fn request(&self, path: &str) -> Request<Empty<Bytes>> {
        Request::get(format!("http://{}{path}", self.address)).body(Empty::new()).unwrap()
    }

    fn head(&self) -> String {
        self.heads.lock().unwrap()[0].to_ascii_lowercase()
    }
}

async fn serve(mut stream: TcpStream, then: Then, heads: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    heads.lock().unwrap().push(String::from_utf8(head).unwrap());
    let (Then::Answer(text) | Then::Hang(text)) = then;
    stream.write_all(text.as_bytes()).await.unwrap();
    if matches!(then, Then::Hang(_)) {
        std::future::pending::<()>().await;
    }
}

fn client(layer: CallLayer) -> (Observed, Capture) {
    let capture = Capture::new();
    let client = Client::builder(TokioExecutor::new()).build_http();
    (layer.sink(capture.clone()).layer(client), capture)
}

fn only(capture: &Capture) -> (Call, CallEnded) {
    let mut calls = capture.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    calls.remove(0)
}

/// Calls and reads to the end, for as long as a caller has patience.
async fn called(client: &mut Observed, request: Request<Empty<Bytes>>) -> Option<Result<Bytes, CallError>> {
    let read = async { Ok(client.ready().await?.call(request).await?.into_body().collect().await?.to_bytes()) };
    tokio::time::timeout(Duration::from_millis(300), read).await.ok()
}

#[tokio::test]
async fn each_end_has_its_outcome() {
    let whole = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
    let chunked = "HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let (half, garbage) = ("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello", "\u{0}\u{1}garbage\r\n\r\n");
    let (ok, not_found) = (Some(StatusCode::OK), Some(StatusCode::NOT_FOUND));
    for (then, outcome, status, bytes) in [
        (Then::Answer(whole), CallOutcome::Complete, ok, 5),
        (Then::Answer(chunked), CallOutcome::Complete, not_found, 3),
        (Then::Answer("HTTP/1.1 204 No Content\r\n\r\n"), CallOutcome::Complete, Some(StatusCode::NO_CONTENT), 0),
        (Then::Answer(half), CallOutcome::Failed(ErrorKind::Body), ok, 5),
        (Then::Answer(""), CallOutcome::Failed(ErrorKind::Protocol), None, 0),
        (Then::Answer("HTTP/1.1 2"), CallOutcome::Failed(ErrorKind::Protocol), None, 0),
        (Then::Answer(garbage), CallOutcome::Failed(ErrorKind::Protocol), None, 0),
        (Then::Hang(""), CallOutcome::DroppedBeforeHead, None, 0),
        (Then::Hang(half), CallOutcome::DroppedMidBody, ok, 5),
    ] {
        let server = Server::start(then).await;
        let (mut client, capture) = client(CallLayer::new());
        let result = called(&mut client, server.request("/a")).await;
        let (_, ended) = only(&capture);
        assert_eq!((ended.outcome, ended.status(), ended.response_bytes), (outcome, status, bytes), "{ended:?}");
        assert_eq!(ended.attempts.len(), 1);
        match (outcome, result) {
            (CallOutcome::Complete, Some(Ok(body))) => assert_eq!(body.len() as u64, bytes),
            (CallOutcome::Failed(kind), Some(Err(error))) => assert_eq!(error.kind(), kind),
            (CallOutcome::DroppedBeforeHead | CallOutcome::DroppedMidBody, None) => {}
            (outcome, result) => panic!("{outcome:?} {result:?}"),
        }
    }
}

#[tokio::test]
async fn who_cannot_be_reached_says_why() {
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (host, kind) in [(unused.to_string(), ErrorKind::Connect), ("no-such-host.invalid".to_owned(), ErrorKind::Dns)]
    {
        let (client, capture) = client(CallLayer::new());
        let request = Request::get(format!("http://ana:hunter2@{host}/a?token=s3cr3t")).body(Empty::new()).unwrap();
        let error = client.oneshot(request).await.unwrap_err();
        let (_, ended) = only(&capture);
        assert_eq!((error.kind(), ended.outcome), (kind, CallOutcome::Failed(kind)));
        let shown = format!("{error} {error:?} {}", error.source().unwrap());
        assert!(!shown.contains("hunter2") && !shown.contains("s3cr3t") && !shown.contains(&host), "{shown}");
    }
}

#[tokio::test]
async fn a_timeout_of_the_clients_own_is_one() {
    let server = Server::start(Then::Hang("")).await;
    let capture = Capture::new();
    let inner = Client::builder(TokioExecutor::new()).build_http();
    let inner = tower::timeout::Timeout::new(inner, Duration::from_millis(50));
    let error = CallLayer::new().sink(capture.clone()).layer(inner).oneshot(server.request("/a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(only(&capture).1.outcome, CallOutcome::Failed(ErrorKind::Timeout));
}

#[tokio::test]
async fn what_the_call_site_knows_is_recorded() {
    let server = Server::start(Then::Answer("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")).await;
    let (client, capture) = client(CallLayer::new().dependency("users"));
    let mut request = server.request("/users/17?page=2&access_token=s3cr3t");
    request.extensions_mut().insert(CallInfo::new().template("/users/{id}").expect_status(404));
    client.oneshot(request).await.unwrap();
    let (call, ended) = only(&capture);
    assert_eq!((call.template.as_deref(), call.dependency.as_deref()), (Some("/users/{id}"), Some("users")));
    assert_eq!((call.host(), call.path()), (Some(server.address.as_str()), Some("/users/17")));
    assert_eq!(call.query(), Some("page=2&access_token=[REDACTED]"));
    assert_eq!((ended.error_type(&call), ended.level(&call)), (None, tracing::Level::INFO));
}

#[tokio::test]
async fn identity_goes_to_hosts_of_the_list_only() {
    let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
    for (list, reached) in [("private", true), ("none", false), ("example.com", false), ("127.0.0.1", true)] {
        let server = Server::start(Then::Answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")).await;
        let (client, capture) = client(CallLayer::new().propagation(list.parse::<Propagation>().unwrap()));
        let call = async { client.oneshot(server.request("/a")).await };
        call.in_context(context.clone()).await.unwrap();
        let head = server.head();
        assert_eq!(head.contains(&format!("x-request-id: {}", context.request_id())), reached, "{list}: {head}");
        assert_eq!(head.contains("traceparent: 00-"), reached, "{list}: {head}");
        let (call, _) = only(&capture);
        assert_eq!(call.context.map(|of| of.request_id().to_string()), Some(context.request_id().to_string()));
    }
}

/// Keeps calls, and says that it makes spans of them.
struct Spans(Capture);

impl Sink for Spans {
    fn record(&self, record: Record<'_>) {
        self.0.record(record);
    }

    fn duties(&self) -> Duties {
        Duties::SPAN
    }
}

/// The `traceparent` that a call sends, and what is recorded of it.
async fn traced(layer: CallLayer, context: Option<&Context>) -> (Option<String>, Call, CallEnded) {
    let server = Server::start(Then::Answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")).await;
    let (capture, client) = (Capture::new(), Client::builder(TokioExecutor::new()).build_http());
    let client = layer.sink(Spans(capture.clone())).layer(client);
    let call = async { client.oneshot(server.request("/a")).await.unwrap() };
    match context {
        Some(context) => call.in_context(context.clone()).await,
        None => call.await,
    };
    let head = server.head();
    let sent = head.lines().find_map(|line| line.strip_prefix("traceparent: ").map(str::to_owned));
    let (call, ended) = only(&capture);
    (sent, call, ended)
}

#[tokio::test]
async fn where_spans_are_made_the_attempt_is_the_parent_of_what_it_reaches() {
    let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
    let (sent, call, ended) = traced(CallLayer::new(), Some(&context)).await;
    let (trace, span) = (call.trace.unwrap(), ended.attempts[0].span.unwrap());
    assert_eq!(sent, Some(format!("00-{}-{span}-03", context.trace().trace_id)));
    assert_eq!(trace.parent, Some(context.trace().span_id));
    assert_ne!(span, context.trace().span_id);
    assert_eq!(ended.attempts[0].version, Some(http::Version::HTTP_11));

    let (sent, ..) = traced(CallLayer::new().propagation(Propagation::none()), Some(&context)).await;
    assert_eq!(sent, None);
    let unsampled = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40])).with_sampled(false);
    let (sent, call, ended) = traced(CallLayer::new(), Some(&unsampled)).await;
    assert_eq!(
        (sent.as_deref(), call.trace, ended.attempts[0].span),
        (Some(unsampled.traceparent().as_str()), None, None)
    );
}

#[tokio::test]
async fn outside_of_a_request_the_sampler_decides() {
    for (sampler, flags) in [(Sampler::always_on(), "03"), (Sampler::always_off(), "02")] {
        let mut identify = Identify::default();
        identify.sampler = sampler;
        let (sent, call, ended) = traced(CallLayer::new().identify(identify), None).await;
        let (trace, span) = (call.trace.unwrap(), ended.attempts[0].span.unwrap());
        assert_eq!((sent, trace.parent), (Some(format!("00-{}-{span}-{flags}", trace.trace_id)), None));
    }
    let mut identify = Identify::default();
    let trace = TraceId::from_bytes([7; 16]).unwrap();
    identify.spans = Some(SpanLookup::new(|_| Some((TraceId::from_bytes([7; 16])?, SpanId::from_bytes([8; 8])?))));
    let (_, call, _) = traced(CallLayer::new().identify(identify), None).await;
    let found = call.trace.unwrap();
    assert_eq!((found.trace_id, found.parent, found.flags.is_sampled()), (trace, SpanId::from_bytes([8; 8]), true));
}

/// Fails before it is given anything.
#[derive(Clone)]
struct NeverReady;

impl Service<Request<Empty<Bytes>>> for NeverReady {
    type Response = http::Response<Empty<Bytes>>;
    type Error = std::io::Error;
    type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), std::io::Error>> {
        std::task::Poll::Ready(Err(std::io::ErrorKind::ConnectionRefused.into()))
    }

    fn call(&mut self, _: Request<Empty<Bytes>>) -> Self::Future {
        unreachable!("it is never ready")
    }
}

#[tokio::test]
async fn a_call_that_nobody_could_begin_is_recorded() {
    let (capture, context) = (Capture::new(), Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40])));
    let mut client = CallLayer::new().dependency("users").sink(capture.clone()).layer(NeverReady);
    let ready = async { client.ready().await.map(drop) };
    let error = ready.in_context(context.clone()).await.unwrap_err();
    let (call, ended) = only(&capture);
    assert_eq!((error.kind(), ended.outcome), (ErrorKind::Connect, CallOutcome::Failed(ErrorKind::Connect)));
    assert_eq!((ended.attempts.len(), call.method_label(), call.host()), (0, "_OTHER", None));
    assert_eq!(call.dependency.as_deref(), Some("users"));
    assert!(call.context.is_some_and(|of| of.is(&context)));
}
