//! What a request costs in allocations, and what a large body costs in memory: bounds that hold are kept.

#![allow(missing_docs, clippy::unwrap_used)]

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use allocation_counter::AllocationInfo;
use axum::Router;
use axum::body::Body;
use axum::routing::{Route, get, post};
use bytes::Bytes;
use cupola_http::{BodyRules, ObserveLayer, Peer, layer};
use cupola_record::{AccessLog, Capture, Empty};
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower::layer::layer_fn;

fn asked() -> Request<Body> {
    let mut asked = Request::get("/vms/7")
        .header("host", "localhost:3000")
        .header("user-agent", "curl/8.5.0")
        .header("accept", "*/*")
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .body(Body::empty())
        .unwrap();
    asked.extensions_mut().insert(Peer([127, 0, 0, 1].into()));
    asked
}

async fn serve(app: Router, asked: Request<Body>) {
    let response: Response<Body> = app.oneshot(asked).await.unwrap();
    response.into_body().collect().await.unwrap();
}

fn router() -> Router {
    Router::new().route("/vms/{id}", get(|| async { "a vm" }))
}

/// Allocations of one request, once everything is warm.
fn allocations(app: &Router) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let once = |asked| {
        let app = app.clone();
        allocation_counter::measure(|| runtime.block_on(serve(app, asked))).count_total
    };
    once(asked());
    once(asked())
}

/// What a layer costs beyond one that does nothing. The one that does nothing has state, as each layer that does
/// something has: axum boxes a clone of it for each request.
fn beyond_axum(observe: ObserveLayer) -> u64 {
    let state = Arc::new(());
    let idle = layer_fn(move |service: Route| {
        let _ = &state;
        service
    });
    allocations(&router().layer(observe)) - allocations(&router().layer(idle))
}

/// The context, its place in the extensions, the exchange with its masked texts, the id's header value, and axum's box
/// around either body. Where tower-http's extension is filled: the value once more, its second owner, its box, and room
/// for it.
const BUDGET: u64 = if cfg!(feature = "tower-http") { 6 + 4 } else { 6 };

#[test]
fn ids_and_context_stay_within_their_budget() {
    let spent = beyond_axum(layer(Empty));
    assert!(spent <= BUDGET, "{spent}");
}

#[test]
fn an_access_log_that_nobody_reads_costs_no_more() {
    let spent = beyond_axum(layer(AccessLog::new()));
    assert!(spent <= BUDGET, "{spent}");
}

#[test]
fn catching_panics_costs_nothing() {
    let with = allocations(&router().layer(layer(Empty).catch_panics()));
    assert_eq!(with, allocations(&router().layer(layer(Empty))));
}

/// A text of 100 MiB, in pieces that share one buffer.
struct Large {
    piece: Bytes,
    left: usize,
}

impl Large {
    const BYTES: u64 = 100 * 1024 * 1024;

    fn new() -> Self {
        let piece = Bytes::from("so it is ".repeat(4096));
        Self { left: Self::BYTES as usize / piece.len(), piece }
    }

    fn bytes(&self) -> u64 {
        (self.left * self.piece.len()) as u64
    }
}

impl HttpBody for Large {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data(self.piece.clone()))))
    }
}

async fn drain(mut body: Body) {
    while let Some(frame) = body.frame().await {
        frame.unwrap();
    }
}

#[test]
fn bodies_of_100_mib_with_capture_on_stay_within_a_megabyte() {
    let capture = Capture::new();
    let handler = |body: Body| async {
        drain(body).await;
        Response::builder().header("content-type", "text/plain").body(Body::new(Large::new())).unwrap()
    };
    let observe = layer(capture.clone()).bodies(BodyRules::default());
    let app = Router::new().route("/", post(handler)).layer(observe);
    let asked = Request::post("/").header("content-type", "text/plain").body(Body::new(Large::new())).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let used: AllocationInfo = allocation_counter::measure(|| {
        runtime.block_on(async { drain(app.oneshot(asked).await.unwrap().into_body()).await });
    });
    assert!(used.bytes_max < 1024 * 1024, "{used:?}");
    let (_, ended) = capture.exchanges().remove(0);
    assert_eq!((ended.request_bytes, ended.response_bytes), (Large::new().bytes(), Large::new().bytes()));
    let bodies = ended.bodies.unwrap();
    for body in [bodies.request, bodies.response] {
        assert_eq!((body.state.as_str(), body.text.as_str().len()), ("truncated", 8 * 1024));
    }
}
