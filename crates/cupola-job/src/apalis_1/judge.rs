//! What errors of apalis say of the attempt.

use std::error::Error;

use apalis::layers::catch_panic::PanicError;
use apalis_core::error::{AbortError, BoxDynError, DeferredError, RetryAfterError};
use tower::timeout::error::Elapsed;

use crate::failure::JobFailure;

pub(super) fn judge(error: &BoxDynError) -> JobFailure {
    let error: &(dyn Error + 'static) = &**error;
    if let Some(abort) = error.downcast_ref::<AbortError>() {
        // As its catching of panics has them, too.
        return of_cause(abort.source().unwrap_or(abort)).for_good();
    }
    if let Some(later) = error.downcast_ref::<RetryAfterError>() {
        return of_cause(later.source().unwrap_or(later)).asks_again(Some(later.get_duration()));
    }
    if let Some(deferred) = error.downcast_ref::<DeferredError>() {
        return of_cause(deferred.source().unwrap_or(deferred)).asks_again(None);
    }
    of_cause(error)
}

fn of_cause(error: &(dyn Error + 'static)) -> JobFailure {
    if let Some(PanicError(text)) = error.downcast_ref() {
        return JobFailure::new("panicked").text(text.clone()).panicked();
    }
    if error.is::<Elapsed>() {
        return JobFailure::new("timed_out").timed_out();
    }
    JobFailure::of_error(error)
}
