//! Jobs of any queue: by a layer, by hand, over a channel; with envelopes of strangers, and with spans.

use std::collections::HashMap;
use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use cupola_context::{Context, Fresh, RequestIdFormat, Scope, current};
use cupola_job::{
    BoxError, Carried, ENVELOPE_KEY, JobFacts, JobFailure, JobLayer, JobRequest, Jobs, Share, TypedError,
};
use cupola_record::{And, Capture, JobLog, JobOutcome, JobRetry};
use cupola_telemetry::otel_0_33::HttpSpans;
use opentelemetry_sdk::trace::{BatchSpanProcessor, InMemorySpanExporter};
use serde_json::json;
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{Said, check, request};

/// A message of some queue.
#[derive(Default)]
struct Delivery {
    id: u64,
    headers: HashMap<String, String>,
}

impl JobRequest for Delivery {
    fn facts(&self) -> JobFacts<'_> {
        let envelope = self.headers.get(ENVELOPE_KEY).map(String::as_str);
        JobFacts::new("send_mail").id(self.id.to_string()).envelope(envelope).max_attempts(2)
    }
}

fn delivery(jobs: &Jobs, attempt: u32) -> Delivery {
    let mut delivery = Delivery { id: 7, ..Delivery::default() };
    let sending = jobs.send("send_mail").attempt(attempt);
    sending.inject(&mut delivery.headers);
    sending.queued(Some("7"));
    delivery
}

#[tokio::test]
async fn any_tower_service_is_a_worker() {
    let said = Said::new();
    let jobs = Jobs::new("mail").share(Share::only(["vm_id"]));
    let delivery = request().enter(|| delivery(&jobs, 2));
    let worker = JobLayer::new(jobs).layer(service_fn(|_: Delivery| async {
        tracing::info!("inside");
        Err::<(), BoxError>(TypedError::new("smtp", "no answer").into())
    }));
    // What the worker is in the course of is no part of the job.
    let around = Scope::new().with("worker_field", 1);
    let scoped = around.enter(|| cupola_context::WithContext::in_current_context(worker.oneshot(delivery)));
    assert!(scoped.await.is_err());
    assert!(current().is_none());
    let lines = said.lines();
    let messages: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(messages, ["job queued", "job started", "inside", "job failed"]);
    for line in &lines[1..] {
        check(
            line,
            &[("request_id", json!(request().request_id().as_str())), ("vm_id", json!("vm-7")), ("job_id", json!("7"))],
        );
        assert!(line.get("worker_field").is_none(), "{line}");
    }
    check(&lines[3], &[("level", json!("ERROR")), ("attempt", json!(2)), ("error_type", json!("smtp"))]);
}

#[test]
fn envelopes_of_strangers_fail_no_job() {
    let said = Said::new();
    let capture = Capture::new();
    let jobs = Jobs::new("mail").sink(And::new(JobLog::new(), capture.clone()));
    let good = request().enter(|| jobs.send("send_mail").envelope());
    let strangers =
        ["", "cupola/2 attempt=1", "cupola/1 trace=x", &"x".repeat(9000), &good.replace(';', ";;"), "\u{1f980}\0"];
    for text in strangers {
        let facts = JobFacts::new("send_mail").envelope(Some(text));
        jobs.begin(&facts).work(|| Ok::<_, std::io::Error>(())).unwrap();
    }
    let found = capture.jobs();
    assert_eq!(found.len(), strangers.len());
    for (job, ended) in &found {
        assert_eq!(ended.outcome, JobOutcome::Completed);
        assert!(job.refused.is_some() && job.context.linked().is_none(), "{job:?}");
        assert_ne!(job.context.request_id(), request().request_id());
    }
    let reasons: Vec<_> = found.iter().map(|(job, _)| job.refused.unwrap().as_str()).collect();
    assert_eq!(reasons, ["foreign", "unknown_version", "malformed", "foreign", "malformed", "foreign"]);
    let started = said.of_jobs().into_iter().find(|line| line["message"] == "job started").unwrap();
    check(&started, &[("level", json!("WARN")), ("envelope_error", json!("foreign"))]);
}

