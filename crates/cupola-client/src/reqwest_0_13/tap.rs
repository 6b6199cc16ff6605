//! The response as the caller gets it: reqwest's own, with a body that ends the call.

use reqwest::{Body, Response, ResponseBuilderExt, Url};

use crate::call_body::CallBody;
use crate::reqwest_0_13::limited_body::LimitedBody;
use crate::reqwest_0_13::send::Answer;

/// Puts the call into the response's body. The response's URL is what of it may be printed, for reqwest's errors print it, those of
/// `error_for_status` and `json` too: no userinfo, no query, no fragment.
pub(crate) fn tap(answer: Answer) -> Response {
    let Answer { response, open, limits, end_by, report } = answer;
    let url = bare(response.url());
    let mut response =
        http::Response::from(response).map(|body| CallBody::new(LimitedBody::new(body, &limits, end_by), Some(open)));
    response.extensions_mut().insert(report);
    with_url(response.map(Body::wrap), url)
}

/// The response of this URL: what goes through a type of others loses its own.
pub(crate) fn with_url(mut response: http::Response<Body>, url: Url) -> Response {
    // Only a builder takes a URL; without a status or a header in it, it cannot fail.
    if let Ok(with_url) = http::Response::builder().url(url).body(()) {
        response.extensions_mut().extend(with_url.into_parts().0.extensions);
    }
    Response::from(response)
}

/// Without userinfo, query and fragment.
pub(crate) fn bare(url: &Url) -> Url {
    let mut bare = url.clone();
    // Refused only where there is nothing to remove.
    let _ = (bare.set_username(""), bare.set_password(None));
    bare.set_query(None);
    bare.set_fragment(None);
    bare
}
