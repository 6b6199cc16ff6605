//! How often, and after how long, a request is sent again.

use std::time::Duration;

use http::StatusCode;

/// How often, and after how long, a request is sent again.
///
/// Sent again is what failed before its head, or was answered with 408, 429, 500, 502, 503 or 504, if the method is
/// idempotent (GET, HEAD, OPTIONS, TRACE, PUT, DELETE) or the request has an `Idempotency-Key`; where no connection was made,
/// nothing was sent, and any request may go, as after HTTP/2 has refused it unseen. The wait is chosen at random between nothing and `base`, then twice `base`, and so on to
/// `longest` ("full jitter"); where the other side says `Retry-After`, not before that, and not at all if the deadline comes first.
///
/// Retries are paid from a budget for each authority (host and port): `percent` of its calls, and `reserve` to begin with.
/// So a service that is down gets at most a fifth more, not three times as much.
///
/// ```
/// use std::time::Duration;
/// use cupola_client::RetryPolicy;
///
/// let patient = RetryPolicy::new().attempts(5).backoff(Duration::from_millis(250), Duration::from_secs(20));
/// let never = RetryPolicy::never();
/// # let _ = (patient, never);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    pub(crate) attempts: u32,
    pub(crate) base: Duration,
    pub(crate) longest: Duration,
    pub(crate) statuses: Vec<StatusCode>,
    pub(crate) unprocessed: Vec<StatusCode>,
    pub(crate) reserve: u16,
    pub(crate) percent: u8,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        let statuses = [408, 429, 500, 502, 503, 504];
        Self {
            attempts: 3,
            base: Duration::from_millis(100),
            longest: Duration::from_secs(5),
            statuses: statuses.into_iter().filter_map(|code| StatusCode::from_u16(code).ok()).collect(),
            unprocessed: Vec::new(),
            reserve: 10,
            percent: 20,
        }
    }
}

impl RetryPolicy {
    /// Three attempts at most, 100 ms, twice as long each time, 5 s at most; a fifth of the calls, and ten.
    pub fn new() -> Self {
        Self::default()
    }

    /// One attempt.
    pub fn never() -> Self {
        Self::new().attempts(1)
    }

    /// So many attempts at most, the first included; 0 is 1.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// The longest first wait, and the longest of all, a day at most.
    #[must_use]
    pub fn backoff(mut self, base: Duration, longest: Duration) -> Self {
        (self.base, self.longest) = (base, longest.min(Duration::from_secs(24 * 3600)));
        self
    }

    /// Which statuses are tried again, in place of 408, 429, 500, 502, 503 and 504. One that is not between 100 and 999 is
    /// ignored.
    #[must_use]
    pub fn statuses(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.statuses = statuses.into_iter().filter_map(|code| StatusCode::from_u16(code).ok()).collect();
        self
    }

    /// Which statuses say for certain that nothing was done: after them any request may be sent again, whatever its method. None,
    /// unless the other side promises it, for 429 for example.
    #[must_use]
    pub fn unprocessed(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.unprocessed = statuses.into_iter().filter_map(|code| StatusCode::from_u16(code).ok()).collect();
        self
    }

    /// What may be spent on retries: `reserve` of them, and `percent` for a hundred calls of the same authority.
    #[must_use]
    pub fn budget(mut self, reserve: u16, percent: u8) -> Self {
        (self.reserve, self.percent) = (reserve, percent);
        self
    }

    /// How long is waited before the attempt that follows so many; `chance` is between 0 and 1.
    pub(crate) fn wait(&self, made: u32, chance: f64) -> Duration {
        let doubled = 1_u32.checked_shl(made.saturating_sub(1)).unwrap_or(u32::MAX);
        self.base.saturating_mul(doubled).min(self.longest).mul_f64(chance.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let policy = RetryPolicy::new();
        let check = |made, chance, expected| assert_eq!(policy.wait(made, chance).as_millis(), expected, "{made}");
        check(1, 1.0, 100);
        check(2, 1.0, 200);
        check(3, 0.5, 200);
        check(10, 1.0, 5_000);
        check(200, 1.0, 5_000);
        check(1, 0.0, 0);
        check(1, f64::INFINITY, 100);
        let endless = RetryPolicy::new().backoff(Duration::MAX, Duration::MAX);
        assert_eq!(endless.wait(5, 1.0), Duration::from_secs(24 * 3600));
    }
}
