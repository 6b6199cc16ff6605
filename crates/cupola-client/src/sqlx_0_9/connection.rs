//! A connection whose queries are observed.

use std::fmt;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::pool::PoolConnection;
use sqlx::{Connection, Database, Describe, Execute, Executor, SqlStr, Transaction};

use super::executor::{Step, fetch_many, fetch_optional, observed};
use super::observable::Observable;
use super::transaction::ObservedTransaction;
use super::watch::Watch;
use crate::queries::Queries;

/// A connection whose queries are observed: of a pool, of a transaction, or one that somebody else has. `&mut connection` is an
/// [`Executor`], and what a function takes that asks several things.
///
/// ```
/// use cupola_client::sqlx_0_9::ObservedConnection;
/// use sqlx::Sqlite;
///
/// async fn rename(connection: &mut ObservedConnection<'_, Sqlite>, id: i64, name: &str) -> Result<String, sqlx::Error> {
///     let before = sqlx::query_scalar("SELECT name FROM vms WHERE id = ?").bind(id).fetch_one(&mut *connection).await?;
///     sqlx::query("UPDATE vms SET name = ? WHERE id = ?").bind(name).bind(id).execute(connection).await?;
///     Ok(before)
/// }
/// # let _ = rename;
/// ```
pub struct ObservedConnection<'c, DB: Database> {
    held: Held<'c, DB>,
    watch: Watch<DB>,
}

pub(super) enum Held<'c, DB: Database> {
    Pooled(PoolConnection<DB>),
    Transaction(Transaction<'c, DB>),
    Borrowed(&'c mut DB::Connection),
}

impl<DB: Database> Held<'_, DB> {
    pub(super) fn connection(&mut self) -> &mut DB::Connection {
        match self {
            Self::Pooled(connection) => connection,
            Self::Transaction(transaction) => transaction,
            Self::Borrowed(connection) => connection,
        }
    }
}

impl<'c, DB: Database> ObservedConnection<'c, DB> {
    /// Observes a connection that is somebody else's.
    pub fn new<C>(connection: &'c mut C, queries: Queries) -> Self
    where
        C: Connection<Database = DB>,
        DB: Database<Connection = C>,
    {
        Self::holding(Held::Borrowed(connection), Watch { queries, affected: None })
    }

    pub(super) fn pooled(connection: PoolConnection<DB>, watch: Watch<DB>) -> Self {
        Self::holding(Held::Pooled(connection), watch)
    }

    pub(super) const fn holding(held: Held<'c, DB>, watch: Watch<DB>) -> Self {
        Self { held, watch }
    }

    pub(super) fn into_parts(self) -> (Held<'c, DB>, Watch<DB>) {
        (self.held, self.watch)
    }

    /// The connection itself, for what is not observed.
    pub fn connection(&mut self) -> &mut DB::Connection {
        self.held.connection()
    }

    /// Begins a transaction, or a part of one that can be undone by itself.
    ///
    /// # Errors
    /// As of [`Connection::begin`].
    pub async fn begin(&mut self) -> Result<ObservedTransaction<'_, DB>, sqlx::Error> {
        let statement = if self.held.connection().is_in_transaction() { "SAVEPOINT" } else { "BEGIN" };
        let transaction = self.watch.watch(statement, self.held.connection().begin()).await?;
        Ok(ObservedTransaction::new(transaction, self.watch.clone()))
    }
}

observed!('x, &'x mut ObservedConnection<'_, DB>, this => DB::on_connection(this.held.connection()));

impl<DB: Database> fmt::Debug for ObservedConnection<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservedConnection").field("watch", &self.watch).finish_non_exhaustive()
    }
}
