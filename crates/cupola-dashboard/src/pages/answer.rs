//! HTML on its way out, and the heads that keep what was stored from doing anything there.

use std::io::Write as _;

use axum::response::{IntoResponse as _, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
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

/// A page, compressed where the browser that asks with these heads reads that.
pub(super) fn html(status: StatusCode, page: Markup, asked: &HeaderMap) -> Response {
    let page = page.into_string().into_bytes();
    let is_small = reads_gzip(asked);
    let mut answer = (status, if is_small { gzip(&page, Compression::new(5)) } else { page }).into_response();
    let heads = answer.headers_mut();
    heads.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    heads.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    is_compressed(heads, is_small);
    guarded(answer)
}

/// Says whether it is compressed, and that it depends on who asks.
pub(super) fn is_compressed(heads: &mut HeaderMap, is: bool) {
    heads.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if is {
        heads.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
}

pub(super) fn gzip(bytes: &[u8], level: Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), level);
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes everything")
}

pub(super) fn reads_gzip(asked: &HeaderMap) -> bool {
    let accepted = asked.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim().eq_ignore_ascii_case("gzip") && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_reads_gzip_is_known_by_what_they_say() {
        let check = |said: &str, expected: bool| {
            let mut heads = HeaderMap::new();
            heads.insert(ACCEPT_ENCODING, said.parse().unwrap());
            assert_eq!(reads_gzip(&heads), expected, "{said}");
        };
        check("gzip, deflate, br", true);
        check("br;q=1.0, GZIP;q=0.5", true);
        check("gzip;q=0", false);
        check("br", false);
        assert!(!reads_gzip(&HeaderMap::new()));
    }
}
