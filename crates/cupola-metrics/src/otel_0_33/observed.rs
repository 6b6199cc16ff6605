//! What is observed when somebody asks, and the probe that shows whether anything lands here.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, SyncInstrument};

use super::pairs;
use crate::encoder::{Encoder, Number};
use crate::family::Family;
use crate::foreign::{Described, Pair};
use crate::registry::Registry;
use crate::snapshot::Value;

/// The name of an instrument that counts only whether it is reached.
pub(super) const PROBE: &str = "cupola.wiring.probe";

/// The most series of one observation.
const MOST: usize = 2_000;

/// The instruments that are observed, and the probe.
#[derive(Debug, Default)]
pub(super) struct Observed {
    families: Mutex<HashMap<String, Option<Family>>>,
    reached: Arc<AtomicU64>,
}

impl Observed {
    /// The family of this name, reserved where it is new; `None` where the registry does not take it, which it counts.
    pub(super) fn family(&self, registry: &Registry, described: Described<'_>) -> Option<Family> {
        let families = &mut *self.families.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = families.get(described.name) {
            return *known;
        }
        let kept = |text: &str| -> &'static str { text.to_owned().leak() };
        let help =
            if described.help.is_empty() { "Told by a library, without a word about it." } else { described.help };
        let family = Family::of(described.kind, kept(described.name), kept(help), kept(described.unit));
        let taken = registry.reserve_foreign(family).map(|_| family);
        if taken.is_none() {
            registry.refuse();
        }
        families.insert(described.name.to_owned(), taken);
        taken
    }

    pub(super) fn probe(&self) -> Arc<dyn SyncInstrument<u64> + Send + Sync> {
        Arc::new(Probe(self.reached.clone()))
    }

    pub(super) fn probed(&self) -> u64 {
        self.reached.load(Ordering::Relaxed)
    }
}

struct Probe(Arc<AtomicU64>);

impl SyncInstrument<u64> for Probe {
    fn measure(&self, measurement: u64, _: &[KeyValue]) {
        self.0.fetch_add(measurement, Ordering::Relaxed);
    }
}

/// Keeps what a callback observes, the last value of each series.
pub(super) struct Observer<T>(Mutex<HashMap<Vec<Pair>, T>>);

impl<T> Default for Observer<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Copy + Into<Number>> Observer<T> {
    pub(super) fn encode(&self, encoder: &mut Encoder<'_>, family: &Family) {
        let mut samples = encoder.family(family);
        for (labels, value) in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let labels = labels.iter().map(|(name, value)| (&**name, &**value));
            samples.series(labels, None, Value::Number((*value).into()));
        }
    }
}

impl<T: Send> AsyncInstrument<T> for Observer<T> {
    fn observe(&self, measurement: T, attributes: &[KeyValue]) {
        let mut labels = pairs(attributes);
        labels.sort_unstable();
        let mut series = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if series.len() < MOST || series.contains_key(&labels) {
            series.insert(labels, measurement);
        }
    }
}
