//! One attempt at a job: what fails and may pass is tried again, the rest ends the job.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use apalis::layers::retry::backoff::{ExponentialBackoff, ExponentialBackoffMaker, MakeBackoff};
use apalis::layers::retry::{BackoffRetryPolicy, HasherRng, RetryPolicy};
use apalis::prelude::{AbortError, Attempt, BoxDynError, Data};
use cupola::context::{Scope, WithContext};
use futures_util::FutureExt;

use super::Job;
use super::failure::{Cause, Failure};
use super::perform::Performer;
use crate::vm::Step;

/// How often a job is tried, by this worker and by those after it.
pub(super) const ATTEMPTS: usize = 3;

/// How long it waits between two attempts, at first and at last.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// Tries the job, and leaves nothing of its machine behind where there is to be no other attempt.
pub(super) async fn attempt(job: Job, attempt: Attempt, performer: Data<Arc<Performer>>) -> Result<(), BoxDynError> {
    // A scope, and no field of the context: so its lines are found by their action, like those that tell of the job itself.
    let scope = Scope::new().with("action", "background.task");
    scope.enter(|| tried(job, attempt.current(), performer).in_current_context()).await
}

async fn tried(job: Job, number: usize, performer: Data<Arc<Performer>>) -> Result<(), BoxDynError> {
    let tried = AssertUnwindSafe(performer.perform(&job, number)).catch_unwind().await;
    let panicked = |_| Err(Failure { step: Step::Queued, cause: Cause::Panicked });
    match tried.unwrap_or_else(panicked) {
        Ok(()) => Ok(()),
        Err(failure) if failure.may_pass() && number < ATTEMPTS => Err(failure.told().into()),
        Err(failure) => {
            let told = failure.told();
            performer.give_up(&job.vm_id, failure).await;
            Err(AbortError::new(told).into())
        }
    }
}

/// The same process tries again, after a while; what it leaves in the midst of that, another takes up.
pub(super) fn policy() -> BackoffRetryPolicy<ExponentialBackoff> {
    let (first, last) = BACK_OFF;
    let maker = ExponentialBackoffMaker::new(first, last, 0.5, HasherRng::new());
    let mut maker = maker.expect("the first wait is shorter than the last");
    RetryPolicy::retries(ATTEMPTS - 1).with_backoff(maker.make_backoff())
}
