//! The line of a query: one event at its end.

use tracing::Level;

use crate::category::Category;
use crate::line_fields::Milliseconds;
use crate::query::Query;
use crate::query_ended::QueryEnded;
use crate::sink::{Record, Sink};

/// The target of every event of this sink.
pub const QUERY_TARGET: &str = "cupola::db";

/// Writes queries as `tracing` events, inside the context of the request on whose behalf they were made. ERROR where the query
/// failed, WARN where it failed as applications live with (a constraint, a lock) or was slow, else DEBUG: a request stays one
/// line, which tells by `db_queries` and `db_ms` how much of it was the database. A field without a value is absent.
///
/// | field | type | OpenTelemetry | what it says |
/// |---|---|---|---|
/// | `category` | text | – | `performance`; `operations` where it failed |
/// | `dependency` | text | – | what the caller calls the database |
/// | `db_system` | text | `db.system.name` | `sqlite postgresql mysql redis other_sql` |
/// | `db_operation` | text | `db.operation.name` | the statement's verb, or the command's name |
/// | `db_target` | text | `db.collection.name` | the table, where it is plain |
/// | `db_statement` | text | `db.query.text` | the statement without its values |
/// | `db_batch` | number | `db.operation.batch.size` | of commands that were sent together, how many |
/// | `rows` | number | `db.response.returned_rows` | rows that came |
/// | `rows_affected` | number | – | rows that were changed |
/// | `outcome` | text | – | `complete failed dropped` |
/// | `error_type` | text | `error.type` | a kind of failure |
/// | `db_code` | text | `db.response.status_code` | the database's own code: SQLSTATE, SQLite's number |
/// | `slow` | true | – | it took longer than `CUPOLA_SLOW_QUERY_MS` |
/// | `duration_ms` | number | `db.client.operation.duration` (s) | to the end of the answer, the wait for a connection included |
#[derive(Clone, Copy, Debug, Default)]
pub struct QueryLog {
    errors_only: bool,
}

impl QueryLog {
    /// A line at the end of each query.
    pub const fn new() -> Self {
        Self { errors_only: false }
    }

    /// Only the lines of queries that failed.
    #[must_use]
    pub const fn errors_only(mut self) -> Self {
        self.errors_only = true;
        self
    }
}

impl Sink for QueryLog {
    fn record(&self, record: Record<'_>) {
        let Record::Query(query, ended) = record else { return };
        if self.errors_only && ended.level() != Level::ERROR {
            return;
        }
        match &query.context {
            Some(context) => context.enter(|| write(query, ended)),
            None => write(query, ended),
        }
    }
}

/// A level is part of a callsite: one event for each level that an end can have.
fn write(query: &Query, ended: &QueryEnded) {
    let error = ended.error();
    let category = if error.is_some() { Category::Operations } else { Category::Performance };
    macro_rules! event {
        ($level:ident) => {
            tracing::event!(
                target: QUERY_TARGET,
                Level::$level,
                message = ended.outcome.message(),
                category = category.as_str(),
                dependency = query.dependency.as_deref(),
                db_system = query.system.as_str(),
                db_operation = query.operation(),
                db_target = query.target(),
                db_statement = query.statement(),
                db_batch = query.batch,
                rows = ended.rows,
                rows_affected = ended.rows_affected,
                outcome = ended.outcome.as_str(),
                error_type = error.map(|error| error.kind().as_str()),
                db_code = error.and_then(crate::QueryError::database_code),
                slow = ended.slow.then_some(true),
                duration_ms = ended.duration.milliseconds(),
            )
        };
    }
    match ended.level() {
        Level::ERROR => event!(ERROR),
        Level::WARN => event!(WARN),
        _ => event!(DEBUG),
    }
}

#[cfg(test)]
mod tests;
