//! OTLP over HTTP.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use cupola_store::Signal;
use cupola_store::otlp::Encoding;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::inflate::Compression;
use super::message::{Format, Message, Taken};
use super::refusal::Refusal;
use super::{Desk, reply};

pub(super) const fn path(signal: Signal) -> &'static str {
    match signal {
        Signal::Logs => "/v1/logs",
        Signal::Spans => "/v1/traces",
        Signal::Metrics => "/v1/metrics",
    }
}

pub(super) async fn receive(desk: &Desk, signal: Signal, sent: Request) -> Response {
    let encoding = encoding(sent.headers());
    match take(desk, signal, encoding, sent).await {
        Ok(taken) => {
            let encoding = encoding.unwrap_or(Encoding::Protobuf);
            answer(StatusCode::OK, encoding, reply::success(encoding, signal, &taken))
        }
        Err(refusal) => refuse(encoding.unwrap_or(Encoding::Json), &refusal),
    }
}

async fn take(desk: &Desk, signal: Signal, encoding: Option<Encoding>, sent: Request) -> Result<Taken, Refusal> {
    let (head, incoming) = sent.into_parts();
    if !desk.receiver.tokens.admit(&head.headers) {
        return Err(Refusal::Unauthenticated);
    }
    let encoding =
        encoding.ok_or(Refusal::Unsupported("the Content-Type is application/x-protobuf or application/json"))?;
    let named = head.headers.get(CONTENT_ENCODING).map_or(&b""[..], HeaderValue::as_bytes);
    let compression =
        Compression::named(named).ok_or(Refusal::Unsupported("the Content-Encoding is gzip, zstd or none"))?;
    let all = desk.collect(incoming).await?;
    desk.take(Message::new(Format { signal, encoding, compression }, all.bytes), all.room).await
}

fn encoding(head: &HeaderMap) -> Option<Encoding> {
    let kind = head.get(CONTENT_TYPE)?.to_str().ok()?;
    match kind.split(';').next()?.trim().to_ascii_lowercase().as_str() {
        "application/x-protobuf" | "application/protobuf" => Some(Encoding::Protobuf),
        "application/json" => Some(Encoding::Json),
        _ => None,
    }
}

fn answer(status: StatusCode, encoding: Encoding, said: Bytes) -> Response {
    let kind = match encoding {
        Encoding::Protobuf => "application/x-protobuf",
        Encoding::Json => "application/json",
    };
    let mut answer = Response::new(Body::from(said));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

fn refuse(encoding: Encoding, refusal: &Refusal) -> Response {
    let mut answer = answer(refusal.http(), encoding, reply::status(encoding, refusal));
    let head = answer.headers_mut();
    if let Some(seconds) = refusal.again() {
        head.insert(RETRY_AFTER, seconds.into());
    }
    match refusal {
        Refusal::Unauthenticated => {
            head.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"cupola\""));
        }
        Refusal::Unsupported(_) => {
            head.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, zstd"));
        }
        _ => {}
    }
    answer
}
