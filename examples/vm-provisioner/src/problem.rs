//! Errors as the caller sees them: `application/problem+json` (RFC 9457).

use axum::body::Body;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cupola::client::CallError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::ip_pool;
use crate::store::StoreError;
use crate::worker::QueueDown;

/// One error, in words that a caller can act on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProblemDetails)]
pub struct Problem {
    #[serde(rename = "type")]
    #[schema(example = "/problems/not-found")]
    kind: &'static str,
    #[serde(serialize_with = "as_number")]
    #[schema(value_type = u16, example = 404)]
    status: StatusCode,
    #[schema(example = "you have no VM with this id")]
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    fields: Vec<FieldProblem>,
}

/// What is wrong with one field or parameter.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    /// Its name.
    pub field: String,
    /// What is wrong with its value.
    pub problem: String,
    /// What is accepted instead.
    pub accepted: String,
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, detail: impl Into<String>) -> Self {
        Self { kind, status, detail: detail.into(), fields: Vec::new() }
    }

    /// Some fields or parameters have values that are not accepted.
    pub fn invalid(fields: Vec<FieldProblem>) -> Self {
        let names: Vec<&str> = fields.iter().map(|field| field.field.as_str()).collect();
        let detail = format!("not accepted: {}", names.join(", "));
        Self { fields, ..Self::new(StatusCode::BAD_REQUEST, "/problems/invalid", detail) }
    }

    /// The body is not what it should be.
    pub fn unreadable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "/problems/unreadable", detail)
    }

    /// The body is of a type that is not read here.
    pub fn media_type() -> Self {
        let detail = "the body must be JSON, with `Content-Type: application/json`";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "/problems/media-type", detail)
    }

    /// The body is larger than is accepted.
    pub fn too_large() -> Self {
        let detail = format!("the body has more than {} bytes", crate::app::BODY_LIMIT);
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "/problems/too-large", detail)
    }

    /// Nobody is known by this token, or there is none.
    pub fn unauthenticated(detail: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "/problems/unauthenticated", detail)
    }

    /// The token does not open this.
    pub fn forbidden(detail: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "/problems/forbidden", detail)
    }

    /// There is no such thing, or it is somebody else's.
    pub fn not_found(detail: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "/problems/not-found", detail)
    }

    /// The path is known, but not with this method.
    pub fn method() -> Self {
        let detail = "this path is not served with this method: the Allow header names those that it is served with";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "/problems/method", detail)
    }

    /// What is asked for does not fit what is.
    pub fn conflict(kind: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, kind, detail)
    }

    /// Not now.
    fn unavailable(kind: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, kind, detail)
    }

    /// Not now, since something that we need does not work: the log says why.
    fn down(kind: &'static str, error: &dyn std::error::Error, detail: &'static str) -> Self {
        tracing::error!(%error, cause = error.source().map(tracing::field::display), "not now");
        Self::unavailable(kind, detail)
    }

    /// Somebody whom we ask did not answer as they should: the log says what, the caller learns the request's id.
    fn upstream(status: StatusCode) -> Self {
        Self::new(status, "/problems/upstream", "the marketplace did not answer as it should: try again later")
    }

    /// Something broke in here: the log says what, the caller learns the request's id.
    pub fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(%error, cause = error.source().map(tracing::field::display), "the request failed");
        let detail = "something broke on our side: tell us the request_id";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "/problems/internal", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let context = cupola::context::current();
        let said = Said {
            problem: &self,
            title: self.status.canonical_reason(),
            request_id: context.as_ref().map(|context| context.request_id().as_str()),
        };
        let body = serde_json::to_vec(&said).expect("texts and numbers are always JSON");
        let mut response = (self.status, Body::from(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some((name, value)) = hint(self.status) {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        match error.status().map(|status| status.as_u16()) {
            Some(404) => Self::not_found("the marketplace knows no such thing"),
            Some(410) => Self::conflict("/problems/gone", "the offer is no longer available"),
            Some(400) => Self::unreadable("the marketplace does not accept this"),
            _ if error.is_timeout() => Self::upstream(StatusCode::GATEWAY_TIMEOUT),
            _ => Self::upstream(StatusCode::BAD_GATEWAY),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::not_found("you have no VM with this id"),
            StoreError::NameTaken => Self::conflict("/problems/name-taken", "you have another VM with this name"),
            StoreError::UserTaken => Self::conflict("/problems/name-taken", "another user has this name"),
            StoreError::WrongState { .. } => Self::conflict("/problems/wrong-state", error.to_string()),
            StoreError::PoolEmpty => {
                let detail = format!("no address is free in {}: delete a VM, or try again later", ip_pool::NETWORK);
                Self::unavailable("/problems/pool-empty", detail)
            }
            StoreError::Database(_) if error.is_down() => {
                Self::down("/problems/store-down", &error, "our store does not answer: try again later")
            }
            StoreError::Database(_) => Self::internal(&error),
        }
    }
}

impl From<QueueDown> for Problem {
    fn from(error: QueueDown) -> Self {
        Self::down("/problems/queue-down", &error, "no jobs are taken right now: try again later")
    }
}

impl From<QueryRejection> for Problem {
    fn from(_: QueryRejection) -> Self {
        Self::unreadable("the query has a parameter that is not known, twice, or not of its type")
    }
}

impl From<PathRejection> for Problem {
    fn from(_: PathRejection) -> Self {
        Self::not_found("the id in the path is none")
    }
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return Self::too_large();
        }
        Self::unreadable("the body ended before it was complete")
    }
}

/// Turns what a layer refused in plain text into a problem, so that callers meet one kind of error only.
pub async fn dress(response: Response) -> Response {
    let json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json");
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE && !json {
        return Problem::too_large().into_response();
    }
    response
}

/// A problem as it is sent.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Said<'a> {
    #[serde(flatten)]
    problem: &'a Problem,
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

/// The header that tells a caller how to go on.
const fn hint(status: StatusCode) -> Option<(HeaderName, &'static str)> {
    match status {
        StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, "Bearer")),
        StatusCode::SERVICE_UNAVAILABLE => Some((header::RETRY_AFTER, "5")),
        _ => None,
    }
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}
