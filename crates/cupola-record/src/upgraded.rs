//! An upgraded connection: what it is after its exchange.

use std::sync::Arc;
use std::time::Duration;

use cupola_context::Context;

use crate::exchange::Exchange;

/// A connection that was upgraded to another protocol, and is over.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Upgraded {
    /// The context of the exchange that it began with.
    pub context: Context,
    /// The method of that exchange, from the known list.
    pub method: Box<str>,
    /// Its route template.
    pub route: Option<Arc<str>>,
    /// Its scheme.
    pub scheme: &'static str,
    /// From the upgrade to the end.
    pub lifetime: Duration,
}

impl Upgraded {
    /// The connection that began with this exchange and has lasted so long.
    pub fn new(exchange: &Exchange, lifetime: Duration) -> Self {
        let route = exchange.route.clone().or_else(|| exchange.context.route().cloned());
        let (context, method) = (exchange.context.clone(), exchange.method_label().into());
        Self { context, method, route, scheme: exchange.scheme, lifetime }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Capture;
    use crate::sink::{Record, Sink};
    use cupola_context::{Fresh, RequestIdFormat};
    use std::time::SystemTime;

    #[test]
    fn it_knows_the_route_that_was_told_inside() {
        let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
        let exchange = Exchange::server(context, SystemTime::UNIX_EPOCH, http::Method::GET);
        exchange.context.set_route("/ws");
        let capture = Capture::new();
        capture.record(Record::Upgraded(&Upgraded::new(&exchange, Duration::from_secs(3))));
        let kept = capture.upgraded();
        assert_eq!((kept[0].route.as_deref(), &*kept[0].method), (Some("/ws"), "GET"));
    }
}
