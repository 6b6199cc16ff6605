//! What the lines of a job say, and what not.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use cupola_context::{Context, Envelope, Fresh, Identify, InvalidEnvelope, Relation, RequestIdFormat};
use cupola_redact::KeyPolicy;

use super::*;
use crate::test_lines::{Line, lines_of};

fn request() -> Context {
    Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]))
}

fn job(relation: Relation) -> Job {
    let (request, fresh) = (request(), Fresh::new(0, [2; 40]));
    let context = Identify::default().resume(&Envelope::of(&request), relation, &fresh);
    let mut job = Job::new(context, SystemTime::UNIX_EPOCH, "send_mail", "mail");
    (job.system, job.relation) = ("sqlite", relation);
    job.id = Some(KeyPolicy::default().text("j-7"));
    job.origin.request_id = Some(request.request_id().clone());
    job.origin.trace_id = Some(request.trace().trace_id);
    job.queue_latency = Some(Duration::from_millis(250));
    job
}

#[allow(clippy::disallowed_methods)]
fn lines(log: JobLog, job: Job, work: impl FnOnce(&mut OpenJob)) -> Vec<Line> {
    lines_of(|| work(&mut OpenJob::new(job, Arc::new(log), Instant::now)))
}

fn check(line: &Line, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(line.get(name).map(String::as_str), Some(*value), "{name}: {line:?}");
    }
}

#[test]
fn a_job_has_a_line_at_each_end_that_names_who_asked() {
    let lines = lines(JobLog::new(), job(Relation::Link), |job| job.end(JobOutcome::Completed));
    let of_both = [
        ("level", "INFO"),
        ("target", "cupola::job"),
        ("category", "operations"),
        ("action", "background.task"),
        ("job_id", "j-7"),
        ("job_kind", "send_mail"),
        ("queue", "mail"),
        ("queue_system", "sqlite"),
        ("attempt", "1"),
        ("queue_latency_ms", "250.0"),
        ("origin_trace_id", "01010101010101010101010101010101"),
    ];
    assert_eq!(lines.len(), 2, "{lines:?}");
    lines.iter().for_each(|line| check(line, &of_both));
    check(&lines[0], &[("message", "job started"), ("relation", "link")]);
    check(&lines[1], &[("message", "job completed"), ("outcome", "completed")]);
    for name in ["origin_request_id", "envelope_error", "error_type", "error", "retry_reason", "past_deadline"] {
        assert!(lines.iter().all(|line| !line.contains_key(name)), "{name}: {lines:?}");
    }
}

#[test]
fn who_asked_is_told_only_where_the_ids_do_not() {
    let started = |relation| lines(JobLog::new(), job(relation), |_| {}).remove(0);
    let child = started(Relation::Child);
    assert!(!child.contains_key("origin_trace_id") && child["parent_span_id"] == "0101010101010101", "{child:?}");
    let alone = started(Relation::None);
    assert!(alone.contains_key("origin_request_id") && alone.contains_key("origin_trace_id"), "{alone:?}");
}

#[test]
fn outcomes_have_their_levels_and_types() {
    let ended = |work: &dyn Fn(&mut OpenJob)| lines(JobLog::new(), job(Relation::Link), work).remove(1);
    let of = |outcome| ended(&|job: &mut OpenJob| job.end(outcome));
    check(&of(JobOutcome::Failed), &[("level", "ERROR"), ("error_type", "failed")]);
    check(&of(JobOutcome::TimedOut), &[("level", "ERROR"), ("error_type", "timed_out")]);
    check(&of(JobOutcome::Panicked), &[("level", "ERROR"), ("error_type", "panicked")]);
    check(&ended(&|_| {}), &[("level", "WARN"), ("outcome", "cancelled"), ("message", "job dropped before its end")]);
    let retried = ended(&|job| {
        let text = KeyPolicy::default().text("no answer with password=hunter2");
        job.error("smtp::Error", Some(text));
        job.retry_in(Duration::from_secs(1));
        job.end(JobOutcome::Retried(JobRetry::Failed));
        job.end(JobOutcome::Completed);
    });
    check(
        &retried,
        &[
            ("level", "WARN"),
            ("outcome", "retried"),
            ("retry_reason", "failed"),
            ("retry_in_ms", "1000.0"),
            ("error_type", "smtp::Error"),
            ("error", "no answer with password=[REDACTED]"),
        ],
    );
    let sentence = ended(&|job| {
        job.error("user 17 has no mail".to_owned(), None);
        job.end(JobOutcome::Failed);
    });
    check(&sentence, &[("error_type", "_OTHER")]);
}

#[test]
fn an_envelope_that_is_not_believed_shows_at_the_start() {
    let mut job = job(Relation::None);
    (job.refused, job.past_deadline) = (Some(InvalidEnvelope::Malformed), true);
    let lines = lines(JobLog::new(), job, |_| {});
    check(&lines[0], &[("level", "WARN"), ("envelope_error", "malformed"), ("past_deadline", "true")]);
}

#[test]
fn by_choice_only_failures_are_lines() {
    let of = |outcome| lines(JobLog::new().errors_only(), job(Relation::Link), |job| job.end(outcome)).len();
    assert_eq!((of(JobOutcome::Completed), of(JobOutcome::Failed)), (0, 1));
}

#[test]
fn a_job_that_is_queued_says_so_once_with_its_fate() {
    #[allow(clippy::disallowed_methods)]
    let line = |work: &dyn Fn(&mut OpenEnqueue)| {
        let mut enqueue = Enqueue::new(SystemTime::UNIX_EPOCH, "send_mail", "mail");
        enqueue.delay = Some(Duration::from_secs(60));
        let mut lines = lines_of(|| {
            let mut open = OpenEnqueue::new(enqueue.clone(), Arc::new(JobLog::new()), Instant::now);
            open.describe(|enqueue| enqueue.id = Some(KeyPolicy::default().text("j-7")));
            work(&mut open);
        });
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines.remove(0)
    };
    let queued = line(&|open| {
        open.queued();
        open.failed("too late");
    });
    check(&queued, &[("level", "INFO"), ("message", "job queued"), ("job_id", "j-7"), ("delay_ms", "60000.0")]);
    assert!(!queued.contains_key("error_type") && !queued.contains_key("dropped_job_fields"), "{queued:?}");
    let failed = line(&|open| open.failed("push"));
    check(&failed, &[("level", "ERROR"), ("message", "job not queued"), ("error_type", "push")]);
    check(&line(&|_| {}), &[("level", "WARN"), ("outcome", "unknown"), ("error_type", "unknown")]);
}
