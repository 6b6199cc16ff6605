//! The application: the API's routes, Cupola's, and the layers around both, in their order.

use axum::Router;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::map_response;
use cupola::Cupola;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{Any, CorsLayer};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa_axum::router::OpenApiRouter;

use crate::api::Api;
use crate::problem;

/// The most bytes of a request's body.
pub const BODY_LIMIT: usize = 64 * 1024;

/// The router of the API, with what others add to it, with what is served beside it, and with everything around it. Each layer stands around those above it: the last one is the outermost.
pub fn router(api: Api, others: OpenApiRouter, cupola: &Cupola, beside: Router) -> Router {
    api.routes(others)
        // Beside the API, not inside its token check: who scrapes metrics or asks for health has no user's token.
        .merge(cupola.routes())
        .merge(beside)
        // Innermost: it counts the bytes that a handler reads, and what it refuses is seen by all the others.
        .layer(RequestBodyLimitLayer::new(BODY_LIMIT))
        // Directly around the limit, whose refusal is plain text: callers get a problem like any other.
        .layer(map_response(problem::dress))
        // Around everything that answers, refusals included: a browser hides an answer without these headers from its
        // page. It stands outside the token check, since a preflight request never carries a token.
        .layer(cors())
        // Around CORS, so that the answers to preflight requests carry it too.
        .layer(SetResponseHeaderLayer::overriding(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")))
        // Around everything that can refuse, fail or answer: one request, one line, whoever answered it.
        .layer(cupola.layer())
        // The only one outside Cupola: it answers nothing and refuses nothing, it only packs. Outside, it leaves bodies
        // readable for `CUPOLA_BODIES`, and the line's sizes are those of what was said. Should the sizes on the wire
        // matter more to you than bodies, move it to the inside: bodies are then recorded as skipped, being encoded.
        .layer(CompressionLayer::new())
}

fn cors() -> CorsLayer {
    CorsLayer::new()
        // Tokens come in a header and never in a cookie, so no origin can borrow a user's session.
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        // So that a page can show the id under which its request is found in the log.
        .expose_headers([HeaderName::from_static("x-request-id")])
}

#[cfg(test)]
mod tests;
