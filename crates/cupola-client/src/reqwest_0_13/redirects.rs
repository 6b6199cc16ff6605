//! Redirects: each hop is an attempt of its own, whose headers are decided anew.

use cupola_record::StopReason;
use http::header::{self, HeaderName};
use http::{HeaderMap, Method, StatusCode};
use reqwest::{Response, Url};

use crate::reqwest_0_13::outgoing::Outgoing;

/// Which redirects are followed.
///
/// A hop to another origin (scheme, host or port) keeps only headers that say what is wanted and in which form, as `Accept` does:
/// no credentials, no cookies, no header of the application's own. No hop sends a `Referer`. From `https` to `http` none is followed.
///
/// ```
/// use cupola_client::Redirects;
///
/// let redirects = Redirects::same_origin().limit(3);
/// # let _ = redirects;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redirects {
    to: To,
    limit: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    Nowhere,
    SameOrigin,
    Anywhere,
}

impl Redirects {
    /// None: the response that redirects is given back.
    pub const fn none() -> Self {
        Self { to: To::Nowhere, limit: 0 }
    }

    /// Those within an origin; any other is an error.
    pub const fn same_origin() -> Self {
        Self { to: To::SameOrigin, limit: 10 }
    }

    /// All.
    pub const fn anywhere() -> Self {
        Self { to: To::Anywhere, limit: 10 }
    }

    /// So many hops at most, in place of ten; one more is an error.
    #[must_use]
    pub const fn limit(mut self, hops: u32) -> Self {
        self.limit = hops;
        self
    }

    /// What a response means for the request that it answers, which becomes the next one where there is a hop.
    pub(crate) fn hop(self, made: u32, request: &mut Outgoing, response: &Response) -> Hop {
        let Some(target) = target(request.request.url(), response).filter(|_| self.to != To::Nowhere) else {
            return Hop::None;
        };
        let from = request.request.url();
        let near = is_same_origin(from, &target);
        let downgrade = from.scheme() == "https" && target.scheme() == "http";
        let known = matches!(target.scheme(), "http" | "https");
        if made >= self.limit || downgrade || !known || (self.to == To::SameOrigin && !near) {
            return Hop::Refused;
        }
        if becomes_get(response.status(), request.request.method()) {
            *request.request.method_mut() = Method::GET;
            request.drop_body();
            BODY_HEADERS.iter().for_each(|name| _ = request.request.headers_mut().remove(name));
        } else if !request.is_replayable() {
            return Hop::Kept(StopReason::BodyNotReplayable);
        }
        keep_headers(request.request.headers_mut(), near);
        *request.request.url_mut() = target;
        Hop::Follow
    }
}

/// What a response is to redirects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hop {
    /// It is none.
    None,
    /// The request is the next one now.
    Follow,
    /// It leads to where it is not followed.
    Refused,
    /// It cannot be followed, and is given back as it is.
    Kept(StopReason),
}

/// Where a redirect leads, without userinfo: whom we are, we say ourselves.
fn target(from: &Url, response: &Response) -> Option<Url> {
    let redirects = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = response.headers().get(header::LOCATION).filter(|_| redirects)?;
    let mut target = from.join(std::str::from_utf8(location.as_bytes()).ok()?).ok()?;
    // Refused only where there is nothing to remove.
    let _ = (target.set_username(""), target.set_password(None));
    if target.fragment().is_none() {
        target.set_fragment(from.fragment());
    }
    Some(target)
}

fn is_same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host() == other.host()
        && one.port_or_known_default() == other.port_or_known_default()
}

fn becomes_get(status: StatusCode, method: &Method) -> bool {
    match status {
        StatusCode::SEE_OTHER => *method != Method::HEAD,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => *method == Method::POST,
        _ => false,
    }
}

const BODY_HEADERS: [HeaderName; 5] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::TRANSFER_ENCODING,
];

/// What may go anywhere: what is wanted, in which form, and what the body is.
const HARMLESS: [HeaderName; 17] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::CACHE_CONTROL,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::IF_RANGE,
    header::IF_UNMODIFIED_SINCE,
    header::PRAGMA,
    header::RANGE,
    header::TE,
    header::USER_AGENT,
];

