//! A transaction whose queries are observed.

use std::ops::{Deref, DerefMut};

use sqlx::{Database, Transaction};

use super::connection::{Held, ObservedConnection};
use super::watch::Watch;

/// A transaction whose queries are observed, its beginning and its end among them. As with sqlx's own, `&mut *transaction` is an
/// [`Executor`](sqlx::Executor), and dropped without [`commit`](Self::commit) it is undone.
#[derive(Debug)]
pub struct ObservedTransaction<'c, DB: Database>(ObservedConnection<'c, DB>);

impl<'c, DB: Database> ObservedTransaction<'c, DB> {
    pub(super) const fn new(transaction: Transaction<'c, DB>, watch: Watch<DB>) -> Self {
        Self(ObservedConnection::holding(Held::Transaction(transaction), watch))
    }

    /// Makes it last.
    ///
    /// # Errors
    /// As of [`Transaction::commit`].
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        match self.0.into_parts() {
            (Held::Transaction(transaction), watch) => watch.watch("COMMIT", transaction.commit()).await,
            // It is made of a transaction only.
            _ => Ok(()),
        }
    }

    /// Undoes it.
    ///
    /// # Errors
    /// As of [`Transaction::rollback`].
    pub async fn rollback(self) -> Result<(), sqlx::Error> {
        match self.0.into_parts() {
            (Held::Transaction(transaction), watch) => watch.watch("ROLLBACK", transaction.rollback()).await,
            _ => Ok(()),
        }
    }
}

impl<'c, DB: Database> Deref for ObservedTransaction<'c, DB> {
    type Target = ObservedConnection<'c, DB>;

    fn deref(&self) -> &ObservedConnection<'c, DB> {
        &self.0
    }
}

impl<'c, DB: Database> DerefMut for ObservedTransaction<'c, DB> {
    fn deref_mut(&mut self) -> &mut ObservedConnection<'c, DB> {
        &mut self.0
    }
}
