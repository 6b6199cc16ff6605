//! Caches: what they had, and what they had not.

use super::labels;
use crate::by::By;
use crate::counter::Counter;
use crate::error::RegisterError;
use crate::labels::Values;
use crate::registry::Registry;

mod label {
    use super::Values;

    super::labels! {
        Name "cache.name" Values::AtMost(crate::ready::MOST);
        Result "cache.result" Values::Only(&["hit", "miss"]);
    }
}

/// The caches of a service: `cache.requests` by `cache.name` and `cache.result`, and `cache.evictions` by `cache.name`.
///
/// ```
/// use cupola_metrics::{Registry, ready::Caches};
///
/// let registry = Registry::new();
/// let users = Caches::new(&registry)?.named("users");
/// users.hit();
/// users.miss();
/// users.evict(2);
/// assert!(registry.render().contains("cache_requests_total{cache_name=\"users\",cache_result=\"hit\"} 1\n"));
/// # Ok::<(), cupola_metrics::RegisterError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Caches {
    requests: By<(label::Name, label::Result), Counter>,
    evictions: By<label::Name, Counter>,
}

/// One cache.
#[derive(Clone, Debug)]
pub struct Cache {
    hits: Counter,
    misses: Counter,
    evictions: Counter,
}

impl Caches {
    /// Registers them.
    ///
    /// # Errors
    /// Where they are registered already.
    pub fn new(registry: &Registry) -> Result<Self, RegisterError> {
        Ok(Self {
            requests: registry.counter_by("cache.requests", "What caches were asked for, by result.", "{lookup}")?,
            evictions: registry.counter_by("cache.evictions", "Entries that made room for others.", "{entry}")?,
        })
    }

    /// The cache of this name.
    pub fn named(&self, name: &str) -> Cache {
        Cache {
            hits: self.requests.with(&(name.into(), "hit".into())),
            misses: self.requests.with(&(name.into(), "miss".into())),
            evictions: self.evictions.with(&name.into()),
        }
    }
}

impl Cache {
    /// It had what it was asked for.
    pub fn hit(&self) {
        self.hits.increment();
    }

    /// It had not.
    pub fn miss(&self) {
        self.misses.increment();
    }

    /// So many entries made room for others.
    pub fn evict(&self, entries: u64) {
        self.evictions.add(entries);
    }
}
