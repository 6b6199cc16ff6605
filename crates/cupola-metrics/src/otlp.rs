//! OTLP: the metrics as messages for a collector.
//!
//! Feature `otlp`. The bytes are those of one `ExportMetricsServiceRequest`; whoever sends them stands elsewhere.

mod last;
mod message;

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::distribution::Detail;
use crate::family::Kind;
use crate::otlp::last::Last;
use crate::registry::Registry;

/// Whether counts are told since the beginning or since the last time. Sums that also go down, and gauges, are always as
/// they are now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Temporality {
    /// Since each series began.
    #[default]
    Cumulative,
    /// Since the last time; a series in which nothing was recorded is left out.
    Delta,
}

/// How histograms are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Buckets {
    /// By the bounds that their instrument states.
    #[default]
    Explicit,
    /// By exponential buckets.
    Exponential,
}

/// Makes messages of a registry's metrics, and remembers what was told before.
///
/// ```
/// use cupola_metrics::Registry;
/// use cupola_metrics::otlp::{Otlp, Temporality};
///
/// let registry = Registry::new();
/// registry.counter("jobs.done", "Jobs that are done.", "{job}")?.add(2);
/// let otlp = Otlp::new(&registry, [("service.name", "billing")]).temporality(Temporality::Delta);
/// let first = otlp.collect();
/// assert_eq!((first.points, first.bytes.is_empty()), (1, false));
/// assert_eq!(otlp.collect().points, 0, "nothing was recorded in between");
/// # Ok::<(), cupola_metrics::RegisterError>(())
/// ```
#[derive(Debug)]
pub struct Otlp {
    registry: Registry,
    resource: Vec<(String, String)>,
    temporality: Temporality,
    buckets: Buckets,
    last: Mutex<Last>,
}

/// One message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Batch {
    /// An `ExportMetricsServiceRequest`.
    pub bytes: Vec<u8>,
    /// How many data points are in it; where there are none, it need not be sent.
    pub points: u64,
}

impl Otlp {
    /// Messages of a registry, of a service that is described by these attributes.
    pub fn new<'a>(registry: &Registry, resource: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self {
            registry: registry.clone(),
            resource: resource.into_iter().map(owned).collect(),
            temporality: Temporality::default(),
            buckets: Buckets::default(),
            last: Mutex::new(Last::new(registry.now())),
        }
    }

    /// Since when counts are told.
    #[must_use]
    pub const fn temporality(mut self, temporality: Temporality) -> Self {
        self.temporality = temporality;
        self
    }

    /// How histograms are told.
    #[must_use]
    pub const fn buckets(mut self, buckets: Buckets) -> Self {
        self.buckets = buckets;
        self
    }

    /// What the metrics say now.
    pub fn collect(&self) -> Batch {
        let last = &mut *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let detail = if self.buckets == Buckets::Explicit { Detail::Stated } else { Detail::All };
        let snapshot = self.registry.snapshot(detail);
        last.begin(snapshot.time);
        let mut message = message::Message::new(&snapshot, self.buckets);
        // What is known of the service is the resource, which every message says.
        for (name, family) in snapshot.families().filter(|(_, family)| family.family.kind != Kind::Info) {
            let told = family.samples.iter().filter_map(|sample| match self.temporality {
                Temporality::Cumulative => Some(last.cumulative(sample)),
                Temporality::Delta => last.delta(name, family.family.kind, snapshot.texts.key(&sample.labels), sample),
            });
            message.family(&family.family, self.temporality, &told.collect::<Vec<_>>());
        }
        last.end();
        message.finish(&self.resource)
    }
}

/// A sample as it is told: what it says, and since when.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    pub(crate) sample: &'a crate::snapshot::Sample,
    pub(crate) value: crate::snapshot::Value,
    pub(crate) since: SystemTime,
}
