//! The registry: which metrics there are, and what they say now.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use crate::by::{By, Inner as ByInner, Terms};
use crate::cells::histogram::{HistogramCells, Summed};
use crate::cells::layout::Layout;
use crate::counter::{Counter, FloatCounter};
use crate::distribution::Detail;
use crate::encoder::Encoder;
use crate::error::{Kind as ErrorKind, RegisterError};
use crate::family::{Family, Kind};
use crate::gauge::{FloatGauge, Gauge};
use crate::histogram::{DurationHistogram, Histogram};
use crate::instrument::Instrument;
use crate::labels::{LabelSet, Values};
use crate::name::{self, Names};
use crate::overflow::OVERFLOW;
use crate::route_metrics::{self, RouteMetrics};
use crate::snapshot::Snapshot;

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
/// let sent = registry.counter("mail.sent", "Mails sent.", "{mail}")?;
/// sent.add(2);
/// assert!(registry.render().starts_with("# HELP "));
/// let twice = registry.counter("mail_sent", "The same for Prometheus.", "{mail}");
/// assert!(twice.is_err_and(|error| error.is_duplicate()));
/// # Ok::<(), cupola_metrics::RegisterError>(())
/// ```
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    terms: Terms,
    names: Mutex<Names>,
    sources: Mutex<Vec<Source>>,
    refused: AtomicU64,
    routes: OnceLock<RouteMetrics>,
}

/// What can be chosen of a registry.
#[derive(Clone, Copy, Debug)]
pub struct Builder(Terms);

impl Builder {
    /// How many series a metric may have, between one and a million; [`DEFAULT_SERIES_LIMIT`] unless set. What is over
    /// it is counted in few series with `_OTHER`, and in `cupola_metrics_overflow_total`.
    #[must_use]
    pub fn series_limit(mut self, limit: usize) -> Self {
        self.0.limit = limit.clamp(1, 1_000_000);
        self
    }

    /// Leaves series out that nothing has been recorded in for so long; they stay unless this is set.
    ///
    /// Those of [`By`] are given up, and make room for others, once nobody keeps a handle on them. Those of requests are
    /// only not shown until they are used again.
    #[must_use]
    pub const fn expire_after(mut self, idle: Duration) -> Self {
        self.0.expire_after = Some(idle);
        self
    }

    /// Where the wall clock is read: when a series begins, and when the metrics are asked for.
    #[must_use]
    pub const fn clock(mut self, clock: fn() -> SystemTime) -> Self {
        self.0.clock = clock;
        self
    }

    /// The registry.
    pub fn build(self) -> Registry {
        let registry = Registry(Arc::new(Inner {
            terms: self.0,
            names: Mutex::default(),
            sources: Mutex::default(),
            refused: AtomicU64::new(0),
            routes: OnceLock::new(),
        }));
        registry.reserve(&route_metrics::FAMILIES);
        registry.reserve(&[REFUSED, OVERFLOW]);
        registry
    }
}

impl Registry {
    /// A registry whose metrics have at most [`DEFAULT_SERIES_LIMIT`] series each.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Begins a registry with choices.
    pub fn builder() -> Builder {
        Builder(Terms { limit: DEFAULT_SERIES_LIMIT, expire_after: None, clock: SystemTime::now })
    }

    /// A registry whose metrics have at most so many series each: see [`Builder::series_limit`].
    pub fn with_series_limit(series_limit: usize) -> Self {
        Self::builder().series_limit(series_limit).build()
    }

