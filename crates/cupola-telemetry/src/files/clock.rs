//! The wall clock, as files are handed it.

use std::sync::Arc;
use std::time::SystemTime;

/// What time it is; a test says so.
pub(super) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

pub(super) fn system() -> Clock {
    Arc::new(SystemTime::now)
}
