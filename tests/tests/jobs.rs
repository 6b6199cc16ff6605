//! A service that leaves work for later: the job knows which request asked, and whoever watches sees both.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use axum::Router;
use axum::routing::get;
use cupola::job::{BoxError, JobFacts, TypedError};
use cupola_line::schema;
use cupola_tests::{Service, builder, eventually, metric};
use tokio::sync::mpsc;

/// A service with a queue, whose worker fails a job at its first attempt.
fn mailer() -> Service {
    let memory = cupola::telemetry::Memory::new();
    let builder = builder(&[]).output(memory.clone());
    Service::run_with(builder, memory, |cupola| {
        let jobs = cupola.jobs("mail").system("channel");
        let ask = move || {
            let jobs = jobs.clone();
            async move {
                cupola::context::set("user_id", "ana");
                let (queue, mut waiting) = mpsc::unbounded_channel();
                let sending = jobs.send("send_mail");
                queue.send(sending.envelope()).unwrap();
                sending.queued(Some("j-7"));
                drop(queue);
                // The worker is nobody's: it stands outside of the request.
                tokio::spawn(async move {
                    let envelope: String = waiting.recv().await.unwrap();
                    for attempt in 1..=2 {
                        let facts = JobFacts::new("send_mail").id("j-7").attempt(attempt).max_attempts(2);
                        let job = jobs.begin(&facts.envelope(Some(&envelope)));
                        let _ = job.run(send(attempt)).await;
                    }
                });
            }
        };
        Router::new().route("/mail", get(ask))
    })
}

async fn send(attempt: u32) -> Result<(), BoxError> {
    cupola::context::add("mails", 1_u64);
    match attempt {
        1 => Err(TypedError::new("smtp", "no answer with password=hunter2").into()),
        _ => Ok(()),
    }
}

#[test]
fn a_job_is_told_of_from_the_queue_to_its_end() {
    let service = mailer();
    assert_eq!(service.get("/mail").status, 200);
    let ended = || service.lines().iter().any(|line| line["message"] == "job completed");
    eventually("the job is done", ended);
    let metrics = service.metrics();
    let service = service.stop();

    let (access, lines) = (service.access(), service.lines());
    let said: Vec<_> = lines.iter().filter(|line| line["target"] == schema::JOB_TARGET).collect();
    let messages: Vec<_> = said.iter().map(|line| line.text("message")).collect();
    assert_eq!(messages, ["job queued", "job started", "job will be tried again", "job started", "job completed"]);
    for line in &said {
        assert_eq!((line.text("request_id"), line.text("user_id")), (access[0].text("request_id"), "ana"));
        assert_eq!((line.text("queue"), line.text("job_id")), ("mail", "j-7"));
    }
    assert_eq!(said[0].text("trace_id"), access[0].text("trace_id"));
    for line in &said[1..] {
        assert_eq!(line.text("origin_trace_id"), access[0].text("trace_id"));
        assert_ne!(line.text("trace_id"), access[0].text("trace_id"));
    }
    assert_eq!((said[2].text("error_type"), said[2].text("error")), ("smtp", "no answer with password=[REDACTED]"));
    assert_eq!((said[4].number("mails"), said[4].number("attempt")), (1.0, 2.0));
    service.text.lines().for_each(|line| assert_eq!(schema::check(line.as_bytes()), Ok(()), "{line}"));

    assert_eq!(metric(&metrics, "messaging_client_sent_messages_total{"), 1.0);
    assert_eq!(metric(&metrics, "messaging_client_consumed_messages_total{"), 2.0);
    assert_eq!(metric(&metrics, "cupola_job_queue_latency_seconds_count{"), 1.0);
    assert_eq!(metric(&metrics, "cupola_job_retries_total{"), 1.0);
    assert_eq!(metric(&metrics, "cupola_job_active{"), 0.0);
}
