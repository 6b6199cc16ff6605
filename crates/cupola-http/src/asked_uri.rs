//! The URI that the client asked for: a router that strips a prefix keeps the original apart.

use http::{Request, Uri};

#[cfg(feature = "axum")]
pub(crate) fn of<B>(request: &Request<B>) -> &Uri {
    let original = request.extensions().get::<axum::extract::OriginalUri>();
    original.map_or_else(|| request.uri(), |original| &original.0)
}

#[cfg(not(feature = "axum"))]
pub(crate) fn of<B>(request: &Request<B>) -> &Uri {
    request.uri()
}
