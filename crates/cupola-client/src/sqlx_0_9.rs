//! Queries that sqlx 0.9 makes: each is one record, with the shape of its statement, its rows, its duration and its failure.
//!
//! ```
//! use cupola_client::Queries;
//! use cupola_client::sqlx_0_9::ObservedPool;
//! use sqlx::sqlite::SqlitePoolOptions;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), sqlx::Error> {
//! let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
//! let pool = ObservedPool::new(pool, Queries::new().dependency("store"));
//!
//! let mut transaction = pool.begin().await?;
//! sqlx::query("CREATE TABLE vms (name TEXT)").execute(&mut *transaction).await?;
//! sqlx::query("INSERT INTO vms VALUES ('web-1')").execute(&mut *transaction).await?;
//! transaction.commit().await?;
//! let name: String = sqlx::query_scalar("SELECT name FROM vms").fetch_one(&pool).await?;
//! assert_eq!(name, "web-1");
//! # Ok(()) }
//! ```
//!
//! A pool is observed by what stands around it, since sqlx has no hook: what it says to the log itself knows neither failures nor
//! who gave up waiting, and SQLite's says it on another thread, where nobody knows the request. So an [`ObservedPool`] goes where the
//! pool was, and its [`begin`](ObservedPool::begin) and [`acquire`](ObservedPool::acquire) give what is observed too. Functions that
//! take `&mut SqliteConnection` take `&mut ObservedConnection<'_, Sqlite>` instead, or `impl SqliteExecutor<'_>`; rows, arguments, queries
//! and macros stay what they are. What the plain pool or connection is asked directly is not seen.
//!
//! The feature switches sqlx's `macros` on: with them `Executor` has one more method, and whoever else in a program switches them on
//! would break this crate otherwise. sqlx 0.9 needs Rust 1.94.

mod connection;
mod executor;
mod failure;
mod observable;
mod pool;
mod statement;
mod transaction;
mod watch;

pub use connection::ObservedConnection;
pub use observable::Observable;
pub use pool::ObservedPool;
pub use transaction::ObservedTransaction;
