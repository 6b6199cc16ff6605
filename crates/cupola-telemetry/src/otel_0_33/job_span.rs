//! A job as finished spans: of kind producer where it was queued, of kind consumer for each attempt at it.

use cupola_context::{SpanId, TraceContext};
use cupola_record::{CallTrace, Enqueue, EnqueueEnded, EnqueueOutcome, Job, JobEnded, JobOutcome, JobRetry};
use cupola_redact::{KeyPolicy, Masked};
use opentelemetry::InstrumentationScope;
use opentelemetry::trace::{self, Link, SpanKind, Status};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use super::attributes::Attributes;
use super::span_context::span_context;

/// As many as there can be of ours, so that the list is allocated once.
const MOST: usize = 11;

/// The span of a job that was put into a queue.
pub(super) fn of_queueing(
    enqueue: &Enqueue,
    ended: &EnqueueEnded,
    within: &CallTrace,
    id: SpanId,
    scope: &InstrumentationScope,
) -> SpanData {
    let mut place = within.context(id);
    if let Some(context) = &enqueue.context {
        place.state = context.trace().state.clone();
    }
    let mut list = begun(("send", "send"), (enqueue.system, &enqueue.queue, &enqueue.kind), enqueue.id.as_ref());
    list.add_text("error.type", ended.error_type());
    SpanData {
        span_context: span_context(&place, false),
        parent_span_id: within.parent.map_or(trace::SpanId::INVALID, otel_id),
        parent_span_is_remote: false,
        span_kind: SpanKind::Producer,
        name: ["send ", &*enqueue.queue].concat().into(),
        start_time: enqueue.started,
        end_time: enqueue.started.checked_add(ended.duration).unwrap_or(enqueue.started),
        attributes: list.into_list(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: if ended.outcome == EnqueueOutcome::Failed { Status::error("") } else { Status::Unset },
        instrumentation_scope: scope.clone(),
    }
}

/// The span of an attempt: that of the job's own context.
pub(super) fn of_attempt(job: &Job, ended: &JobEnded, scope: &InstrumentationScope, policy: &KeyPolicy) -> SpanData {
    let parent = job.context.parent_span();
    let mut list = begun(("process", "process"), (job.system, &job.queue, &job.kind), job.id.as_ref());
    list.add("cupola.job.attempt", i64::from(job.attempt));
    list.add("cupola.job.outcome", ended.outcome.as_str());
    if let Some(latency) = job.queue_latency {
        list.add("cupola.job.queue_latency", latency.as_secs_f64());
    }
    list.add_text("error.type", ended.error_type());
    job.context.each_span_field(|key, value| list.add_own(key.clone(), value, policy));
    SpanData {
        span_context: span_context(job.context.trace(), false),
        parent_span_id: parent.map_or(trace::SpanId::INVALID, otel_id),
        parent_span_is_remote: parent.is_some(),
        span_kind: SpanKind::Consumer,
        name: ["process ", &*job.queue].concat().into(),
        start_time: job.started,
        end_time: job.started.checked_add(ended.duration).unwrap_or(job.started),
        attributes: list.into_list(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: links(job.context.linked()),
        status: status(ended),
        instrumentation_scope: scope.clone(),
    }
}

fn begun(
    (name, kind): (&'static str, &'static str),
    (system, queue, job_kind): (&'static str, &str, &str),
    id: Option<&Masked>,
) -> Attributes {
    let mut list = Attributes::with_capacity(MOST);
    list.add("messaging.operation.name", name);
    list.add("messaging.operation.type", kind);
    list.add("messaging.system", system);
    list.add_text("messaging.destination.name", Some(queue));
    list.add_text("messaging.message.id", id.map(Masked::as_str));
    list.add_text("cupola.job.kind", Some(job_kind));
    list
}

fn otel_id(span: SpanId) -> trace::SpanId {
    trace::SpanId::from_bytes(span.to_bytes())
}

fn links(linked: Option<&TraceContext>) -> SpanLinks {
    let mut links = SpanLinks::default();
    links.links.extend(linked.map(|asked| Link::with_context(span_context(asked, true))));
    links
}

/// An attempt that failed is an error, whether there is another or not; one that was dropped, or asks to be put off, is none.
fn status(ended: &JobEnded) -> Status {
    match ended.outcome {
        JobOutcome::Completed | JobOutcome::Cancelled | JobOutcome::Retried(JobRetry::Asked) => Status::Unset,
        _ => Status::error(ended.error.as_ref().map(|text| text.as_str().to_owned()).unwrap_or_default()),
    }
}
