//! Identity: whose ids are adopted, where they show, and where the context is ambient.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use bytes::Bytes;
use cupola_context::{ClientIp, Context, Identify, RequestId, RequestIdFormat, TrustPolicy, current};
use cupola_http::Peer;
use cupola_record::{Exchange, Outcome};
use http::{Request, Response, StatusCode};
use http_body::{Body as HttpBody, Frame};
use http_body_util::BodyExt;
use tower::{Layer, ServiceExt};
use tracing::Level;

use crate::support::{BoxError, Lines, Raw, Records, answer, call, get as request, header, in_time, read, serve};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn identify(trust: TrustPolicy) -> Identify {
    let mut identify = Identify::default();
    identify.trust = trust;
    identify
}

/// A request with ids of its own, from this peer.
fn named(peer: Option<&str>) -> Request<Body> {
    let mut asked = request("/");
    asked.headers_mut().insert("x-request-id", "order-7".parse().unwrap());
    asked.headers_mut().insert("traceparent", PARENT.parse().unwrap());
    if let Some(peer) = peer {
        asked.extensions_mut().insert(Peer(peer.parse().unwrap()));
    }
    asked
}

/// What becomes of such a request; the response echoes whatever it is.
async fn identified(trust: TrustPolicy, peer: Option<&str>) -> Exchange {
    let records = Records::new();
    let service = records.layer().identify(identify(trust)).layer(answer(|| Response::new(Body::empty())));
    let response = call(service, named(peer)).await;
    let (exchange, _) = records.one();
    assert_eq!(header(&response, "x-request-id"), exchange.context.request_id().as_str());
    exchange
}

fn assert_adopted(exchange: &Exchange) {
    assert_eq!(exchange.context.request_id().as_str(), "order-7");
    assert_eq!(exchange.context.trace().trace_id.to_string(), TRACE);
    assert_eq!(exchange.context.parent_span().unwrap().to_string(), "b7ad6b7169203331");
    assert_eq!(exchange.client_request_id(), None);
}

fn assert_apart(exchange: &Exchange) {
    assert_eq!(exchange.context.request_id().as_str().len(), 36);
    assert_ne!(exchange.context.trace().trace_id.to_string(), TRACE);
    assert_eq!(exchange.context.linked().unwrap().trace_id.to_string(), TRACE);
    assert_eq!((exchange.context.parent_span(), exchange.client_request_id()), (None, Some("order-7")));
}

#[tokio::test]
async fn ids_are_adopted_from_private_peers_only() {
    for peer in ["127.0.0.1", "::1", "10.1.2.3", "192.168.0.9"] {
        assert_adopted(&identified(TrustPolicy::Private, Some(peer)).await);
    }
    for peer in ["8.8.8.8", "2001:db8::1"] {
        assert_apart(&identified(TrustPolicy::Private, Some(peer)).await);
    }
    assert_apart(&identified(TrustPolicy::Private, None).await);
}

#[tokio::test]
async fn ids_are_adopted_from_nobody_or_everybody_by_choice() {
    assert_apart(&identified(TrustPolicy::Never, Some("127.0.0.1")).await);
    assert_adopted(&identified(TrustPolicy::Always, Some("8.8.8.8")).await);
    assert_adopted(&identified(TrustPolicy::Always, None).await);
}

#[tokio::test]
async fn over_a_socket_loopback_is_known_and_trusted() {
    let records = Records::new();
    let handler = |ClientIp(ip): ClientIp| async move { ip.to_string() };
    let address = serve(Router::new().route("/", get(handler)).layer(records.layer())).await;
    let asked = format!(
        "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-request-id: order-7\r\ntraceparent: {PARENT}\r\n\r\n"
    );
    let seen = Raw::send(address, asked).await.read_all().await;
    assert!(seen.contains("x-request-id: order-7\r\n") && seen.ends_with("127.0.0.1"), "{seen}");
    assert_adopted(&records.ended().await.0);
}

