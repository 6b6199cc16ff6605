//! The clock and the randomness of this floor.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use cupola_context::Fresh;
use rand::Rng;

/// The monotonic clock: tokio's, so that tests can pause it.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The wall clock, and what new ids are made of.
pub(crate) fn fresh() -> (SystemTime, Fresh) {
    let started = SystemTime::now();
    let since = started.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut random = [0; 40];
    rand::rng().fill_bytes(&mut random);
    (started, Fresh::new(since.as_millis() as u64, random))
}
