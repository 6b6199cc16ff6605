//! A user's sink, kept from failing requests.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cupola_record::{Duties, Exchange, Record, Sink};

/// Tells a sink, and survives its panics: they are counted, and the request goes on.
pub(crate) struct Shield {
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) panics: Arc<AtomicU64>,
}

impl Shield {
    fn guard(&self, tell: impl FnOnce()) {
        if catch_unwind(AssertUnwindSafe(tell)).is_err() {
            self.panics.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Sink for Shield {
    fn opened(&self, exchange: &Exchange) {
        self.guard(|| self.sink.opened(exchange));
    }

    fn record(&self, record: Record<'_>) {
        self.guard(|| self.sink.record(record));
    }

    fn duties(&self) -> Duties {
        self.sink.duties()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cupola_context::{Context, Fresh, RequestIdFormat};

    struct Panics;

    impl Sink for Panics {
        fn record(&self, _: Record<'_>) {
            panic!("a sink of the user's")
        }
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "the clock of an exchange that is over at once")]
    fn a_panic_is_counted_and_goes_no_further() {
        let panics = Arc::new(AtomicU64::new(0));
        let shield = Shield { sink: Arc::new(Panics), panics: panics.clone() };
        let context = Context::root(RequestIdFormat::Ulid, &Fresh::new(0, [1; 40]));
        let exchange = Exchange::server(context, std::time::SystemTime::UNIX_EPOCH, "GET".parse().expect("a method"));
        drop(cupola_record::OpenExchange::new(exchange, Arc::new(shield), std::time::Instant::now));
        assert_eq!(panics.load(Ordering::Relaxed), 1);
    }
}
