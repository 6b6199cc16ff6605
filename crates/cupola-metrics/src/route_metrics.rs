//! Route metrics: what each route is asked, how long it takes, and how it ends.

mod keys;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use cupola_record::{Duties, Ended, Exchange, Outcome, Record, Side, Sink};

use crate::duration_histogram::{Bounds, DURATION_BUCKETS, DurationCells};
use crate::encoder::Encoder;
use crate::family::Family;
use crate::registry::Registry;
use crate::route_metrics::keys::{Asked, AskedLabels, End, EndLabels};
use crate::table::{Entry, Table};

/// The `http_route` of a finished request that no route matched, so that a storm of 404s is a row of its own. Templates
/// begin with a slash, so that none can be mistaken for it.
pub const UNMATCHED_ROUTE: &str = "_UNMATCHED";

const DURATION: Family = Family::durations(
    "http.server.request.duration",
    "How long requests took, to the end of the response's body, or to the head of a stream of events. Upgraded connections are not in it.",
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

/// What is asked is looked up first, and of a request that ends as it began only once: its entry holds what needs no
/// more labels, and is a part of the key of what does.
#[derive(Debug)]
struct Instruments {
    asked: Table<Arc<AskedLabels>, Cells>,
    durations: Table<EndLabels, DurationCells>,
    other: Arc<AskedLabels>,
    unknown: Arc<str>,
    unmatched: Arc<str>,
    overflow: Overflow,
}

/// What is counted of a method, a route and a scheme; a cell is there once it was counted.
#[derive(Debug, Default)]
struct Cells {
    active: OnceLock<AtomicI64>,
    upgraded: OnceLock<AtomicU64>,
}

/// How many updates of each instrument went to a series that stands for others.
#[derive(Debug, Default)]
struct Overflow {
    durations: AtomicU64,
    active: AtomicU64,
    upgraded: AtomicU64,
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
            self.0.begin(exchange);
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

type AskedEntry = Entry<Arc<AskedLabels>, Cells>;

impl Instruments {
    fn new(limit: usize) -> Self {
        let bounds = Bounds::seconds(&DURATION_BUCKETS).expect("the advised bounds rise from above zero");
        Self {
            asked: Table::new(limit, Cells::default),
            durations: Table::new(limit, move || DurationCells::new(bounds.clone())),
            other: AskedLabels::other(),
            unknown: "".into(),
            unmatched: UNMATCHED_ROUTE.into(),
            overflow: Overflow::default(),
        }
    }

    fn begin(&self, exchange: &Exchange) {
        if let Some(asked) = self.asked(exchange, exchange.route.as_ref().unwrap_or(&self.unknown)) {
            self.add_active(asked, 1);
        }
    }

    /// The gauge goes down by what was known at the beginning, so that it finds the series in which it went up.
    fn end(&self, exchange: &Exchange, ended: &Ended) {
        let begun = self.asked(exchange, exchange.route.as_ref().unwrap_or(&self.unknown));
        if let Some(begun) = begun {
            self.add_active(begun, -1);
        }
        let asked = if is_as_begun(exchange, ended) {
            begun
        } else {
            self.asked(exchange, ended.route.as_ref().unwrap_or(&self.unmatched))
        };
        match asked {
            Some(asked) if ended.outcome == Outcome::Upgraded => self.count_upgraded(asked),
            Some(asked) => self.observe(asked, exchange, ended),
            None => {}
        }
    }

    #[inline]
    fn asked(&self, exchange: &Exchange, route: &Arc<str>) -> Option<&AskedEntry> {
        self.asked.get(Asked::new(exchange.method_label(), route, exchange.scheme))
    }

    fn add_active(&self, asked: &AskedEntry, amount: i64) {
        count_folded(asked.folded, &self.overflow.active);
        asked.cell.active.get_or_init(AtomicI64::default).fetch_add(amount, Ordering::Relaxed);
    }

    fn count_upgraded(&self, asked: &AskedEntry) {
        count_folded(asked.folded, &self.overflow.upgraded);
        asked.cell.upgraded.get_or_init(AtomicU64::default).fetch_add(1, Ordering::Relaxed);
    }

    fn observe(&self, asked: &AskedEntry, exchange: &Exchange, ended: &Ended) {
        let end = End::new(&asked.key, &self.other, exchange.version, ended);
        if let Some(series) = self.durations.get(end) {
            count_folded(asked.folded || series.folded, &self.overflow.durations);
            series.cell.observe(ended.served_in());
        }
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        let mut samples = encoder.family(&DURATION);
        for series in self.durations.entries() {
            samples.distribution(&series.key.labels(), series.cell.read());
        }
        let mut samples = encoder.family(&ACTIVE);
        for (asked, active) in self.asked.entries().filter_map(|asked| Some((asked, asked.cell.active.get()?))) {
            samples.value(&asked.key.labels(), active.load(Ordering::Relaxed));
        }
        let mut samples = encoder.family(&UPGRADED);
        for (asked, upgraded) in self.asked.entries().filter_map(|asked| Some((asked, asked.cell.upgraded.get()?))) {
            samples.value(&asked.key.labels(), upgraded.load(Ordering::Relaxed));
        }
        self.overflow.encode(encoder);
    }
}

impl Overflow {
    fn encode(&self, encoder: &mut Encoder<'_>) {
        let mut samples = encoder.family(&OVERFLOW);
        let counts = [(DURATION, &self.durations), (ACTIVE, &self.active), (UPGRADED, &self.upgraded)];
        for (family, count) in counts {
            samples.value(&[("instrument", family.name)], count.load(Ordering::Relaxed));
        }
    }
}

fn count_folded(folded: bool, overflow: &AtomicU64) {
    if folded {
        overflow.fetch_add(1, Ordering::Relaxed);
    }
}

/// Whether the route is the one that was known at the beginning, which its address shows without reading it.
fn is_as_begun(exchange: &Exchange, ended: &Ended) -> bool {
    match (&exchange.route, &ended.route) {
        (Some(begun), Some(ended)) => Arc::ptr_eq(begun, ended),
        _ => false,
    }
}
