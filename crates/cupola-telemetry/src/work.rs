//! Work that says when it begins and how it ends: cupola-record's, with a clock.
//!
//! They stand here, and not where the nouns do: a clock may be read on this floor, and who writes lines has this crate.

use std::fmt;
use std::future::Future;
use std::time::Instant;

use cupola_record::{Failure, Logged, Operation, logged_work};

/// Tokio's clock, so that tests can pause it.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// A future that says when it begins (DEBUG) and how it ends: completed (INFO), failed (ERROR), or dropped before its end:
/// cancelled (WARN). For results whose errors have a text; the error's type is told by its name.
///
/// ```
/// use cupola_telemetry::logged;
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
///
/// let crew = logged("build_crew", async { "7".parse::<u32>() }).field("crew_name", "night shift").await;
/// assert_eq!(crew, Ok(7));
/// # }
/// ```
///
/// What else is known stands on the operation: `logged(Operation::running("build_crew").attempt(2), future)`.
pub fn logged<'a, F, T, E>(operation: impl Into<Operation<'a>>, future: F) -> Logged<'a, F>
where
    F: Future<Output = Result<T, E>>,
    E: fmt::Display,
{
    Logged::new(operation, future, Failure::of_result, now)
}

/// The same for any result: only the type of an error is told.
pub fn logged_any<'a, F, T, E>(operation: impl Into<Operation<'a>>, future: F) -> Logged<'a, F>
where
    F: Future<Output = Result<T, E>>,
{
    Logged::new(operation, future, Failure::of_any_result, now)
}

/// The same for what cannot fail.
pub fn logged_value<'a, F: Future>(operation: impl Into<Operation<'a>>, future: F) -> Logged<'a, F> {
    Logged::new(operation, future, Failure::never, now)
}

/// Does work, and says so as [`logged`] does.
///
/// ```
/// use cupola_telemetry::logged_sync;
///
/// assert_eq!(logged_sync("parse_number", || "7".parse::<u32>()), Ok(7));
/// ```
pub fn logged_sync<'a, T, E>(operation: impl Into<Operation<'a>>, work: impl FnOnce() -> Result<T, E>) -> Result<T, E>
where
    E: fmt::Display,
{
    logged_work(operation, work, Failure::of_result, now)
}

/// The same for what cannot fail, and for results of which only this is known: that they are there.
pub fn logged_sync_value<'a, R>(operation: impl Into<Operation<'a>>, work: impl FnOnce() -> R) -> R {
    logged_work(operation, work, Failure::never, now)
}
