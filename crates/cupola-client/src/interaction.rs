//! Calls of an API, told by hand: for code that adopts the rest step by step.

use std::time::Duration;

use cupola_context::Scope;
use cupola_record::{ApiCall, names};
use cupola_redact::KeyPolicy;

/// Says that an API was called by other means: an [`ApiCall`] in the course of an operation, its URL masked. `status` is `None`
/// where no response came.
///
/// ```
/// use std::time::Duration;
/// use cupola_client::log_api_interaction;
/// use cupola_context::Scope;
///
/// let url = "https://market.example.com/instances/17?api_key=s3cr3t";
/// let found = Scope::new().with("instance_id", 17).with("response_bytes", 512);
/// log_api_interaction("show_instance", "GET", url, Some(200), Duration::from_millis(31), Some(&found));
/// ```
pub fn log_api_interaction(
    operation: &str,
    method: &str,
    url: &str,
    status: Option<u16>,
    duration: Duration,
    context: Option<&Scope>,
) {
    let masked = KeyPolicy::default().url(url);
    let scope = context.cloned().unwrap_or_default().with(names::OPERATION, operation.to_owned());
    let call = ApiCall::new(method, operation).url(&masked).duration(duration).context(&scope);
    match status {
        Some(status) => call.status_code(status).emit(),
        None => call.error_type("no_response").emit(),
    }
}
