//! The same in one call each, for code that wants no builder.

use std::backtrace::Backtrace;
use std::error::Error;
use std::time::Duration;

use cupola_context::Scope;

use super::{ApiCall, ErrorReport, Operation, Performance, Status};

/// Says that an API was called: an [`ApiCall`].
///
/// ```
/// use std::time::Duration;
/// use cupola_context::Scope;
///
/// cupola_record::log_api("GET", "/offers/{id}", 200, Duration::from_millis(12), None);
/// let context = Scope::new().with("tenant", "acme");
/// cupola_record::log_api("POST", "/offers", 201, Duration::from_millis(31), Some(&context));
/// ```
pub fn log_api(method: &str, route: &str, status_code: u16, duration: Duration, context: Option<&Scope>) {
    let mut call = ApiCall::new(method, route).status_code(status_code).duration(duration);
    call.scope = context.cloned();
    call.emit();
}

/// Says where an operation is: an [`Operation`]. The duration is that since its beginning.
///
/// ```
/// use std::time::Duration;
/// use cupola_record::{Status, log_operation};
///
/// log_operation("sync_offers", Status::Running, None, None);
/// log_operation("sync_offers", Status::Success, Some(Duration::from_secs(2)), None);
/// ```
pub fn log_operation(operation: &str, status: Status, duration: Option<Duration>, context: Option<&Scope>) {
    let mut operation = Operation::new(operation, status);
    (operation.duration, operation.scope) = (duration, context.cloned());
    operation.emit();
}

/// Says how long something took: a [`Performance`].
///
/// ```
/// cupola_record::log_performance("render_report", std::time::Duration::from_millis(180), None);
/// ```
pub fn log_performance(operation: &str, duration: Duration, context: Option<&Scope>) {
    let mut performance = Performance::new(operation, duration);
    performance.scope = context.cloned();
    performance.emit();
}

/// Says that there was an error: an [`ErrorReport`] under the name of its type, with a backtrace of this call where
/// backtraces are switched on (`RUST_BACKTRACE`, `RUST_LIB_BACKTRACE`).
///
/// ```
/// cupola_record::log_error(&std::io::Error::other("the disk is gone"), None);
/// ```
pub fn log_error<E: Error>(error: &E, context: Option<&Scope>) {
    let backtrace = Backtrace::capture();
    let mut report = ErrorReport::of(error).backtrace(&backtrace);
    report.scope = context.cloned();
    report.emit();
}
