//! Route metrics: what each route is asked, how long it takes, how much it moves, and how it ends.

mod cells;
mod families;
mod keys;

use std::fmt;
use std::sync::Arc;

use cupola_record::{Duties, Ended, Exchange, Outcome, Record, Side, Sink, Upgraded};

use crate::by::Terms;
use crate::cells::histogram::HistogramCells;
use crate::encoder::Encoder;
use crate::family::Family;
use crate::labels::{Label, Values};
use crate::registry::Registry;
use crate::route_metrics::cells::{Active, AskedCells, EndCells, Layouts, Overflow};
use crate::route_metrics::families::{ABORTED, ACTIVE, DURATION, REQUEST, RESPONSE};
use crate::route_metrics::keys::{Asked, AskedLabels, End, EndLabels, Extra};
use crate::snapshot::Value;
use crate::table::{Entry, Table};

pub(crate) use crate::route_metrics::families::FAMILIES;

/// The `http_route` of a finished request that no route matched, so that a storm of 404s is a row of its own. Templates
/// begin with a slash, so that none can be mistaken for it. OpenTelemetry has no such value: there the attribute is absent.
pub const UNMATCHED_ROUTE: &str = "_UNMATCHED";

/// Methods come from a list, which is short.
const MOST_METHODS: usize = 64;

/// Counts the requests that a service serves, by route.
///
/// | metric | labels |
/// |---|---|
/// | `http_server_request_duration_seconds` | `http_request_method` `http_route` `http_response_status_code` `error_type` `url_scheme` `network_protocol_version` |
/// | `http_server_request_body_size_bytes` `http_server_response_body_size_bytes` | the same; bodies without a byte are left out |
/// | `http_server_active_requests` | `http_request_method` `url_scheme` |
/// | `cupola_http_time_to_head_seconds` | `http_request_method` `http_route` `url_scheme` |
/// | `cupola_http_aborted_total` | the same, and `outcome` |
/// | `cupola_http_slow_total` | as for the time to the head |
/// | `cupola_http_busy_seconds` | the same; where the layer measures the time spent polling |
/// | `cupola_http_upgraded_total` `cupola_http_upgraded_lifetime_seconds` | the same |
/// | `cupola_metrics_overflow_total` | `instrument` |
///
/// A label that has nothing to say is absent: the status where no head was sent, and the error type on success. A
/// finished request without a route counts under [`UNMATCHED_ROUTE`]. Clients that left are the error types
/// `closed_before_head` and `closed_mid_body`. A request that its handler has muted is active, and nothing else.
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
///
/// # Memory
/// A series of the duration takes less than 1.5 KiB, its exemplars and labels included; one of a body's size about as
/// much. A test measures it.
#[derive(Clone, Debug)]
pub struct RouteMetrics(Arc<Instruments>);

/// Chooses which labels handlers may add; see [`RouteMetrics::builder`].
pub struct Builder {
    registry: Registry,
    extra: Vec<Extra>,
}

/// What is asked is looked up first: its entry is a part of the key of how it ends.
#[derive(Debug)]
struct Instruments {
    active: Table<Arc<AskedLabels>, Active>,
    asked: Table<Arc<AskedLabels>, AskedCells>,
    ends: Table<EndLabels, EndCells>,
    layouts: Layouts,
    extra: Box<[Extra]>,
    other: Arc<AskedLabels>,
    unknown: Arc<str>,
    unmatched: Arc<str>,
    overflow: Overflow,
    terms: Terms,
}

impl RouteMetrics {
    /// The route metrics of a registry.
    pub fn new(registry: &Registry) -> Self {
        Self::builder(registry).build()
    }

    /// Begins route metrics with choices. Where the registry has some already, those are what [`Builder::build`] gives.
    pub fn builder(registry: &Registry) -> Builder {
        Builder { registry: registry.clone(), extra: Vec::new() }
    }

    /// Whether a request has been counted yet: `false` some time after the start means that no layer stands on these.
    pub fn has_counted(&self) -> bool {
        self.0.asked.entries().next().is_some()
    }
}

impl Builder {
    /// Shows the context field of this label's name as a label of the duration and the sizes: a handler says it with
    /// `cupola_context::set("tier", "gold")`. Requests that say nothing have none; a value that the label may not have
    /// counts as `_OTHER`.
    ///
    /// Only closed sets: a label that says `Values::AtMost` has no place here, and all its values are `_OTHER`.
    #[must_use]
    pub fn label<L: Label>(mut self) -> Self {
        let allowed = if let Values::Only(list) = L::VALUES { list } else { &[] };
        self.extra.push(Extra { name: L::NAME, allowed });
        self
    }

