//! How executions begin: with an id, a clock, and whoever is told.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use cupola_record::{ExecutionLog, ExecutionPlan, Meter, OperationIds, Sink};
use cupola_redact::KeyPolicy;

use crate::fresh;

/// What all executions of a service have in common. Clones are the same.
///
/// ```
/// use cupola_job::Executions;
/// use cupola_record::{ExecutionState, Status};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cupola_record::IllegalTransition> {
/// let executions = Executions::new();
/// let mut import = executions.plan("import").mode("dry_run").max_retries(2).input(br#"{"rows":3}"#).create();
/// import.start()?;
/// import.step("read", Status::Running, Some(0.0));
/// let rows = import.run(async { 3 }).await; // whatever is logged in there has the execution's id
/// import.step("read", Status::Success, Some(1.0));
/// import.output(format!("{{\"rows\":{rows}}}").as_bytes());
/// import.complete()?;
/// assert_eq!(import.facts().state, ExecutionState::Completed);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Executions {
    sink: Arc<dyn Sink>,
    policy: KeyPolicy,
    meter: Option<Arc<dyn Meter>>,
}

impl Executions {
    /// Unless set otherwise they are lines ([`ExecutionLog`]), and nobody measures the process.
    pub fn new() -> Self {
        Self { sink: Arc::new(ExecutionLog::new()), policy: KeyPolicy::default(), meter: None }
    }

    /// Who is told of them, in place of the log.
    #[must_use]
    pub fn sink(mut self, sink: impl Sink) -> Self {
        self.sink = Arc::new(sink);
        self
    }

    /// What is masked.
    #[must_use]
    pub fn policy(mut self, policy: KeyPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Who knows what the process uses.
    #[must_use]
    pub fn meter(mut self, meter: Arc<dyn Meter>) -> Self {
        self.meter = Some(meter);
        self
    }

    /// An execution that is about to be, under a new id: `name_unixtime_8hex`.
    pub fn plan(&self, name: &str) -> ExecutionPlan {
        let ids = OperationIds::new(name, SystemTime::now(), fresh::random());
        self.plan_as(&ids.operation_id, name)
    }

    /// The same under an id that there is already.
    pub fn plan_as(&self, id: &str, name: &str) -> ExecutionPlan {
        let plan = ExecutionPlan::new(id, name, self.policy.clone(), Arc::clone(&self.sink), fresh::now);
        match &self.meter {
            Some(meter) => plan.metered_by(Arc::clone(meter)),
            None => plan,
        }
    }
}

impl Default for Executions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Executions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executions").field("sink", &self.sink).finish_non_exhaustive()
    }
}
