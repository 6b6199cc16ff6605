//! Job metrics: what is queued, how long it waits, how long it takes, and how it ends.

use cupola_record::{Enqueue, EnqueueEnded, Job, JobEnded, Record, Sink};

use crate::by::By;
use crate::counter::Counter;
use crate::error::RegisterError;
use crate::gauge::Gauge;
use crate::histogram::DurationHistogram;
use crate::registry::Registry;

mod label {
    use crate::labels::Values;

    crate::ready::labels! {
        Operation "messaging.operation.name" Values::Only(&["send", "process"]);
        System "messaging.system" Values::AtMost(16);
        Queue "messaging.destination.name" Values::AtMost(64);
        Kind "cupola.job.kind" Values::AtMost(64);
        Outcome "cupola.job.outcome" Values::Only(&["completed", "failed", "retried", "timed_out", "panicked", "cancelled"]);
        Reason "cupola.job.retry.reason" Values::Only(&["failed", "timed_out", "panicked", "asked"]);
        Refused "cupola.job.envelope.error" Values::AtMost(16);
        Error "error.type" Values::AtMost(64);
    }
}

type Sent = (label::Operation, label::System, label::Queue, label::Kind, label::Error);
type Processed = (label::Operation, label::System, label::Queue, label::Kind, label::Outcome, label::Error);
type Place = (label::System, label::Queue, label::Kind);
type Retried = (label::System, label::Queue, label::Kind, label::Reason);
type Refused = (label::Queue, label::Refused);

/// What OpenTelemetry advises for messages, in seconds, and then as far as jobs go: an hour.
const DURATIONS: [f64; 18] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 60.0, 300.0, 900.0, 3600.0];

/// From a hundredth of a second to a day.
const LATENCIES: [f64; 14] = [0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3_600.0, 86_400.0];

/// Counts the jobs that a service puts into queues, and those that it works on.
///
/// | metric | labels |
/// |---|---|
/// | `messaging_client_sent_messages_total` | `messaging_operation_name` place `error_type`: jobs that were queued, or were to be |
/// | `messaging_client_consumed_messages_total` | `messaging_operation_name` place: attempts that have begun |
/// | `messaging_process_duration_seconds` | `messaging_operation_name` place `cupola_job_outcome` `error_type`: of attempts that have ended |
/// | `cupola_job_queue_latency_seconds` | place: of first attempts, from when they were due |
/// | `cupola_job_active` | place: what is being worked on now |
/// | `cupola_job_retries_total` | place `cupola_job_retry_reason` |
/// | `cupola_job_envelopes_refused_total` | `messaging_destination_name` `cupola_job_envelope_error` |
///
/// Place: `messaging_system` `messaging_destination_name` `cupola_job_kind`. Queues and kinds are names of code: of each the first 64 are
/// told apart. A label that has nothing to say is absent. Ids are none.
///
/// ```
/// use cupola_metrics::{JobMetrics, Registry};
/// use cupola_record::{JobLog, Sink};
///
/// let registry = Registry::new();
/// let sink = JobLog::new().and(JobMetrics::new(&registry)?);
/// # let _ = sink;
/// # Ok::<(), cupola_metrics::RegisterError>(())
/// ```
#[derive(Clone, Debug)]
pub struct JobMetrics {
    sent: By<Sent, Counter>,
    consumed: By<Sent, Counter>,
    durations: By<Processed, DurationHistogram>,
    latencies: By<Place, DurationHistogram>,
    active: By<Place, Gauge>,
    retries: By<Retried, Counter>,
    refused: By<Refused, Counter>,
}

impl JobMetrics {
    /// Registers them.
    ///
    /// # Errors
    /// Where they are registered already.
    pub fn new(registry: &Registry) -> Result<Self, RegisterError> {
        let (sent, consumed) = ("messaging.client.sent.messages", "messaging.client.consumed.messages");
        let (latency, refused) = ("cupola.job.queue.latency", "cupola.job.envelopes.refused");
        let duration_help = "How long attempts at jobs took.";
        let latency_help = "How long jobs waited from when they were due to their first attempt.";
        Ok(Self {
            sent: registry.counter_by(sent, "Jobs that were put into queues, or were to be.", "{message}")?,
            consumed: registry.counter_by(consumed, "Attempts at jobs that have begun.", "{message}")?,
            durations: registry.duration_histogram_by("messaging.process.duration", duration_help, &DURATIONS)?,
            latencies: registry.duration_histogram_by(latency, latency_help, &LATENCIES)?,
            active: registry.gauge_by("cupola.job.active", "Jobs that are being worked on.", "{job}")?,
            retries: registry.counter_by(
                "cupola.job.retries",
                "Attempts after which there is another.",
                "{attempt}",
            )?,
            refused: registry.counter_by(refused, "Envelopes that were not believed.", "{envelope}")?,
        })
    }

    fn queued(&self, enqueue: &Enqueue, ended: &EnqueueEnded) {
        let error = ended.error_type().unwrap_or_default();
        self.sent.with_values(&["send", enqueue.system, &enqueue.queue, &enqueue.kind, error]).increment();
    }

