//! Databases whose queries can be observed.

use sqlx::{Database, Executor, Pool};

/// A database whose queries can be observed: whatever sqlx has a driver for.
pub trait Observable: Database {
    /// What sends queries over a connection of the pool.
    fn on_pool<'p>(pool: &'p Pool<Self>) -> impl Executor<'p, Database = Self>;

    /// What sends queries over one connection.
    fn on_connection<'c>(connection: &'c mut Self::Connection) -> impl Executor<'c, Database = Self>;
}

/// A trait of our own between sqlx's `Executor` and ours: one that rested on `Executor` for `&mut DB::Connection` directly would be
/// asked for itself without end where `DB` is not known yet.
impl<DB> Observable for DB
where
    DB: Database,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    fn on_pool<'p>(pool: &'p Pool<Self>) -> impl Executor<'p, Database = Self> {
        pool
    }

    fn on_connection<'c>(connection: &'c mut Self::Connection) -> impl Executor<'c, Database = Self> {
        connection
    }
}
