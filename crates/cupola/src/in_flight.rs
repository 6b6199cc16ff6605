//! How many requests are being worked on, for the account at the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cupola_record::{Exchange, Record, Sink};

/// Counts up where an exchange begins, and down where it ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct InFlight(Arc<AtomicI64>);

impl InFlight {
    pub(crate) fn count(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Sink for InFlight {
    fn opened(&self, _: &Exchange) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn record(&self, record: Record<'_>) {
        if let Record::Exchange(..) = record {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
