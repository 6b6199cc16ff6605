//! How long a call may take, and how much it may bring.

use std::time::Duration;

use tokio::time::Instant;

/// How long a call may take, and how much it may bring; `None` is without a limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// To the head of the response that is given back, attempts and waits included.
    pub(crate) deadline: Option<Duration>,
    /// One attempt, to its head.
    pub(crate) attempt: Option<Duration>,
    /// Silence in the body.
    pub(crate) silence: Option<Duration>,
    /// All of it, to the end of the body.
    pub(crate) total: Option<Duration>,
    /// Bytes of the body, as it is read.
    pub(crate) bytes: Option<u64>,
}

impl Limits {
    pub(crate) const NONE: Self = Self { deadline: None, attempt: None, silence: None, total: None, bytes: None };

    pub(crate) const USUAL: Self = Self {
        deadline: Some(Duration::from_secs(30)),
        attempt: Some(Duration::from_secs(10)),
        silence: Some(Duration::from_secs(30)),
        ..Self::NONE
    };

    /// When the head of the response must be there.
    pub(crate) fn head_by(&self, now: Instant) -> Option<Instant> {
        [self.deadline, self.total].into_iter().flatten().min().and_then(|limit| now.checked_add(limit))
    }

    /// When the body must have ended.
    pub(crate) fn end_by(&self, now: Instant) -> Option<Instant> {
        self.total.and_then(|limit| now.checked_add(limit))
    }
}
