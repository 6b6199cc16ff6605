//! Commands that redis-rs 1 sends: each is one record with its name, and neither keys nor values.
//!
//! ```no_run
//! use cupola_client::Queries;
//! use cupola_client::redis_1::ObservedRedis;
//! use redis::AsyncCommands;
//!
//! # async fn example() -> redis::RedisResult<()> {
//! let client = redis::Client::open("redis://127.0.0.1/")?;
//! let connection = client.get_multiplexed_async_connection().await?;
//! let mut connection = ObservedRedis::new(connection, Queries::new().dependency("cache"));
//!
//! let _: () = connection.set("greeting", "hello").await?;
//! let greeting: String = connection.get("greeting").await?;
//! # let _ = greeting; Ok(()) }
//! ```
//!
//! Several commands that are sent together are one query, `PIPELINE` or `MULTI`, with their number. A command that waits for others
//! (`BLPOP`, `XREAD` with `BLOCK`, `WAIT`) is never slow. `NOSCRIPT` is how a server asks for a script that it does not know, and no
//! failure. What comes by itself, as messages of channels do, is not seen.

mod command;
mod failure;

use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisFuture, Value};

use cupola_record::{DbSystem, OpenQuery, Query, QueryError, QueryOutcome};

use crate::queries::Queries;

/// A connection whose commands are observed: any of redis-rs that is [`ConnectionLike`], such as `MultiplexedConnection` and
/// `ConnectionManager`. It is one itself, so `AsyncCommands`, `Cmd` and `Pipeline` take it. See the [module](self).
#[derive(Clone, Debug)]
pub struct ObservedRedis<C> {
    connection: C,
    queries: Queries,
}

impl<C> ObservedRedis<C> {
    /// Observes a connection.
    pub const fn new(connection: C, queries: Queries) -> Self {
        Self { connection, queries }
    }

    /// The connection itself.
    pub fn into_inner(self) -> C {
        self.connection
    }

    fn begin(&self) -> Query {
        self.queries.query(DbSystem::Redis)
    }
}

impl<C: ConnectionLike + Send> ConnectionLike for ObservedRedis<C> {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        let mut query = self.begin();
        query.set_command(command::name(cmd));
        query.waits = command::waits(cmd);
        let open = self.queries.open(query);
        let answer = self.connection.req_packed_command(cmd);
        Box::pin(async move {
            let answer = answer.await;
            let failed = match &answer {
                Ok(value) => failure::in_value(value),
                Err(error) => Some(failure::failure(error)),
            };
            end(open, failed);
            answer
        })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let mut query = self.begin();
        query.set_command(if pipeline.is_transaction() { b"MULTI" } else { b"PIPELINE" });
        query.batch = Some(u32::try_from(pipeline.len()).unwrap_or(u32::MAX));
        query.waits = pipeline.cmd_iter().any(command::waits);
        let open = self.queries.open(query);
        let answer = self.connection.req_packed_commands(pipeline, offset, count);
        Box::pin(async move {
            let answer = answer.await;
            let failed = match &answer {
                Ok(values) => values.iter().find_map(failure::in_value),
                Err(error) => Some(failure::failure(error)),
            };
            end(open, failed);
            answer
        })
    }

    fn get_db(&self) -> i64 {
        self.connection.get_db()
    }
}

fn end(mut open: OpenQuery, failed: Option<QueryError>) {
    let failed = failed.filter(|error| error.database_code() != Some("NOSCRIPT"));
    open.end(failed.map_or(QueryOutcome::Complete, QueryOutcome::Failed));
}
