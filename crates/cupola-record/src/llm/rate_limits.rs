//! What a provider says of its limits.

use std::time::Duration;

/// How much of one thing there is until it is there anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Allowance {
    /// How much there is in all.
    pub limit: Option<u64>,
    /// How much of it is left.
    pub remaining: Option<u64>,
    /// After how long it is there anew.
    pub reset: Option<Duration>,
}

impl Allowance {
    /// Whether nothing is known.
    pub const fn is_unknown(&self) -> bool {
        self.limit.is_none() && self.remaining.is_none() && self.reset.is_none()
    }
}

/// What a provider says of its limits in the head of a response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimits {
    /// Requests.
    pub requests: Allowance,
    /// Tokens, both ways together.
    pub tokens: Allowance,
    /// Tokens of prompts, where they are counted apart.
    pub input_tokens: Allowance,
    /// Tokens of answers, where they are counted apart.
    pub output_tokens: Allowance,
    /// When to come again.
    pub retry_after: Option<Duration>,
}

impl RateLimits {
    /// Each allowance, by the name that fields and labels have for it.
    pub const fn each(&self) -> [(&'static str, Allowance); 4] {
        [
            ("requests", self.requests),
            ("tokens", self.tokens),
            ("input_tokens", self.input_tokens),
            ("output_tokens", self.output_tokens),
        ]
    }
}
