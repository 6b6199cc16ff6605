//! Jobs: how many, how long, and how many wait.

use std::time::Duration;

use super::labels;
use crate::by::By;
use crate::counter::Counter;
use crate::error::RegisterError;
use crate::gauge::Gauge;
use crate::histogram::DurationHistogram;
use crate::labels::Values;
use crate::registry::Registry;

/// From a tenth of a second to a day.
const DURATIONS: [f64; 12] = [0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0, 7_200.0, 86_400.0];

mod label {
    use super::Values;

    super::labels! {
        Kind "job.kind" Values::AtMost(crate::ready::MOST);
        Outcome "job.outcome" Values::Only(&["completed", "failed", "cancelled", "retried"]);
        Queue "queue.name" Values::AtMost(crate::ready::MOST);
    }
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobOutcome {
    /// It did what it was to do.
    Completed,
    /// It did not, and will not.
    Failed,
    /// Somebody has called it off.
    Cancelled,
    /// It did not, and will be tried again.
    Retried,
}

impl JobOutcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Retried => "retried",
        }
    }
}

/// The jobs of a service: `job.executions` and `job.duration` by `job.kind` and `job.outcome`, `job.queue.latency` and
/// `job.queue.depth` by `queue.name`.
///
/// ```
/// use std::time::Duration;
/// use cupola_metrics::{Registry, ready::{JobOutcome, Jobs}};
///
/// let registry = Registry::new();
/// let jobs = Jobs::new(&registry)?;
/// let depth = jobs.depth("mail");
/// depth.add(1);
/// jobs.waited("mail", Duration::from_millis(40));
/// depth.subtract(1);
/// jobs.ended("send_mail", JobOutcome::Completed, Duration::from_secs(2));
/// assert!(registry.render().contains("job_executions_total{job_kind=\"send_mail\",job_outcome=\"completed\"} 1\n"));
/// # Ok::<(), cupola_metrics::RegisterError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Jobs {
    executions: By<(label::Kind, label::Outcome), Counter>,
    durations: By<(label::Kind, label::Outcome), DurationHistogram>,
    latency: By<label::Queue, DurationHistogram>,
    depth: By<label::Queue, Gauge>,
}

impl Jobs {
    /// Registers them.
    ///
    /// # Errors
    /// Where they are registered already.
    pub fn new(registry: &Registry) -> Result<Self, RegisterError> {
        Ok(Self {
            executions: registry.counter_by(
                "job.executions",
                "Executions of jobs, by kind and outcome.",
                "{execution}",
            )?,
            durations: registry.duration_histogram_by("job.duration", "How long executions took.", &DURATIONS)?,
            latency: registry.duration_histogram_by(
                "job.queue.latency",
                "How long jobs waited in a queue.",
                &DURATIONS,
            )?,
            depth: registry.gauge_by("job.queue.depth", "Jobs that wait in a queue.", "{job}")?,
        })
    }

    /// How many jobs wait in a queue: a gauge, to be kept and counted up and down, or set.
    pub fn depth(&self, queue: &str) -> Gauge {
        self.depth.with(&queue.into())
    }

    /// A job has waited so long in a queue.
    pub fn waited(&self, queue: &str, latency: Duration) {
        self.latency.with(&queue.into()).observe(latency);
    }

    /// An execution has ended.
    pub fn ended(&self, kind: &str, outcome: JobOutcome, duration: Duration) {
        let labels = (kind.into(), outcome.as_str().into());
        self.executions.with(&labels).increment();
        self.durations.with(&labels).observe(duration);
    }
}
