//! The store: one SQLite file with the machines, their addresses, and who may call.

mod asked;
mod error;
mod lifecycle;
mod moved;
mod progress;
mod schema;
mod users;
mod vms;

pub use asked::Asked;
pub use error::StoreError;
pub use progress::Told;
pub use users::{Caller, DEMO_TOKENS, Scope};

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use cupola::client::Queries;
use cupola::client::sqlx_0_9::{ObservedConnection, ObservedPool, ObservedTransaction};
use cupola::record::{FileKind, FileOperation};
use sqlx::Sqlite;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteQueryResult, SqliteSynchronous};

use crate::ip_pool;

/// A handle on the store; clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    pool: ObservedPool<Sqlite>,
}

/// A connection, of a transaction most often, whose queries are observed.
pub type Connection<'c> = ObservedConnection<'c, Sqlite>;

impl Store {
    /// Opens the store in this folder, makes both where they are missing, and brings an older one up to date.
    ///
    /// What it asks of SQLite is told as `queries` says.
    pub async fn open(folder: &Path, queries: Queries) -> anyhow::Result<Self> {
        if !folder.is_dir() {
            let made = std::fs::create_dir_all(folder);
            made.with_context(|| format!("cannot make the data folder {}", folder.display()))?;
            FileOperation::new(FileKind::CreateDir, folder).role("data").emit();
        }
        let file = folder.join("vm-provisioner.sqlite");
        Self::prepared(&file, queries).await.with_context(|| format!("cannot open the store {}", file.display()))
    }

    async fn prepared(file: &Path, queries: Queries) -> anyhow::Result<Self> {
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options(file)).await?;
        let store = Self { pool: ObservedPool::new(pool, queries).affected(SqliteQueryResult::rows_affected) };
        let mut transaction = store.write().await?;
        schema::migrate(&mut transaction).await?;
        ip_pool::seed(&mut transaction).await?;
        users::seed(&mut transaction).await?;
        transaction.commit().await?;
        Ok(store)
    }

    /// How many addresses of the pool are free.
    pub async fn free_addresses(&self) -> Result<u32, StoreError> {
        Ok(ip_pool::free(&mut self.pool.acquire().await?).await?)
    }

    /// Writes what is left into the file and closes it.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Begins a transaction that writes.
    ///
    /// It takes the write lock at once: two that begin as readers and both turn into writers would have to fail.
    async fn write(&self) -> Result<ObservedTransaction<'static, Sqlite>, sqlx::Error> {
        self.pool.begin_with("BEGIN IMMEDIATE").await
    }
}

/// Write-ahead logging lets readers go on beside the one writer, and needs no sync for each transaction.
fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        // What is deleted is overwritten: passwords are among it.
        .pragma("secure_delete", "ON")
        .busy_timeout(Duration::from_secs(5))
}

#[cfg(test)]
mod tests;