    /// The route metrics.
    pub fn build(self) -> RouteMetrics {
        let Self { registry, extra } = self;
        registry.routes(|terms| {
            let instruments = Arc::new(Instruments::new(terms, extra.into()));
            let read = Arc::clone(&instruments);
            registry.source(move |encoder| read.encode(encoder));
            RouteMetrics(instruments)
        })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("extra", &self.extra).finish_non_exhaustive()
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
            Record::Exchange(exchange, ended) if is_ours(exchange) => {
                self.0.add_active(exchange, -1);
                if !ended.muted {
                    self.0.end(exchange, ended);
                }
            }
            Record::Upgraded(upgraded) => self.0.end_upgraded(upgraded),
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

type AskedEntry = Entry<Arc<AskedLabels>, AskedCells>;

impl Instruments {
    fn new(terms: Terms, extra: Box<[Extra]>) -> Self {
        let (layouts, clock) = (Layouts::new(), terms.clock);
        let durations = Arc::clone(&layouts.durations);
        Self {
            active: Table::new(terms.limit.min(MOST_METHODS), move || Active::new(clock())),
            asked: Table::new(terms.limit, move || AskedCells::new(clock())),
            ends: Table::new(terms.limit, move || EndCells::new(Arc::clone(&durations), clock())),
            layouts,
            extra,
            other: AskedLabels::other(),
            unknown: "".into(),
            unmatched: UNMATCHED_ROUTE.into(),
            overflow: Overflow::default(),
            terms,
        }
    }

    /// By what is known at the beginning and at the end alike, so that what goes up comes down.
    #[inline]
    fn add_active(&self, exchange: &Exchange, amount: i64) {
        if let Some(asked) = self.active.get(Asked::new(exchange.method_label(), &self.unknown, exchange.scheme)) {
            self.overflow.active.count(asked.folded);
            asked.cell.requests.add(amount as u64);
        }
    }

    fn end(&self, exchange: &Exchange, ended: &Ended) {
        let route = ended.route.as_ref().unwrap_or(&self.unmatched);
        let asked = self.asked.get(Asked::new(exchange.method_label(), route, exchange.scheme));
        if let Some(asked) = asked {
            self.count_asked(asked, ended);
            if ended.outcome != Outcome::Upgraded {
                self.observe(asked, exchange, ended);
            }
        }
    }

    fn count_asked(&self, asked: &AskedEntry, ended: &Ended) {
        self.overflow.asked.count(asked.folded);
        let head = ended.head.filter(|_| ended.outcome != Outcome::Upgraded);
        if let Some(head) = head {
            asked.cell.head(&self.layouts).observe(head);
        }
        if ended.outcome != Outcome::Complete {
            asked.cell.count_outcome(ended.outcome);
        }
        if ended.slow {
            asked.cell.slow().add(1);
        }
        if let Some(busy) = ended.busy {
            asked.cell.busy(&self.layouts).observe(busy);
        }
    }

    fn observe(&self, asked: &AskedEntry, exchange: &Exchange, ended: &Ended) {
        let extra = keys::extra(&self.extra, &exchange.context, &self.overflow.labels);
        let end = End::new(&asked.key, &self.other, exchange.version, ended, &extra);
        let Some(series) = self.ends.get(end) else { return };
        self.overflow.ends.count(asked.folded || series.folded);
        let duration = ended.served_in();
        let cell = series.cell.duration.observe(duration);
        series.cell.duration.offer(cell, &exchange.context, duration, exchange.started + ended.total);
        if ended.request_bytes > 0 {
            series.cell.request(&self.layouts).observe_whole(ended.request_bytes);
        }
        if ended.response_bytes > 0 {
            series.cell.response(&self.layouts).observe_whole(ended.response_bytes);
        }
    }

    fn end_upgraded(&self, upgraded: &Upgraded) {
        let route = upgraded.route.as_ref().unwrap_or(&self.unmatched);
        if let Some(asked) = self.asked.get(Asked::new(&upgraded.method, route, upgraded.scheme)) {
            self.overflow.asked.count(asked.folded);
            asked.cell.lifetime(&self.layouts).observe(upgraded.lifetime);
        }
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        let (now, detail) = (encoder.time(), encoder.detail());
        let ends: Vec<_> = self.ends.entries().filter(|end| end.cell.is_shown(now, self.terms.expire_after)).collect();
        self.encode_ends(encoder, &DURATION, &ends, |cells| Some(&cells.duration));
        self.encode_ends(encoder, &REQUEST, &ends, |cells| cells.request.get().map(Box::as_ref));
        self.encode_ends(encoder, &RESPONSE, &ends, |cells| cells.response.get().map(Box::as_ref));
        let asked: Vec<_> = self.asked.entries().collect();
        for (family, read) in families::ASKED {
            let mut samples = encoder.family(&family);
            for asked in &asked {
                if let Some(value) = read(&asked.cell, detail) {
                    samples.series(asked.key.labels().into_iter(), Some(asked.cell.created), value);
                }
            }
        }
        let mut samples = encoder.family(&ACTIVE);
        for active in self.active.entries() {
            let value = Value::Number((active.cell.requests.get() as i64).into());
            samples.series(active.key.labels().into_iter(), Some(active.cell.created), value);
        }
        self.encode_aborted(encoder, &asked);
        self.overflow.encode(encoder);
    }

    fn encode_ends(
        &self,
        encoder: &mut Encoder<'_>,
        family: &Family,
        ends: &[&Entry<EndLabels, EndCells>],
        cells: impl Fn(&EndCells) -> Option<&HistogramCells>,
    ) {
        let detail = encoder.detail();
        let mut samples = encoder.family(family);
        for end in ends {
            if let Some(cells) = cells(&end.cell) {
                samples.series(end.key.labels(&self.extra), Some(end.cell.created), cells::read(cells, detail));
            }
        }
    }

    fn encode_aborted(&self, encoder: &mut Encoder<'_>, asked: &[&AskedEntry]) {
        let mut samples = encoder.family(&ABORTED);
        for asked in asked {
            for outcome in cells::ABORTED {
                if let Some(value) = asked.cell.outcome(outcome) {
                    let labels = asked.key.labels().into_iter().chain([("outcome", outcome.as_str())]);
                    samples.series(labels, Some(asked.cell.created), value);
                }
            }
        }
    }
}
