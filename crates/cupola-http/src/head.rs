//! The head of a response: the moment when its fate is mostly known.

use bytes::Bytes;
use cupola_record::{Outcome, SkipReason};
use cupola_redact::Media;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use http_body::Body;

use crate::capture::BodyWatch;
use crate::observer::echo;
use crate::response_body::ResponseBody;
use crate::rules::BodyRules;
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
    watch.grpc_status(response.headers());
    if upgrades(response.status(), asked) {
        watch.end(Outcome::Upgraded);
    } else if is_over(&response, asked) {
        capture(Err(SkipReason::Empty), &mut watch);
        watch.end(Outcome::Complete);
    } else {
        let rules = watch.observer.bodies.as_ref();
        capture(rules.map_or(Err(SkipReason::Route), |rules| rules.wants(response.headers())), &mut watch);
        watch.expected = expected(&response);
    }
    let watch = Some(watch).filter(|watch| watch.open.is_open());
    response.map(|body| ResponseBody::watched(body, watch))
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
    }
    if let Some(headers) = watch.observer.chosen_headers(response.headers()) {
        watch.open.headers(headers);
    }
}

fn upgrades(status: StatusCode, asked: Asked) -> bool {
    status == StatusCode::SWITCHING_PROTOCOLS || (asked == Asked::Connect && status.is_success())
}

/// Whether nothing follows the head. A server drops a body of which the head says that it is empty, and may not ask
/// the body itself.
fn is_over<R: Body>(response: &Response<R>, asked: Asked) -> bool {
    is_bodiless(response.status(), asked) || response.body().is_end_stream() || expected(response) == Some(0)
}

fn is_bodiless(status: StatusCode, asked: Asked) -> bool {
    asked == Asked::Head || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

fn capture(wanted: Result<Media, SkipReason>, watch: &mut Watch) {
    let Some(captures) = &mut watch.captures else { return };
    let cap = watch.observer.bodies.as_ref().map_or(0, BodyRules::bytes);
    captures.response = Some(BodyWatch::new(wanted, &watch.observer.policy, cap));
}

/// How long the body will be, where that is certain. A server stops polling once it has sent so much, and never asks
/// for the end. gRPC's end is in the trailers, which a length does not count; gRPC-Web's trailers are in the body.
fn expected<R: Body>(response: &Response<R>) -> Option<u64> {
    let named = || response.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
    let length = response.body().size_hint().exact().or_else(named);
    length.filter(|_| !is_grpc(response.headers()))
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let rest = headers.get(header::CONTENT_TYPE).and_then(|media| media.as_bytes().strip_prefix(b"application/grpc"));
    rest.is_some_and(|rest| !rest.starts_with(b"-web"))
}
