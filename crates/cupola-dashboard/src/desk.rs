//! Where questions are put to the store: away from the threads that others wait for, and few at once.

use std::sync::Arc;
use std::time::Duration;

use cupola_store::{Cancel, Query};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// So many questions are answered at once; others wait.
const AT_ONCE: usize = 4;

/// So long a question waits for its turn.
pub(crate) const WAIT: Duration = Duration::from_secs(5);

/// Asks a store.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    query: Arc<dyn Query>,
    wait: Duration,
    at_once: Arc<Semaphore>,
}

/// Why a question was not put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unasked {
    /// Too many others ask.
    Busy,
    /// Whoever was to ask ended before.
    Failed,
}

impl Desk {
    pub(crate) fn new(query: Arc<dyn Query>) -> Self {
        Self { query, wait: WAIT, at_once: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// How long a question waits for its turn.
    pub(crate) fn wait(&mut self, wait: Duration) {
        self.wait = wait;
    }

    /// Asks, when it is its turn. Where nobody waits for the answer any more, as when a connection was closed, the question is stopped.
    pub(crate) async fn ask<T, F>(&self, question: F) -> Result<T, Unasked>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Query) -> T + Send + 'static,
    {
        let turn = timeout(self.wait, Arc::clone(&self.at_once).acquire_owned()).await;
        let Ok(Ok(permit)) = turn else { return Err(Unasked::Busy) };
        let query = Arc::clone(&self.query);
        let gone = Gone(Cancel::default());
        let cancel = gone.0.clone();
        let said = tokio::task::spawn_blocking(move || {
            let _one_of_few = permit;
            cancel.during(|| question(&*query))
        });
        said.await.map_err(|_| Unasked::Failed)
    }
}

/// Whoever waits for an answer; dropped, it is gone.
struct Gone(Cancel);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
