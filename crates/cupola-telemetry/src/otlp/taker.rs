//! Whoever takes messages within the process.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Takes messages of one signal within the process, where nobody is asked over a network: a store beside the service.
///
/// It is called on telemetry's thread, with the bytes of an export request, and says whether it has taken them; what it has not is
/// offered again.
#[derive(Clone)]
pub struct Taker(Arc<Take>);

type Take = dyn Fn(&[u8]) -> bool + Send + Sync;

impl Taker {
    /// One that does this.
    pub fn new(take: impl Fn(&[u8]) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(take))
    }

    /// Where it panics, it has not taken the message.
    pub(crate) fn take(&self, message: &[u8]) -> bool {
        catch_unwind(AssertUnwindSafe(|| (self.0)(message))).unwrap_or(false)
    }
}

impl fmt::Debug for Taker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Taker")
    }
}
