//! A job that is queued is a span, and each attempt at it is one, linked with it or below it.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use cupola_context::{Context, Envelope, Fresh, Identify, Relation, RequestIdFormat, Sampler, SpanId};
use cupola_record::{CallTrace, Choices, Enqueue, Job, JobOutcome, JobRetry, OpenEnqueue, OpenJob};
use cupola_redact::KeyPolicy;
use cupola_telemetry::otel_0_33::HttpSpans;
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::trace::{BatchSpanProcessor, InMemorySpanExporter, SpanData};

#[allow(clippy::disallowed_methods)]
fn now() -> Instant {
    Instant::now()
}

fn started() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000)
}

fn spans(work: impl FnOnce(Arc<HttpSpans>)) -> Vec<SpanData> {
    let exporter = InMemorySpanExporter::default();
    let spans = HttpSpans::new("billing", BatchSpanProcessor::builder(exporter.clone()).build());
    work(Arc::new(spans.clone()));
    spans.flush().unwrap();
    exporter.get_finished_spans().unwrap()
}

fn job(identify: &Identify, relation: Relation, asked_by: SpanId) -> Job {
    let request = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
    let envelope = Envelope::of(&request).asked_by(asked_by);
    let context = identify.resume(&envelope, relation, &Fresh::new(0, [2; 40]));
    let mut job = Job::new(context, started(), "send_mail", "mail");
    (job.system, job.id, job.attempt) = ("sqlite", Some(KeyPolicy::default().text("j-7")), 2);
    job.queue_latency = Some(Duration::from_millis(1500));
    job
}

fn attributes(span: &SpanData) -> Vec<String> {
    span.attributes.iter().map(|attribute| format!("{}={}", attribute.key, attribute.value)).collect()
}

#[test]
fn what_is_queued_is_a_producer_and_the_attempt_is_linked_with_it() {
    let producer = SpanId::from_bytes([7; 8]).unwrap();
    let request = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
    let found = spans(|sink| {
        let mut enqueue = request.enter(|| Enqueue::new(started(), "send_mail", "mail"));
        (enqueue.system, enqueue.span) = ("sqlite", Some((CallTrace::within(&request), producer)));
        OpenEnqueue::new(enqueue, sink.clone(), now).queued();
        let mut open = OpenJob::new(job(&Identify::default(), Relation::Link, producer), sink, now);
        open.error("smtp::Error", Some(KeyPolicy::default().text("no answer, password=hunter2")));
        open.end(JobOutcome::Retried(JobRetry::Failed));
    });
    let [send, process] = &found[..] else { panic!("{found:?}") };
    assert_eq!((&*send.name, &send.span_kind), ("send mail", &SpanKind::Producer));
    assert_eq!(send.parent_span_id.to_bytes(), request.trace().span_id.to_bytes());
    assert_eq!(send.span_context.span_id().to_bytes(), producer.to_bytes());
    assert_eq!((&*process.name, &process.span_kind), ("process mail", &SpanKind::Consumer));
    assert_eq!(process.links.links[0].span_context.span_id(), send.span_context.span_id());
    assert_eq!(process.links.links[0].span_context.trace_id(), send.span_context.trace_id());
    assert_ne!(process.span_context.trace_id(), send.span_context.trace_id());
    assert!(!process.parent_span_is_remote);
    assert_eq!(process.status, Status::error("no answer, password=[REDACTED]"));
    assert_eq!(
        attributes(process),
        [
            "messaging.operation.name=process",
            "messaging.operation.type=process",
            "messaging.system=sqlite",
            "messaging.destination.name=mail",
            "messaging.message.id=j-7",
            "cupola.job.kind=send_mail",
            "cupola.job.attempt=2",
            "cupola.job.outcome=retried",
            "cupola.job.queue_latency=1.5",
            "error.type=smtp::Error",
        ]
    );
}

#[test]
fn a_child_has_its_parent_and_no_link() {
    let producer = SpanId::from_bytes([7; 8]).unwrap();
    let found = spans(|sink| {
        let job = job(&Identify::default(), Relation::Child, producer);
        job.context.set_on_span("mails", 3);
        job.context.set_on_span("token", "hunter2");
        OpenJob::new(job, sink, now).end(JobOutcome::Completed);
    });
    let [process] = &found[..] else { panic!("{found:?}") };
    assert_eq!((process.parent_span_id.to_bytes(), process.parent_span_is_remote), ([7; 8], true));
    assert!(process.links.links.is_empty() && process.status == Status::Unset);
    assert_eq!(attributes(process)[9..], ["mails=3", "token=[REDACTED]"]);
}

#[test]
fn what_is_not_sampled_or_muted_is_no_span() {
    let mut off = Identify::default();
    off.sampler = Sampler::always_off();
    let found = spans(|sink| {
        let producer = SpanId::from_bytes([7; 8]).unwrap();
        OpenJob::new(job(&off, Relation::Link, producer), sink.clone(), now).end(JobOutcome::Completed);
        let muted = job(&Identify::default(), Relation::Link, producer);
        Choices::new().mute().apply(&muted.context);
        OpenJob::new(muted, sink, now).end(JobOutcome::Completed);
    });
    assert!(found.is_empty(), "{found:?}");
}
