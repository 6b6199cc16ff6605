//! Executions: units of work with a life of their own.

use std::sync::{Arc, OnceLock};

use cupola_job::Executions;
use cupola_metrics::{ExecutionMetrics, Registry};
use cupola_record::{And, ExecutionLog, Meter};
use cupola_redact::KeyPolicy;

use crate::cupola::Cupola;
use crate::own;

/// What all executions have in common, as it is made when somebody asks for it: services without any have no metrics of them.
#[derive(Debug)]
pub(crate) struct Works {
    bare: Executions,
    made: OnceLock<Executions>,
}

impl Works {
    pub(crate) fn new(policy: &KeyPolicy) -> Self {
        Self { bare: Executions::new().policy(policy.clone()), made: OnceLock::new() }
    }

    fn make(&self, registry: &Registry) -> Executions {
        let metrics = own::counted("executions", ExecutionMetrics::new(registry));
        let executions = self.bare.clone().sink(And::new(ExecutionLog::new(), metrics));
        match meter() {
            Some(meter) => executions.meter(meter),
            None => executions,
        }
    }
}

/// Who knows what the process uses.
fn meter() -> Option<Arc<dyn Meter>> {
    #[cfg(feature = "host")]
    let meter = cupola_metrics::host::ProcessMeter::new();
    #[cfg(feature = "nvidia")]
    let meter = meter.map(|meter| meter.with_gpus(cupola_metrics::gpu::Gpus::unregistered()));
    #[cfg(not(feature = "host"))]
    let meter: Option<fn() -> cupola_record::ProcessUsage> = None;
    meter.map(|meter| Arc::new(meter) as Arc<dyn Meter>)
}

impl Cupola {
    /// Executions: units of work that go from pending to completed, failed or cancelled, with attempts, steps, checks, files and
    /// snapshots of what goes in and comes out. Each thing that happens is a line, and the lines alone are enough to rebuild it
    /// (`cupola executions`); its end has the tokens, costs and queries of what ran inside, and what the process used meanwhile.
    ///
    /// ```
    /// # let cupola = cupola::Cupola::builder("hello").vars(|_| None).output(std::io::sink()).build()?;
    /// let mut import = cupola.executions().plan("import").max_retries(2).input(br#"{"file":"users.csv"}"#).create();
    /// import.start()?;
    /// import.enter(|| cupola::context::add("rows", 3_u64));
    /// import.complete()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn executions(&self) -> Executions {
        let works = &self.0.works;
        works.made.get_or_init(|| works.make(self.registry())).clone()
    }
}
