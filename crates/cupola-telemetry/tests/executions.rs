//! Whatever happens to an execution is on its lines: each is one of the schema, and together they are the execution.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cupola_context::FieldValue;
use cupola_line::schema;
use cupola_record::{
    ConfigChange, Execution, ExecutionLog, ExecutionPlan, ExecutionState, FileKind, FileOperation, OpenExecution,
    ProcessUsage, Status, Validation,
};
use cupola_redact::KeyPolicy;
use cupola_telemetry::{Config, Memory, Telemetry};
use serde_json::Value;

fn lines(work: impl FnOnce()) -> Vec<Value> {
    let memory = Memory::new();
    let telemetry = Telemetry::builder(Config::default()).output(memory.clone()).build().unwrap();
    tracing::dispatcher::with_default(telemetry.dispatch(), work);
    let _ = telemetry.shutdown(Duration::from_secs(5));
    let text = memory.text();
    let read = |line: &str| {
        assert_eq!(schema::check(line.as_bytes()), Ok(()), "{line}");
        serde_json::from_str(line).unwrap()
    };
    text.lines().map(read).collect()
}

fn plan(id: &str, name: &str) -> ExecutionPlan {
    let readings = AtomicU64::new(0);
    let meter = move || {
        let count = readings.fetch_add(1, Ordering::Relaxed);
        ProcessUsage {
            cpu: Some(Duration::from_nanos(7_654_321 * count)),
            memory: Some(9_000 - 1_000 * count),
            read: Some(10 * count),
            written: Some(11 * count),
            open_files: Some(12 - count),
            gpu_memory: Some(13 + count),
        }
    };
    #[allow(clippy::disallowed_methods)]
    let clock = Instant::now;
    let plan = ExecutionPlan::new(id, name, KeyPolicy::default(), Arc::new(ExecutionLog::new()), clock);
    plan.metered_by(Arc::new(meter))
}

/// Everything that can happen to one, with this text wherever a text may be.
fn live(text: &str) -> OpenExecution {
    let input = serde_json::json!({ "topic": text, "api_key": text, "max_tokens": 512 }).to_string();
    let mut outer = plan("outer_1", "outer").create();
    outer.start().unwrap();
    let plan = outer.enter(|| plan("report_1", text));
    let plan = plan.mode(text).depends_on("fetch_1").depends_on("rank_1").max_retries(1);
    let mut execution = outer.enter(|| plan.snapshots_up_to(4_096).input(input.as_bytes()).create());
    execution.start().unwrap();
    execution.overridden(&ConfigChange::new(text).changed("model", None, Some(text)).changed(
        "api_key",
        None,
        Some(text),
    ));
    execution.step(text, Status::Running, Some(0.0));
    execution.step_took(text, Status::Success, Some(1.0 / 3.0), Duration::from_nanos(1_234_567));
    execution.step("second", Status::Failed, None);
    execution.step("third", Status::Cancelled, None);
    execution.check("schema", Validation::Failed, Some(&text));
    execution.retry("invalid_output", &text).unwrap();
    execution.start().unwrap();
    execution.file(&FileOperation::new(FileKind::Read, Path::new(text)).error("missing", &text));
    execution
        .file(&FileOperation::new(FileKind::Write, Path::new("/srv/r.json")).bytes(7).validation(Validation::Passed));
    execution.check("schema", Validation::Passed, None);
    execution.check("length", Validation::Skipped, Some(&text));
    execution.enter(|| {
        cupola_context::add("llm_input_tokens", 900_u64);
        cupola_context::add("llm_cost_micros", 17_u64);
        cupola_context::add("score", 0.25);
    });
    execution.output(format!("{{\"report\":{}}}", serde_json::json!("x".repeat(9_000))).as_bytes());
    execution.fail("invalid_output", &text).unwrap();
    execution
}

/// The value of a field, as whoever reads a line hands it over.
fn field(line: &Value, name: &str) -> Option<FieldValue> {
    match line.get(name)? {
        Value::String(text) => Some(text.clone().into()),
        Value::Bool(flag) => Some((*flag).into()),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Some(number.into()),
            (_, Some(number)) => Some(number.into()),
            _ => number.as_f64().map(FieldValue::from),
        },
        _ => None,
    }
}

fn rebuilt(lines: &[Value], id: &str) -> Execution {
    let (mut facts, policy) = (Execution::default(), KeyPolicy::default());
    let of_it = lines.iter().filter(|line| line["execution_id"] == id);
    let events = of_it.filter_map(|line| Execution::read_event(&policy, &|name| field(line, name)));
    events.for_each(|event| facts.apply(event));
    facts
}

const TEXTS: [&str; 5] = [
    "plain",
    "with \"quotes\", a \\ and a\nline, password=hunter2 behind",
    "Bearer abc.def.ghi https://bob:s3cr3t@example.com/?token=x",
    "ünï\u{202e}cödé \u{0} {\"password\":\"a\"}",
    "a=1, b=2; token: 7",
];

#[test]
fn an_execution_is_rebuilt_from_its_lines_alone() {
    for text in TEXTS {
        let mut known = Execution::default();
        let lines = lines(|| known = live(text).facts().clone());
        let found = rebuilt(&lines, "report_1");
        assert!(found == known, "{text}");
        assert_eq!((found.state, found.attempt, found.steps.len()), (ExecutionState::Failed, 2, 3));
        assert_eq!((found.files.len(), found.overrides.len(), found.checks.len()), (2, 1, 3));
        assert_eq!(found.parent.as_deref(), Some("outer_1"));
        assert!(found.totals.len() == 3 && found.resources.memory == Some(-1_000), "{found:?}");
        let outer = rebuilt(&lines, "outer_1");
        assert_eq!((outer.state, outer.totals), (ExecutionState::Cancelled, known.totals), "dropped, with all sums");
    }
}

#[test]
fn nothing_secret_is_on_its_lines() {
    let text = "password=hunter2 https://bob:s3cr3t@example.com/?access_token=x9y8z7";
    let lines = lines(|| drop(live(text)));
    for line in &lines {
        let line = line.to_string();
        assert!(!["hunter2", "s3cr3t", "x9y8z7"].iter().any(|secret| line.contains(secret)), "{line}");
    }
}

#[test]
fn every_field_of_the_schema_is_said_and_none_besides() {
    let lines = lines(|| drop(live("x")));
    let own: Vec<&Value> = lines.iter().filter(|line| line["target"] == schema::EXECUTION_TARGET).collect();
    let said = |name: &str| own.iter().any(|line| line.get(name).is_some());
    for field in schema::Part::Execution.fields().filter(|field| field.name != "execution_input_truncated") {
        assert!(said(field.name), "nobody says {}", field.name);
    }
    let known: Vec<&str> = schema::FIELDS.iter().map(|field| field.name).collect();
    let sums = ["llm_input_tokens", "llm_cost_micros", "score"];
    for key in own.iter().flat_map(|line| line.as_object().unwrap().keys()) {
        assert!(known.contains(&key.as_str()) || sums.contains(&key.as_str()), "{key} is not in the schema");
    }
    assert!(own.iter().all(|line| line["category"] == "operations"));
}
