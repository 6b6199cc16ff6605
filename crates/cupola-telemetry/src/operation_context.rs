//! The ids of one run of an operation, on every line inside.

use std::borrow::Cow;
use std::future::Future;
use std::time::SystemTime;

use cupola_context::{FieldValue, InContext, Scope, WithContext};
use cupola_record::OperationIds;

/// One run of an operation: what runs inside shows `operation`, `operation_id` and `session_id` on its lines.
///
/// Ids are `name_unixtime_8hex`. Where there is a session already, of the user or of an operation around this one, it stays.
/// It stands here, and not where [`OperationIds`] do, since a clock and randomness may be read on this floor.
///
/// ```
/// use cupola_telemetry::OperationContext;
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
///
/// let context = OperationContext::new("query_offers").with("shard", 7);
/// context.enter(|| tracing::info!("one line"));
/// context.run(async { tracing::info!("and another") }).await;
/// assert!(context.operation_id().starts_with("query_offers_"));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct OperationContext {
    ids: OperationIds,
    scope: Scope,
}

impl OperationContext {
    /// A run that begins now.
    pub fn new(operation: &str) -> Self {
        let ids = OperationIds::new(operation, SystemTime::now(), rand::random()).in_session();
        let scope = ids.scope(operation);
        Self { ids, scope }
    }

    /// With a field more for what runs inside.
    #[must_use]
    pub fn with(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<FieldValue>) -> Self {
        self.scope = self.scope.with(key, value);
        self
    }

    /// The id of this run.
    pub fn operation_id(&self) -> &str {
        &self.ids.operation_id
    }

    /// The id of its session.
    pub fn session_id(&self) -> &str {
        &self.ids.session_id
    }

    /// Its fields, for events that are said outside of it.
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Runs `work` inside.
    pub fn enter<R>(&self, work: impl FnOnce() -> R) -> R {
        self.scope.enter(work)
    }

    /// Runs a future inside, in the context that is ambient now.
    pub fn run<F: Future>(&self, future: F) -> InContext<F> {
        self.scope.enter(|| future.in_current_context())
    }
}
