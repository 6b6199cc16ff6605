//! Bodies: they pass unchanged, and where they are captured it is masked, capped, and said how far it goes.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Json;
use axum::routing::{get, post};
use bytes::{Buf, Bytes};
use cupola_http::{BodyRules, ObserveLayer, RequestBody, route_slot};
use cupola_record::{Bodies, Ended, Outcome};
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use serde_json::Value;
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{
    BoxError, Frames, Raw, Records, Step, answer, call, get as request, http2, in_time, read, serve, serve_service,
};

const LOGIN: &str = r#"{"user":"bob","password":"hunter2"}"#;
const MASKED: &str = r#"{"user":"bob","password":"[REDACTED]"}"#;

fn capturing(records: &Records) -> ObserveLayer {
    records.layer().bodies(BodyRules::default())
}

fn json(path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path).header("content-type", "application/json").body(body.into()).unwrap()
}

fn bodies(ended: &Ended) -> &Bodies {
    ended.bodies.as_deref().expect("bodies are captured")
}

/// State and text of the request's body, then of the response's.
fn captured(ended: &Ended) -> [(&str, &str); 2] {
    let Bodies { request, response, .. } = bodies(ended);
    [request, response].map(|body| (body.state.as_str(), body.text.as_str()))
}

const NOTHING: (&str, &str) = ("skipped_empty", "");

async fn echo(Json(value): Json<Value>) -> Json<Value> {
    Json(value)
}

