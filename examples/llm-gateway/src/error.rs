//! What goes wrong, as the log and the caller are told.

use std::fmt;
use std::time::Duration;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use cupola::record::LlmErrorKind;
use serde_json::json;

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GatewayError {
    /// The question is none, and why.
    Invalid(&'static str),
    /// What is asked for is not there, and what that is.
    Missing(&'static str),
    /// Nobody knows who asks.
    Unknown,
    /// The user has asked too often, and may ask again after so long.
    TooMany(Duration),
    /// The model has failed.
    Model(ModelError),
}

/// Why a model has given no answer: a kind from a closed set, whoever runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelError {
    /// What went wrong.
    pub kind: LlmErrorKind,
    /// When the provider says to come again.
    pub retry_after: Option<Duration>,
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            LlmErrorKind::RateLimited => "the provider is asked too often",
            LlmErrorKind::ModelNotFound => "there is no such model",
            LlmErrorKind::ContextLength => "the question is too long for the model",
            LlmErrorKind::ContentFilter => "the provider refuses the question",
            LlmErrorKind::InvalidRequest => "the provider does not take the question",
            LlmErrorKind::Overloaded => "the provider has no capacity",
            LlmErrorKind::Timeout => "the provider took too long",
            LlmErrorKind::Malformed | LlmErrorKind::Truncated => "the provider's answer is none",
            // What is wrong with our key or our account is nobody else's business.
            _ => "the provider has failed",
        })
    }
}

impl std::error::Error for ModelError {}

impl From<ModelError> for GatewayError {
    fn from(error: ModelError) -> Self {
        Self::Model(error)
    }
}

impl ModelError {
    /// The status that the caller gets: the provider's where the caller can do something about it.
    fn status(self) -> StatusCode {
        match self.kind {
            LlmErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            LlmErrorKind::ModelNotFound => StatusCode::NOT_FOUND,
            LlmErrorKind::ContextLength | LlmErrorKind::ContentFilter | LlmErrorKind::InvalidRequest => {
                StatusCode::BAD_REQUEST
            }
            LlmErrorKind::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            LlmErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::BAD_GATEWAY,
        }
    }
}

/// In OpenAI's form, so that its clients know what to make of it.
impl IntoResponse for GatewayError {
    fn into_response(self) -> Response {
        let (status, code, retry_after) = match &self {
            Self::Invalid(_) => (StatusCode::BAD_REQUEST, "invalid_request", None),
            Self::Missing(_) => (StatusCode::NOT_FOUND, "not_found", None),
            Self::Unknown => (StatusCode::UNAUTHORIZED, "invalid_api_key", None),
            Self::TooMany(wait) => (StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", Some(*wait)),
            Self::Model(error) => (error.status(), error.kind.as_str(), error.retry_after),
        };
        let says = match &self {
            Self::Invalid(why) | Self::Missing(why) => (*why).to_owned(),
            Self::Unknown => "the key is missing or wrong".to_owned(),
            Self::TooMany(_) => "too many questions: wait a little".to_owned(),
            Self::Model(error) => error.to_string(),
        };
        let body = Json(json!({ "error": { "message": says, "type": code, "code": code, "param": null } }));
        // A whole second more never comes too early.
        let wait = retry_after.map(|wait| [(header::RETRY_AFTER, (wait.as_secs() + 1).to_string())]);
        match wait {
            Some(wait) => (status, wait, body).into_response(),
            None => (status, body).into_response(),
        }
    }
}
