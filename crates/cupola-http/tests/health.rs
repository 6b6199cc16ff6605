//! Health checks: asked together, bounded in time, remembered for a moment; a panic is an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cupola_http::{Check, CheckReport, CheckStatus, Checks};
use tokio::time::{Instant, sleep};

const MS: Duration = Duration::from_millis(1);

fn checks(all: impl IntoIterator<Item = Check>) -> Checks {
    let checks = Checks::default();
    all.into_iter().for_each(|check| checks.add(check));
    checks
}

/// A check that is well after this time, and how often it was asked.
fn counted(name: &str, takes: Duration) -> (Check, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let check = Check::new(name, move || {
        count.fetch_add(1, Ordering::Relaxed);
        async move {
            sleep(takes).await;
            Ok::<_, String>(())
        }
    });
    (check, asked)
}

fn texts(reports: &[CheckReport]) -> Vec<(&str, &str, &str)> {
    let mut texts = Vec::new();
    for report in reports {
        let error = report.error.as_ref().map_or("", |text| text.as_str());
        texts.push((&*report.name, report.status.as_str(), error));
    }
    texts
}

#[tokio::test(start_paused = true)]
async fn they_are_asked_together_and_told_in_order() {
    let began = Instant::now();
    let all = ["c", "a", "b"].map(|name| counted(name, 300 * MS).0);
    let reports = checks(all).run().await;
    assert_eq!(began.elapsed(), 300 * MS);
    assert_eq!(reports.iter().map(|report| &*report.name).collect::<Vec<_>>(), ["c", "a", "b"]);
    assert!(reports.iter().all(|report| report.is_ok() && report.took == 300 * MS && report.age.is_zero()));
    assert!(checks([]).run().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn errors_panics_and_silence_are_failures_and_hold_nobody_up() {
    let error = || std::io::Error::other("postgres://app:hunter2@db/app refused");
    let failing = Check::new("error", move || async move { Err(error()) });
    let panics = Check::new("panic", || async {
        if true {
            panic!("token=hunter2 is gone");
        }
        Ok::<_, String>(())
    });
    let panics_at_once = Check::new("panic at once", || {
        if true {
            panic!("no client");
        }
        async { Ok::<_, String>(()) }
    });
    let silent = Check::new("silent", std::future::pending::<Result<(), String>>).timeout(250 * MS);
    let began = Instant::now();
    let reports = checks([failing, panics, panics_at_once, silent, counted("well", MS).0]).run().await;
    assert_eq!(began.elapsed(), 250 * MS);
    let expected = [
        ("error", "failed", "postgres://[REDACTED]@db/app refused"),
        ("panic", "panicked", "token=[REDACTED] is gone"),
        ("panic at once", "panicked", "no client"),
        ("silent", "timed_out", "no answer within 250 ms"),
        ("well", "ok", ""),
    ];
    assert_eq!(texts(&reports), expected);
    assert_eq!(reports.iter().filter(|report| report.is_ok()).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_holds_for_as_long_as_is_said() {
    let (check, asked) = counted("store", MS);
    let checks = checks([check.cached_for(5_000 * MS)]);
    for _ in 0..20 {
        assert!(checks.run().await[0].is_ok());
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    sleep(4_000 * MS).await;
    assert_eq!(checks.run().await[0].age, 4_000 * MS);
    sleep(1_000 * MS).await;
    assert!(checks.run().await[0].age.is_zero());
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_while_it_is_asked_waits_for_the_same_answer() {
    let (check, asked) = counted("store", 500 * MS);
    let checks = checks([check]);
    let began = Instant::now();
    let runs: Vec<_> = (0..50)
        .map(|_| {
            let checks = checks.clone();
            tokio::spawn(async move { checks.run().await })
        })
        .collect();
    for run in runs {
        assert!(run.await.unwrap()[0].is_ok());
    }
    assert_eq!((began.elapsed(), asked.load(Ordering::Relaxed)), (500 * MS, 1));
}

/// Says when it is dropped.
struct Dropped(tokio::sync::mpsc::UnboundedSender<()>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_timed_out_or_is_waited_for_no_more_is_dropped() {
    let (send, mut dropped) = tokio::sync::mpsc::unbounded_channel();
    let silent = Check::new("silent", move || {
        let says = Dropped(send.clone());
        async move {
            let _says = says;
            std::future::pending::<Result<(), String>>().await
        }
    });
    let checks = checks([silent.timeout(1_000 * MS)]);
    assert_eq!(checks.run().await[0].status, CheckStatus::TimedOut);
    dropped.recv().await.unwrap();
    sleep(2_000 * MS).await;
    assert!(tokio::time::timeout(10 * MS, checks.run()).await.is_err(), "the client has left");
    dropped.recv().await.unwrap();
}
