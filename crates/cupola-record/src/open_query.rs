//! The open query: it ends once, in one place.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cupola_context::{Amount, with_scope};

use crate::open::Clock;
use crate::query::Query;
use crate::query_ended::{QueryEnded, QueryOutcome};
use crate::sink::{Record, Sink};

/// How many queries a request has made: a total of its context, and a field of its access line.
pub const DB_QUERIES: &str = "db_queries";

/// How long they took together, in milliseconds; of those that ran side by side each counts.
pub const DB_MS: &str = "db_ms";

/// A query that has begun and not ended. Dropped without [`OpenQuery::end`], it ends as dropped by the caller. Its end adds to
/// the totals `db_queries` and `db_ms` of the request on whose behalf it was made.
///
/// ```
/// use std::sync::Arc;
/// use std::time::{Duration, Instant, SystemTime};
/// use cupola_record::{Capture, DbSystem, OpenQuery, Query, QueryLog, QueryOutcome, Sink};
/// use cupola_redact::{SqlDialect, SqlShape};
///
/// let capture = Capture::new();
/// let mut query = Query::new(SystemTime::UNIX_EPOCH, DbSystem::Sqlite);
/// query.dependency = Some("store".into());
/// query.shape = Some(SqlShape::remembered(SqlDialect::Sqlite, "SELECT name FROM vms WHERE id = 17"));
/// # #[allow(clippy::disallowed_methods)]
/// let mut open = OpenQuery::new(query, Arc::new(QueryLog::new().and(capture.clone())), Instant::now);
/// open.slow_after(Duration::from_millis(200));
/// open.row();
/// open.end(QueryOutcome::Complete);
/// let (query, ended) = &capture.queries()[0];
/// assert_eq!((query.statement(), ended.rows), (Some("SELECT name FROM vms WHERE id = ?"), Some(1)));
/// ```
#[derive(Debug)]
pub struct OpenQuery(Option<Open>);

#[derive(Debug)]
struct Open {
    query: Query,
    ended: QueryEnded,
    sink: Arc<dyn Sink>,
    clock: Clock,
    began: Instant,
    slow: Option<Duration>,
}

impl Open {
    /// The sums that the request's own line has, and those of the work that is being done here.
    fn add_to_totals(&self) {
        let milliseconds = self.ended.duration.as_micros() as f64 / 1000.0;
        for (name, amount) in [(DB_QUERIES, Amount::Whole(1)), (DB_MS, Amount::Real(milliseconds))] {
            self.query.context.as_ref().map(|context| context.add(name, amount));
            with_scope(|scope| scope.add(&name.into(), amount));
        }
    }
}

impl OpenQuery {
    /// Begins a query.
    pub fn new(query: Query, sink: Arc<dyn Sink>, clock: Clock) -> Self {
        let began = clock();
        Self(Some(Open { query, ended: QueryEnded::begun(), sink, clock, began, slow: None }))
    }

    /// From when on it is slow; unless set, it never is.
    pub fn slow_after(&mut self, limit: Duration) {
        if let Some(open) = &mut self.0 {
            open.slow = Some(limit);
        }
    }

    /// What is known since the beginning, for what is known a little later; `None` once it has ended.
    pub fn query_mut(&mut self) -> Option<&mut Query> {
        self.0.as_mut().map(|open| &mut open.query)
    }

    /// The answer has rows, so that none are zero.
    pub fn has_rows(&mut self) {
        if let Some(open) = &mut self.0 {
            open.ended.rows.get_or_insert(0);
        }
    }

    /// A row came.
    pub fn row(&mut self) {
        if let Some(open) = &mut self.0 {
            *open.ended.rows.get_or_insert(0) += 1;
        }
    }

    /// So many rows were changed; of several statements they add up.
    pub fn affected(&mut self, rows: u64) {
        if let Some(open) = &mut self.0 {
            let sum = open.ended.rows_affected.get_or_insert(0);
            *sum = sum.saturating_add(rows);
        }
    }

    /// Ends the query; only the first time counts.
    pub fn end(&mut self, outcome: QueryOutcome) {
        let Some(mut open) = self.0.take() else { return };
        open.ended.outcome = outcome;
        open.ended.duration = (open.clock)().saturating_duration_since(open.began);
        open.ended.slow = !open.query.waits && open.slow.is_some_and(|slow| open.ended.duration >= slow);
        open.add_to_totals();
        open.sink.record(Record::Query(&open.query, &open.ended));
    }
}

impl Drop for OpenQuery {
    fn drop(&mut self) {
        self.end(QueryOutcome::Dropped);
    }
}
