//! What all queries of one database have in common.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cupola_context::{Context, SpanLookup, TraceFlags};
#[cfg(any(feature = "redis", feature = "sqlx"))]
use cupola_record::OpenQuery;
use cupola_record::{CallTrace, DbSystem, Duties, Query, QueryLog, Sink};

#[cfg(any(feature = "redis", feature = "sqlx"))]
use crate::settings::now;
use crate::settings::span_id;

/// From when on a query is slow, unless something else is said.
const SLOW: Duration = Duration::from_millis(200);

/// How queries of a database are observed: who is told, what the database is called, what is slow.
///
/// Unless set, slow and failed ones are lines ([`QueryLog`]), and 200 ms are slow. What observes by it is in the module of the library
/// that asks: `sqlx_0_9`, `redis_1`.
///
/// ```
/// use std::time::Duration;
/// use cupola_client::Queries;
///
/// let queries = Queries::new().dependency("store").slow_after(Duration::from_millis(50));
/// # let _ = queries;
/// ```
#[derive(Clone, Debug)]
pub struct Queries {
    sink: Arc<dyn Sink>,
    dependency: Option<Arc<str>>,
    slow: Duration,
    spans: Option<SpanLookup>,
}

impl Queries {
    /// Slow and failed ones are lines.
    pub fn new() -> Self {
        Self { sink: Arc::new(QueryLog::new()), dependency: None, slow: SLOW, spans: None }
    }

    /// Who is told of queries, in place of the log.
    #[must_use]
    pub fn sink(mut self, sink: impl Sink) -> Self {
        self.sink = Arc::new(sink);
        self
    }

    /// What the database is called: a label, so from a closed set.
    #[must_use]
    pub fn dependency(mut self, dependency: impl Into<Arc<str>>) -> Self {
        self.dependency = Some(dependency.into());
        self
    }

    /// From when on a query is slow.
    #[must_use]
    pub fn slow_after(mut self, limit: Duration) -> Self {
        self.slow = limit;
        self
    }

    /// How the span is found that a query outside of any request belongs to. Outside of both it is no span.
    #[must_use]
    pub fn span_lookup(mut self, spans: Option<SpanLookup>) -> Self {
        self.spans = spans;
        self
    }

    /// A query as its end is told, without what is known of its statement.
    pub fn query(&self, system: DbSystem) -> Query {
        let mut query = Query::new(SystemTime::now(), system);
        query.dependency.clone_from(&self.dependency);
        query.span = self.trace(query.context.as_ref()).map(|trace| (trace, span_id()));
        query
    }

    /// The trace in which a query is a span. Where nobody makes spans, nothing is paid for it.
    fn trace(&self, context: Option<&Context>) -> Option<CallTrace> {
        if !self.sink.duties().contains(Duties::SPAN) {
            return None;
        }
        if let Some(context) = context {
            return CallTrace::recorded(context);
        }
        let (trace, span) = self.spans?.find(None)?;
        Some(CallTrace::new(trace, TraceFlags::SAMPLED, Some(span)))
    }

    /// Begins a query.
    #[cfg(any(feature = "redis", feature = "sqlx"))]
    pub(crate) fn open(&self, query: Query) -> OpenQuery {
        let mut open = OpenQuery::new(query, Arc::clone(&self.sink), now);
        open.slow_after(self.slow);
        open
    }
}

impl Default for Queries {
    fn default() -> Self {
        Self::new()
    }
}
