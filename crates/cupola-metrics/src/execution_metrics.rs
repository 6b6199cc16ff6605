//! Execution metrics: what runs, how long it takes, how it ends, and how often it is tried again.

use cupola_record::{Execution, ExecutionEvent, Record, Sink};

use crate::by::By;
use crate::counter::Counter;
use crate::error::RegisterError;
use crate::gauge::Gauge;
use crate::histogram::DurationHistogram;
use crate::registry::Registry;

mod label {
    use crate::labels::Values;

    crate::ready::labels! {
        Name "cupola.execution.name" Values::AtMost(64);
        State "cupola.execution.state" Values::Only(&["completed", "failed", "cancelled"]);
        Error "error.type" Values::AtMost(64);
    }
}

type Ended = (label::Name, label::State, label::Error);

/// From a tenth of a second to a day.
const DURATIONS: [f64; 12] = [0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0, 7_200.0, 86_400.0];

/// Counts the executions of a service.
///
/// | metric | labels |
/// |---|---|
/// | `cupola_execution_duration_seconds` | `cupola_execution_name` `cupola_execution_state` `error_type`: of those that were begun and have ended |
/// | `cupola_execution_active` | `cupola_execution_name`: those that were created and have not ended |
/// | `cupola_execution_retries_total` | `cupola_execution_name` `error_type`: attempts after which there was another |
///
/// Names and types of errors are of code: of each the first 64 are told apart. A label that has nothing to say is absent.
///
/// ```
/// use cupola_metrics::{ExecutionMetrics, Registry};
/// use cupola_record::{ExecutionLog, Sink};
///
/// let registry = Registry::new();
/// let sink = ExecutionLog::new().and(ExecutionMetrics::new(&registry)?);
/// # let _ = sink;
/// # Ok::<(), cupola_metrics::RegisterError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ExecutionMetrics {
    durations: By<Ended, DurationHistogram>,
    active: By<label::Name, Gauge>,
    retries: By<(label::Name, label::Error), Counter>,
}

impl ExecutionMetrics {
    /// Registers them.
    ///
    /// # Errors
    /// Where they are registered already.
    pub fn new(registry: &Registry) -> Result<Self, RegisterError> {
        let (duration, active, retries) =
            ("cupola.execution.duration", "cupola.execution.active", "cupola.execution.retries");
        let help = "How long executions took from their first attempt to their end.";
        Ok(Self {
            durations: registry.duration_histogram_by(duration, help, &DURATIONS)?,
            active: registry.gauge_by(active, "Executions that have not ended.", "{execution}")?,
            retries: registry.counter_by(retries, "Attempts after which there was another.", "{attempt}")?,
        })
    }

    fn observe(&self, execution: &Execution, event: &ExecutionEvent) {
        let name = &*execution.name;
        match event {
            ExecutionEvent::Created(_) => self.active.with_values(&[name]).add(1),
            ExecutionEvent::Retried(retried) => self.retries.with_values(&[name, &retried.error_type]).increment(),
            ExecutionEvent::Ended(end) => {
                self.active.with_values(&[name]).subtract(1);
                let error = end.error_type.as_deref().unwrap_or_default();
                let durations = self.durations.with_values(&[name, end.state.as_str(), error]);
                end.duration.into_iter().for_each(|duration| durations.observe(duration));
            }
            _ => {}
        }
    }
}

impl Sink for ExecutionMetrics {
    fn record(&self, record: Record<'_>) {
        if let Record::Execution(execution, event) = record {
            self.observe(execution, event);
        }
    }
}

#[cfg(all(test, not(cupola_model)))]
mod tests {
    use super::*;
    use cupola_record::ExecutionPlan;
    use cupola_redact::KeyPolicy;
    use std::sync::Arc;
    use std::time::Instant;

    #[test]
    fn executions_are_counted_by_what_became_of_them() {
        let registry = Registry::new();
        let metrics = ExecutionMetrics::new(&registry).unwrap();
        #[allow(clippy::disallowed_methods)]
        let plan =
            |id: &str| ExecutionPlan::new(id, "report", KeyPolicy::default(), Arc::new(metrics.clone()), Instant::now);
        let mut failed = plan("a").max_retries(1).create();
        failed.start().unwrap();
        failed.retry("invalid", &"no title").unwrap();
        failed.start().unwrap();
        failed.fail("invalid", &"no title").unwrap();
        let never_begun = plan("b").create();

        let text = registry.render();
        let of = r#"cupola_execution_name="report""#;
        let failed = format!(r#"{of},cupola_execution_state="failed",error_type="invalid""#);
        for line in [
            format!("cupola_execution_duration_seconds_count{{{failed}}} 1\n"),
            format!("cupola_execution_active{{{of}}} 1\n"),
            format!("cupola_execution_retries_total{{{of},error_type=\"invalid\"}} 1\n"),
        ] {
            assert!(text.contains(&line), "no {line} in {text}");
        }
        drop(never_begun);
        let text = registry.render();
        assert!(text.contains(&format!("cupola_execution_active{{{of}}} 0\n")), "{text}");
        assert!(!text.contains("cancelled\",error_type=\"cancelled\"} 1"), "what was never begun took no time: {text}");
    }
}
