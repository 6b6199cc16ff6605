//! How many requests are being worked on, for the account at the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cupola_record::{Duties, Exchange, Record, Sink};

/// Counts up where an exchange begins, and down where it ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct InFlight(Arc<AtomicI64>);

impl InFlight {
    pub(crate) fn count(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Sink for InFlight {
    fn opened(&self, exchange: &Exchange) {
        if is_outermost(exchange) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn record(&self, record: Record<'_>) {
        match record {
            Record::Exchange(exchange, _) if is_outermost(exchange) => {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

/// A request with two layers around it is one request.
fn is_outermost(exchange: &Exchange) -> bool {
    !exchange.served.contains(Duties::BODY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cupola_context::{Context, Fresh, RequestIdFormat};

    #[test]
    #[allow(clippy::disallowed_methods, reason = "the clock of exchanges that are over at once")]
    fn two_layers_around_a_request_count_it_once() {
        let in_flight = InFlight::default();
        let context = Context::root(RequestIdFormat::Ulid, &Fresh::new(0, [1; 40]));
        let open = |served| {
            let method = "GET".parse().expect("a method");
            let mut exchange = Exchange::server(context.clone(), std::time::SystemTime::UNIX_EPOCH, method);
            exchange.served = served;
            cupola_record::OpenExchange::new(exchange, Arc::new(in_flight.clone()), std::time::Instant::now)
        };
        let (outer, inner) = (open(Duties::NONE), open(Duties::BODY));
        assert_eq!(in_flight.count(), 1);
        drop(inner);
        assert_eq!(in_flight.count(), 1);
        drop(outer);
        assert_eq!(in_flight.count(), 0);
    }
}
