//! The head of a response: the moment when its fate is mostly known.

use bytes::Bytes;
use cupola_record::{Outcome, SkipReason};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use http_body::Body;

use crate::capture::BodyWatch;
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
    watch.grpc_status(response.headers());
    if upgrades(response.status(), asked) {
        watch.end(Outcome::Upgraded);
    } else if is_bodiless(response.status(), asked) || response.body().is_end_stream() {
        watch.end(Outcome::Complete);
    } else {
        capture(&response, &mut watch);
        watch.expected = expected(&response);
    }
    let watch = Some(watch).filter(|watch| watch.open.is_open());
    response.map(|body| ResponseBody::watched(body, watch))
}

/// A response of our own, where the inner service has none.
pub(crate) fn ours<R>(status: StatusCode, mut watch: Watch, outcome: Outcome) -> Response<ResponseBody<R>> {
    let text = Bytes::from_static(status.canonical_reason().unwrap_or_default().as_bytes());
    let mut response = Response::new(());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    record_head(&mut response, &mut watch);
    watch.open.sent(text.len() as u64);
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

fn is_bodiless(status: StatusCode, asked: Asked) -> bool {
    asked == Asked::Head || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

fn capture<R>(response: &Response<R>, watch: &mut Watch) {
    let Some(captures) = &mut watch.captures else { return };
    let rules = watch.observer.bodies.as_ref();
    let wanted = rules.map_or(Err(SkipReason::Route), |rules| rules.wants(response.headers()));
    let cap = rules.map_or(0, crate::rules::BodyRules::bytes);
    captures.response = Some(BodyWatch::new(wanted, &watch.observer.policy, cap));
}

/// How long the body will be, where that is certain. A server stops polling once it has sent so much, and never asks
/// for the end. gRPC's end is in the trailers, which a length does not count.
fn expected<R: Body>(response: &Response<R>) -> Option<u64> {
    let named = || response.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
    let length = response.body().size_hint().exact().or_else(named);
    length.filter(|_| !is_grpc(response.headers()))
}

fn is_grpc(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|media| media.as_bytes().starts_with(b"application/grpc"))
}
