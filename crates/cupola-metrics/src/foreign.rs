//! Metrics of libraries that know another interface: their names and labels come as they run.
//!
//! The same bounds hold as elsewhere: so many series an instrument, and what is over them is counted in one with
//! OpenTelemetry's attribute for it, `otel.metric.overflow`.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use crate::encoder::Encoder;
use crate::family::{Family, Kind};
use crate::histogram::{DURATION_BUCKETS, SIZE_BUCKETS};
use crate::instrument::Instrument;
use crate::overflow;
use crate::registry::Registry;

/// The most instruments that come so: their names are kept for ever.
const MOST_FAMILIES: usize = 1_000;

/// What OpenTelemetry advises where nothing is known of a histogram.
const VALUES: [f64; 14] =
    [5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1_000.0, 2_500.0, 5_000.0, 7_500.0, 10_000.0];

/// A label's name and value.
pub(crate) type Pair = (Box<str>, Box<str>);

/// Instruments of one type, by the names that libraries give them.
pub(crate) struct Foreign<I> {
    registry: Registry,
    families: Mutex<HashMap<String, Option<Arc<ForeignFamily<I>>>>>,
}

/// One instrument.
pub(crate) struct ForeignFamily<I> {
    family: Family,
    limit: usize,
    make: Box<dyn Fn() -> I + Send + Sync>,
    series: RwLock<Series<I>>,
    overflow: AtomicU64,
    clock: fn() -> SystemTime,
}

/// Each series, and when it began.
type Series<I> = HashMap<Box<[Pair]>, (SystemTime, I)>;

/// How a library describes an instrument.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Described<'a> {
    pub(crate) name: &'a str,
    pub(crate) help: &'a str,
    pub(crate) unit: &'a str,
    pub(crate) kind: Kind,
}

impl<I: Instrument> Foreign<I> {
    pub(crate) fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone(), families: Mutex::default() }
    }

    /// The instrument of this name, made where it is new; `None` where the registry does not take it, which it counts.
    pub(crate) fn family(
        &self,
        described: Described<'_>,
        make: impl Fn() -> I + Send + Sync + 'static,
    ) -> Option<Arc<ForeignFamily<I>>> {
        let families = &mut *self.families.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = families.get(described.name) {
            return known.clone();
        }
        let made = (families.len() < MOST_FAMILIES).then(|| self.make(described, make)).flatten();
        if made.is_none() {
            self.registry.refuse();
        }
        families.insert(described.name.to_owned(), made.clone());
        made
    }

    fn make(
        &self,
        described: Described<'_>,
        make: impl Fn() -> I + Send + Sync + 'static,
    ) -> Option<Arc<ForeignFamily<I>>> {
        let kept = |text: &str| -> &'static str { text.to_owned().leak() };
        let help =
            if described.help.is_empty() { "Told by a library, without a word about it." } else { described.help };
        let family = Family::of(described.kind, kept(described.name), kept(help), kept(described.unit));
        let terms = self.registry.reserve_foreign(family)?;
        let made = Arc::new(ForeignFamily {
            family,
            limit: terms.limit,
            make: Box::new(make),
            series: RwLock::default(),
            overflow: AtomicU64::new(0),
            clock: terms.clock,
        });
        let read = Arc::clone(&made);
        self.registry.source(move |encoder| read.encode(encoder));
        Some(made)
    }
}

impl<I: Instrument> ForeignFamily<I> {
    /// The series of these labels, in any order.
    pub(crate) fn with(&self, mut labels: Vec<Pair>) -> I {
        labels.sort_unstable();
        if let Some((_, known)) = self.series.read().unwrap_or_else(PoisonError::into_inner).get(&labels[..]) {
            return known.clone();
        }
        let mut series = self.series.write().unwrap_or_else(PoisonError::into_inner);
        if series.len() >= self.limit && !series.contains_key(&labels[..]) {
            self.overflow.fetch_add(1, Ordering::Relaxed);
            labels = vec![("otel.metric.overflow".into(), "true".into())];
        }
        let new = || ((self.clock)(), (self.make)());
        series.entry(labels.into()).or_insert_with(new).1.clone()
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        let series = self.series.read().unwrap_or_else(PoisonError::into_inner);
        let detail = encoder.detail();
        let mut samples = encoder.family(&self.family);
        for (labels, (created, instrument)) in series.iter() {
            let labels = labels.iter().map(|(name, value)| (&**name, &**value));
            samples.series(labels, Some(*created), instrument.read(detail));
        }
        overflow::encode(encoder, &self.family, self.overflow.load(Ordering::Relaxed));
    }
}

/// The bounds of a histogram of which the unit is known, and perhaps the name.
pub(crate) fn bounds(name: &str, unit: &str) -> &'static [f64] {
    match unit {
        "s" => &DURATION_BUCKETS,
        "By" => &SIZE_BUCKETS,
        _ if name.ends_with("_seconds") => &DURATION_BUCKETS,
        _ if name.ends_with("_bytes") => &SIZE_BUCKETS,
        _ => &VALUES,
    }
}

impl<I> fmt::Debug for Foreign<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Foreign").finish_non_exhaustive()
    }
}