#[tokio::test]
async fn ids_are_made_in_the_chosen_format() {
    let formats = [
        (RequestIdFormat::UuidV7, 36),
        (RequestIdFormat::UuidV4, 36),
        (RequestIdFormat::Ulid, 26),
        (RequestIdFormat::TraceId, 32),
    ];
    for (format, length) in formats {
        let records = Records::new();
        let mut identify = Identify::default();
        identify.format = format;
        let service = records.layer().identify(identify).layer(answer(|| Response::new(Body::empty())));
        let response = call(service, request("/")).await;
        assert_eq!(header(&response, "x-request-id").len(), length, "{format:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_id_is_echoed_whatever_the_status() {
    async fn panics() {
        panic!("on purpose");
    }
    let records = Records::new();
    let layer = records.layer().catch_panics().timeout(Duration::from_secs(1));
    let app = Router::new()
        .route("/", get(|| async {}))
        .route("/panics", get(panics))
        .route("/slow", get(std::future::pending::<()>))
        .route("/bad", get(|| async { StatusCode::BAD_GATEWAY }))
        .layer(layer);
    let rows = [
        ("GET", "/", 200),
        ("GET", "/nowhere", 404),
        ("POST", "/", 405),
        ("GET", "/panics", 500),
        ("GET", "/bad", 502),
        ("GET", "/slow", 504),
    ];
    for (method, path, status) in rows {
        let asked = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let response = call(app.clone(), asked).await;
        assert_eq!(response.status(), status, "{path}");
        let id = header(&response, "x-request-id").to_owned();
        read(response).await;
        let (exchange, _) = records.capture.exchanges().pop().unwrap();
        assert_eq!(exchange.context.request_id().as_str(), id, "{path}");
    }
}

#[tokio::test]
async fn an_id_that_a_handler_sets_does_not_hide_ours() {
    let records = Records::new();
    let app = Router::new().route("/", get(|| async { [("x-request-id", "its-own")] })).layer(records.layer());
    let response = call(app, request("/")).await;
    assert_eq!(response.headers().get_all("x-request-id").iter().count(), 1);
    assert_eq!(header(&response, "x-request-id"), records.one().0.context.request_id().as_str());
}

#[tokio::test]
async fn extractors_tell_what_the_record_says() {
    let records = Records::new();
    let handler = |id: RequestId, context: Context, ClientIp(ip): ClientIp| async move {
        assert_eq!(&id, context.request_id());
        context.set("vm_id", "vm-7");
        format!("{id} {ip}")
    };
    let app = Router::new().route("/", get(handler)).layer(records.layer());
    let body = read(call(app, named(Some("127.0.0.1"))).await).await;
    let (exchange, _) = records.one();
    assert_eq!(body, "order-7 127.0.0.1");
    assert_eq!(exchange.context.field("vm_id").unwrap().to_string(), "vm-7");
}

#[tokio::test]
async fn extractors_say_what_is_missing() {
    let app = Router::new().route("/", get(|_: RequestId| async {})).route("/ip", get(|_: ClientIp| async {}));
    let response = call(app.clone(), request("/")).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(String::from_utf8_lossy(&read(response).await).contains("add `.layer("));
    let response = call(app.layer(Records::new().layer()), request("/ip")).await;
    assert!(String::from_utf8_lossy(&read(response).await).contains("connect info"));
}

/// Where the context was ambient, in order.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Sighting>>>);

/// A place, and the id that was ambient there.
type Sighting = (&'static str, Option<String>);

impl Seen {
    fn here(&self, place: &'static str) {
        let id = current().map(|context| context.request_id().as_str().to_owned());
        self.0.lock().unwrap().push((place, id));
    }

    fn places(&self, id: &str) -> Vec<&'static str> {
        let seen = self.0.lock().unwrap();
        for (place, ambient) in seen.iter() {
            assert_eq!(ambient.as_deref(), Some(id), "{place}");
        }
        seen.iter().map(|(place, _)| *place).collect()
    }
}

/// A body, or a value in a handler, that says what is ambient when it is polled or dropped.
struct Says(Seen, &'static str, &'static str, Body);

impl Drop for Says {
    fn drop(&mut self) {
        self.0.here(self.2);
    }
}

impl HttpBody for Says {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.0.here(self.1);
        Pin::new(&mut self.3).poll_frame(cx).map_err(Into::into)
    }
}

#[tokio::test]
async fn the_context_is_ambient_in_handler_bodies_and_drops() {
    let (records, seen) = (Records::new(), Seen::default());
    let inside = seen.clone();
    let handler = |body: Body| async move {
        inside.here("handler");
        body.collect().await.unwrap();
        tokio::task::yield_now().await;
        inside.here("handler again");
        Body::new(Says(inside, "response", "response dropped", "hello".into()))
    };
    let app = Router::new().route("/", post(handler)).layer(records.layer());
    let body = Body::new(Says(seen.clone(), "request", "request dropped", "hello".into()));
    let response = call(app, Request::post("/").body(body).unwrap()).await;
    let id = header(&response, "x-request-id").to_owned();
    assert!(current().is_none(), "and nowhere else");
    read(response).await;
    assert!(current().is_none());
    let places = seen.places(&id);
    let expected = [
        "handler",
        "request",
        "request",
        "request dropped",
        "handler again",
        "response",
        "response",
        "response dropped",
    ];
    assert_eq!(places, expected);
}

#[tokio::test]
async fn the_context_is_ambient_while_what_nobody_waits_for_is_dropped() {
    let (records, seen) = (Records::new(), Seen::default());
    let inside = seen.clone();
    let handler = |body: Body| async move {
        let _says = Says(inside, "", "handler dropped", Body::empty());
        let _unread = body;
        std::future::pending::<()>().await;
    };
    let app = Router::new().route("/", post(handler)).layer(records.layer());
    let body = Body::new(Says(seen.clone(), "request", "request dropped", "hello".into()));
    let mut response = Box::pin(app.oneshot(Request::post("/").body(body).unwrap()));
    assert!(futures_util::FutureExt::now_or_never(response.as_mut()).is_none());
    assert!(current().is_none());
    drop(response);
    let (exchange, ended) = records.one();
    assert_eq!(ended.outcome, Outcome::ClosedBeforeHead);
    let places = seen.places(exchange.context.request_id().as_str());
    assert_eq!(places, ["request dropped", "handler dropped"]);
}

#[tokio::test]
async fn the_context_goes_with_the_body_into_a_task_of_its_own() {
    let (records, seen) = (Records::new(), Seen::default());
    let handler = |body: Body| async move {
        let reads = async {
            assert!(current().is_none(), "a plain task has no context");
            body.collect().await.unwrap();
        };
        tokio::spawn(reads).await.unwrap();
    };
    let app = Router::new().route("/", post(handler)).layer(records.layer());
    let body = Body::new(Says(seen.clone(), "request", "request dropped", "hello".into()));
    let response = call(app, Request::post("/").body(body).unwrap()).await;
    assert_eq!(seen.places(header(&response, "x-request-id")), ["request", "request", "request dropped"]);
    assert_eq!(records.one().1.request_bytes, 5);
}

#[tokio::test]
async fn the_context_is_ambient_in_call_itself() {
    let records = Records::new();
    let service = tower::service_fn(|_| {
        let ambient = current().is_some();
        async move { Ok::<_, std::io::Error>(Response::new(Body::from(ambient.to_string()))) }
    });
    assert_eq!(read(call(records.layer().layer(service), request("/")).await).await, "true");
}

#[tokio::test]
async fn the_unknown_peer_is_told_of_once() {
    let (lines, _guard) = Lines::capture();
    let records = Records::new();
    let app = Router::new().route("/", get(|| async {})).layer(records.layer());
    for _ in 0..3 {
        call(app.clone(), request("/")).await;
    }
    let [line] = &lines.all()[..] else { panic!("{lines:?}") };
    assert_eq!((line.level, line.get("trust")), (Level::WARN, "private"));
    assert!(line.message().contains("cupola.serve(listener, app)"));
}

#[tokio::test]
async fn a_known_peer_or_a_policy_that_does_not_ask_is_not_told_of() {
    let (lines, _guard) = Lines::capture();
    for trust in [TrustPolicy::Never, TrustPolicy::Always] {
        identified(trust, None).await;
    }
    identified(TrustPolicy::Private, Some("8.8.8.8")).await;
    assert!(lines.all().is_empty(), "{lines:?}");
}

#[tokio::test]
async fn axums_connect_info_names_the_peer() {
    let records = Records::new();
    let app = Router::new().layer(records.layer());
    let mut asked = request("/");
    let peer: SocketAddr = "[2001:db8::7]:443".parse().unwrap();
    asked.extensions_mut().insert(axum::extract::ConnectInfo(peer));
    call(app, asked).await;
    assert_eq!(records.one().0.context.client_ip(), Some(peer.ip()));
}

#[tokio::test]
async fn a_request_in_the_middle_of_another_has_its_own_context() {
    // A handler that calls a service in process: two requests, one thread, two ids.
    let (outer, inner) = (Records::new(), Records::new());
    let inside = Router::new().route("/", get(|id: RequestId| async move { id.to_string() })).layer(inner.layer());
    let handler = |id: RequestId| async move {
        let theirs = read(call(inside, request("/")).await).await;
        assert_ne!(theirs, id.as_str());
        assert_eq!(current().unwrap().request_id(), &id);
    };
    let app = Router::new().route("/", get(handler)).layer(outer.layer());
    in_time(call(app, request("/"))).await;
    assert!(!outer.one().0.context.is(&inner.one().0.context));
}
