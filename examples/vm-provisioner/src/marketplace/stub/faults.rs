//! Makes requests go wrong.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::connection::Line;
use super::fault::Fault;
use super::operation::Operation;
use super::{FAULT_HEADER, Seen, Shared};

/// How many pieces a slow body comes in.
const PIECES: usize = 8;

/// What the marketplace says to those who ask too often.
const TOO_MANY: &str = "API requests too frequent endpoint threshold=2.0\n";

/// What a proxy says in place of an API that is not there.
const PAGE: &str = "<html><head><title>Bad day</title></head><body><h1>Something went wrong</h1></body></html>\n";

/// Long enough that what was sent before the reset has arrived.
const BEFORE_RESET: Duration = Duration::from_millis(20);

pub(super) async fn around(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
    next: Next,
) -> Response {
    let operation = Operation::of(request.method(), request.uri().path());
    let asked = request.headers().get(FAULT_HEADER).map(|value| value.to_str().unwrap_or_default().parse());
    let fault = match asked {
        Some(Err(error)) => return (StatusCode::BAD_REQUEST, format!("{FAULT_HEADER}: {error}\n")).into_response(),
        Some(Ok(fault)) => Some(fault),
        None => shared.fault(operation),
    };
    let answer = match fault {
        Some(Fault::TooMany { retry_after }) => too_many(operation, retry_after),
        Some(Fault::Failing(status)) => failing(status),
        Some(Fault::Slow(wait)) => slow(next.run(request).await, wait).await,
        Some(Fault::Reset) => cut_short(next.run(request).await, line).await,
        Some(Fault::Garbage) => garbled(next.run(request).await).await,
        None => next.run(request).await,
    };
    shared.tell(Seen { operation, fault, status: answer.status().as_u16() });
    answer
}

/// A creation says it in JSON, all others in a plain text.
fn too_many(operation: Operation, retry_after: Option<u32>) -> Response {
    let mut answer = match operation {
        Operation::Create => axum::Json(serde_json::json!({ "detail": TOO_MANY.trim_end() })).into_response(),
        _ => TOO_MANY.into_response(),
    };
    *answer.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    let retry_after = retry_after.map(HeaderValue::from);
    retry_after.into_iter().for_each(|seconds| drop(answer.headers_mut().insert(header::RETRY_AFTER, seconds)));
    answer
}

fn failing(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "text/html")], PAGE).into_response()
}

/// The whole body of an answer of our own, which is small.
async fn whole(answer: Response) -> (axum::http::response::Parts, Bytes) {
    let (head, body) = answer.into_parts();
    (head, to_bytes(body, usize::MAX).await.unwrap_or_default())
}

async fn slow(answer: Response, wait: Duration) -> Response {
    let (head, body) = whole(answer).await;
    let piece = body.len().div_ceil(PIECES).max(1);
    let pieces = stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(wait).await;
        let first = rest.split_to(piece.min(rest.len()));
        Some((Ok::<_, io::Error>(first), rest))
    });
    Response::from_parts(head, Body::from_stream(pieces))
}

/// The head tells of a whole body, and half of it comes.
async fn cut_short(answer: Response, line: Line) -> Response {
    let (mut head, body) = whole(answer).await;
    head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let half = body.slice(..body.len() / 2);
    let first = stream::once(async move { Ok(half) });
    let then = stream::once(async move {
        tokio::time::sleep(BEFORE_RESET).await;
        line.reset();
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    Response::from_parts(head, Body::from_stream(stream::StreamExt::chain(first, then)))
}

async fn garbled(answer: Response) -> Response {
    let (mut head, body) = whole(answer).await;
    head.headers.remove(header::CONTENT_LENGTH);
    let mut garbage = body[..body.len() / 2].to_vec();
    garbage.extend_from_slice(b"\xff\xfe\0<!-- upstream said:");
    Response::from_parts(head, Body::from(garbage))
}
