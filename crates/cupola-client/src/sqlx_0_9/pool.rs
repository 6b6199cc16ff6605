//! A pool whose queries are observed.

use std::fmt;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::{Database, Describe, Execute, Executor, Pool, SqlSafeStr, SqlStr};

use super::connection::ObservedConnection;
use super::executor::{Step, fetch_many, fetch_optional, observed};
use super::observable::Observable;
use super::transaction::ObservedTransaction;
use super::watch::Watch;
use crate::queries::Queries;

/// A pool whose queries are observed. `&pool` is an [`Executor`], as that of a plain pool is; clones share the pool.
///
/// A query's duration has the wait for a connection in it. See the [module](super).
pub struct ObservedPool<DB: Database> {
    pool: Pool<DB>,
    watch: Watch<DB>,
}

impl<DB: Database> ObservedPool<DB> {
    /// Observes a pool.
    pub fn new(pool: Pool<DB>, queries: Queries) -> Self {
        Self { pool, watch: Watch { queries, affected: None } }
    }

    /// Tells how many rows a statement has changed, too: `.affected(SqliteQueryResult::rows_affected)`. sqlx has no way to ask that of any
    /// database.
    #[must_use]
    pub fn affected(mut self, rows: fn(&DB::QueryResult) -> u64) -> Self {
        self.watch.affected = Some(rows);
        self
    }

    /// The pool itself, for what is not observed: migrations, its size, its options.
    pub const fn pool(&self) -> &Pool<DB> {
        &self.pool
    }

    /// A connection whose queries are observed.
    ///
    /// # Errors
    /// Where the pool has none; that is told as a query that failed.
    pub async fn acquire(&self) -> Result<ObservedConnection<'static, DB>, sqlx::Error> {
        let connection = self.pool.acquire().await.inspect_err(|error| self.watch.tell_failure(error))?;
        Ok(ObservedConnection::pooled(connection, self.watch.clone()))
    }

    /// Begins a transaction whose queries are observed, its beginning and its end among them.
    ///
    /// # Errors
    /// As of [`Pool::begin`].
    pub async fn begin(&self) -> Result<ObservedTransaction<'static, DB>, sqlx::Error> {
        let transaction = self.watch.watch("BEGIN", self.pool.begin()).await?;
        Ok(ObservedTransaction::new(transaction, self.watch.clone()))
    }

    /// The same with a statement of the caller's, such as `BEGIN IMMEDIATE`.
    ///
    /// # Errors
    /// As of [`Pool::begin_with`].
    pub async fn begin_with(
        &self,
        statement: impl SqlSafeStr,
    ) -> Result<ObservedTransaction<'static, DB>, sqlx::Error> {
        let statement = statement.into_sql_str();
        let text = statement.clone();
        let transaction = self.watch.watch(text.as_str(), self.pool.begin_with(statement)).await?;
        Ok(ObservedTransaction::new(transaction, self.watch.clone()))
    }

    /// Closes the pool, as [`Pool::close`] does.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

observed!('p, &'p ObservedPool<DB>, this => DB::on_pool(&this.pool));

impl<DB: Database> Clone for ObservedPool<DB> {
    fn clone(&self) -> Self {
        Self { pool: self.pool.clone(), watch: self.watch.clone() }
    }
}

impl<DB: Database> fmt::Debug for ObservedPool<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservedPool").field("pool", &self.pool).field("watch", &self.watch).finish()
    }
}