fn keep_headers(headers: &mut HeaderMap, near: bool) {
    headers.remove(header::REFERER);
    headers.remove(header::HOST);
    if !near {
        let others = headers.keys().filter(|name| !HARMLESS.contains(*name)).cloned().collect::<Vec<_>>();
        others.into_iter().for_each(|name| _ = headers.remove(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::{Body, Request};

    fn response(status: u16, location: &str) -> Response {
        let response = http::Response::builder().status(status).header(header::LOCATION, location);
        response.body(Body::default()).unwrap().into()
    }

    fn post() -> Outgoing {
        let mut request = Request::new(Method::POST, "https://ana:pw@a.example.com/x?token=1#f".parse().unwrap());
        for name in ["accept", "authorization", "content-type", "cookie", "host", "referer", "traceparent", "x-api-key"]
        {
            request.headers_mut().insert(HeaderName::from_static(name), "v".parse().unwrap());
        }
        *request.body_mut() = Some("body".into());
        Outgoing::new(request, None)
    }

    #[test]
    fn a_hop_has_its_method_and_headers() {
        let all = ["accept", "authorization", "content-type", "cookie", "traceparent", "x-api-key"];
        let check = |status, location: &str, url: &str, method: Method, headers: &[&str]| {
            let mut request = post();
            assert_eq!(Redirects::anywhere().hop(0, &mut request, &response(status, location)), Hop::Follow);
            let request = request.request;
            assert_eq!((request.url().as_str(), request.method()), (url, &method), "{status} {location}");
            assert_eq!(request.body().is_some(), method == Method::POST);
            let mut left: Vec<&str> = request.headers().keys().map(HeaderName::as_str).collect();
            left.sort_unstable();
            assert_eq!(left, headers, "{status} {location}");
        };
        check(307, "/y", "https://a.example.com/y#f", Method::POST, &all);
        check(308, "https://b.example.com/y#g", "https://b.example.com/y#g", Method::POST, &["accept", "content-type"]);
        check(303, "https://a.example.com:8443/", "https://a.example.com:8443/#f", Method::GET, &["accept"]);
        check(302, "https://eve:pw@b.example.com", "https://b.example.com/#f", Method::GET, &["accept"]);
    }

    #[test]
    fn not_every_redirect_is_followed() {
        let check = |redirects: Redirects, made, status, location: &str, expected| {
            let mut request = post();
            assert_eq!(redirects.hop(made, &mut request, &response(status, location)), expected, "{status} {location}");
            assert_eq!(request.request.url().path(), "/x", "it is as it was");
        };
        let (all, near) = (Redirects::anywhere(), Redirects::same_origin());
        check(all, 0, 200, "/y", Hop::None);
        check(all, 0, 304, "/y", Hop::None);
        check(all, 0, 302, "https://[", Hop::None);
        check(Redirects::none(), 0, 302, "/y", Hop::None);
        check(all, 10, 302, "/y", Hop::Refused);
        check(all, 0, 302, "http://a.example.com/", Hop::Refused);
        check(all, 0, 302, "ftp://a.example.com/", Hop::Refused);
        check(near, 0, 302, "https://b.example.com/", Hop::Refused);
        check(near, 0, 302, "https://a.example.com:444/", Hop::Refused);
    }

    #[test]
    fn a_body_that_is_gone_is_not_sent_again() {
        let mut request = post();
        *request.request.body_mut() = Some(Body::wrap(http_body_util::Empty::<bytes::Bytes>::new()));
        assert!(request.next().is_some() && request.next().is_none());
        let kept = Hop::Kept(StopReason::BodyNotReplayable);
        assert_eq!(Redirects::anywhere().hop(0, &mut request, &response(307, "/y")), kept);
        assert_eq!(Redirects::anywhere().hop(0, &mut request, &response(303, "/y")), Hop::Follow);
        assert!(request.next().is_some());
    }
}
