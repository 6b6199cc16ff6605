//! How a host is treated.

use std::sync::Arc;
use std::time::Duration;

use crate::reqwest_0_13::breaker::Breaker;
use crate::reqwest_0_13::rate_limit::RateLimit;
use crate::retry::RetryPolicy;

/// How requests to a host are treated, where it differs from the client's way.
///
/// ```
/// use std::time::Duration;
/// use cupola_client::{HostPolicy, RetryPolicy};
///
/// let slow = HostPolicy::new().dependency("reports").attempt_timeout(Duration::from_secs(60)).retry(RetryPolicy::never());
/// # let _ = slow;
/// ```
#[derive(Clone, Debug, Default)]
pub struct HostPolicy {
    pub(crate) dependency: Option<Arc<str>>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) breaker: Option<Breaker>,
    pub(crate) rate_limit: Option<RateLimit>,
}

impl HostPolicy {
    /// As all others.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the service there is called: a label, so from a closed set.
    #[must_use]
    pub fn dependency(mut self, dependency: impl Into<Arc<str>>) -> Self {
        self.dependency = Some(dependency.into());
        self
    }

    /// When a request to it is sent again.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// How long one attempt may take to the response's head.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// When it is not asked any more.
    #[must_use]
    pub fn breaker(mut self, breaker: Breaker) -> Self {
        self.breaker = Some(breaker);
        self
    }

    /// How often it is asked at most.
    #[must_use]
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.rate_limit = Some(limit);
        self
    }

    /// This one, and where it says nothing another.
    pub(crate) fn or(self, other: &Self) -> Self {
        Self {
            dependency: self.dependency.or_else(|| other.dependency.clone()),
            retry: self.retry.or_else(|| other.retry.clone()),
            attempt_timeout: self.attempt_timeout.or(other.attempt_timeout),
            breaker: self.breaker.or(other.breaker),
            rate_limit: self.rate_limit.or(other.rate_limit),
        }
    }
}
