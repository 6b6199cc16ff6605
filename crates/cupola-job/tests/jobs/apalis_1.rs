//! A real worker over a real queue on a disk: what its jobs say, whose they are, and what they leave behind.

use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use apalis::layers::TimeoutLayer;
use apalis::prelude::*;
use apalis_sqlite::{Config, SqlitePool, SqliteStorage};
use cupola_context::{Relation, WithContext, current};
use cupola_job::{ENVELOPE_KEY, Jobs, TypedError};
use cupola_metrics::{JobMetrics, Registry};
use cupola_record::{And, Capture, JobLog, JobOutcome, JobRetry, Sink};
use serde_json::{Value, json};

use crate::support::{Said, check, request};

async fn storage(folder: &Path) -> SqliteStorage<u32> {
    let url = format!("sqlite://{}?mode=rwc", folder.join("jobs.db").display());
    let pool = SqlitePool::connect(&url).await.unwrap();
    SqliteStorage::setup(&pool).await.unwrap();
    SqliteStorage::new(&pool).with_config(Config::default().queue("mail"))
}

fn jobs(sink: impl Sink) -> Jobs {
    Jobs::new("mail").system("sqlite").service("billing").sink(sink)
}

fn task(number: u32, attempts: usize) -> Task<u32> {
    TaskBuilder::new(number).max_attempts(attempts).build()
}

#[tokio::test]
async fn a_job_has_its_requests_identity_each_attempt_and_its_totals() {
    let (said, folder, registry) = (Said::new(), tempfile::tempdir().unwrap(), Registry::new());
    let mut storage = storage(folder.path()).await;
    let jobs = jobs(And::new(JobLog::new(), JobMetrics::new(&registry).unwrap()));
    let request = request();
    jobs.push(&mut storage, "send_mail", task(7, 3)).in_context(request.clone()).await.unwrap();

    let strangers = Arc::new(AtomicU32::new(0));
    let seen = strangers.clone();
    let work = |number: u32, attempt: Attempt, worker: WorkerContext| async move {
        assert_eq!(number, 7);
        tracing::info!(number, "inside");
        cupola_context::add("mails", 1_u64);
        tokio::task::yield_now().await;
        if attempt.current() == 1 {
            let error: BoxDynError = TypedError::new("smtp", "no answer with password=hunter2").into();
            return Err(error);
        }
        worker.stop()?;
        Ok(())
    };
    let worker = WorkerBuilder::new("mail-1")
        .backend(storage)
        .map_request(move |task: Task<u32>| {
            seen.fetch_add(u32::from(current().is_some()), Ordering::Relaxed);
            task
        })
        .layer(jobs.tasks("send_mail"))
        .build(work);
    worker.run().await.unwrap();
    assert!(current().is_none() && strangers.load(Ordering::Relaxed) == 0);

    let lines = said.of_jobs();
    let messages: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(messages, ["job queued", "job started", "job will be tried again", "job started", "job completed"]);
    let (id, request_id, trace_id) =
        (&lines[0]["job_id"], request.request_id().as_str(), request.trace().trace_id.to_string());
    let of_all = [
        ("action", json!("background.task")),
        ("category", json!("operations")),
        ("job_id", id.clone()),
        ("job_kind", json!("send_mail")),
        ("queue", json!("mail")),
        ("queue_system", json!("sqlite")),
        ("request_id", json!(request_id)),
        ("vm_id", json!("vm-7")),
    ];
    assert_eq!(id.as_str().map(str::len), Some(26), "{id}");
    lines.iter().for_each(|line| check(line, &of_all));
    for line in &lines[1..] {
        check(line, &[("origin_trace_id", json!(trace_id)), ("origin_service", json!("billing"))]);
        assert_ne!(line["trace_id"], json!(trace_id));
        assert!(line.get("origin_request_id").is_none() && line.get("password").is_none(), "{line}");
    }
    let attempt = |number: u32| [("attempt", json!(number)), ("max_attempts", json!(3))];
    lines[1..3].iter().for_each(|line| check(line, &attempt(1)));
    lines[3..].iter().for_each(|line| check(line, &attempt(2)));
    assert!(lines[1]["queue_latency_ms"].as_f64().is_some_and(|latency| latency < 60_000.0), "{}", lines[1]);
    assert_eq!(lines[3].get("queue_latency_ms"), None);
    let failed = [("error_type", "smtp"), ("error", "no answer with password=[REDACTED]"), ("retry_reason", "failed")];
    check(&lines[2], &failed.map(|(name, value)| (name, json!(value))));
    // Each attempt has sums of its own.
    [&lines[2], &lines[4]]
        .into_iter()
        .for_each(|line| check(line, &[("mails", json!(1)), ("level", line["level"].clone())]));
    let inside: Vec<Value> = said.lines().into_iter().filter(|line| line["message"] == "inside").collect();
    assert_eq!(inside.len(), 2);
    inside.iter().for_each(|line| check(line, &[("job_id", id.clone()), ("request_id", json!(request_id))]));

    let text = registry.render();
    let place = r#"messaging_system="sqlite",messaging_destination_name="mail",cupola_job_kind="send_mail""#;
    for line in [
        format!("messaging_client_sent_messages_total{{messaging_operation_name=\"send\",{place}}} 1\n"),
        format!("messaging_client_consumed_messages_total{{messaging_operation_name=\"process\",{place}}} 2\n"),
        format!("cupola_job_active{{{place}}} 0\n"),
        format!("cupola_job_queue_latency_seconds_count{{{place}}} 1\n"),
    ] {
        assert!(text.contains(&line), "no {line} in {text}");
    }
}

