//! The worker: takes jobs out of a durable queue and does them, each in the context of the request that asked for it.
//!
//! ```text
//! request ── Store::create ── Queue::push ── Asked::keep        (nothing is kept whose job is not queued)
//!                                 │
//!                                 ▼
//!                               queue ──► Worker ──► attempt ──► hypervisor, store and its news
//!                                 ▲                     │
//!                                 └── again, after a while, or by another worker where this one is lost
//! ```

mod attempt;
mod crash;
mod failure;
mod job;
mod perform;
mod queue;

pub use crash::CrashAt;
pub use job::{Job, Work};
pub use perform::Performer;
pub use queue::{Place, Queue, QueueDown};

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long a worker waits before it asks a queue again that has failed.
const PAUSE: Duration = Duration::from_secs(1);

/// A running worker.
#[derive(Debug)]
pub struct Worker {
    task: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

impl Worker {
    /// Starts a worker on this queue.
    pub fn start(performer: Performer, queue: Queue) -> Self {
        let (stop, stopped) = watch::channel(false);
        Self { task: tokio::spawn(run(Arc::new(performer), queue, stopped)), stop }
    }

    /// Takes no more jobs and ends those that it has begun; gives up after `deadline`.
    ///
    /// Those that are queued stay so, and what is given up is taken up by the next worker.
    pub async fn finish(self, deadline: Duration) {
        self.stop.send_replace(true);
        let abort = self.task.abort_handle();
        if tokio::time::timeout(deadline, self.task).await.is_err() {
            // Its jobs end with it, and the processes that they wait for.
            abort.abort();
            tracing::warn!(
                deadline_ms = deadline.as_millis(),
                "jobs are left unfinished: the next worker takes them up"
            );
        }
    }
}

async fn run(performer: Arc<Performer>, queue: Queue, stopped: watch::Receiver<bool>) {
    while let Err(error) = queue.work(Arc::clone(&performer), told(stopped.clone())).await {
        tracing::error!(error, "the queue has failed: its worker begins again");
        if tokio::time::timeout(PAUSE, told(stopped.clone())).await.is_ok() {
            return;
        }
    }
}

/// Waits until it is told to stop, or nobody is left to tell.
async fn told(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
}

#[cfg(test)]
mod tests;
