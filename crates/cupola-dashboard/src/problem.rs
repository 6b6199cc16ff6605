//! Why a question is not answered: `application/problem+json`.

use axum::response::{IntoResponse, Response};
use cupola_store::QueryError;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, StatusCode};
use serde::Serialize;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::desk::Unasked;

/// The media type of what is refused.
pub(crate) const PROBLEM: &str = "application/problem+json";

/// Why a question is not answered.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) detail: String,
    /// The parameter that is at fault, and what is accepted of it.
    parameter: Option<(String, String)>,
    /// In how many seconds it may be asked again.
    pub(crate) again: Option<u32>,
}

impl Problem {
    pub(crate) fn bad(parameter: &str, is: &str, accepted: impl Into<String>) -> Self {
        let (status, accepted) = (StatusCode::BAD_REQUEST, accepted.into());
        let detail = format!("`{parameter}` {is}; accepted: {accepted}");
        Self { status, detail, parameter: Some((parameter.to_owned(), accepted)), again: None }
    }

    pub(crate) fn missing(parameter: &str, accepted: &str) -> Self {
        Self::bad(parameter, "is missing", accepted)
    }

    pub(crate) fn unauthenticated() -> Self {
        let detail = "a token is needed: Authorization: Bearer".to_owned();
        Self { status: StatusCode::UNAUTHORIZED, detail, parameter: None, again: None }
    }

    pub(crate) fn unavailable() -> Self {
        let detail = "the store cannot be asked".to_owned();
        Self { status: StatusCode::SERVICE_UNAVAILABLE, detail, parameter: None, again: None }
    }

    pub(crate) fn too_many(detail: String) -> Self {
        Self { status: StatusCode::TOO_MANY_REQUESTS, detail, parameter: None, again: None }
    }

    pub(crate) fn of_asker(detail: String) -> Self {
        Self { status: StatusCode::BAD_REQUEST, detail, parameter: None, again: None }
    }

    pub(crate) fn forbidden(detail: String) -> Self {
        Self { status: StatusCode::FORBIDDEN, detail, parameter: None, again: None }
    }

    pub(crate) fn conflict(detail: String) -> Self {
        Self { status: StatusCode::CONFLICT, detail, parameter: None, again: None }
    }

    /// Of those who may know why.
    pub(crate) fn failed(detail: String) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, detail, parameter: None, again: None }
    }

    pub(crate) fn not_here(detail: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, detail: detail.to_owned(), parameter: None, again: None }
    }

    /// Something is at this address, and this cannot be done with it.
    pub(crate) fn not_so(method: &Method) -> Self {
        let (status, detail) = (
            StatusCode::METHOD_NOT_ALLOWED,
            format!("{method} is nothing that can be done here; accepted: what the head Allow says"),
        );
        Self { status, detail, parameter: None, again: None }
    }
}

impl From<QueryError> for Problem {
    /// The asker is told what is wrong with the question, and of the store no more than that it cannot be asked; the log is told why.
    fn from(error: QueryError) -> Self {
        if error.is_of_asker() {
            return Self { status: StatusCode::BAD_REQUEST, detail: error.to_string(), parameter: None, again: None };
        }
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        tracing::error!(target: "cupola::dashboard", error = %error, cause, "a question was not answered");
        Self::unavailable()
    }
}

impl From<Unasked> for Problem {
    fn from(unasked: Unasked) -> Self {
        match unasked {
            Unasked::Busy => {
                let detail = "too many others ask at the moment".to_owned();
                Self { status: StatusCode::SERVICE_UNAVAILABLE, detail, parameter: None, again: Some(1) }
            }
            Unasked::Failed => Self::unavailable(),
        }
    }
}

/// Why a question is not answered, as RFC 9457 has it.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
struct Said<'a> {
    /// What the status is called.
    title: Option<&'a str>,
    /// The status.
    status: u16,
    /// What is wrong, and what is accepted instead.
    detail: &'a str,
    /// The parameter or field that is at fault, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<&'a str>,
    /// What is accepted of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<&'a str>,
}

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        Said::schema()
    }
}

impl ToSchema for Problem {}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (parameter, accepted) = self.parameter.as_ref().map(|(name, accepted)| (&**name, &**accepted)).unzip();
        let (title, status) = (self.status.canonical_reason(), self.status.as_u16());
        let told = Said { title, status, detail: &self.detail, parameter, accepted };
        let mut answer = (self.status, serde_json::to_string(&told).unwrap_or_default()).into_response();
        let head = answer.headers_mut();
        head.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
        if let Some(seconds) = self.again {
            head.insert(RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            head.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"cupola\""));
        }
        answer
    }
}
