//! Exchanges to count, and a reader of what was counted.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use cupola_context::{Context, Fresh, Identify, RequestIdFormat, Sampler};
use cupola_metrics::{Registry, RouteMetrics};
use cupola_record::{Capture, Ended, Exchange, OpenExchange, Outcome, Record, Sink};
use http::{Method, StatusCode};

pub(crate) fn exchange(method: &str, route: Option<&str>) -> Exchange {
    let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut exchange = Exchange::server(context, SystemTime::UNIX_EPOCH, method);
    exchange.route = route.map(Into::into);
    exchange
}

/// The same in a trace that is not sampled.
pub(crate) fn unsampled(method: &str, route: Option<&str>) -> Exchange {
    let mut identify = Identify::default();
    identify.sampler = Sampler::always_off();
    let mut exchange = exchange(method, route);
    exchange.context = identify.open(&http::HeaderMap::new(), None, &Fresh::new(0, [1; 40])).context;
    exchange
}

#[allow(clippy::disallowed_methods)]
pub(crate) fn open(exchange: Exchange, sink: impl Sink) -> OpenExchange {
    OpenExchange::new(exchange, Arc::new(sink), Instant::now)
}

/// An end that can be told as often as one likes, with a time that is known.
pub(crate) fn ended(exchange: &Exchange, status: Option<u16>, outcome: Outcome, total: Duration) -> Ended {
    let capture = Capture::new();
    open(exchange.clone(), capture.clone()).end(outcome);
    let mut ended = capture.exchanges()[0].1.clone();
    ended.status = status.map(|code| StatusCode::from_u16(code).unwrap());
    ended.total = total;
    ended
}

/// Begins and ends an exchange that took so many milliseconds.
pub(crate) fn served(metrics: &RouteMetrics, exchange: &Exchange, status: Option<u16>, outcome: Outcome, millis: u64) {
    metrics.opened(exchange);
    let ended = ended(exchange, status, outcome, Duration::from_millis(millis));
    metrics.record(Record::Exchange(exchange, &ended));
}

/// The lines of an exposition that begin so.
pub(crate) fn lines(registry: &Registry, start: &str) -> Vec<String> {
    registry.render().lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect()
}

/// The values of the lines that begin so, added up.
pub(crate) fn sum(registry: &Registry, start: &str) -> f64 {
    lines(registry, start).iter().map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
}
