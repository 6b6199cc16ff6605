//! Why a question is not answered: `application/problem+json`.

use axum::response::{IntoResponse, Response};
use cupola_store::QueryError;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::json;

/// Why a question is not answered.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    detail: String,
    /// The parameter that is at fault, and what is accepted of it.
    parameter: Option<(String, String)>,
    /// In how many seconds it may be asked again.
    again: Option<u32>,
}

impl Problem {
    pub(super) fn bad(parameter: &str, is: &str, accepted: impl Into<String>) -> Self {
        let (status, accepted) = (StatusCode::BAD_REQUEST, accepted.into());
        let detail = format!("`{parameter}` {is}; accepted: {accepted}");
        Self { status, detail, parameter: Some((parameter.to_owned(), accepted)), again: None }
    }

    pub(super) fn missing(parameter: &str, accepted: &str) -> Self {
        Self::bad(parameter, "is missing", accepted)
    }

    pub(super) fn asked(error: &QueryError) -> Self {
        Self { status: StatusCode::BAD_REQUEST, detail: error.to_string(), parameter: None, again: None }
    }

    pub(super) fn unauthenticated() -> Self {
        let detail = "a token is needed: Authorization: Bearer".to_owned();
        Self { status: StatusCode::UNAUTHORIZED, detail, parameter: None, again: None }
    }

    pub(super) fn unavailable() -> Self {
        let detail = "the store cannot be asked".to_owned();
        Self { status: StatusCode::SERVICE_UNAVAILABLE, detail, parameter: None, again: None }
    }

    pub(super) fn busy() -> Self {
        let detail = "too many others ask at the moment".to_owned();
        Self { status: StatusCode::SERVICE_UNAVAILABLE, detail, parameter: None, again: Some(1) }
    }

    pub(super) fn too_many(detail: String) -> Self {
        Self { status: StatusCode::TOO_MANY_REQUESTS, detail, parameter: None, again: None }
    }

    pub(super) fn not_here(detail: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, detail: detail.to_owned(), parameter: None, again: None }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason();
        let mut told = json!({ "title": title, "status": self.status.as_u16(), "detail": self.detail });
        if let Some((parameter, accepted)) = self.parameter {
            told["parameter"] = parameter.into();
            told["accepted"] = accepted.into();
        }
        let mut answer = (self.status, told.to_string()).into_response();
        let head = answer.headers_mut();
        head.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.again {
            head.insert(RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            head.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"cupola\""));
        }
        answer
    }
}
