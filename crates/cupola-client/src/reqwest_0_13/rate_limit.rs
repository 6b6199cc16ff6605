//! A limit on how often a host is asked, by governor's cells.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

/// How often a host is asked at most. A request over it waits, and its attempt's `delay` shows how long; one that would wait
/// longer than its deadline fails as `deadline`, unsent.
///
/// ```
/// use cupola_client::{HostPolicy, RateLimit};
///
/// let policy = HostPolicy::new().rate_limit(RateLimit::per_second(20).burst(5));
/// # let _ = policy;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit(Quota);

impl RateLimit {
    /// So many a second, and as many at once; 0 is 1.
    pub fn per_second(requests: u32) -> Self {
        Self(Quota::per_second(at_least_one(requests)))
    }

    /// So many a minute, and as many at once; 0 is 1.
    pub fn per_minute(requests: u32) -> Self {
        Self(Quota::per_minute(at_least_one(requests)))
    }

    /// So many at once, after a pause; 0 is 1.
    #[must_use]
    pub fn burst(self, requests: u32) -> Self {
        Self(self.0.allow_burst(at_least_one(requests)))
    }
}

fn at_least_one(requests: u32) -> NonZeroU32 {
    NonZeroU32::new(requests).unwrap_or(NonZeroU32::MIN)
}

/// The state of one host's limit.
#[derive(Debug)]
pub(crate) struct Limiter(RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Nanos>>);

impl Limiter {
    pub(crate) fn new(limit: RateLimit) -> Self {
        Self(RateLimiter::direct_with_clock(limit.0, TokioClock(Instant::now())))
    }

    /// Takes a turn: `None` where it is now, else how long to wait before asking again.
    pub(crate) fn turn(&self) -> Option<Duration> {
        self.0.check().err().map(|until| until.wait_time_from(self.0.clock().now()))
    }
}

/// Tokio's clock, so that tests can pause it.
#[derive(Clone, Debug)]
struct TokioClock(Instant);

impl Clock for TokioClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.elapsed().into()
    }
}
