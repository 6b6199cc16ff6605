//! The durable queue between the API and the workers.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use apalis::layers::WorkerBuilderExt;
use apalis::prelude::{BackendExt, BoxDynError, TaskBuilder, WorkerBuilder};
use apalis_sqlite::{Config, SqliteStorage};
use cupola::job::Jobs;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use uuid::Uuid;

use super::Job;
use super::attempt::{ATTEMPTS, attempt, policy};
use super::perform::Performer;

/// How many jobs one worker works on at once.
const AT_ONCE: usize = 4;
/// How often an idle worker looks: it may wait for another process, which cannot wake it.
const LOOK: Duration = Duration::from_millis(100);
/// How long the API waits for the queue to take a job.
const PATIENCE: Duration = Duration::from_secs(10);

/// Jobs that have ended are kept for a week, to be looked at: they have fields of their requests.
const FORGET: &str = "DELETE FROM Jobs WHERE done_at < unixepoch() - 7 * 86400
                      AND (status IN ('Done', 'Killed') OR (status = 'Failed' AND attempts >= max_attempts))";

/// The queue; clones are the same.
#[derive(Clone, Debug)]
pub struct Queue {
    jobs: Jobs,
    storage: SqliteStorage<Job>,
}

impl Queue {
    /// Opens the queue, which keeps its jobs in a file in this folder. A worker that says nothing for so long is lost, and another
    /// takes up what it worked on.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub async fn open(folder: &Path, jobs: Jobs, lost_after: Duration) -> anyhow::Result<Self> {
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
            sqlx::query(FORGET).execute(&pool).await?;
            anyhow::Ok(pool)
        };
        let pool = open.await.with_context(|| format!("cannot open the queue {}", file.display()))?;
        let storage = SqliteStorage::new(&pool).with_config(config(jobs.queue(), lost_after));
        Ok(Self { jobs: jobs.system("sqlite"), storage })
    }

    /// Queues a job on behalf of the request that is being served right now.
    ///
    /// # Errors
    /// Where the queue does not take it.
    pub async fn push(&self, job: Job) -> Result<(), QueueDown> {
        let kind = job.work.operation();
        let task = TaskBuilder::new(job).max_attempts(ATTEMPTS).build();
        let mut storage = self.storage.clone();
        let pushed = tokio::time::timeout(PATIENCE, self.jobs.push(&mut storage, kind, task)).await;
        pushed.map_err(|elapsed| QueueDown(elapsed.into()))?.map_err(|error| QueueDown(error.into()))
    }

    /// Works on jobs until it is told to stop, and has ended those that it has begun by then.
    pub(super) async fn work(
        &self,
        performer: Arc<Performer>,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), BoxDynError> {
        // A name of its own each time: it is by their names that the lost are told from the living.
        let worker = WorkerBuilder::new(format!("worker-{}", Uuid::now_v7().simple()))
            .backend(self.storage.clone().poll_with_interval(LOOK))
            .concurrency(AT_ONCE)
            .retry(policy())
            // Inside of what tries again, so that each attempt is one.
            .layer(self.jobs.tasks_by(kind_of))
            .data(performer)
            .build(attempt);
        let stop = async move {
            stop.await;
            Ok::<_, std::io::Error>(())
        };
        Ok(worker.run_until(stop).await?)
    }

    /// Closes the queue.
    pub async fn close(&self) {
        self.storage.pool().close().await;
    }
}

fn kind_of(job: &Job) -> &'static str {
    job.work.operation()
}

/// One job at a time is fetched, so that none waits for a worker that is busy while others are idle.
fn config(queue: &str, lost_after: Duration) -> Config {
    let (interval, missed) = heartbeat(lost_after);
    Config::default().queue(queue).batch_size(1).heartbeat_interval(interval).missed_heartbeats(missed)
}

/// How often a worker says that it lives, and how many times it may miss that. Queues count whole seconds.
fn heartbeat(lost_after: Duration) -> (Duration, usize) {
    let seconds = lost_after.as_secs().max(2);
    let interval = (seconds / 3).max(1);
    (Duration::from_secs(interval), usize::try_from(seconds / interval).unwrap_or(usize::MAX))
}

/// The queue does not take jobs.
#[derive(Debug)]
pub struct QueueDown(BoxDynError);

impl fmt::Display for QueueDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the queue takes no jobs")
    }
}

impl std::error::Error for QueueDown {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}
