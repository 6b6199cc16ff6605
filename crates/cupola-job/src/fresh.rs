//! Clocks and randomness, which the floors below are handed.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use cupola_context::Fresh;
use rand::Rng;

/// Tokio's clock, so that tests can pause it.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// What new ids are made of.
pub(crate) fn fresh(now: SystemTime) -> Fresh {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    Fresh::new(u64::try_from(since.as_millis()).unwrap_or(u64::MAX), random())
}

pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}
