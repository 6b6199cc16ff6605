//! Route metrics: what each route is asked, how long it takes, and how it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use cupola_record::{Duties, Ended, Exchange, Outcome, Record, Side, Sink};
use http::{StatusCode, Version};

use crate::duration_histogram::{Bounds, DURATION_BUCKETS, DurationCells};
use crate::encoder::Encoder;
use crate::family::Family;
use crate::registry::Registry;
use crate::series::{Labels, Series};

/// The `http_route` of a finished request that no route matched, so that a storm of 404s is a row of its own. Templates
/// begin with a slash, so that none can be mistaken for it.
pub const UNMATCHED_ROUTE: &str = "_UNMATCHED";

const DURATION: Family = Family::durations(
    "http.server.request.duration",
    "How long requests took, to the end of the response's body. Upgraded connections are not in it.",
);

const ACTIVE: Family =
    Family::gauge("http.server.active_requests", "Requests that have begun and not ended.").unit("{request}");

const UPGRADED: Family =
    Family::counter("cupola.http.upgraded", "Requests that ended as connections of another protocol.")
        .unit("{request}");

const OVERFLOW: Family = Family::counter(
    "cupola.metrics.overflow",
    "Updates counted under _OTHER because their instrument had all the series that it may have.",
)
.unit("{update}");

/// The families that are ours in every registry.
pub(crate) const FAMILIES: [Family; 4] = [DURATION, ACTIVE, UPGRADED, OVERFLOW];

const METHOD: &str = "http.request.method";
const ROUTE: &str = "http.route";
const SCHEME: &str = "url.scheme";

const DURATION_LABELS: Labels<6> = Labels {
    names: [METHOD, ROUTE, "http.response.status_code", "error.type", SCHEME, "network.protocol.version"],
    open: [true, true, false, false, false, false],
};

const SHORT_LABELS: Labels<3> = Labels { names: [METHOD, ROUTE, SCHEME], open: [true, true, false] };

/// Counts the requests that a service serves, by route.
///
/// | metric | labels |
/// |---|---|
/// | `http_server_request_duration_seconds` | `http_request_method` `http_route` `http_response_status_code` `error_type` `url_scheme` `network_protocol_version` |
/// | `http_server_active_requests` | `http_request_method` `http_route` `url_scheme` |
/// | `cupola_http_upgraded_total` | `http_request_method` `http_route` `url_scheme` |
/// | `cupola_metrics_overflow_total` | `instrument` |
///
/// A label that has nothing to say is absent: the status where no head was sent, the error type on success, and the
/// route of an active request where it was not known at the beginning. A finished request without a route counts under
/// [`UNMATCHED_ROUTE`]. Clients that left are the error types `closed_before_head` and `closed_mid_body`.
///
/// Metrics on one registry are one: each layer of a process may have its own `RouteMetrics::new(&registry)`.
///
/// ```
/// use cupola_metrics::{Registry, RouteMetrics};
/// use cupola_record::{AccessLog, Sink};
///
/// let registry = Registry::new();
/// let sink = AccessLog::new().and(RouteMetrics::new(&registry));
/// # let _ = sink;
/// ```
#[derive(Clone, Debug)]
pub struct RouteMetrics(Arc<Instruments>);

#[derive(Debug)]
struct Instruments {
    durations: Series<6, DurationCells>,
    active: Series<3, AtomicI64>,
    upgraded: Series<3, AtomicU64>,
}

impl RouteMetrics {
    /// The route metrics of a registry.
    pub fn new(registry: &Registry) -> Self {
        registry.routes(|limit| {
            let instruments = Arc::new(Instruments::new(limit));
            let read = Arc::clone(&instruments);
            registry.source(move |encoder| read.encode(encoder));
            Self(instruments)
        })
    }
}

impl Sink for RouteMetrics {
    fn opened(&self, exchange: &Exchange) {
        if is_ours(exchange) {
            self.0.add_active(exchange, 1);
        }
    }

    fn record(&self, record: Record<'_>) {
        match record {
            Record::Exchange(exchange, ended) if is_ours(exchange) => self.0.end(exchange, ended),
            _ => {}
        }
    }

    fn duties(&self) -> Duties {
        Duties::METRICS
    }
}

/// Whether it is a request that was served, and that no layer further out counts.
fn is_ours(exchange: &Exchange) -> bool {
    exchange.side == Side::Server && !exchange.served.contains(Duties::METRICS)
}

impl Instruments {
    fn new(limit: usize) -> Self {
        let bounds = Bounds::seconds(&DURATION_BUCKETS).expect("the advised bounds rise from above zero");
        Self {
            durations: Series::new(DURATION_LABELS, limit, move || DurationCells::new(bounds.clone())),
            active: Series::new(SHORT_LABELS, limit, AtomicI64::default),
            upgraded: Series::new(SHORT_LABELS, limit, AtomicU64::default),
        }
    }

    /// Up and down go by what was known at the beginning, so that both find the same series.
    fn add_active(&self, exchange: &Exchange, amount: i64) {
        let route = exchange.route.as_deref().unwrap_or_default();
        if let Some(active) = self.active.get([exchange.method_label(), route, exchange.scheme]) {
            active.fetch_add(amount, Ordering::Relaxed);
        }
    }

    fn end(&self, exchange: &Exchange, ended: &Ended) {
        self.add_active(exchange, -1);
        let route = ended.route.as_deref().unwrap_or(UNMATCHED_ROUTE);
        if ended.outcome == Outcome::Upgraded {
            self.count_upgraded(exchange, route);
        } else {
            self.observe(exchange, ended, route);
        }
    }

    fn observe(&self, exchange: &Exchange, ended: &Ended, route: &str) {
        let cells = self.durations.get([
            exchange.method_label(),
            route,
            ended.status.as_ref().map_or("", StatusCode::as_str),
            ended.error_type().unwrap_or_default(),
            exchange.scheme,
            protocol(exchange.version),
        ]);
        if let Some(cells) = cells {
            cells.observe(ended.total);
        }
    }

    fn count_upgraded(&self, exchange: &Exchange, route: &str) {
        if let Some(upgraded) = self.upgraded.get([exchange.method_label(), route, exchange.scheme]) {
            upgraded.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        let mut samples = encoder.family(&DURATION);
        self.durations.each(|labels, cells| samples.distribution(labels, cells.read()));
        let mut samples = encoder.family(&ACTIVE);
        self.active.each(|labels, active| samples.value(labels, active.load(Ordering::Relaxed)));
        let mut samples = encoder.family(&UPGRADED);
        self.upgraded.each(|labels, upgraded| samples.value(labels, upgraded.load(Ordering::Relaxed)));
        let mut samples = encoder.family(&OVERFLOW);
        samples.value(&[("instrument", DURATION.name)], self.durations.overflowed());
        samples.value(&[("instrument", ACTIVE.name)], self.active.overflowed());
        samples.value(&[("instrument", UPGRADED.name)], self.upgraded.overflowed());
    }
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    }
}
