//! The life of executions: what they refuse, what they say, and that what they say is all.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cupola_context::Amount;
use cupola_redact::KeyPolicy;

use super::*;
use crate::capture::Capture;
use crate::open::Clock;
use crate::vocabulary::{ConfigChange, FileKind, FileOperation, Status, Validation};

thread_local! {
    #[allow(clippy::disallowed_methods)]
    static NOW: Cell<Instant> = Cell::new(Instant::now());
}

const CLOCK: Clock = || NOW.get();

fn pass(milliseconds: u64) {
    NOW.set(NOW.get() + Duration::from_millis(milliseconds));
}

fn plan(capture: &Capture, id: &str) -> ExecutionPlan {
    ExecutionPlan::new(id, "report", KeyPolicy::default(), Arc::new(capture.clone()), CLOCK)
}

/// The facts of the last event.
fn last(capture: &Capture) -> Execution {
    capture.executions().pop().unwrap().0
}

#[test]
fn a_life_from_pending_to_its_end() {
    let capture = Capture::new();
    let mut execution = plan(&capture, "report_1").max_retries(1).depends_on("fetch_1").create();
    assert_eq!((execution.facts().state, execution.facts().attempt), (ExecutionState::Pending, 0));
    pass(20);
    execution.start().unwrap();
    pass(30);
    execution.retry("invalid_output", &"no title, and password=hunter2").unwrap();
    pass(5);
    execution.start().unwrap();
    let refused = execution.retry("invalid_output", &"again").unwrap_err();
    assert_eq!(refused.to_string(), "the execution's only retry is used up");
    pass(40);
    execution.fail("invalid_output", &"no title").unwrap();

    let facts = execution.facts();
    assert_eq!((facts.state, facts.attempt, facts.retries.len()), (ExecutionState::Failed, 2, 1));
    assert_eq!(facts.retries[0].reason.as_ref().unwrap(), &"no title, and password=[REDACTED]");
    assert_eq!(facts.waited, Some(Duration::from_millis(20)));
    assert_eq!(facts.duration, Some(Duration::from_millis(75)), "from the first attempt on");
    let said = capture.executions().len();
    drop(execution);
    assert_eq!(capture.executions().len(), said, "it has ended already");
}

#[test]
fn what_is_not_allowed_is_an_error_and_changes_nothing() {
    let capture = Capture::new();
    let mut execution = plan(&capture, "report_2").create();
    let error = execution.complete().unwrap_err();
    assert_eq!(error.to_string(), "a pending execution cannot become completed");
    execution.start().unwrap();
    assert_eq!(execution.start().unwrap_err().to_string(), "a running execution cannot become running");
    execution.complete().unwrap();
    let said = capture.executions().len();
    assert!(execution.start().is_err() && execution.fail("late", &"x").is_err() && execution.cancel(&"x").is_err());
    let refused = execution.retry("late", &"x").unwrap_err();
    assert_eq!(refused.to_string(), "a completed execution cannot become pending");
    assert_eq!(capture.executions().len(), said);
}

#[test]
fn what_is_dropped_is_cancelled_and_what_panics_has_failed() {
    let capture = Capture::new();
    drop(plan(&capture, "report_3").create());
    assert_eq!(last(&capture).state, ExecutionState::Cancelled);
    let panics = std::panic::AssertUnwindSafe(|| {
        let mut execution = plan(&capture, "report_4").create();
        execution.start().unwrap();
        panic!("inside");
    });
    assert!(std::panic::catch_unwind(panics).is_err());
    assert_eq!((last(&capture).state, last(&capture).error_type.as_deref()), (ExecutionState::Failed, Some("panic")));
}

#[test]
fn sums_and_parents_are_those_of_the_place() {
    let capture = Capture::new();
    let mut outer = plan(&capture, "outer").create();
    outer.start().unwrap();
    let mut inner = outer.enter(|| plan(&capture, "inner").create());
    inner.start().unwrap();
    outer.enter(|| cupola_context::add("llm_input_tokens", 100_u64));
    inner.enter(|| cupola_context::add("llm_input_tokens", 20_u64));
    inner.complete().unwrap();
    outer.complete().unwrap();
    assert_eq!(inner.facts().parent.as_deref(), Some("outer"));
    let tokens = |execution: &OpenExecution| execution.facts().total("llm_input_tokens");
    assert_eq!((tokens(&inner), tokens(&outer)), (Some(Amount::Whole(20)), Some(Amount::Whole(120))));
}

#[test]
fn the_process_is_measured_where_it_begins_and_ends() {
    let (capture, reads) = (Capture::new(), Arc::new(AtomicU64::new(0)));
    let meter = move || {
        let reading = reads.fetch_add(1, Ordering::Relaxed);
        ProcessUsage {
            cpu: Some(Duration::from_millis(10 * reading)),
            memory: Some(1_000 - 100 * reading),
            ..ProcessUsage::default()
        }
    };
    let mut execution = plan(&capture, "metered").metered_by(Arc::new(meter)).create();
    execution.start().unwrap();
    execution.complete().unwrap();
    let used = execution.facts().resources;
    assert_eq!((used.cpu, used.memory, used.read), (Some(Duration::from_millis(10)), Some(-100), None));
}

#[test]
fn steps_checks_and_snapshots_are_kept_as_they_were_last() {
    let capture = Capture::new();
    let mut execution = plan(&capture, "with parts\n").snapshots_up_to(64).input(br#"{"password":"a"}"#).create();
    assert_eq!(execution.id(), "with_parts_");
    execution.start().unwrap();
    execution.step("fetch", Status::Running, Some(0.0));
    execution.step_took("fetch", Status::Success, Some(7.0), Duration::from_micros(1_500));
    execution.step("write", Status::Running, Some(f64::NAN));
    execution.check("schema", Validation::Failed, Some(&"no title"));
    execution.check("schema", Validation::Passed, None);
    execution.output(&[b'x'; 100]);
    execution.complete().unwrap();
    execution.output(b"{}");

    let facts = execution.facts();
    assert_eq!(facts.input.as_ref().unwrap().text, r#"{"password":"[REDACTED]"}"#);
    let steps: Vec<_> = facts.steps.iter().map(|step| (&*step.name, step.status, step.progress)).collect();
    assert_eq!(steps, [("fetch", Status::Success, Some(1.0)), ("write", Status::Running, None)]);
    let verdicts: Vec<_> = facts.verdicts().map(|check| check.verdict).collect();
    assert_eq!((facts.checks.len(), verdicts), (2, vec![Validation::Passed]));
    let output = facts.output.as_ref().unwrap();
    assert!(output.truncated && output.bytes == 100 && output.text.len() <= 64, "{output:?}");
}

#[test]
fn files_and_settings_belong_to_it() {
    let capture = Capture::new();
    let mut execution = plan(&capture, "with_files").create();
    execution.start().unwrap();
    execution.file(&FileOperation::new(FileKind::Write, Path::new("/srv/report.json")).bytes(40));
    execution.overridden(&ConfigChange::new("model").changed("api_key", Some("a"), Some("b")));
    let facts = execution.facts();
    assert_eq!((facts.files[0].path.as_str(), facts.files[0].status), ("/srv/report.json", Status::Success));
    assert_eq!(facts.overrides[0].changes, "api_key: [REDACTED]");
}
