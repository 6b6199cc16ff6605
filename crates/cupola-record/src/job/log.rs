//! The lines of a job: when it is queued, when it begins, when it ends.

use cupola_context::{Context, InvalidEnvelope, Scope, enter_scope, enter_slot};
use cupola_redact::Masked;
use tracing::Level;

use super::ended::{JobEnded, JobRetry};
use super::enqueue::{Enqueue, EnqueueEnded};
use super::facts::Job;
use crate::category::Category;
use crate::line_fields::Milliseconds;
use crate::sink::{Record, Sink};

/// The target of every event of this sink.
pub const JOB_TARGET: &str = "cupola::job";

/// The field `action` of every event of this sink.
pub const JOB_ACTION: &str = "background.task";

/// Writes jobs as `tracing` events of the category `operations`: one where a job is queued, inside the context of the request
/// that asks for it; one when it begins and one when it ends, inside its own. The last has the totals of the job (`db_queries`,
/// `llm_cost_micros` and the like), as an access line has those of its request. A field without a value is absent.
///
/// INFO; WARN where the job is tried again or was dropped, and where an envelope was not believed; ERROR where it was not queued, or failed
/// and is not tried again.
///
/// | field | type | OpenTelemetry | what it says |
/// |---|---|---|---|
/// | `action` | text | – | `background.task` |
/// | `job_id` | text | `messaging.message.id` | the queue's id of the job, masked |
/// | `job_kind` | text | – | what is to be done, by its name in code |
/// | `queue` | text | `messaging.destination.name` | which queue |
/// | `queue_system` | text | `messaging.system` | what runs the queue |
/// | `delay_ms` | number | – | how long it is to wait at least |
/// | `attempt`, `max_attempts` | number | – | which attempt this is, from 1, and how many there may be |
/// | `queue_latency_ms` | number | – | from when it was due to its beginning |
/// | `relation` | text | – | what its trace is to that of who asked: `link child none` |
/// | `origin_request_id`, `origin_trace_id` | text | link | who asked, where it is not what `request_id` and `trace_id` say |
/// | `origin_service` | text | – | which service asked |
/// | `parent_span_id` | 16 digits | parent span id | the span that asked, where the job is its child |
/// | `envelope_error` | text | – | why its envelope was not believed |
/// | `past_deadline` | true | – | it began after the time until which it was wanted |
/// | `outcome` | text | – | `completed failed retried timed_out panicked cancelled`; of queueing `queued failed unknown` |
/// | `error_type`, `error` | text | `error.type`, `exception.message` | the failure: a short name, and what it says, masked |
/// | `retry_reason` | text | – | why it is tried again: `failed timed_out panicked asked` |
/// | `retry_in_ms` | number | – | when it is tried again, where that is known |
/// | `duration_ms` | number | `messaging.process.duration` (s) | from its beginning to its end |
/// | `dropped_job_fields` | number | – | how many fields its envelope had no room for |
#[derive(Clone, Copy, Debug, Default)]
pub struct JobLog {
    errors_only: bool,
}

impl JobLog {
    /// All lines.
    pub const fn new() -> Self {
        Self { errors_only: false }
    }

    /// Only the lines of what failed.
    #[must_use]
    pub const fn errors_only(mut self) -> Self {
        self.errors_only = true;
        self
    }

    fn wants(self, level: Level) -> bool {
        !self.errors_only || level == Level::ERROR
    }
}

impl Sink for JobLog {
    fn record(&self, record: Record<'_>) {
        match record {
            Record::Enqueue(enqueue, ended) if self.wants(ended.outcome.level()) => {
                let (mut context, mut scope) = (enqueue.context.clone(), enqueue.scope.clone());
                let _here = (enter_slot(&mut context), enter_scope(&mut scope));
                write_queued(enqueue, ended);
            }
            Record::JobBegun(job) if self.wants(Level::INFO) => job.context.enter(|| write_begun(job)),
            Record::Job(job, ended) if self.wants(ended.outcome.level()) => {
                job.context.enter(|| with_totals(&job.context, || write_ended(job, ended)));
            }
            _ => {}
        }
    }
}

