//! The registry: which metrics there are, and what they say now.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::counter::Counter;
use crate::duration_histogram::{Bounds, DurationHistogram};
use crate::encoder::Encoder;
use crate::error::RegisterError;
use crate::family::Family;
use crate::gauge::Gauge;
use crate::name::{self, Names};
use crate::route_metrics::{self, RouteMetrics};
use crate::snapshot::Snapshot;
use crate::text;

/// How many series a metric may have, unless the registry was told otherwise.
pub const DEFAULT_SERIES_LIMIT: usize = 2_000;

const REFUSED: Family = Family::counter(
    "cupola.metrics.refused",
    "Samples left out of an exposition: an invalid name or label, another type, or a series told twice.",
)
.unit("{sample}");

type Source = Arc<dyn Fn(&mut Encoder<'_>) + Send + Sync>;

/// The metrics of one process, or of one test; clones are handles on the same one.
///
/// ```
/// let registry = cupola_metrics::Registry::new();
/// let sent = registry.counter("mail.sent", "Mails sent.")?;
/// sent.add(2);
/// assert!(registry.render().starts_with("# HELP "));
/// assert!(registry.counter("mail_sent", "The same for Prometheus.").is_err_and(|error| error.is_duplicate()));
/// # Ok::<(), cupola_metrics::RegisterError>(())
/// ```
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    series_limit: usize,
    names: Mutex<Names>,
    sources: Mutex<Vec<Source>>,
    refused: AtomicU64,
    routes: OnceLock<RouteMetrics>,
}

impl Registry {
    /// A registry whose metrics have at most [`DEFAULT_SERIES_LIMIT`] series each.
    pub fn new() -> Self {
        Self::with_series_limit(DEFAULT_SERIES_LIMIT)
    }

    /// A registry whose metrics have at most so many series each, between one and a million. What is over it is counted
    /// in few series with `_OTHER`, and in `cupola_metrics_overflow_total`.
    pub fn with_series_limit(series_limit: usize) -> Self {
        let registry = Self(Arc::new(Inner {
            series_limit: series_limit.clamp(1, 1_000_000),
            names: Mutex::default(),
            sources: Mutex::default(),
            refused: AtomicU64::new(0),
            routes: OnceLock::new(),
        }));
        registry.reserve(&route_metrics::FAMILIES);
        registry.reserve(&[REFUSED]);
        registry
    }

    /// Registers a counter.
    ///
    /// # Errors
    /// Where the name is not valid, or taken.
    pub fn counter(&self, name: &'static str, help: &'static str) -> Result<Counter, RegisterError> {
        let (family, counter) = (Family::counter(name, help), Counter::new());
        let read = counter.clone();
        self.register(family, move |encoder| encoder.family(&family).value(&[], read.get()))?;
        Ok(counter)
    }

    /// Registers a gauge.
    ///
    /// # Errors
    /// Where the name is not valid, or taken.
    pub fn gauge(&self, name: &'static str, help: &'static str) -> Result<Gauge, RegisterError> {
        let (family, gauge) = (Family::gauge(name, help), Gauge::new());
        let read = gauge.clone();
        self.register(family, move |encoder| encoder.family(&family).value(&[], read.get()))?;
        Ok(gauge)
    }

    /// Registers a histogram of durations; the bounds of its buckets are in seconds, and so is what it shows.
    ///
    /// # Errors
    /// Where the name is not valid, or taken, or the bounds do not rise from above zero.
    pub fn duration_histogram(
        &self,
        name: &'static str,
        help: &'static str,
        bounds: &[f64],
    ) -> Result<DurationHistogram, RegisterError> {
        let bounds = Bounds::seconds(bounds).ok_or_else(|| RegisterError::buckets(name))?;
        let (family, histogram) = (Family::durations(name, help), DurationHistogram::new(bounds));
        let read = histogram.clone();
        self.register(family, move |encoder| encoder.family(&family).distribution(&[], read.read()))?;
        Ok(histogram)
    }

    /// Adds a source: it is asked for its samples at each exposition, in the thread that exposes.
    ///
    /// It must not hold a clone of this registry, which would then never be freed. What it tells of is registered by
    /// being told: see [`Encoder`] for what happens with two samples of one series.
    pub fn source(&self, source: impl Fn(&mut Encoder<'_>) + Send + Sync + 'static) {
        guard(&self.0.sources).push(Arc::new(source));
    }

    /// All metrics as Prometheus text 0.0.4, sorted; serve it with [`crate::TEXT_CONTENT_TYPE`].
    pub fn render(&self) -> String {
        let mut out = String::new();
        self.render_into(&mut out);
        out
    }

    /// The same at the end of a text that is there already.
    pub fn render_into(&self, out: &mut String) {
        text::write(out, &self.snapshot());
    }

    /// What route metrics of this registry share, however many layers stand on it.
    pub(crate) fn routes(&self, make: impl FnOnce(usize) -> RouteMetrics) -> RouteMetrics {
        self.0.routes.get_or_init(|| make(self.0.series_limit)).clone()
    }

    fn snapshot(&self) -> Snapshot {
        let sources = guard(&self.0.sources).clone();
        let mut snapshot = Snapshot::default();
        for source in sources {
            source(&mut Encoder::new(&mut snapshot));
        }
        let refused = self.0.refused.fetch_add(snapshot.refused(), Ordering::Relaxed) + snapshot.refused();
        Encoder::new(&mut snapshot).family(&REFUSED).value(&[], refused);
        snapshot
    }

    fn register(
        &self,
        family: Family,
        source: impl Fn(&mut Encoder<'_>) + Send + Sync + 'static,
    ) -> Result<(), RegisterError> {
        if !name::is_valid(family.name) {
            return Err(RegisterError::name(family.name));
        }
        let mut names = guard(&self.0.names);
        if names.holds(&family) || !names.take(&family) {
            return Err(RegisterError::duplicate(family.name));
        }
        drop(names);
        self.source(source);
        Ok(())
    }

    /// Keeps the names of our own families from the application, whether or not they are in use.
    fn reserve(&self, families: &[Family]) {
        let mut names = guard(&self.0.names);
        for family in families {
            names.take(family);
        }
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sources = guard(&self.0.sources).len();
        f.debug_struct("Registry").field("sources", &sources).finish_non_exhaustive()
    }
}

/// Nothing is left half-done under these locks, so that a poison says nothing.
fn guard<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
