//! Jobs in a file: for processes of one machine.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use apalis_sqlite::{Config, SqliteStorage};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::{FORGET, Heartbeat};
use crate::worker::Job;

const ENDED: &str = "DELETE FROM Jobs WHERE done_at < unixepoch() - ?
                     AND (status IN ('Done', 'Killed') OR (status = 'Failed' AND attempts >= max_attempts))";

/// Opens the queue of this name in this folder.
pub(super) async fn open(folder: &Path, name: &str, beats: Heartbeat) -> anyhow::Result<SqliteStorage<Job>> {
    let file = folder.join("jobs.sqlite");
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(5));
    let open = async {
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await?;
        // Its own `setup` would turn off all syncing.
        SqliteStorage::migrations().run(&pool).await?;
        sqlx::query(ENDED).bind(FORGET.as_secs().cast_signed()).execute(&pool).await?;
        anyhow::Ok(pool)
    };
    let pool = open.await.with_context(|| format!("cannot open the queue {}", file.display()))?;
    // One job at a time is fetched, so that none waits for a worker that is busy while others are idle.
    let config = Config::default().queue(name).batch_size(1);
    let config = config.heartbeat_interval(beats.interval).missed_heartbeats(beats.missed);
    Ok(SqliteStorage::new(&pool).with_config(config))
}
