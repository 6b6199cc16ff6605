//! The head of a response: the moment when its fate is mostly known.

use bytes::Bytes;
use cupola_record::{Choices, Duties, Outcome};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use http_body::Body;

use crate::observer::echo;
use crate::response_body::ResponseBody;
use crate::watch::Watch;

/// What the request asked for, as far as it decides when the response is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A head only: nothing follows it, whatever the body says of itself.
    Head,
    /// A tunnel.
    Connect,
    /// A response like any other.
    Whole,
}

impl Asked {
    pub(crate) fn of(method: &Method) -> Self {
        match *method {
            Method::HEAD => Self::Head,
            Method::CONNECT => Self::Connect,
            _ => Self::Whole,
        }
    }
}

/// The inner service's response: its head is recorded, its body watched unless nothing will come of it.
pub(crate) fn observe<R: Body>(mut response: Response<R>, mut watch: Watch, asked: Asked) -> Response<ResponseBody<R>> {
    record_head(&mut response, &mut watch);
    let kind = Kind::of(response.headers());
    match kind {
        Kind::Grpc => {
            watch.grpc = true;
            watch.grpc_status(response.headers());
        }
        Kind::Events => watch.open.endless(),
        Kind::Other => {}
    }
    let expected = expected(&response, kind);
    if upgrades(response.status(), asked) {
        if let Some(upgrade) = &watch.upgrade {
            upgrade.begin();
        }
        watch.end(Outcome::Upgraded);
    } else if is_bodiless(response.status(), asked) || response.body().is_end_stream() || expected == Some(0) {
        capture(response.headers(), true, &mut watch);
        watch.end(Outcome::Complete);
    } else {
        capture(response.headers(), false, &mut watch);
        watch.expected = expected;
    }
    let watch = Some(watch).filter(|watch| watch.open.is_open());
    response.map(|body| ResponseBody::watched(body, watch))
}

/// What a body is, as far as it decides when the response is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Its end is in the trailers. (gRPC-Web's trailers are in the body.)
    Grpc,
    /// It goes on for as long as somebody listens.
    Events,
    /// It ends like any other.
    Other,
}

impl Kind {
    fn of(headers: &HeaderMap) -> Self {
        let media = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
        match media.strip_prefix(b"application/grpc") {
            Some(rest) if !rest.starts_with(b"-web") => Self::Grpc,
            _ if media.starts_with(b"text/event-stream") => Self::Events,
            _ => Self::Other,
        }
    }
}

/// A response of our own, where the inner service has none.
pub(crate) fn ours<R>(
    status: StatusCode,
    mut watch: Watch,
    outcome: Outcome,
    asked: Asked,
) -> Response<ResponseBody<R>> {
    let text = Bytes::from_static(status.canonical_reason().unwrap_or_default().as_bytes());
    let mut response = Response::new(());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    record_head(&mut response, &mut watch);
    watch.open.sent(if asked == Asked::Head { 0 } else { text.len() as u64 });
    watch.end(outcome);
    response.map(|()| ResponseBody::ours(text))
}

fn record_head<R>(response: &mut Response<R>, watch: &mut Watch) {
    watch.open.head(response.status());
    if let Some(exchange) = watch.open.exchange() {
        echo(&exchange.context, response.headers_mut());
        if let Some(choices) = response.extensions().get::<Choices>() {
            choices.apply(&exchange.context);
        }
        // Once, by the outermost layer.
        if !exchange.served.contains(Duties::BODY) {
            watch.observer.tell.add(&exchange.context, watch.open.head_after(), response.headers_mut());
        }
    }
    if let Some(headers) = watch.observer.chosen_headers(response.headers()) {
        watch.open.headers(headers);
    }
}

fn upgrades(status: StatusCode, asked: Asked) -> bool {
    status == StatusCode::SWITCHING_PROTOCOLS || (asked == Asked::Connect && status.is_success())
}

fn is_bodiless(status: StatusCode, asked: Asked) -> bool {
    asked == Asked::Head || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

fn capture(headers: &HeaderMap, is_empty: bool, watch: &mut Watch) {
    let (Some(captures), Some(rules)) = (&mut watch.captures, &watch.observer.bodies) else { return };
    captures.response = Some(rules.watch(&watch.observer.policy, headers, is_empty));
}

/// How long the body will be, where that is certain. A server stops polling once it has sent so much, and never asks
/// for the end; a body of which the head says that it is empty it drops unasked. What a length does not count is gRPC's
/// trailers.
fn expected<R: Body>(response: &Response<R>, kind: Kind) -> Option<u64> {
    let named = || response.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
    let length = response.body().size_hint().exact().or_else(named);
    length.filter(|_| kind != Kind::Grpc)
}
