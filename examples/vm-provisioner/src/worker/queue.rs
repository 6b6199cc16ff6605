//! The queue between the API and the worker.

use tokio::sync::mpsc;

use super::Job;

/// The way into the queue; clones share it.
#[derive(Clone, Debug)]
pub struct Queue {
    sender: mpsc::Sender<Job>,
}

impl Queue {
    pub(super) const fn new(sender: mpsc::Sender<Job>) -> Self {
        Self { sender }
    }

    /// How many jobs wait, places that were taken for some included.
    pub fn waiting(&self) -> usize {
        self.sender.max_capacity() - self.sender.capacity()
    }

    /// A place in the queue; none where it is full, or where the service is shutting down.
    ///
    /// It is taken before the machine's record is written, so that no record waits for a job that never comes.
    pub fn place(&self) -> Option<Place> {
        self.sender.clone().try_reserve_owned().ok().map(|permit| Place { permit })
    }
}

/// A place in the queue that is certain to take one job.
#[derive(Debug)]
pub struct Place {
    permit: mpsc::OwnedPermit<Job>,
}

impl Place {
    /// Queues the job.
    pub fn send(self, job: Job) {
        self.permit.send(job);
    }
}