    /// Says which service these metrics are of, once: `target_info`, with what is known as labels. Queries join it to other
    /// series. Messages by OTLP have the same as their resource.
    ///
    /// ```
    /// let registry = cupola_metrics::Registry::new();
    /// registry.target_info([("service.name", "billing"), ("service.version", "1.2.3")]);
    /// let line = r#"target_info{service_name="billing",service_version="1.2.3"} 1"#;
    /// assert!(registry.render().contains(line));
    /// ```
    pub fn target_info<'a>(&self, known: impl IntoIterator<Item = (&'a str, &'a str)>) {
        const TARGET: Family = Family::info("target", "What is known of the service.");
        let mut known: Vec<(String, String)> =
            known.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        // Two keys may read the same as labels: the first is shown.
        let mut labels = BTreeSet::new();
        known.retain(|(key, _)| labels.insert(name::label(key)));
        self.source(move |encoder| {
            let labels: Vec<(&str, &str)> = known.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            encoder.family(&TARGET).value(&labels, 1_u64);
        });
    }

    /// Adds a source: it is asked for its samples at each exposition, in the thread that exposes.
    ///
    /// It must not hold a clone of this registry, which would then never be freed. What it tells of is registered by
    /// being told: see [`Encoder`] for what happens with two samples of one series.
    pub fn source(&self, source: impl Fn(&mut Encoder<'_>) + Send + Sync + 'static) {
        guard(&self.0.sources).push(Arc::new(source));
    }

    /// What route metrics of this registry share, however many layers stand on it.
    pub(crate) fn routes(&self, make: impl FnOnce(Terms) -> RouteMetrics) -> RouteMetrics {
        self.0.routes.get_or_init(|| make(self.0.terms)).clone()
    }

    /// The time, as this registry reads it.
    #[cfg(feature = "otlp")]
    pub(crate) fn now(&self) -> SystemTime {
        (self.0.terms.clock)()
    }

    pub(crate) fn snapshot(&self, detail: Detail) -> Snapshot {
        let sources = guard(&self.0.sources).clone();
        let mut snapshot = Snapshot::new((self.0.terms.clock)(), detail);
        for source in sources {
            source(&mut Encoder::new(&mut snapshot));
        }
        snapshot.sort();
        let refused = self.0.refused.fetch_add(snapshot.refused(), Ordering::Relaxed) + snapshot.refused();
        Encoder::new(&mut snapshot).family(&REFUSED).value(&[], refused);
        snapshot
    }

    /// Registers an instrument, and makes one cell of it for each combination of label values.
    pub(crate) fn register<I: Instrument>(
        &self,
        family: Family,
        labels: Vec<(&'static str, Values)>,
        make: impl Fn() -> I + Send + Sync + 'static,
    ) -> Result<Arc<ByInner<I>>, RegisterError> {
        check(&family, &labels).map_err(|kind| RegisterError::new(family.name, kind))?;
        let mut names = guard(&self.0.names);
        if names.holds(&family) || !names.take(&family) {
            return Err(RegisterError::new(family.name, ErrorKind::Duplicate));
        }
        drop(names);
        let inner = Arc::new(ByInner::new(family, labels, self.0.terms, make));
        let read = Arc::clone(&inner);
        self.source(move |encoder| read.encode(encoder));
        Ok(inner)
    }

    /// Keeps the names of an instrument that is told by a library; `None` where they are not valid, or taken.
    #[cfg(any(feature = "metrics_0_24", feature = "otel_0_33"))]
    pub(crate) fn reserve_foreign(&self, family: Family) -> Option<Terms> {
        let mut names = guard(&self.0.names);
        let taken = name::is_valid(family.name) && !names.holds(&family) && names.take(&family);
        taken.then_some(self.0.terms)
    }

    /// Counts an instrument that was not taken.
    #[cfg(any(feature = "metrics_0_24", feature = "otel_0_33"))]
    pub(crate) fn refuse(&self) {
        self.0.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Keeps the names of our own families from the application, whether or not they are in use.
    fn reserve(&self, families: &[Family]) {
        let mut names = guard(&self.0.names);
        for family in families {
            names.take(family);
        }
    }
}

/// What is wrong with an instrument, if anything.
fn check(family: &Family, labels: &[(&'static str, Values)]) -> Result<(), ErrorKind> {
    let names: Vec<String> = labels.iter().map(|(label, _)| name::label(label)).collect();
    let bad = |(number, name): (usize, &String)| {
        labels[number].0.is_empty() || name == "le" || name == "quantile" || names[..number].contains(name)
    };
    if !name::is_valid(family.name) {
        Err(ErrorKind::Name)
    } else if family.help.trim().is_empty() {
        Err(ErrorKind::Help)
    } else if family.unit.is_empty() || family.unit.len() > 63 || !family.unit.is_ascii() {
        Err(ErrorKind::Unit)
    } else if names.iter().enumerate().any(bad) {
        Err(ErrorKind::Label)
    } else {
        Ok(())
    }
}

/// The methods that make instruments: each alone, and by labels.
macro_rules! instruments {
    ($($(#[doc = $doc:literal])+ $alone:ident $by:ident $type:ident $kind:ident;)+) => {
        impl Registry {$(
            $(#[doc = $doc])+
            ///
            /// The name and the unit are as OpenTelemetry writes them: `jobs.done` and `{job}`, `s`, `By`, `1`.
            ///
            /// # Errors
            /// Where the name is not valid or taken, or the help or the unit is missing.
            pub fn $alone(
                &self,
                name: &'static str,
                help: &'static str,
                unit: &'static str,
            ) -> Result<$type, RegisterError> {
                let inner = self.register(Family::of(Kind::$kind, name, help, unit), Vec::new(), $type::new)?;
                Ok(inner.only())
            }

            $(#[doc = $doc])+
            /// One for each combination of labels.
            ///
            /// # Errors
            /// As for the one without labels, and where two labels have the same name.
            pub fn $by<L: LabelSet>(
                &self,
                name: &'static str,
                help: &'static str,
                unit: &'static str,
            ) -> Result<By<L, $type>, RegisterError> {
                let family = Family::of(Kind::$kind, name, help, unit);
                self.register(family, L::LABELS.to_vec(), $type::new).map(By::new)
            }
        )+}
    };
}

instruments! {
    /// Registers a counter.
    counter counter_by Counter Counter;
    /// Registers a counter of what need not be whole.
    float_counter float_counter_by FloatCounter Counter;
    /// Registers a gauge.
    gauge gauge_by Gauge Gauge;
    /// Registers a gauge of what need not be whole.
    float_gauge float_gauge_by FloatGauge Gauge;
}

/// Histograms.
impl Registry {
    /// Registers a histogram of durations; the bounds of its buckets are in seconds, and so is what it shows.
    ///
    /// # Errors
    /// Where the name is not valid or taken, the help is missing, or the bounds do not rise from above zero.
    pub fn duration_histogram(
        &self,
        name: &'static str,
        help: &'static str,
        bounds: &[f64],
    ) -> Result<DurationHistogram, RegisterError> {
        Ok(self.durations(Family::durations(name, help), Vec::new(), bounds)?.only())
    }

    /// The same for each combination of labels.
    ///
    /// # Errors
    /// As for the one without labels, and where two labels have the same name.
    pub fn duration_histogram_by<L: LabelSet>(
        &self,
        name: &'static str,
        help: &'static str,
        bounds: &[f64],
    ) -> Result<By<L, DurationHistogram>, RegisterError> {
        self.durations(Family::durations(name, help), L::LABELS.to_vec(), bounds).map(By::new)
    }

    /// Registers a histogram of anything that is not negative.
    ///
    /// # Errors
    /// Where the name is not valid or taken, the help or the unit is missing, or the bounds do not rise from above zero.
    pub fn histogram(
        &self,
        name: &'static str,
        help: &'static str,
        unit: &'static str,
        bounds: &[f64],
    ) -> Result<Histogram, RegisterError> {
        let family = Family::of(Kind::Histogram, name, help, unit);
        Ok(self.values(family, Vec::new(), bounds)?.only())
    }

    /// The same for each combination of labels.
    ///
    /// # Errors
    /// As for the one without labels, and where two labels have the same name.
    pub fn histogram_by<L: LabelSet>(
        &self,
        name: &'static str,
        help: &'static str,
        unit: &'static str,
        bounds: &[f64],
    ) -> Result<By<L, Histogram>, RegisterError> {
        let family = Family::of(Kind::Histogram, name, help, unit);
        self.values(family, L::LABELS.to_vec(), bounds).map(By::new)
    }

    fn durations(
        &self,
        family: Family,
        labels: Vec<(&'static str, Values)>,
        bounds: &[f64],
    ) -> Result<Arc<ByInner<DurationHistogram>>, RegisterError> {
        let layout = layout(family.name, bounds, Summed::Nanos)?;
        let make = move || DurationHistogram(Arc::new(HistogramCells::new(Arc::clone(&layout), Summed::Nanos)));
        self.register(family, labels, make)
    }

    pub(crate) fn values(
        &self,
        family: Family,
        labels: Vec<(&'static str, Values)>,
        bounds: &[f64],
    ) -> Result<Arc<ByInner<Histogram>>, RegisterError> {
        let layout = layout(family.name, bounds, Summed::Real)?;
        let make = move || Histogram(Arc::new(HistogramCells::new(Arc::clone(&layout), Summed::Real)));
        self.register(family, labels, make)
    }
}

fn layout(name: &str, bounds: &[f64], summed: Summed) -> Result<Arc<Layout>, RegisterError> {
    summed.layout(bounds).ok_or_else(|| RegisterError::new(name, ErrorKind::Buckets))
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
