//! Why a call of a model failed.

use std::fmt;

use http::StatusCode;
use tracing::Level;

use crate::error_kind::ErrorKind;

/// Why a call of a model failed: a closed set, fit for labels, the same for all providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LlmErrorKind {
    /// Too many requests or tokens: later it may work.
    RateLimited,
    /// What was paid for is used up: later it will not work either.
    QuotaExhausted,
    /// The key is missing or wrong.
    Authentication,
    /// The key is right, and may not do this.
    Permission,
    /// There is no such model or deployment.
    ModelNotFound,
    /// The prompt does not fit into the model.
    ContextLength,
    /// The provider's filter refuses the prompt or the answer.
    ContentFilter,
    /// The request is wrong in another way.
    InvalidRequest,
    /// The provider has no capacity.
    Overloaded,
    /// The provider failed.
    Server,
    /// The provider took too long.
    Timeout,
    /// The answer's stream ended before the answer did.
    Truncated,
    /// The answer is none of a model.
    Malformed,
    /// Nothing came, or it broke off on the way.
    Transport(ErrorKind),
    /// Anything else.
    Other,
}

impl LlmErrorKind {
    /// The kind as fields and labels name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::QuotaExhausted => "quota_exhausted",
            Self::Authentication => "authentication",
            Self::Permission => "permission",
            Self::ModelNotFound => "model_not_found",
            Self::ContextLength => "context_length",
            Self::ContentFilter => "content_filter",
            Self::InvalidRequest => "invalid_request",
            Self::Overloaded => "overloaded",
            Self::Server => "server",
            Self::Timeout => "timeout",
            Self::Truncated => "truncated",
            Self::Malformed => "malformed",
            Self::Transport(kind) => kind.as_str(),
            Self::Other => "other",
        }
    }

    /// What a provider's own word for an error means, whichever provider says it: an error's code, type or status.
    pub fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "rate_limit_exceeded" | "rate_limit_error" | "RESOURCE_EXHAUSTED" | "requests" | "tokens" => {
                Self::RateLimited
            }
            "insufficient_quota" | "billing_error" | "billing_hard_limit_reached" => Self::QuotaExhausted,
            "authentication_error" | "invalid_api_key" | "UNAUTHENTICATED" => Self::Authentication,
            "permission_error" | "PERMISSION_DENIED" => Self::Permission,
            "model_not_found" | "not_found_error" | "NOT_FOUND" | "DeploymentNotFound" => Self::ModelNotFound,
            "context_length_exceeded" | "request_too_large" | "string_above_max_length" => Self::ContextLength,
            "content_filter" | "content_policy_violation" => Self::ContentFilter,
            "overloaded_error" | "UNAVAILABLE" | "server_overloaded" => Self::Overloaded,
            "timeout_error" | "DEADLINE_EXCEEDED" => Self::Timeout,
            "api_error" | "server_error" | "internal_error" | "INTERNAL" => Self::Server,
            "invalid_request_error" | "INVALID_ARGUMENT" | "FAILED_PRECONDITION" => Self::InvalidRequest,
            _ => return None,
        })
    }

    /// What a status means, where the provider has no word for it; `None` where it is no failure.
    pub fn of_status(status: StatusCode) -> Option<Self> {
        Some(match status.as_u16() {
            ..=399 => return None,
            401 => Self::Authentication,
            402 => Self::QuotaExhausted,
            403 => Self::Permission,
            404 => Self::ModelNotFound,
            408 | 504 => Self::Timeout,
            413 => Self::ContextLength,
            429 => Self::RateLimited,
            503 | 529 => Self::Overloaded,
            500.. => Self::Server,
            _ => Self::InvalidRequest,
        })
    }

    /// WARN where the request is at fault or was one too many, ERROR where the service, its key or the provider is.
    pub const fn level(self) -> Level {
        match self {
            Self::RateLimited
            | Self::ModelNotFound
            | Self::ContextLength
            | Self::ContentFilter
            | Self::InvalidRequest => Level::WARN,
            _ => Level::ERROR,
        }
    }
}

impl fmt::Display for LlmErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_stronger_than_statuses() {
        let check = |status: u16, word: &str, expected: Option<&str>| {
            let of_status = StatusCode::from_u16(status).ok().and_then(LlmErrorKind::of_status);
            let kind = LlmErrorKind::of_word(word).or(of_status);
            assert_eq!(kind.map(LlmErrorKind::as_str), expected, "{status} {word}");
        };
        check(429, "", Some("rate_limited"));
        check(429, "insufficient_quota", Some("quota_exhausted"));
        check(400, "context_length_exceeded", Some("context_length"));
        check(400, "something_new", Some("invalid_request"));
        check(529, "", Some("overloaded"));
        check(502, "", Some("server"));
        check(200, "overloaded_error", Some("overloaded"));
        check(200, "", None);
    }
}
