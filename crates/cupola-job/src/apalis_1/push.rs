//! Jobs into a queue of apalis.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use apalis_core::backend::{TaskSink, TaskSinkError};
use apalis_core::task::Task;
use apalis_core::task::metadata::{Metadata, MetadataStore};
use apalis_core::task::task_id::TaskId;
use cupola_context::RequestId;

use crate::fresh::random;
use crate::jobs::{ENVELOPE_KEY, Jobs};
use crate::sending::Sending;

/// An envelope in a task's metadata.
struct InMetadata(String);

impl Metadata for InMetadata {
    type Error = Infallible;

    fn extract(store: &MetadataStore) -> Result<Self, Infallible> {
        Ok(Self(store.get(ENVELOPE_KEY).unwrap_or_default().to_owned()))
    }

    /// A task that is queued again has one already.
    fn inject(&self, store: &mut MetadataStore) -> Result<(), Infallible> {
        store.replace(ENVELOPE_KEY, self.0.clone());
        Ok(())
    }
}

impl Jobs {
    /// Pushes a task with its envelope, and says that it is queued, or not. A task without an id gets one, a ULID, so that its lines can be
    /// told from the first on.
    ///
    /// # Errors
    /// That of the backend.
    pub async fn push<B, Args, Kind>(
        &self,
        backend: &mut B,
        kind: impl Into<Arc<str>>,
        task: impl Into<Task<Args>>,
    ) -> Result<(), TaskSinkError<B::Error>>
    where
        B: TaskSink<Args, Kind>,
    {
        let (sending, task) = self.pack(kind, task.into());
        let pushed = backend.push_task(task).await;
        match &pushed {
            Ok(()) => sending.settle(),
            Err(error) => sending.failed(error_type(error)),
        }
        pushed
    }

    /// A task with its envelope, for whoever pushes it otherwise; what is given beside it is to be told of how that went.
    pub fn pack<Args>(&self, kind: impl Into<Arc<str>>, task: Task<Args>) -> (Sending, Task<Args>) {
        let mut sending = self.send(kind);
        let mut task = named(task);
        let id = task.ctx().task_id().map(ToString::to_string);
        sending.name(id.as_deref());
        if let Some(delay) = delay(&task) {
            sending = sending.delay(delay);
        }
        let Ok(()) = task.inject_metadata(&InMetadata(sending.envelope()));
        (sending, task)
    }
}

fn named<Args>(task: Task<Args>) -> Task<Args> {
    if task.ctx().task_id().is_some() {
        return task;
    }
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let id = RequestId::ulid(u64::try_from(unix.as_millis()).unwrap_or_default(), random());
    task.into_builder().task_id(TaskId::from_string(id.as_str())).build()
}

/// How long it is to wait at least, where that is any time. Apalis counts seconds.
fn delay<Args>(task: &Task<Args>) -> Option<Duration> {
    let due = UNIX_EPOCH.checked_add(Duration::from_secs(task.ctx().run_at()?))?;
    due.duration_since(SystemTime::now()).ok().filter(|delay| !delay.is_zero())
}

const fn error_type<E>(error: &TaskSinkError<E>) -> &'static str {
    match error {
        TaskSinkError::PushError(_) => "push",
        TaskSinkError::CodecError(_) => "codec",
        TaskSinkError::SendError(_) => "send",
        _ => "_OTHER",
    }
}
