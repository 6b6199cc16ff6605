//! The worker: takes jobs out of a queue and does them, each in the context of the request that asked for it.
//!
//! ```text
//! request ── Queue::place ── store row ── Place::send ──► queue ──► Worker ──► hypervisor, store, news
//! ```

mod job;
mod perform;
mod queue;

pub use job::{Job, Work};
pub use queue::{Place, Queue};

use std::sync::Arc;
use std::time::Duration;

use cupola::context::{Scope, WithContext};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::ansible::Ansible;
use crate::hypervisor::Hypervisor;
use crate::progress::News;
use crate::store::Store;
use perform::Performer;

/// How many jobs wait before the API says that it is busy.
const QUEUED: usize = 256;
/// How many jobs are worked on at once.
const AT_ONCE: usize = 4;

/// A running worker.
#[derive(Debug)]
pub struct Worker {
    task: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

impl Worker {
    /// Starts a worker, and gives the queue that feeds it. New machines are configured where there is an Ansible to do it.
    pub fn start(store: Store, news: News, hypervisor: Arc<dyn Hypervisor>, ansible: Option<Ansible>) -> (Self, Queue) {
        let (sender, jobs) = mpsc::channel(QUEUED);
        let (stop, stopped) = watch::channel(false);
        let performer = Arc::new(Performer { store, news, hypervisor, ansible });
        (Self { task: tokio::spawn(run(performer, jobs, stopped)), stop }, Queue::new(sender))
    }

    /// Takes no more jobs and ends those that are queued; gives up after `deadline`.
    ///
    /// What is given up is failed, and its address released, at the next start.
    pub async fn finish(self, deadline: Duration) {
        self.stop.send_replace(true);
        let abort = self.task.abort_handle();
        if tokio::time::timeout(deadline, self.task).await.is_err() {
            // Its jobs end with it, and the processes that they wait for.
            abort.abort();
            tracing::warn!(deadline_ms = deadline.as_millis(), "jobs are left unfinished");
        }
    }
}

async fn run(performer: Arc<Performer>, mut jobs: mpsc::Receiver<Job>, mut stopped: watch::Receiver<bool>) {
    let mut at_work = JoinSet::new();
    while let Some(job) = next(&mut jobs, &mut stopped).await {
        if at_work.len() == AT_ONCE {
            at_work.join_next().await.into_iter().for_each(report_panic);
        }
        begin(&mut at_work, Arc::clone(&performer), job);
    }
    while let Some(ended) = at_work.join_next().await {
        report_panic(ended);
    }
}

/// The next job; none once the queue is closed and empty.
async fn next(jobs: &mut mpsc::Receiver<Job>, stopped: &mut watch::Receiver<bool>) -> Option<Job> {
    tokio::select! {
        job = jobs.recv() => return job,
        _ = stopped.wait_for(|stop| *stop) => {}
    }
    jobs.close();
    jobs.recv().await
}

/// The job brings the context of its request: every line of its work shows that request's ids and fields.
fn begin(at_work: &mut JoinSet<()>, performer: Arc<Performer>, mut job: Job) {
    let context = job.context.take();
    let work = async move { performer.perform(job).await };
    // A scope, and no field of the context, which the request's own line shows too.
    let scope = Scope::new().with("action", "background.task");
    scope.enter(|| match context {
        Some(context) => at_work.spawn(work.in_context(context)),
        None => at_work.spawn(work.in_current_context()),
    });
}

fn report_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a job panicked");
    }
}

#[cfg(test)]
mod tests;