    fn begun(&self, job: &Job) {
        let place = [job.system, &job.queue, &job.kind];
        self.consumed.with_values(&["process", place[0], place[1], place[2], ""]).increment();
        self.active.with_values(&place).add(1);
        // A later attempt waits on purpose.
        if let Some(latency) = job.queue_latency.filter(|_| job.attempt == 1) {
            self.latencies.with_values(&place).observe(latency);
        }
        if let Some(reason) = job.refused {
            self.refused.with_values(&[&job.queue, reason.as_str()]).increment();
        }
    }

    fn ended(&self, job: &Job, ended: &JobEnded) {
        let [system, queue, kind] = [job.system, &job.queue, &job.kind];
        let (outcome, error) = (ended.outcome.as_str(), ended.error_type().unwrap_or_default());
        self.active.with_values(&[system, queue, kind]).subtract(1);
        self.durations.with_values(&["process", system, queue, kind, outcome, error]).observe(ended.duration);
        if let Some(reason) = ended.outcome.retry() {
            self.retries.with_values(&[system, queue, kind, reason.as_str()]).increment();
        }
    }
}

impl Sink for JobMetrics {
    fn record(&self, record: Record<'_>) {
        match record {
            Record::Enqueue(enqueue, ended) => self.queued(enqueue, ended),
            Record::JobBegun(job) => self.begun(job),
            Record::Job(job, ended) => self.ended(job, ended),
            _ => {}
        }
    }
}

#[cfg(all(test, not(cupola_model)))]
mod tests {
    use super::*;
    use cupola_context::{Context, Fresh, InvalidEnvelope, RequestIdFormat};
    use cupola_record::{JobOutcome, JobRetry, OpenEnqueue, OpenJob};
    use std::sync::Arc;
    use std::time::{Duration, Instant, SystemTime};

    #[allow(clippy::disallowed_methods)]
    fn begun(metrics: &JobMetrics, attempt: u32) -> OpenJob {
        let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
        let mut job = Job::new(context, SystemTime::UNIX_EPOCH, "send_mail", "mail");
        (job.system, job.attempt, job.queue_latency) = ("sqlite", attempt, Some(Duration::from_secs(2)));
        job.refused = (attempt == 3).then_some(InvalidEnvelope::Malformed);
        OpenJob::new(job, Arc::new(metrics.clone()), Instant::now)
    }

    fn has(text: &str, line: &str) {
        assert!(text.contains(line), "no {line} in {text}");
    }

    #[test]
    fn jobs_are_counted_by_what_became_of_them() {
        let registry = Registry::new();
        let metrics = JobMetrics::new(&registry).unwrap();
        begun(&metrics, 1).end(JobOutcome::Completed);
        let mut again = begun(&metrics, 1);
        again.error("smtp::Error", None);
        again.end(JobOutcome::Retried(JobRetry::Failed));
        let runs = (begun(&metrics, 2), begun(&metrics, 3));

        let text = registry.render();
        let place = r#"messaging_system="sqlite",messaging_destination_name="mail",cupola_job_kind="send_mail""#;
        has(&text, &format!("cupola_job_active{{{place}}} 2\n"));
        let of = format!(r#"messaging_process_duration_seconds_count{{messaging_operation_name="process",{place}"#);
        has(&text, &format!("{of},cupola_job_outcome=\"completed\"}} 1\n"));
        has(&text, &format!("{of},cupola_job_outcome=\"retried\",error_type=\"smtp::Error\"}} 1\n"));
        has(&text, &format!("cupola_job_retries_total{{{place},cupola_job_retry_reason=\"failed\"}} 1\n"));
        has(
            &text,
            &format!("messaging_client_consumed_messages_total{{messaging_operation_name=\"process\",{place}}} 4\n"),
        );
        // Of both first attempts, and of no later one.
        has(&text, &format!("cupola_job_queue_latency_seconds_bucket{{{place},le=\"2.5\"}} 2\n"));
        has(
            &text,
            "cupola_job_envelopes_refused_total{messaging_destination_name=\"mail\",cupola_job_envelope_error=\"malformed\"} 1\n",
        );
        drop(runs);
        has(&registry.render(), &format!("cupola_job_active{{{place}}} 0\n"));
        has(&registry.render(), &format!("{of},cupola_job_outcome=\"cancelled\"}} 2\n"));
        assert!(JobMetrics::new(&registry).unwrap_err().is_duplicate());
    }

    #[test]
    fn what_was_not_queued_is_told_apart() {
        let registry = Registry::new();
        let metrics = JobMetrics::new(&registry).unwrap();
        #[allow(clippy::disallowed_methods)]
        let open = || {
            let enqueue = Enqueue::new(SystemTime::UNIX_EPOCH, "send_mail", "mail");
            OpenEnqueue::new(enqueue, Arc::new(metrics.clone()), Instant::now)
        };
        open().queued();
        open().failed("push");
        drop(open());
        let text = registry.render();
        let of = r#"messaging_client_sent_messages_total{messaging_operation_name="send",messaging_system="queue",messaging_destination_name="mail",cupola_job_kind="send_mail""#;
        has(&text, &format!("{of}}} 1\n"));
        has(&text, &format!("{of},error_type=\"push\"}} 1\n"));
        has(&text, &format!("{of},error_type=\"unknown\"}} 1\n"));
    }
}