/// The outcomes of a worker's jobs, of which the last one stops it.
async fn outcomes<L, F>(
    numbers: &[u32],
    attempts: usize,
    worker: F,
) -> Vec<(JobOutcome, Option<String>, Option<String>)>
where
    F: FnOnce(SqliteStorage<u32>, Jobs) -> L,
    L: Future<Output = ()>,
{
    let (capture, folder) = (Capture::new(), tempfile::tempdir().unwrap());
    let (jobs, mut storage) = (jobs(capture.clone()), storage(folder.path()).await);
    for number in numbers {
        jobs.push(&mut storage, "work", task(*number, attempts)).await.unwrap();
    }
    worker(storage, jobs).await;
    let text = |ended: &cupola_record::JobEnded| ended.error.as_ref().map(ToString::to_string);
    let of = |ended: &cupola_record::JobEnded| (ended.outcome, ended.error_type().map(str::to_owned), text(ended));
    capture.jobs().iter().map(|(_, ended)| of(ended)).collect()
}

#[tokio::test]
async fn ends_are_told_apart() {
    let work = |number: u32, worker: WorkerContext| async move {
        match number {
            1 => panic!("it broke with password=hunter2"),
            2 => pending::<Result<(), BoxDynError>>().await,
            3 => Err(AbortError::new(TypedError::new("gone", "not there")).into()),
            4 => Err(RetryAfterError::new("not now", Duration::from_secs(3600)).into()),
            _ => Ok(worker.stop()?),
        }
    };
    let found = outcomes(&[1, 2, 3, 4, 5], 1, |storage, jobs| async move {
        let worker = WorkerBuilder::new("worker")
            .backend(storage)
            .layer(jobs.tasks_by(|_: &u32| "work"))
            .layer(TimeoutLayer::new(Duration::from_millis(50)))
            .catch_panic();
        worker.build(work).run().await.unwrap();
    });
    let mut found = found.await;
    // They run side by side.
    found.sort_by_key(|(outcome, ..)| format!("{outcome:?}"));
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(found.len(), 5, "{found:?}");
    assert_eq!(found[0].0, JobOutcome::Completed);
    assert_eq!(found[1], (JobOutcome::Failed, text("gone"), text("not there")));
    assert_eq!((found[2].0, found[2].1.as_deref()), (JobOutcome::Panicked, Some("panicked")));
    assert!(
        found[2].2.as_deref().is_some_and(|text| text.contains("it broke") && !text.contains("hunter2")),
        "{found:?}"
    );
    assert_eq!(found[3], (JobOutcome::Retried(JobRetry::Asked), text("error"), text("not now")));
    assert_eq!(found[4], (JobOutcome::TimedOut, text("timed_out"), None));
}

#[tokio::test]
async fn a_worker_that_goes_away_leaves_a_cancelled_job() {
    let found = outcomes(&[1], 3, |storage, jobs| async move {
        let (begun, mut seen) = tokio::sync::mpsc::unbounded_channel();
        let work = move |_: u32| {
            let begun = begun.clone();
            async move {
                begun.send(()).unwrap();
                pending::<Result<(), BoxDynError>>().await
            }
        };
        let worker = WorkerBuilder::new("worker").backend(storage).layer(jobs.tasks("work")).build(work);
        tokio::select! {
            _ = worker.run() => unreachable!("it waits for ever"),
            _ = seen.recv() => {}
        }
    });
    assert_eq!(found.await, [(JobOutcome::Cancelled, None, None)]);
}

#[tokio::test]
async fn a_task_that_is_queued_again_has_the_newer_envelope_and_a_child_its_parent() {
    let capture = Capture::new();
    let jobs = jobs(capture.clone()).relation(Relation::Child);
    let (sending, task) = jobs.pack("work", task(1, 1));
    sending.failed("full");
    let (sending, task) = request().enter(|| jobs.pack("work", task));
    sending.queued(None);
    let envelope = task.ctx().metadata().get(ENVELOPE_KEY).unwrap();
    assert!(envelope.contains(request().request_id().as_str()), "{envelope}");
    let ids: Vec<_> = capture.enqueued().iter().map(|(enqueue, _)| enqueue.id.clone()).collect();
    assert_eq!(ids.len(), 2);

    let mut storage = MemoryStorage::new();
    storage.push_task(task).await.unwrap();
    let work = |_: u32, worker: WorkerContext| async move { worker.stop().map_err(BoxDynError::from) };
    WorkerBuilder::new("worker").backend(storage).layer(jobs.tasks("work")).build(work).run().await.unwrap();
    let (job, ended) = &capture.jobs()[0];
    assert_eq!((ended.outcome, job.attempt, job.max_attempts), (JobOutcome::Completed, 1, Some(1)));
    assert_eq!(job.context.trace().trace_id, request().trace().trace_id);
    assert_eq!(job.context.parent_span(), Some(request().trace().span_id));
}
