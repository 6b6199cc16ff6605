//! The layer around whatever works on tasks.

use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::{Duration, UNIX_EPOCH};

use apalis_core::error::BoxDynError;
use apalis_core::task::Task;
use tower_layer::Layer;
use tower_service::Service;

use super::judge::judge;
use crate::facts::JobFacts;
use crate::future::JobFuture;
use crate::jobs::{ENVELOPE_KEY, Jobs};

/// Which kind of job a task is: a name of a closed set.
pub trait KindOf<Args> {
    /// Its name.
    fn kind_of(&self, args: &Args) -> Arc<str>;
}

/// All tasks are of one kind.
#[derive(Clone, Debug)]
pub struct Named(Arc<str>);

impl<Args> KindOf<Args> for Named {
    fn kind_of(&self, _: &Args) -> Arc<str> {
        self.0.clone()
    }
}

impl<Args, F: Fn(&Args) -> &'static str> KindOf<Args> for F {
    fn kind_of(&self, args: &Args) -> Arc<str> {
        self(args).into()
    }
}

/// A layer of a worker: each task is an attempt at a job, in that job's context.
#[derive(Clone, Debug)]
pub struct TaskLayer<K = Named> {
    jobs: Jobs,
    kinds: K,
}

impl Jobs {
    /// The layer of a worker whose tasks are all of one kind.
    pub fn tasks(&self, kind: impl Into<Arc<str>>) -> TaskLayer {
        TaskLayer { jobs: self.clone(), kinds: Named(kind.into()) }
    }

    /// The layer of a worker whose tasks say of which kind they are.
    pub fn tasks_by<K>(&self, kinds: K) -> TaskLayer<K> {
        TaskLayer { jobs: self.clone(), kinds }
    }
}

impl<S, K: Clone> Layer<S> for TaskLayer<K> {
    type Service = TaskService<S, K>;

    fn layer(&self, inner: S) -> TaskService<S, K> {
        TaskService { inner, jobs: self.jobs.clone(), kinds: self.kinds.clone() }
    }
}

/// A service whose every call is an attempt at a job.
#[derive(Clone, Debug)]
pub struct TaskService<S, K = Named> {
    inner: S,
    jobs: Jobs,
    kinds: K,
}

impl<S, K, Args> Service<Task<Args>> for TaskService<S, K>
where
    S: Service<Task<Args>, Error = BoxDynError>,
    K: KindOf<Args>,
{
    type Response = S::Response;
    type Error = BoxDynError;
    type Future = JobFuture<S::Future, BoxDynError>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), BoxDynError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, task: Task<Args>) -> Self::Future {
        let mut running = self.jobs.begin(&facts(&task, self.kinds.kind_of(&task.args)));
        let future = running.inside(|| self.inner.call(task));
        JobFuture::new(running, future, judge)
    }
}

/// By now the attempt that begins is not counted yet.
fn facts<Args>(task: &Task<Args>, kind: Arc<str>) -> JobFacts<'_> {
    let context = task.ctx();
    let mut facts = JobFacts::new(kind).attempt(number(context.attempt()).saturating_add(1));
    facts.max_attempts = context.max_attempts().map(number);
    facts.id = context.task_id().map(|id| id.to_string().into());
    facts.due = context.run_at().and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
    facts.envelope(context.metadata().get(ENVELOPE_KEY))
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
