//! Extractors for axum: a handler asks for what it wants to know of its request.

use std::fmt;
use std::net::IpAddr;

use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;

use crate::context::Context;
use crate::request_id::RequestId;

/// The address of whoever sent the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientIp(pub IpAddr);

/// Nothing identified this request, or its peer's address is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unobserved(&'static str);

const NO_LAYER: Unobserved = Unobserved("no Cupola layer around this route: add `.layer(cupola.layer())`");
const NO_PEER: Unobserved = Unobserved("the client's address is not known: serve with connect info");

impl fmt::Display for Unobserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Unobserved {}

impl IntoResponse for Unobserved {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.0).into_response()
    }
}

fn context(parts: &Parts) -> Result<&Context, Unobserved> {
    parts.extensions.get::<Context>().ok_or(NO_LAYER)
}

impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = Unobserved;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Unobserved> {
        context(parts).cloned()
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Unobserved;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Unobserved> {
        Ok(context(parts)?.request_id().clone())
    }
}

impl<S: Sync> FromRequestParts<S> for ClientIp {
    type Rejection = Unobserved;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Unobserved> {
        context(parts)?.client_ip().map(ClientIp).ok_or(NO_PEER)
    }
}
