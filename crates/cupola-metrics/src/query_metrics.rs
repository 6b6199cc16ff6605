//! Query metrics: what is asked of databases, how long it takes, and how it ends.

use cupola_record::{Query, QueryEnded, QueryOutcome, Record, Sink};

use crate::by::By;
use crate::error::RegisterError;
use crate::histogram::DurationHistogram;
use crate::registry::Registry;

mod label {
    use crate::labels::Values;

    crate::ready::labels! {
        System "db.system.name" Values::AtMost(16);
        Operation "db.operation.name" Values::AtMost(64);
        Dependency "cupola.dependency" Values::AtMost(64);
        Error "error.type" Values::AtMost(64);
    }
}

type Labels = (label::System, label::Operation, label::Dependency, label::Error);

/// The limits of buckets, in seconds, as OpenTelemetry has them for databases.
const BUCKETS: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

/// Counts the queries that a service makes of databases.
///
/// | metric | labels |
/// |---|---|
/// | `db_client_operation_duration_seconds` | `db_system_name` `db_operation_name` `cupola_dependency` `error_type` |
///
/// A label that has nothing to say is absent. Statements and tables are none: they are an open set. Queries that the caller dropped
/// have the error type `dropped`.
///
/// ```
/// use cupola_metrics::{QueryMetrics, Registry};
/// use cupola_record::{QueryLog, Sink};
///
/// let registry = Registry::new();
/// let sink = QueryLog::new().and(QueryMetrics::new(&registry)?);
/// # let _ = sink;
/// # Ok::<(), cupola_metrics::RegisterError>(())
/// ```
#[derive(Clone, Debug)]
pub struct QueryMetrics(By<Labels, DurationHistogram>);

impl QueryMetrics {
    /// Registers them.
    ///
    /// # Errors
    /// Where they are registered already.
    pub fn new(registry: &Registry) -> Result<Self, RegisterError> {
        let help = "How long queries of databases took, the wait for a connection included.";
        registry.duration_histogram_by("db.client.operation.duration", help, &BUCKETS).map(Self)
    }

    fn observe(&self, query: &Query, ended: &QueryEnded) {
        let error = match &ended.outcome {
            QueryOutcome::Failed(error) => error.kind().as_str(),
            QueryOutcome::Dropped => ended.outcome.as_str(),
            _ => "",
        };
        let (system, operation) = (query.system.as_str(), query.operation().unwrap_or_default());
        let dependency = query.dependency.as_deref().unwrap_or_default();
        let labels = (system.into(), operation.into(), dependency.into(), error.into());
        self.0.with(&labels).observe(ended.duration);
    }
}

impl Sink for QueryMetrics {
    fn record(&self, record: Record<'_>) {
        if let Record::Query(query, ended) = record {
            self.observe(query, ended);
        }
    }
}

#[cfg(all(test, not(cupola_model)))]
mod tests {
    use super::*;
    use cupola_record::{DbSystem, OpenQuery, QueryError, QueryErrorKind};
    use std::sync::Arc;
    use std::time::{Instant, SystemTime};

    #[test]
    fn queries_are_counted_by_what_became_of_them() {
        let registry = Registry::new();
        let metrics = QueryMetrics::new(&registry).unwrap();
        let open = || {
            let mut query = Query::new(SystemTime::UNIX_EPOCH, DbSystem::Redis);
            query.dependency = Some("cache".into());
            query.set_command(b"get");
            #[allow(clippy::disallowed_methods)]
            OpenQuery::new(query, Arc::new(metrics.clone()), Instant::now)
        };
        open().end(QueryOutcome::Complete);
        open().end(QueryOutcome::Failed(QueryError::new(QueryErrorKind::Io)));
        drop(open());

        let text = registry.render();
        let of = r#"db_system_name="redis",db_operation_name="GET",cupola_dependency="cache""#;
        for rest in ["", r#",error_type="io""#, r#",error_type="dropped""#] {
            let line = format!("db_client_operation_duration_seconds_count{{{of}{rest}}} 1\n");
            assert!(text.contains(&line), "no {line} in {text}");
        }
        assert!(QueryMetrics::new(&registry).unwrap_err().is_duplicate());
    }
}