#[test]
fn whatever_an_envelope_becomes_the_job_is_worked_on() {
    let capture = Capture::new();
    let jobs = Jobs::new("mail").sink(capture.clone());
    let good: Vec<char> = request().enter(|| jobs.send("send_mail").envelope()).chars().collect();
    let mut dice = 7_u64;
    let mut below = |limit: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) as usize % limit
    };
    let mut refused = 0;
    for _ in 0..2000 {
        let mut text = good.clone();
        let at = below(text.len());
        text[at] = char::from_u32(below(0x2fff) as u32).unwrap_or(' ');
        let text: String = text.into_iter().collect();
        let running = jobs.begin(&JobFacts::new("send_mail").envelope(Some(&text)));
        running.work(|| current().map(drop).ok_or(TypedError::new("no_context", "nobody is here"))).unwrap();
    }
    for (job, ended) in capture.jobs() {
        assert_eq!(ended.outcome, JobOutcome::Completed);
        refused += u32::from(job.refused.is_some());
    }
    assert!((100..2000).contains(&refused), "{refused} were refused");
}

#[cfg(feature = "seal")]
#[test]
fn a_queue_with_a_key_believes_nobody_else() {
    use cupola_context::{InvalidEnvelope, Seal};

    let capture = Capture::new();
    let (open, sealed) = (Jobs::new("mail"), Jobs::new("mail").seal(Seal::new(b"key")).sink(capture.clone()));
    let own = request().enter(|| sealed.send("send_mail").envelope());
    let theirs = request().enter(|| open.send("send_mail").envelope());
    for text in [&own, &theirs, &own.replace("vm-7", "vm-8")] {
        sealed.begin(&JobFacts::new("send_mail").envelope(Some(text))).finish(None);
    }
    let found: Vec<_> = capture.jobs().iter().map(|(job, _)| job.refused).collect();
    assert_eq!(found, [None, Some(InvalidEnvelope::Unsealed), Some(InvalidEnvelope::BadSeal)]);
}

#[test]
fn a_panic_is_recorded_and_goes_on() {
    let capture = Capture::new();
    let jobs = Jobs::new("mail").sink(capture.clone());
    let panics = |running: cupola_job::RunningJob| {
        catch_unwind(AssertUnwindSafe(|| running.work(|| -> Result<(), std::io::Error> { panic!("inside") }))).is_err()
    };
    assert!(panics(jobs.begin(&JobFacts::new("send_mail"))));
    let polled =
        JobLayer::new(jobs.clone()).layer(service_fn(|_: Delivery| async { panic!("polled") as Result<(), BoxError> }));
    let called = JobLayer::new(jobs)
        .layer(service_fn(|_: Delivery| -> std::future::Ready<Result<(), BoxError>> { panic!("called") }));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| runtime.block_on(polled.oneshot(Delivery::default())))).is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| runtime.block_on(called.oneshot(Delivery::default())))).is_err());
    let outcomes: Vec<_> = capture.jobs().iter().map(|(_, ended)| ended.outcome).collect();
    assert_eq!(outcomes, [JobOutcome::Panicked; 3]);
    assert!(current().is_none());
}

/// Says whether it is dropped where there is a job.
struct SaysWhere(Arc<AtomicBool>);

