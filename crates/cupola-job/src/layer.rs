//! The layer around whatever works on a queue's jobs.

use std::task::{Context as TaskContext, Poll};

use tower_layer::Layer;
use tower_service::Service;

use crate::facts::JobRequest;
use crate::failure::JobError;
use crate::future::JobFuture;
use crate::jobs::Jobs;

/// A layer around a service whose requests are [jobs](JobRequest), for any queue that has its workers in tower: each call is an
/// attempt at a job, in that job's context. It belongs outside of whatever limits the time or catches panics, so that it sees what
/// they make of them.
///
/// ```
/// use cupola_job::{JobFacts, JobLayer, JobRequest, Jobs};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// struct Delivery(u64);
///
/// impl JobRequest for Delivery {
///     fn facts(&self) -> JobFacts<'_> {
///         JobFacts::new("send_mail").id(self.0.to_string())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let worker = service_fn(|_: Delivery| async {
///     Ok::<_, std::io::Error>(cupola_context::current().and_then(|job| job.field("job_id")))
/// });
/// let id = JobLayer::new(Jobs::new("mail")).layer(worker).oneshot(Delivery(7)).await;
/// assert_eq!(id.ok().flatten(), Some("7".into()));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct JobLayer(Jobs);

impl JobLayer {
    /// Around those who work on these.
    pub const fn new(jobs: Jobs) -> Self {
        Self(jobs)
    }
}

impl<S> Layer<S> for JobLayer {
    type Service = JobService<S>;

    fn layer(&self, inner: S) -> JobService<S> {
        JobService { inner, jobs: self.0.clone() }
    }
}

/// A service whose every call is an attempt at a job.
#[derive(Clone, Debug)]
pub struct JobService<S> {
    inner: S,
    jobs: Jobs,
}

impl<S, R> Service<R> for JobService<S>
where
    S: Service<R>,
    S::Error: JobError,
    R: JobRequest,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = JobFuture<S::Future, S::Error>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let mut running = self.jobs.begin(&request.facts());
        let future = running.inside(|| self.inner.call(request));
        JobFuture::new(running, future, S::Error::failure)
    }
}
