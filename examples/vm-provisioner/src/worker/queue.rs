//! The durable queue between the API and the workers.

mod place;
mod postgres;
mod redis;
mod sqlite;

pub use place::Place;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use apalis::layers::WorkerBuilderExt;
use apalis::prelude::{BackendExt, BoxDynError, TaskBuilder, WorkerBuilder};
use apalis_postgres::PostgresStorage;
use apalis_sqlite::SqliteStorage;
use cupola::client::Queries;
use cupola::job::Jobs;
use uuid::Uuid;

use self::redis::Observed;
use super::Job;
use super::attempt::{ATTEMPTS, attempt, policy};
use super::perform::Performer;

/// How many jobs one worker works on at once.
const AT_ONCE: usize = 4;
/// How often an idle worker looks: it may wait for another process, which cannot wake it.
const LOOK: Duration = Duration::from_millis(100);
/// How long the API waits for the queue to take a job.
const PATIENCE: Duration = Duration::from_secs(10);
/// Jobs that have ended are kept so long, to be looked at: they have fields of their requests.
const FORGET: Duration = Duration::from_secs(7 * 86_400);

/// The queue; clones are the same.
#[derive(Clone)]
pub struct Queue {
    jobs: Jobs,
    storage: Storage,
}

/// Who keeps the jobs.
#[derive(Clone)]
enum Storage {
    Sqlite(SqliteStorage<Job>),
    Postgres(PostgresStorage<Job>),
    Redis(Observed),
}

/// Does `$with` with the storage, of whichever kind it is: their types have no common one.
macro_rules! with_storage {
    ($storage:expr, $name:ident => $with:expr) => {
        match $storage {
            Storage::Sqlite($name) => $with,
            Storage::Postgres($name) => $with,
            Storage::Redis($name) => $with,
        }
    };
}

impl Queue {
    /// Opens the queue, which keeps its jobs in a file in this folder unless it has another place. A worker that says nothing for so
    /// long is lost, and another takes up what it worked on.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub async fn open(
        place: Option<&Place>,
        folder: &Path,
        (jobs, queries): (Jobs, Queries),
        lost_after: Duration,
    ) -> anyhow::Result<Self> {
        let (name, beats) = (jobs.queue(), Heartbeat::of(lost_after));
        let (storage, system) = match place {
            None => (sqlite::open(folder, name, beats).await.map(Storage::Sqlite)?, "sqlite"),
            Some(place) => {
                let opened = match place {
                    Place::Postgres(url) => postgres::open(url, name, beats).await.map(Storage::Postgres),
                    Place::Redis(url) => redis::open(url, name, beats, queries).await.map(Storage::Redis),
                };
                (opened.with_context(|| format!("cannot open the queue {place}"))?, place.system())
            }
        };
        Ok(Self { jobs: jobs.system(system), storage })
    }

    /// Queues a job on behalf of the request that is being served right now.
    ///
    /// # Errors
    /// Where the queue does not take it.
    pub async fn push(&self, job: Job) -> Result<(), QueueDown> {
        let kind = job.work.operation();
        let task = TaskBuilder::new(job).max_attempts(ATTEMPTS).build();
        with_storage!(self.storage.clone(), storage => {
            let mut storage = storage;
            let pushed = tokio::time::timeout(PATIENCE, self.jobs.push(&mut storage, kind, task)).await;
            pushed.map_err(|elapsed| QueueDown(elapsed.into()))?.map_err(|error| QueueDown(error.into()))
        })
    }

    /// Works on jobs until it is told to stop, and has ended those that it has begun by then.
    pub(super) async fn work(
        &self,
        performer: Arc<Performer>,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), BoxDynError> {
        let stop = async move {
            stop.await;
            Ok::<_, std::io::Error>(())
        };
        // A name of its own each time: it is by their names that the lost are told from the living.
        let name = format!("worker-{}", Uuid::now_v7().simple());
        with_storage!(self.storage.clone(), storage => {
            let worker = WorkerBuilder::new(name)
                .backend(storage.poll_with_interval(LOOK))
                .concurrency(AT_ONCE)
                .retry(policy())
                // Inside of what tries again, so that each attempt is one.
                .layer(self.jobs.tasks_by(kind_of))
                .data(performer)
                .build(attempt);
            Ok(worker.run_until(stop).await?)
        })
    }

    /// Closes the queue.
    pub async fn close(&self) {
        match &self.storage {
            Storage::Sqlite(storage) => storage.pool().close().await,
            Storage::Postgres(storage) => storage.pool().close().await,
            // Its connection ends with the last that holds it.
            Storage::Redis(_) => {}
        }
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("jobs", &self.jobs).finish_non_exhaustive()
    }
}

fn kind_of(job: &Job) -> &'static str {
    job.work.operation()
}

/// How often a worker says that it lives, and how many times it may miss that. Queues count whole seconds.
#[derive(Clone, Copy, Debug)]
struct Heartbeat {
    interval: Duration,
    missed: usize,
}

impl Heartbeat {
    fn of(lost_after: Duration) -> Self {
        let seconds = lost_after.as_secs().max(2);
        let interval = (seconds / 3).max(1);
        let missed = usize::try_from(seconds / interval).unwrap_or(usize::MAX);
        Self { interval: Duration::from_secs(interval), missed }
    }
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
