//! What a pool and its connections have in common: how their queries are observed.

use std::fmt;
use std::future::Future;

use cupola_record::{DbSystem, OpenQuery, QueryOutcome};
use cupola_redact::SqlShape;
use sqlx::Database;

use super::failure::failure;
use crate::queries::Queries;

/// How many rows a statement has changed, as the driver says it.
pub(super) type Affected<DB> = fn(&<DB as Database>::QueryResult) -> u64;

pub(super) struct Watch<DB: Database> {
    pub(super) queries: Queries,
    pub(super) affected: Option<Affected<DB>>,
}

impl<DB: Database> Watch<DB> {
    pub(super) const SYSTEM: DbSystem = system(DB::NAME);

    /// Begins a query, of which the statement is known, and tells how to ask what it has changed.
    pub(super) fn open(&self, statement: &str) -> (OpenQuery, Option<Affected<DB>>) {
        let mut query = self.queries.query(Self::SYSTEM);
        query.shape = Some(SqlShape::remembered(Self::SYSTEM.dialect(), statement));
        let reads = matches!(query.operation(), Some("SELECT" | "VALUES" | "TABLE" | "SHOW"));
        let mut open = self.queries.open(query);
        if !reads {
            return (open, self.affected);
        }
        open.has_rows();
        // Drivers say of one that only reads how many rows came, or what the last one has changed that did.
        (open, None)
    }

    /// Observes what has no rows, such as the beginning of a transaction.
    pub(super) async fn watch<T>(
        &self,
        statement: &str,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        let (open, _) = self.open(statement);
        Self::end(open, work.await)
    }

    pub(super) fn end<T>(mut open: OpenQuery, result: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        open.end(match &result {
            Ok(_) => QueryOutcome::Complete,
            Err(error) => QueryOutcome::Failed(failure(Self::SYSTEM, error)),
        });
        result
    }

    /// That there was no connection, of whoever asks for one without a query.
    pub(super) fn tell_failure(&self, error: &sqlx::Error) {
        let mut open = self.queries.open(self.queries.query(Self::SYSTEM));
        open.end(QueryOutcome::Failed(failure(Self::SYSTEM, error)));
    }
}

impl<DB: Database> Clone for Watch<DB> {
    fn clone(&self) -> Self {
        Self { queries: self.queries.clone(), affected: self.affected }
    }
}

impl<DB: Database> fmt::Debug for Watch<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("queries", &self.queries).finish_non_exhaustive()
    }
}

/// By the name that the driver has.
const fn system(name: &str) -> DbSystem {
    match name.as_bytes() {
        b"SQLite" => DbSystem::Sqlite,
        b"PostgreSQL" => DbSystem::PostgreSql,
        b"MySQL" => DbSystem::MySql,
        _ => DbSystem::OtherSql,
    }
}
