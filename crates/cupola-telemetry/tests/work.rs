//! Work that is watched says when it begins and how it ends, in the context that it belongs to.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::future::{Future, pending};
use std::task::{Context as TaskContext, Waker};
use std::time::Duration;

use cupola_context::{Context, Fresh, RequestIdFormat, Scope, WithContext};
use cupola_line::schema;
use cupola_record::{Operation, OperationKind};
use cupola_telemetry::{
    Config, Memory, OperationContext, Telemetry, logged, logged_any, logged_sync, logged_sync_value, logged_value,
};
use serde_json::Value;

/// The lines that `work` writes.
fn lines(work: impl Future<Output = ()>) -> Vec<Value> {
    let memory = Memory::new();
    let mut config = Config::default();
    config.filter = Some("trace".to_owned());
    let telemetry = Telemetry::builder(config).output(memory.clone()).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    tracing::dispatcher::with_default(telemetry.dispatch(), || runtime.block_on(work));
    let _ = telemetry.shutdown(Duration::from_secs(5));
    let text = memory.text();
    for line in text.lines() {
        assert_eq!(schema::check(line.as_bytes()), Ok(()), "{line}");
    }
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Level, status and the type of the error.
fn told(line: &Value) -> (&str, &str, Option<&str>) {
    (line["level"].as_str().unwrap(), line["status"].as_str().unwrap_or("-"), line["error_type"].as_str())
}

#[test]
fn it_begins_and_completes() {
    let lines = lines(async {
        let work = async {
            tracing::info!("inside");
            tokio::time::sleep(Duration::from_millis(250)).await;
            Ok::<_, std::io::Error>(7)
        };
        let operation = Operation::running("build_crew").kind(OperationKind::Prepare).attempt(2).max_retries(3);
        assert_eq!(logged(operation, work).field("crew_name", "night shift").await.unwrap(), 7);
        tracing::info!("outside");
    });
    assert_eq!(
        lines.iter().map(told).collect::<Vec<_>>(),
        [("DEBUG", "running", None), ("INFO", "-", None), ("INFO", "success", None), ("INFO", "-", None)]
    );
    assert!(lines[..3].iter().all(|line| line["crew_name"] == "night shift"), "{lines:?}");
    assert_eq!(lines[3].get("crew_name"), None);
    assert_eq!(lines[2]["duration_ms"], 250.0);
    for line in [&lines[0], &lines[2]] {
        assert_eq!((&line["operation"], &line["operation_kind"]), (&"build_crew".into(), &"prepare".into()));
        assert_eq!((&line["attempt"], &line["max_retries"]), (&2.into(), &3.into()));
    }
}

#[test]
fn it_fails_with_the_name_of_the_errors_type() {
    let lines = lines(async {
        let _ = logged("a", async { Err::<(), _>(std::io::Error::other("password=s3cr3t")) }).await;
        let _ = logged_any("b", async { Err::<(), ()>(()) }).await;
        let _ = logged_sync(Operation::running("c").attempt(4).max_retries(3), || "x".parse::<u32>());
    });
    let ends: Vec<_> = lines.iter().filter(|line| line["status"] != "running").collect();
    assert_eq!(
        ends.iter().map(|line| told(line)).collect::<Vec<_>>(),
        [
            ("ERROR", "failed", Some("std::io::error::Error")),
            ("ERROR", "failed", Some("()")),
            ("ERROR", "failed", Some("core::num::error::ParseIntError"))
        ]
    );
    assert_eq!((&ends[0]["error"], ends[1].get("error")), (&"password=[REDACTED]".into(), None));
    assert_eq!(ends[2]["critical"], true, "retries are exhausted");
}

#[test]
fn plain_values_complete() {
    let lines = lines(async {
        assert_eq!(logged_value("a", async { 7 }).await, 7);
        assert_eq!(logged_sync_value(Operation::running("b").field("n", 1), || 8), 8);
    });
    let ends: Vec<_> = lines.iter().map(told).collect();
    assert_eq!(
        ends,
        [("DEBUG", "running", None), ("INFO", "success", None), ("DEBUG", "running", None), ("INFO", "success", None)]
    );
    assert_eq!(lines[3]["n"], 1);
}

#[test]
fn what_is_dropped_before_its_end_is_cancelled_and_what_never_began_is_silent() {
    let context = Context::root(RequestIdFormat::Ulid, &Fresh::new(1, [9; 40]));
    let lines = lines(async {
        let mut work = Box::pin(context.enter(|| logged_value("wait", pending::<()>()).field("n", 1)));
        assert!(work.as_mut().poll(&mut TaskContext::from_waker(Waker::noop())).is_pending());
        tokio::time::advance(Duration::from_millis(40)).await;
        drop(work);
        drop(logged_value("never", pending::<()>()));
    });
    assert_eq!(
        lines.iter().map(told).collect::<Vec<_>>(),
        [("DEBUG", "running", None), ("WARN", "cancelled", Some("cancelled"))]
    );
    assert_eq!((&lines[1]["duration_ms"], &lines[1]["n"]), (&40.0.into(), &1.into()));
    assert!(lines.iter().all(|line| line["request_id"] == context.request_id().as_str()), "{lines:?}");
}

#[test]
fn a_panic_is_a_failure() {
    let lines = lines(async {
        let work = tokio::spawn(logged_value("a", async { panic!("for the test") }));
        assert!(work.await.unwrap_err().is_panic());
        let caught = std::panic::catch_unwind(|| logged_sync_value("b", || panic!("for the test")));
        assert!(caught.is_err());
    });
    let ends: Vec<_> = lines.iter().map(told).filter(|told| told.1 != "running").collect();
    assert_eq!(ends, [("ERROR", "failed", Some("panic")); 2]);
}

#[test]
fn operations_have_ids_for_what_runs_inside() {
    let context = Context::root(RequestIdFormat::Ulid, &Fresh::new(1, [9; 40]));
    let mut ids = Vec::new();
    let lines = lines(async {
        let outer = OperationContext::new("query_offers").with("shard", 7);
        context.set("shard", 1);
        ids.extend([outer.operation_id().to_owned(), outer.session_id().to_owned()]);
        let work = async {
            tracing::info!("one");
            let inner = OperationContext::new("load");
            ids.push(inner.operation_id().to_owned());
            assert_eq!(inner.session_id(), outer.session_id(), "one session");
            inner.enter(|| tracing::info!(shard = 9, "two"));
            tokio::spawn(async { tracing::info!("three") }.in_current_context()).await.unwrap();
        };
        let work = context.enter(|| outer.run(work));
        work.await;
        tracing::info!("four");
    });
    let expected = format!("{}_{}", "query_offers", ids[0].rsplit('_').nth(1).unwrap());
    assert!(ids[0].starts_with(&expected) && ids[0].rsplit('_').next().unwrap().len() == 8, "{}", ids[0]);
    assert!(ids[1].starts_with("session_"), "{}", ids[1]);
    let operation = |line: &Value| (line["operation"].clone(), line["operation_id"].clone(), line["shard"].clone());
    assert_eq!(operation(&lines[0]), ("query_offers".into(), ids[0].clone().into(), 7.into()));
    assert_eq!(operation(&lines[1]), ("load".into(), ids[2].clone().into(), 9.into()), "the nearest wins");
    assert_eq!(operation(&lines[2]), operation(&lines[0]), "a task that was spawned inside is inside");
    assert!(lines[..3].iter().all(|line| line["request_id"].is_string() && line["session_id"] == ids[1]), "{lines:?}");
    assert_eq!(operation(&lines[3]), (Value::Null, Value::Null, Value::Null));
}

#[test]
fn the_nearest_wins_event_span_scope_context() {
    let context = Context::root(RequestIdFormat::Ulid, &Fresh::new(1, [9; 40]));
    for name in ["a", "b", "c", "d"] {
        context.set(name, "context");
    }
    let lines = lines(async {
        let scope = Scope::new().with("a", "scope").with("b", "scope").with("c", "scope");
        context.enter(|| {
            scope.enter(|| {
                tracing::info_span!("s", a = "span", b = "span").in_scope(|| tracing::info!(a = "event", "x"))
            })
        });
    });
    let line = &lines[0];
    assert_eq!([&line["a"], &line["b"], &line["c"], &line["d"]], ["event", "span", "scope", "context"]);
}

#[test]
fn the_users_session_stays() {
    let context = Context::root(RequestIdFormat::Ulid, &Fresh::new(1, [9; 40]));
    context.set("session_id", "of-the-user");
    assert_eq!(context.enter(|| OperationContext::new("x")).session_id(), "of-the-user");
}
