//! Jobs in Redis, with each of its commands observed.

use apalis_core::backend::Vacuum;
use apalis_redis::{Config, RedisStorage};
use cupola::client::Queries;
use cupola::client::redis_1::ObservedRedis;
use redis::Client;
use redis::aio::ConnectionManager;

use super::{FORGET, Heartbeat};
use crate::worker::Job;

/// A storage whose commands are records: on the request's line, in metrics, and as spans.
pub(super) type Observed = RedisStorage<Job, ObservedRedis<ConnectionManager>>;

/// Opens the queue of this name in the Redis at this URL.
pub(super) async fn open(url: &str, name: &str, beats: Heartbeat, queries: Queries) -> anyhow::Result<Observed> {
    let connection = Client::open(url)?.get_connection_manager().await?;
    // One job at a time is fetched, so that none waits for a worker that is busy while others are idle.
    let config = Config::default().queue(name).batch_size(1);
    let config = config.heartbeat_interval(beats.interval).missed_heartbeats(beats.missed);
    let mut storage = RedisStorage::new(ObservedRedis::new(connection, queries)).with_config(config);
    storage.vacuum_before(FORGET).await?;
    Ok(storage)
}
