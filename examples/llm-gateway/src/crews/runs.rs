//! The runs that are remembered: those of a while, each for the one who asked for it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cupola::WithContext;
use cupola::record::Execution;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::report::Report;

/// So many runs are remembered; the log knows the others.
const MOST: usize = 256;

/// What is known of a run by now.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) facts: Execution,
    pub(super) report: Option<Report>,
}

/// One run, and whose it is.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) crew: &'static str,
    user: Arc<str>,
    id: Arc<str>,
    pub(super) known: watch::Receiver<Known>,
}

/// The runs that are remembered, and those that go on.
#[derive(Debug, Default)]
pub struct Runs {
    remembered: Mutex<VecDeque<Entry>>,
    going_on: Mutex<JoinSet<()>>,
}

impl Runs {
    /// Remembers a run; gives what tells of it.
    pub(super) fn add(&self, crew: &'static str, user: &Arc<str>, first: Known) -> (watch::Sender<Known>, Entry) {
        let id = first.facts.id.as_ref().into();
        let (tell, known) = watch::channel(first);
        let entry = Entry { crew, user: Arc::clone(user), id, known };
        let mut runs = lock(&self.remembered);
        if runs.len() == MOST {
            runs.pop_front();
        }
        runs.push_back(entry.clone());
        (tell, entry)
    }

    /// The run of this id, if it is of this crew and this user.
    pub(super) fn find(&self, crew: &str, user: &Arc<str>, id: &str) -> Option<Entry> {
        lock(&self.remembered).iter().find(|run| *run.id == *id && run.crew == crew && run.user == *user).cloned()
    }

    /// Lets a run go on beyond its request, in the request's context.
    pub(super) fn spawn(&self, run: impl Future<Output = ()> + Send + 'static) {
        let mut going_on = lock(&self.going_on);
        while going_on.try_join_next().is_some() {}
        going_on.spawn(run.in_current_context());
    }

    /// Waits for the runs that go on; those that take longer are cancelled, and say so.
    pub async fn finish(&self, limit: Duration) {
        let mut going_on = std::mem::take(&mut *lock(&self.going_on));
        let all = async { while going_on.join_next().await.is_some() {} };
        if tokio::time::timeout(limit, all).await.is_err() {
            tracing::warn!(runs = going_on.len(), "runs are cancelled: the gateway ends");
            going_on.shutdown().await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
