//! What is remembered of each authority: its budget, its breaker, its limit.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::Url;
use url::Position;

use crate::propagation::Hosts;
use crate::reqwest_0_13::breaker::BreakerState;
use crate::reqwest_0_13::host_policy::HostPolicy;
use crate::reqwest_0_13::rate_limit::Limiter;
use crate::retry::{Budget, RetryPolicy};

/// How many authorities are told apart; those beyond share one state.
const MOST: usize = 1024;

/// Host and port, and what is remembered of them.
#[derive(Debug)]
pub(crate) struct Authority {
    pub(crate) dependency: Option<Arc<str>>,
    pub(crate) retry: RetryPolicy,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) budget: Budget,
    pub(crate) breaker: Option<BreakerState>,
    pub(crate) limiter: Option<Limiter>,
}

impl Authority {
    fn new(policy: HostPolicy) -> Self {
        let retry = policy.retry.unwrap_or_default();
        Self {
            dependency: policy.dependency,
            budget: Budget::new(retry.reserve, retry.percent),
            retry,
            attempt_timeout: policy.attempt_timeout,
            breaker: policy.breaker.map(BreakerState::new),
            limiter: policy.rate_limit.map(Limiter::new),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Authorities {
    /// The first that holds a host decides.
    rules: Vec<(Hosts, HostPolicy)>,
    others: HostPolicy,
    known: RwLock<HashMap<Box<str>, Arc<Authority>>>,
}

impl Authorities {
    pub(crate) fn new(rules: Vec<(Hosts, HostPolicy)>, others: HostPolicy) -> Self {
        Self { rules, others, known: RwLock::default() }
    }

    /// The state of a URL's authority.
    pub(crate) fn of(&self, url: &Url) -> Arc<Authority> {
        let authority = &url[Position::BeforeHost..Position::AfterPort];
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(authority).map(Arc::clone);
        known.unwrap_or_else(|| self.remember(authority, url.host_str().unwrap_or_default()))
    }

    fn remember(&self, authority: &str, host: &str) -> Arc<Authority> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let (authority, host) = if known.len() < MOST { (authority, host) } else { ("", "") };
        let state = known.entry(authority.into()).or_insert_with(|| Arc::new(Authority::new(self.policy(host))));
        Arc::clone(state)
    }

    fn policy(&self, host: &str) -> HostPolicy {
        let rule = self.rules.iter().find(|(hosts, _)| hosts.hold(host));
        rule.map_or_else(|| self.others.clone(), |(_, policy)| policy.clone().or(&self.others))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ports_are_apart_and_strangers_are_bounded() {
        let rule = (".example.com".parse().unwrap(), HostPolicy::new().dependency("shop"));
        let all = Authorities::new(vec![rule], HostPolicy::new().retry(RetryPolicy::never()));
        let of = |url: &str| all.of(&url.parse().unwrap());
        assert!(Arc::ptr_eq(&of("http://a.example.com/x"), &of("http://ana:pw@A.example.com:80/y?z")));
        assert!(!Arc::ptr_eq(&of("http://a.example.com/"), &of("http://a.example.com:81/")));
        let shop = of("http://a.example.com");
        assert_eq!((shop.dependency.as_deref(), shop.retry.attempts), (Some("shop"), 1));
        assert_eq!(of("http://example.org").dependency, None);
        (0..2 * MOST).for_each(|number| _ = of(&format!("http://h{number}.org/")));
        assert!(Arc::ptr_eq(&of("http://new-1.org"), &of("http://new-2.org")));
        assert_eq!(all.known.read().unwrap().len(), MOST + 1);
    }
}