#[tokio::test]
async fn json_is_captured_and_masked_both_ways() {
    let records = Records::new();
    let app = Router::new().route("/", post(echo)).layer(capturing(&records));
    // What passes is not masked: key order is serde_json's.
    let answered = read(call(app, json("/", LOGIN)).await).await;
    assert_eq!(answered, r#"{"password":"hunter2","user":"bob"}"#);
    let swapped = r#"{"password":"[REDACTED]","user":"bob"}"#;
    assert_eq!(captured(&records.one().1), [("complete", MASKED), ("complete", swapped)]);
}

#[tokio::test]
async fn json_over_a_socket_is_complete_both_ways() {
    let records = Records::new();
    let address = serve(Router::new().route("/", post(echo)).layer(capturing(&records))).await;
    let head = "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n";
    let asked = format!("{head}content-length: {}\r\n\r\n{LOGIN}", LOGIN.len());
    assert!(Raw::send(address, asked).await.read_all().await.contains("hunter2"));
    let (_, ended) = records.ended().await;
    let states = captured(&ended).map(|(state, _)| state);
    assert_eq!(states, ["complete", "complete"]);
}

#[tokio::test]
async fn nothing_is_captured_unless_switched_on() {
    let records = Records::new();
    let app = Router::new().route("/", post(echo)).layer(records.layer());
    read(call(app, json("/", LOGIN)).await).await;
    assert!(records.one().1.bodies.is_none());
}

#[tokio::test]
async fn forms_and_event_streams_are_masked_too() {
    let records = Records::new();
    let events =
        |_: String| async { ([("content-type", "text/event-stream")], "data: {\"token\":\"hunter2\",\"n\":1}\n\n") };
    let app = Router::new().route("/", post(events)).layer(capturing(&records));
    let asked = Request::post("/").header("content-type", "application/x-www-form-urlencoded");
    read(call(app, asked.body("user=bob&password=hunter2".into()).unwrap()).await).await;
    let (_, ended) = records.one();
    let [request, (state, text)] = captured(&ended);
    assert_eq!(request, ("complete", "user=bob&password=[REDACTED]"));
    assert!(state == "complete" && text.contains("\"n\":1") && !text.contains("hunter2"), "{state} {text}");
}

#[tokio::test]
async fn over_the_cap_a_body_is_truncated() {
    for cap in [0, 1, 10, 20, 64] {
        let records = Records::new();
        let layer = records.layer().bodies(BodyRules::default().cap(cap));
        let app = Router::new().route("/", post(echo)).layer(layer);
        let long = format!(r#"{{"name":"{}","password":"hunter2"}}"#, "ü".repeat(1000));
        read(call(app, json("/", long)).await).await;
        for (state, text) in captured(&records.one().1) {
            assert_eq!(state, "truncated");
            assert!(text.len() <= cap && !text.contains("hunter2"), "{cap}: {text:?}");
        }
    }
}

#[tokio::test]
async fn what_the_handler_read_in_part_is_partial() {
    let records = Records::new();
    let handler = |mut body: Body| async move {
        body.frame().await.unwrap().unwrap();
    };
    let app = Router::new().route("/", post(handler)).layer(capturing(&records));
    let body = Frames::new([Step::Data(r#"{"a":1,"#), Step::Data(r#""b":2}"#)]).body();
    read(call(app, json("/", body)).await).await;
    let (_, ended) = records.one();
    let [(state, text), _] = captured(&ended);
    assert!(state == "partial" && text.starts_with(r#"{"a":1"#) && !text.contains("b"), "{state} {text}");
}

#[tokio::test]
async fn what_the_handler_never_read_is_not_read() {
    let records = Records::new();
    let app = Router::new().route("/", post(|| async { Json(1) })).layer(capturing(&records));
    read(call(app, json("/", LOGIN)).await).await;
    assert_eq!(captured(&records.one().1), [("not_read", ""), ("complete", "1")]);
}

#[tokio::test]
async fn a_request_body_that_fails_is_partial() {
    let records = Records::new();
    let handler = |body: Body| async { body.collect().await.map(|_| ()).unwrap_err().to_string() };
    let app = Router::new().route("/", post(handler)).layer(capturing(&records));
    let body = Frames::new([Step::Data(r#"{"a":1,"#), Step::Fail]).says_its_end().body();
    assert_eq!(read(call(app, json("/", body)).await).await, "the disk is gone", "errors pass unchanged");
    let (_, ended) = records.one();
    assert_eq!((captured(&ended)[0].0, ended.outcome), ("partial", Outcome::Complete));
}

#[tokio::test]
async fn a_response_body_that_breaks_off_is_partial() {
    for (last, outcome) in [(Step::Fail, Outcome::BodyError), (Step::Forever, Outcome::ClosedMidBody)] {
        let records = Records::new();
        let steps = std::sync::Mutex::new(Some([Step::Data(r#"{"password":"hun"#), last]));
        let body = || {
            let body = Frames::new(steps.lock().unwrap().take().unwrap()).body();
            Response::builder().header("content-type", "application/json").body(body).unwrap()
        };
        let mut response = call(capturing(&records).layer(answer(body)), request("/")).await;
        response.body_mut().frame().await.unwrap().unwrap();
        let _ = futures_util::FutureExt::now_or_never(response.body_mut().frame());
        drop(response);
        let (_, ended) = records.one();
        let [_, (state, text)] = captured(&ended);
        assert_eq!((state, ended.outcome), ("partial", outcome));
        assert!(text.contains("password") && !text.contains("hun"), "{text}");
    }
}

#[tokio::test]
async fn what_is_not_captured_says_why() {
    let rows: [(&str, Option<&str>, &str); 5] = [
        ("application/json", None, "complete"),
        ("image/png", None, "skipped_media_type"),
        ("", None, "skipped_media_type"),
        ("application/json", Some("gzip"), "skipped_encoded"),
        ("application/json", Some("identity"), "complete"),
    ];
    for (media, encoding, state) in rows {
        let headers = move |headers: &mut HeaderMap| {
            if !media.is_empty() {
                headers.insert("content-type", HeaderValue::from_static(media));
            }
            if let Some(encoding) = encoding {
                headers.insert("content-encoding", HeaderValue::from_static(encoding));
            }
        };
        let handler = move |body: Body| async move {
            let mut response = Response::new(Body::new(Full::new(body.collect().await.unwrap().to_bytes())));
            headers(response.headers_mut());
            response
        };
        let records = Records::new();
        let app = Router::new().route("/", post(handler)).layer(capturing(&records));
        let mut asked = Request::post("/").body("1".into()).unwrap();
        headers(asked.headers_mut());
        read(call(app, asked).await).await;
        assert_eq!(captured(&records.one().1).map(|(state, _)| state), [state; 2], "{media} {encoding:?}");
    }
}

#[tokio::test]
async fn where_there_is_no_body_that_is_said() {
    let records = Records::new();
    let app = Router::new().route("/", get(|| async {})).layer(capturing(&records));
    read(call(app, request("/")).await).await;
    assert_eq!(captured(&records.one().1), [NOTHING; 2]);
}

#[tokio::test]
async fn routes_are_left_out_wherever_they_become_known() {
    let left_out = ("skipped_route", "");
    let router = || Router::new().route("/login", post(echo)).route("/vms", post(echo));
    for (path, expected) in [("/login", left_out), ("/vms", ("complete", "1"))] {
        let layer = |records: &Records| records.layer().bodies(BodyRules::default().not_route("/login"));
        let records = Records::new();
        read(call(router().layer(layer(&records)), json(path, "1")).await).await;
        assert_eq!(captured(&records.one().1), [expected; 2], "{path}");
        let records = Records::new();
        read(call(layer(&records).layer(router().layer(route_slot())), json(path, "1")).await).await;
        assert_eq!(captured(&records.one().1), [expected; 2], "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_read_before_a_panic_or_a_timeout_is_shown() {
    async fn panics(_: String) {
        panic!("on purpose");
    }
    async fn waits(_: String) {
        std::future::pending::<()>().await;
    }
    let router = Router::new().route("/panics", post(panics)).route("/waits", post(waits));
    for (path, outcome) in [("/panics", Outcome::Panicked), ("/waits", Outcome::TimedOut)] {
        let records = Records::new();
        let layer = capturing(&records).catch_panics().timeout(Duration::from_secs(1));
        read(call(router.clone().layer(layer), json(path, LOGIN)).await).await;
        let (_, ended) = records.one();
        assert_eq!((ended.outcome, captured(&ended)), (outcome, [("complete", MASKED), ("not_read", "")]));
    }
}

/// A buffer in pieces, which says so or does not.
struct Pieces {
    pieces: VecDeque<Bytes>,
    says_so: bool,
}

impl Buf for Pieces {
    fn remaining(&self) -> usize {
        self.pieces.iter().map(Bytes::len).sum()
    }

    fn chunk(&self) -> &[u8] {
        self.pieces.front().map_or(&[], |piece| piece)
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [std::io::IoSlice<'a>]) -> usize {
        let shown = if self.says_so { self.pieces.len() } else { 1 };
        let pairs = slices.iter_mut().zip(self.pieces.iter().take(shown));
        pairs.map(|(slice, piece)| *slice = std::io::IoSlice::new(piece)).count()
    }

    fn advance(&mut self, count: usize) {
        let rest = self.copy_to_bytes_after(count);
        self.pieces = VecDeque::from([rest]);
    }
}

impl Pieces {
    fn copy_to_bytes_after(&self, count: usize) -> Bytes {
        self.pieces.iter().flatten().skip(count).copied().collect()
    }
}

#[tokio::test]
async fn a_buffer_in_pieces_is_read_in_order_or_not_at_all() {
    let many = || LOGIN.bytes().map(|byte| Bytes::from(vec![byte])).collect::<VecDeque<_>>();
    let few = || LOGIN.as_bytes().chunks(9).map(Bytes::copy_from_slice).collect::<VecDeque<_>>();
    let rows = [(few(), true, "complete"), (few(), false, "truncated"), (many(), true, "truncated")];
    for (pieces, says_so, state) in rows {
        let records = Records::new();
        let service = capturing(&records).layer(service_fn(|request: Request<RequestBody<_>>| async {
            let body: http_body_util::Collected<Pieces> = request.into_body().collect().await?;
            assert_eq!(body.aggregate().copy_to_bytes(LOGIN.len()), LOGIN, "the handler sees all of it");
            Ok::<_, BoxError>(Response::new(Empty::<Bytes>::new()))
        }));
        let frame = Ok::<_, BoxError>(Frame::data(Pieces { pieces, says_so }));
        let body = StreamBody::new(stream::iter([frame]));
        let asked = Request::post("/").header("content-type", "application/json").body(body).unwrap();
        service.oneshot(asked).await.unwrap();
        let (_, ended) = records.one();
        let [(found, text), _] = captured(&ended);
        assert_eq!((found, ended.request_bytes), (state, LOGIN.len() as u64));
        assert!(!text.contains("hunter2") && (found != "complete" || text == MASKED), "{text}");
    }
}

/// A body that only says things of itself.
#[derive(Clone)]
struct Hints(SizeHint, bool);

impl HttpBody for Hints {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.1
    }

    fn size_hint(&self) -> SizeHint {
        self.0
    }
}

#[tokio::test]
async fn what_a_body_says_of_itself_passes_unchanged() {
    let mut range = SizeHint::new();
    range.set_lower(3);
    range.set_upper(9);
    let hints = [SizeHint::new(), SizeHint::with_exact(0), SizeHint::with_exact(7), range];
    for (hint, ends) in hints.into_iter().flat_map(|hint| [(hint, false), (hint, true)]) {
        let body = Hints(hint, ends);
        // The service answers with the body that it was asked with: both wrappers in one.
        let service = capturing(&Records::new()).layer(service_fn(|request: Request<RequestBody<Hints>>| async {
            Ok::<_, BoxError>(Response::new(request.into_body()))
        }));
        let said = describe(&body);
        let response = service.oneshot(Request::new(body)).await.unwrap();
        assert_eq!(describe(response.body()), said);
    }
}

fn describe(body: &impl HttpBody) -> (u64, Option<u64>, bool) {
    (body.size_hint().lower(), body.size_hint().upper(), body.is_end_stream())
}

#[tokio::test]
async fn trailers_pass_both_ways() {
    let records = Records::new();
    let mut trailers = HeaderMap::new();
    trailers.insert("x-checksum", HeaderValue::from_static("abc"));
    let handler = |body: Body| async {
        let collected = body.collect().await.unwrap();
        let trailers = collected.trailers().cloned().unwrap();
        Frames::new([Step::Data("hello"), Step::Trailers(trailers)]).body()
    };
    let address = serve(Router::new().route("/", post(handler)).layer(capturing(&records))).await;
    let body = Frames::new([Step::Data("hello"), Step::Trailers(trailers.clone())]).body();
    let asked = Request::post(format!("http://{address}/")).body(body).unwrap();
    let response = in_time(http2(address).await.send_request(asked)).await.unwrap();
    let collected = in_time(response.into_body().collect()).await.unwrap();
    assert_eq!(collected.trailers(), Some(&trailers));
    let (_, ended) = records.ended().await;
    assert_eq!((ended.outcome, ended.request_bytes, ended.response_bytes), (Outcome::Complete, 5, 5));
}

#[tokio::test]
async fn a_large_body_over_a_socket_arrives_whole() {
    const MIB: usize = 1024 * 1024;
    let records = Records::new();
    let handler = |body: Body| async { Response::new(body) };
    let address = serve_service(capturing(&records).layer(Router::new().route("/", post(handler)))).await;
    let sent: Bytes = (0..8 * MIB).map(|n| (n % 251) as u8).collect();
    let asked = Request::post(format!("http://{address}/")).body(Body::from(sent.clone())).unwrap();
    let response = in_time(http2(address).await.send_request(asked)).await.unwrap();
    assert!(in_time(response.into_body().collect()).await.unwrap().to_bytes() == sent);
    let (_, ended) = records.ended().await;
    assert_eq!((ended.request_bytes, ended.response_bytes), (8 * MIB as u64, 8 * MIB as u64));
}