impl Drop for SaysWhere {
    fn drop(&mut self) {
        self.0.store(current().is_some_and(|job| job.field("job_id").is_some()), Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_job_that_is_dropped_is_dropped_in_its_context() {
    let (capture, inside) = (Capture::new(), Arc::new(AtomicBool::new(false)));
    let jobs = Jobs::new("mail").sink(capture.clone());
    let says = SaysWhere(inside.clone());
    let work = async move {
        let _says = says;
        pending::<Result<(), BoxError>>().await
    };
    let mut job = Box::pin(jobs.begin(&JobFacts::new("send_mail").id("j-7")).run(work));
    assert!(std::future::poll_fn(|cx| std::task::Poll::Ready(job.as_mut().poll(cx).is_pending())).await);
    assert!(current().is_none());
    drop(job);
    assert!(inside.load(Ordering::Relaxed));
    assert_eq!(capture.jobs()[0].1.outcome, JobOutcome::Cancelled);
}

#[test]
fn what_a_failure_says_of_another_attempt_counts() {
    let capture = Capture::new();
    let jobs = Jobs::new("mail").sink(capture.clone());
    let mut failures = vec![
        JobFailure::new("busy"),
        JobFailure::new("refused").for_good(),
        JobFailure::new("slow").timed_out(),
        JobFailure::new("later").asks_again(Some(Duration::from_secs(9))),
        JobFailure::new("broke").panicked(),
    ];
    for (attempt, most) in [(1, 2), (2, 2)] {
        for failure in &failures {
            let facts = JobFacts::new("send_mail").attempt(attempt).max_attempts(most);
            jobs.begin(&facts).finish(Some(failure.clone()));
        }
    }
    failures.clear();
    let outcomes: Vec<_> = capture.jobs().iter().map(|(_, ended)| ended.outcome).collect();
    let asked = JobOutcome::Retried(JobRetry::Asked);
    let first =
        [JobOutcome::Retried(JobRetry::Failed), JobOutcome::Failed, JobOutcome::Retried(JobRetry::TimedOut), asked];
    assert_eq!(outcomes[..4], first);
    assert_eq!(outcomes[4], JobOutcome::Retried(JobRetry::Panicked));
    let last = [JobOutcome::Failed, JobOutcome::Failed, JobOutcome::TimedOut, asked, JobOutcome::Panicked];
    assert_eq!(outcomes[5..], last);
    assert_eq!(capture.jobs()[3].1.retry_in, Some(Duration::from_secs(9)));
}

#[test]
fn times_are_those_of_the_queue() {
    let capture = Capture::new();
    let jobs = Jobs::new("mail").sink(capture.clone()).wanted_for(Duration::ZERO);
    let hour = Duration::from_secs(3600);
    let envelope = jobs.send("send_mail").envelope();
    // It was to wait, and waited no longer than that.
    let due = JobFacts::new("send_mail").envelope(Some(&envelope)).due(SystemTime::now() + hour);
    let (running, other) = (jobs.begin(&due), jobs.begin(&JobFacts::new("send_mail").due(SystemTime::now() - hour)));
    running.finish(None);
    other.finish(None);
    let found = capture.jobs();
    assert_eq!(found[0].0.queue_latency, Some(Duration::ZERO));
    assert!(found[0].0.past_deadline && !found[1].0.past_deadline);
    assert!(found[1].0.queue_latency.is_some_and(|latency| latency >= hour && latency < 2 * hour));
}

#[test]
fn queueing_and_the_attempt_are_spans_that_know_each_other() {
    let exporter = InMemorySpanExporter::default();
    let spans = HttpSpans::new("billing", BatchSpanProcessor::builder(exporter.clone()).build());
    let jobs = Jobs::new("mail").sink(spans.clone());
    let work = |envelope: &str| jobs.begin(&JobFacts::new("send_mail").envelope(Some(envelope))).finish(None);
    let send = || {
        let sending = jobs.send("send_mail");
        let envelope = sending.envelope();
        sending.queued(None);
        envelope
    };
    work(&request().enter(send));
    // Nobody has asked for this one, and still both belong together.
    work(&send());
    spans.flush().unwrap();
    let found = exporter.get_finished_spans().unwrap();
    let [first_send, first, second_send, second] = &found[..] else { panic!("{found:?}") };
    for (send, process) in [(first_send, first), (second_send, second)] {
        let link = &process.links.links[0].span_context;
        assert_eq!((link.trace_id(), link.span_id()), (send.span_context.trace_id(), send.span_context.span_id()));
    }
    assert_eq!(first_send.parent_span_id.to_bytes(), request().trace().span_id.to_bytes());
    assert_ne!(second_send.span_context.trace_id(), first_send.span_context.trace_id());
}

#[tokio::test(start_paused = true)]
async fn what_goes_over_a_channel_is_worked_on_for_whom_it_was_sent() {
    let (send, mut receive) = tokio::sync::mpsc::unbounded_channel();
    for byte in [1, 2] {
        let request = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [byte; 40]));
        request
            .enter(|| {
                Scope::new().with("part", i64::from(byte)).enter(|| send.send(Carried::new((byte, request.clone()))))
            })
            .unwrap();
    }
    drop(send);
    tokio::time::advance(Duration::from_millis(250)).await;
    let mut received = 0;
    while let Some(carried) = receive.recv().await {
        assert_eq!(carried.waited(), Duration::from_millis(250));
        assert!(carried.context().is_some() && carried.get().0 > 0);
        let work = |(byte, request): (u8, Context)| async move {
            tokio::task::yield_now().await;
            assert!(current().unwrap().is(&request));
            assert_eq!(Scope::current().unwrap().field("part"), Some(&i64::from(byte).into()));
            ready(byte).await
        };
        received += u32::from(carried.clone().run(work).await);
        assert!(current().is_none() && Scope::current().is_none());
        carried.work(|(_, request)| assert!(current().unwrap().is(&request)));
    }
    assert_eq!(received, 3);
}