/// The sums of the job, as fields of what is said meanwhile.
fn with_totals(context: &Context, say: impl FnOnce()) {
    let mut scope = None;
    if context.has_notes() {
        context.each_total(|name, sum| {
            scope = Some(scope.take().unwrap_or_else(Scope::new).with(name.clone(), sum));
        });
    }
    match scope {
        Some(scope) => scope.enter(say),
        None => say(),
    }
}

/// A level is part of a callsite: one event for each level that there can be.
macro_rules! event {
    ($level:expr, $($fields:tt)+) => {
        match $level {
            Level::ERROR => tracing::event!(target: JOB_TARGET, Level::ERROR, $($fields)+),
            Level::WARN => tracing::event!(target: JOB_TARGET, Level::WARN, $($fields)+),
            _ => tracing::event!(target: JOB_TARGET, Level::INFO, $($fields)+),
        }
    };
}

fn write_queued(enqueue: &Enqueue, ended: &EnqueueEnded) {
    event!(
        ended.outcome.level(),
        message = ended.outcome.message(),
        category = Category::Operations.as_str(),
        action = JOB_ACTION,
        job_id = enqueue.id.as_ref().map(Masked::as_str),
        job_kind = &*enqueue.kind,
        queue = &*enqueue.queue,
        queue_system = enqueue.system,
        delay_ms = enqueue.delay.milliseconds(),
        outcome = ended.outcome.as_str(),
        error_type = ended.error_type(),
        duration_ms = ended.duration.milliseconds(),
        dropped_job_fields = Some(enqueue.dropped_fields).filter(|number| *number > 0),
    );
}

fn write_begun(job: &Job) {
    let level = if job.refused.is_some() { Level::WARN } else { Level::INFO };
    event!(
        level,
        message = "job started",
        category = Category::Operations.as_str(),
        action = JOB_ACTION,
        job_id = job.id(),
        job_kind = &*job.kind,
        queue = &*job.queue,
        queue_system = job.system,
        attempt = job.attempt,
        max_attempts = job.max_attempts,
        queue_latency_ms = job.queue_latency.milliseconds(),
        relation = job.relation.as_str(),
        origin_request_id = job.origin_request_id().map(cupola_context::RequestId::as_str),
        origin_trace_id = job.origin_trace_id().map(|trace| trace.text()).as_deref(),
        origin_service = job.origin.service.as_ref().map(Masked::as_str),
        parent_span_id = job.context.parent_span().map(|span| span.text()).as_deref(),
        envelope_error = job.refused.map(InvalidEnvelope::as_str),
        past_deadline = job.past_deadline.then_some(true),
    );
}

fn write_ended(job: &Job, ended: &JobEnded) {
    event!(
        ended.outcome.level(),
        message = ended.outcome.message(),
        category = Category::Operations.as_str(),
        action = JOB_ACTION,
        job_id = job.id(),
        job_kind = &*job.kind,
        queue = &*job.queue,
        queue_system = job.system,
        attempt = job.attempt,
        max_attempts = job.max_attempts,
        queue_latency_ms = job.queue_latency.milliseconds(),
        outcome = ended.outcome.as_str(),
        error_type = ended.error_type(),
        error = ended.error.as_ref().map(Masked::as_str),
        retry_reason = ended.outcome.retry().map(JobRetry::as_str),
        retry_in_ms = ended.retry_in.milliseconds(),
        duration_ms = ended.duration.milliseconds(),
        origin_request_id = job.origin_request_id().map(cupola_context::RequestId::as_str),
        origin_trace_id = job.origin_trace_id().map(|trace| trace.text()).as_deref(),
        origin_service = job.origin.service.as_ref().map(Masked::as_str),
    );
}
