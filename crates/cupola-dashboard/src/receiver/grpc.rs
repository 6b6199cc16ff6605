//! OTLP over gRPC: one message in a frame, and a status in the trailers. By hand, so that the message goes as it was sent into the journal,
//! and is decoded as over HTTP.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::{BufMut as _, Bytes, BytesMut};
use cupola_store::Signal;
use cupola_store::otlp::Encoding;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::{BodyExt as _, Full};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::inflate::Compression;
use super::message::{Format, Message, Taken};
use super::refusal::Refusal;
use super::{Desk, reply};

const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPTED: HeaderName = HeaderName::from_static("grpc-accept-encoding");

/// A frame: whether it is compressed, and how long it is.
const FRAME_HEAD: usize = 5;

pub(super) const fn path(signal: Signal) -> &'static str {
    match signal {
        Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        Signal::Spans => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    }
}

pub(super) async fn receive(desk: &Desk, signal: Signal, sent: Request) -> Response {
    let is_grpc = |value: &HeaderValue| value.as_bytes().starts_with(b"application/grpc");
    if !sent.headers().get(CONTENT_TYPE).is_some_and(is_grpc) {
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return answer;
    }
    let mut answer = match take(desk, signal, sent).await {
        Ok(taken) => accept(&reply::success(Encoding::Protobuf, signal, &taken)),
        Err(refusal) => refuse(&refusal),
    };
    let head = answer.headers_mut();
    head.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    head.insert(ACCEPTED, HeaderValue::from_static("identity,gzip,zstd"));
    answer
}

async fn take(desk: &Desk, signal: Signal, sent: Request) -> Result<Taken, Refusal> {
    let (head, incoming) = sent.into_parts();
    if !desk.receiver.tokens.admit(&head.headers) {
        return Err(Refusal::Unauthenticated);
    }
    let all = desk.collect(incoming).await?;
    let (compression, message) = unframe(&head.headers, all.bytes)?;
    desk.take(Message::new(Format { signal, encoding: Encoding::Protobuf, compression }, message), all.room).await
}

/// The one message that there is.
fn unframe(head: &HeaderMap, mut all: Bytes) -> Result<(Compression, Bytes), Refusal> {
    let bad = || Refusal::Bad("the message is not in one frame of gRPC".to_owned());
    if all.len() < FRAME_HEAD {
        return Err(bad());
    }
    let frame = all.split_to(FRAME_HEAD);
    let length = frame[1..].iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    if all.len() != length {
        return Err(bad());
    }
    let named = head.get(ENCODING).map_or(&b""[..], HeaderValue::as_bytes);
    let compression = if frame[0] == 0 { Some(Compression::None) } else { Compression::named(named) };
    Ok((compression.ok_or(Refusal::Unsupported("the grpc-encoding is gzip, zstd or identity"))?, all))
}

fn accept(said: &[u8]) -> Response {
    let mut frame = BytesMut::with_capacity(FRAME_HEAD + said.len());
    frame.put_u8(0);
    frame.put_u32(u32::try_from(said.len()).unwrap_or(u32::MAX));
    frame.extend_from_slice(said);
    let trailers = async { Some(Ok(HeaderMap::from_iter([(STATUS, HeaderValue::from_static("0"))]))) };
    Response::new(Body::new(Full::new(frame.freeze()).with_trailers(trailers)))
}

/// What a `grpc-message` has as it is.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

/// A status without a message stands in the head.
fn refuse(refusal: &Refusal) -> Response {
    let mut answer = Response::new(Body::empty());
    let head = answer.headers_mut();
    head.insert(STATUS, HeaderValue::from(u16::from(refusal.code())));
    let said = utf8_percent_encode(refusal.message(), ESCAPED).to_string();
    if let Ok(said) = HeaderValue::try_from(said) {
        head.insert(MESSAGE, said);
    }
    if refusal.again().is_some() {
        let details = STANDARD_NO_PAD.encode(reply::status(Encoding::Protobuf, refusal));
        if let Ok(details) = HeaderValue::try_from(details) {
            head.insert(DETAILS, details);
        }
    }
    answer
}
