//! Queries of databases.

use cupola_client::{Config, Queries};
use cupola_context::SpanLookup;
use cupola_metrics::{QueryMetrics, Registry};
use cupola_record::{And, QueryLog, Sink, VarError};

use crate::cupola::Cupola;

/// How queries are observed: slow and failed ones are lines, all are metrics, and spans where those are made.
pub(crate) fn observed(
    vars: &dyn Fn(&str) -> Option<String>,
    registry: &Registry,
    lookup: Option<SpanLookup>,
    spans: impl Sink,
) -> Result<Queries, VarError> {
    // The name is free in a registry that is new.
    let metrics = QueryMetrics::new(registry).ok();
    let queries = Queries::new().span_lookup(lookup).sink(And::new(QueryLog::new(), And::new(metrics, spans)));
    Ok(Config::from_vars(vars)?.apply_to_queries(queries))
}

impl Cupola {
    /// How queries of a database are observed: slow (`CUPOLA_SLOW_QUERY_MS`) and failed ones are lines, all are metrics and spans, and the access
    /// line of a request tells how many it made (`db_queries`) and how long they took (`db_ms`). `dependency` is what the database is
    /// called: a label, so from a closed set. What observes by it is
    #[cfg_attr(feature = "sqlx", doc = "[`ObservedPool`](cupola_client::sqlx_0_9::ObservedPool) of feature `sqlx`,")]
    #[cfg_attr(not(feature = "sqlx"), doc = "`cupola::client::sqlx_0_9::ObservedPool` of feature `sqlx`,")]
    #[cfg_attr(feature = "redis", doc = "[`ObservedRedis`](cupola_client::redis_1::ObservedRedis) of feature `redis`.")]
    #[cfg_attr(not(feature = "redis"), doc = "`cupola::client::redis_1::ObservedRedis` of feature `redis`.")]
    ///
    /// ```
    /// # let cupola = cupola::Cupola::builder("hello").vars(|_| None).output(std::io::sink()).build()?;
    /// // let pool = ObservedPool::new(pool, cupola.queries("store"));
    /// let queries = cupola.queries("store");
    /// # let _ = queries;
    /// # Ok::<(), cupola::InitError>(())
    /// ```
    pub fn queries(&self, dependency: &'static str) -> Queries {
        self.0.queries.clone().dependency(dependency)
    }
}
