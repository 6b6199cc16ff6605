//! Jobs in PostgreSQL, in its schema `apalis`.

use std::time::Duration;

use apalis_postgres::{Config, PostgresStorage};
use sqlx::postgres::PgPoolOptions;

use super::{FORGET, Heartbeat};
use crate::worker::Job;

const ENDED: &str = "DELETE FROM apalis.jobs WHERE done_at < now() - make_interval(secs => $1)
                     AND (status IN ('Done', 'Killed') OR (status = 'Failed' AND attempts >= max_attempts))";

/// Opens the queue of this name in the database at this URL, and makes its tables where they are missing.
pub(super) async fn open(url: &str, name: &str, beats: Heartbeat) -> anyhow::Result<PostgresStorage<Job>> {
    let pool = PgPoolOptions::new().max_connections(4).acquire_timeout(Duration::from_secs(5)).connect(url).await?;
    PostgresStorage::setup(&pool).await?;
    sqlx::query(ENDED).bind(FORGET.as_secs_f64()).execute(&pool).await?;
    // One job at a time is fetched, so that none waits for a worker that is busy while others are idle.
    let config = Config::default().queue(name).batch_size(1);
    let config = config.heartbeat_interval(beats.interval).missed_heartbeats(beats.missed);
    Ok(PostgresStorage::new(&pool).with_config(config))
}
