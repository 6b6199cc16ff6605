//! HTML on its way out, and the heads that keep what was stored from doing anything there.

use axum::response::{IntoResponse as _, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};
use maud::Markup;

/// Nothing but our own files: no script or style in the page, no other host, no frame around it, no form elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADS: [(HeaderName, &str); 7] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    // Addresses have searches in them.
    (REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// A page.
pub(super) fn html(status: StatusCode, page: Markup) -> Response {
    let mut answer = (status, page.into_string()).into_response();
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    guarded(answer)
}

/// With the heads that every answer has.
pub(super) fn guarded(mut answer: Response) -> Response {
    for (name, value) in HEADS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// Goes on elsewhere, by a `GET`.
pub(super) fn redirect(to: &str) -> Response {
    let mut answer = StatusCode::SEE_OTHER.into_response();
    // What cannot stand in a head leads to the first page.
    let place = HeaderValue::try_from(to).unwrap_or(HeaderValue::from_static("/cupola"));
    answer.headers_mut().insert(http::header::LOCATION, place);
    guarded(answer)
}
