//! A job that is being worked on, by hand.

use cupola_context::{Context, Scope, enter_scope, enter_slot};
use cupola_record::{JobOutcome, JobRetry, OpenJob};
use cupola_redact::KeyPolicy;

use crate::failure::{JobError, JobFailure};
use crate::future::JobFuture;

/// A job that has begun: a future or a closure runs in its context, and ends it. Dropped before, it ends as cancelled; while its work
/// panics, as panicked.
///
/// ```
/// use std::io;
/// use cupola_job::{JobFacts, Jobs};
///
/// let jobs = Jobs::new("reports");
/// let sum = jobs.begin(&JobFacts::new("add")).work(|| Ok::<_, io::Error>(1 + 1));
/// assert_eq!(sum.ok(), Some(2));
/// ```
#[derive(Debug)]
#[must_use = "dropped, it ends as cancelled"]
pub struct RunningJob {
    open: OpenJob,
    /// Where it is not ambient.
    slot: Option<Context>,
    /// That of the worker is no part of the job.
    scope: Option<Scope>,
    policy: KeyPolicy,
    max_attempts: Option<u32>,
    /// The work itself runs: who leaves now, panics.
    inside: bool,
}

impl RunningJob {
    pub(crate) const fn new(open: OpenJob, context: Context, policy: KeyPolicy, max_attempts: Option<u32>) -> Self {
        Self { open, slot: Some(context), scope: None, policy, max_attempts, inside: false }
    }

    /// The job's own context.
    pub fn context(&self) -> Option<&Context> {
        self.open.job().map(|job| &job.context)
    }

    /// The future, worked on in the job's context; its output ends the job.
    pub fn run<F, T, E>(self, future: F) -> JobFuture<F, E>
    where
        F: Future<Output = Result<T, E>>,
        E: JobError,
    {
        JobFuture::new(self, future, E::failure)
    }

    /// Does blocking work in the job's context; what it gives back ends the job.
    ///
    /// # Errors
    /// That of the work.
    pub fn work<T, E: JobError>(mut self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let done = self.inside(work);
        self.finish(done.as_ref().err().map(E::failure));
        done
    }

    /// Runs a part of the work in the job's context, which ends if that panics.
    pub(crate) fn inside<R>(&mut self, work: impl FnOnce() -> R) -> R {
        self.inside = true;
        let result = {
            let (_context, _scope) = (enter_slot(&mut self.slot), enter_scope(&mut self.scope));
            work()
        };
        self.inside = false;
        result
    }

    /// Drops a part of the work in the job's context.
    pub(crate) fn drop_inside(&mut self, drop: impl FnOnce()) {
        let (_context, _scope) = (enter_slot(&mut self.slot), enter_scope(&mut self.scope));
        drop();
    }

    /// Ends the job: well, or with a failure.
    pub fn finish(mut self, failure: Option<JobFailure>) {
        self.finish_here(failure);
    }

    pub(crate) fn finish_here(&mut self, failure: Option<JobFailure>) {
        let outcome = match failure {
            Some(failure) => self.fail(failure),
            None => JobOutcome::Completed,
        };
        self.end(outcome);
    }

    fn fail(&mut self, failure: JobFailure) -> JobOutcome {
        let text = failure.text.map(|text| self.policy.text(&text));
        self.open.error(failure.error_type, text);
        let attempt = self.open.job().map_or(0, |job| job.attempt);
        let is_left = self.max_attempts.is_some_and(|most| attempt < most);
        if failure.again.unwrap_or(is_left) {
            if let Some(delay) = failure.again_in {
                self.open.retry_in(delay);
            }
            return JobOutcome::Retried(failure.reason);
        }
        match failure.reason {
            JobRetry::TimedOut => JobOutcome::TimedOut,
            JobRetry::Panicked => JobOutcome::Panicked,
            _ => JobOutcome::Failed,
        }
    }

    fn end(&mut self, outcome: JobOutcome) {
        let _scope = enter_scope(&mut self.scope);
        self.open.end(outcome);
    }
}

impl Drop for RunningJob {
    fn drop(&mut self) {
        self.end(if self.inside { JobOutcome::Panicked } else { JobOutcome::Cancelled });
    }
}
