//! Every event of the vocabulary is a line of the schema, in its category, at its level, and without a secret.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::backtrace::Backtrace;
use std::error::Error;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use cupola_line::schema;
use cupola_record::{
    ApiCall, Category, ConfigChange, CustomEvent, Deprecation, ErrorReport, Fallback, FileKind, FileOperation,
    Operation, OperationKind, Performance, Retry, StateChange, Status, VOCABULARY, Validation, log_api, log_error,
    log_operation, log_performance,
};
use cupola_redact::KeyPolicy;
use cupola_telemetry::{Config, Memory, Telemetry};
use serde_json::Value;

/// The lines that `work` writes, each held to the schema.
fn lines_under(policy: KeyPolicy, work: impl FnOnce()) -> Vec<Value> {
    let memory = Memory::new();
    let mut config = Config::default();
    config.filter = Some("trace".to_owned());
    let telemetry = Telemetry::builder(config).policy(policy).output(memory.clone()).build().unwrap();
    tracing::dispatcher::with_default(telemetry.dispatch(), work);
    let _ = telemetry.shutdown(Duration::from_secs(5));
    let text = memory.text();
    text.lines()
        .map(|line| {
            assert_eq!(schema::check(line.as_bytes()), Ok(()), "{line}");
            serde_json::from_str(line).unwrap()
        })
        .collect()
}

fn lines(work: impl FnOnce()) -> Vec<Value> {
    lines_under(KeyPolicy::default(), work)
}

fn only_line(work: impl FnOnce()) -> Value {
    let lines = lines(work);
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.into_iter().next().unwrap()
}

/// An error with a source, both of this text.
#[derive(Debug)]
struct Broken<'t>(&'t str, Option<std::io::Error>);

impl fmt::Display for Broken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Broken<'_> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_ref().map(|source| source as _)
    }
}

fn broken(text: &str) -> Broken<'_> {
    Broken(text, Some(std::io::Error::other(text.to_owned())))
}

const MS: Duration = Duration::from_micros(1_500);

/// Says every kind of event in each of its cases, every text of it `text`, in the order of the table.
fn say_all(text: &str) {
    let (error, masked, backtrace) = (broken(text), KeyPolicy::default().url(text), Backtrace::force_capture());
    let path = Path::new(text);
    let call =
        || ApiCall::new(text, text).url(&masked).duration(MS).attempt(1).max_retries(2).field("own", text.to_owned());
    call().status_code(200).request_bytes(1).response_bytes(2).emit();
    call().status_code(404).emit();
    call().error("timeout", &error).emit();
    let operation = |status| Operation::new(text, status).kind(OperationKind::Sync).function(text).duration(MS);
    operation(Status::Running).model_name(text).crew_name(text).execution_id(text).emit();
    operation(Status::Success).attempt(1).max_retries(2).emit();
    operation(Status::Cancelled).emit();
    operation(Status::Failed).error("timeout", &error).emit();
    Performance::new(text, MS).function(text).items(3).emit();
    let report = ErrorReport::of(&error).operation(text).function(text).attempt(4).max_retries(3).recovery(text);
    report.backtrace(&backtrace).emit();
    let file =
        || FileOperation::new(FileKind::Move, path).to(path).role(text).alias(text).bytes(7).retries(1).duration(MS);
    file().validation(Validation::Passed).emit();
    file().validation(Validation::Failed).error("invalid", &error).emit();
    ConfigChange::new(text)
        .source(text)
        .alias(text)
        .changed(text, Some(text), None)
        .field("own", text.to_owned())
        .emit();
    StateChange::new(text, text, text).id(text).why(text).emit();
    Fallback::new(text, text, text).operation(text).emit();
    Retry::new(text, 1).max_retries(2).delay(MS).why(text).error("timeout", &error).emit();
    Deprecation::new(text).instead(text).why(text).emit();
    CustomEvent::new(text).message(text).field("own", text.to_owned()).emit();
    CustomEvent::new(text).internal().emit();
}

#[test]
fn every_event_has_the_category_and_the_level_of_the_table() {
    let lines = lines(|| say_all("x"));
    assert_eq!(lines.len(), VOCABULARY.len());
    for (line, rule) in lines.iter().zip(VOCABULARY) {
        let event = if rule.event == "the application's own" { "x" } else { rule.event };
        assert_eq!(line["event"], event);
        assert_eq!(line["level"], rule.level.as_str(), "{rule:?}");
        assert_eq!(line["category"], rule.category.as_str(), "{rule:?}");
        assert_eq!(line["target"], rule.category.target(), "{rule:?}");
        assert!(line["duration_ms"].is_null() || line["duration_ms"] == 1.5, "{line}");
    }
}

#[test]
fn every_field_of_the_schema_is_said_by_somebody_and_none_besides() {
    let lines = lines(|| say_all("x"));
    // Said by the panic hook, and where levels are changed.
    let elsewhere = ["panic_location", "thread", "expires_in_s"];
    let of_nouns = |name: &&str| !elsewhere.contains(name);
    let known: Vec<&str> = schema::Part::Event.fields().map(|field| field.name).filter(of_nouns).collect();
    let envelope: Vec<&str> = schema::Part::Envelope.fields().map(|field| field.name).chain(["own"]).collect();
    let said: Vec<&String> = lines.iter().flat_map(|line| line.as_object().unwrap().keys()).collect();
    for name in &known {
        assert!(said.iter().any(|key| key == name), "nobody says {name}");
    }
    for key in said {
        let context = ["model_name", "crew_name", "execution_id"].contains(&key.as_str());
        assert!(
            known.contains(&key.as_str()) || envelope.contains(&key.as_str()) || context,
            "{key} is not in the schema"
        );
    }
}

#[test]
fn targets_and_access_fields_are_those_of_the_schema() {
    assert_eq!(Category::ALL.map(Category::target), schema::EVENT_TARGETS);
    assert_eq!(cupola_record::TARGET, schema::ACCESS_TARGET);
    for name in cupola_record::ACCESS_FIELDS {
        assert!(schema::field(schema::ACCESS_TARGET, name).is_some(), "{name} is not in the schema");
    }
}

#[test]
fn no_secret_comes_out_of_any_text() {
    for secret in ["postgres://bob:s3cr3t@db/x", "password=s3cr3t", "authorization: Bearer s3cr3t", "/x?api_key=s3cr3t"]
    {
        for line in lines(|| say_all(secret)) {
            assert!(!line.to_string().contains("s3cr3t"), "{line}");
            assert!(line.to_string().contains("[REDACTED]"), "{line}");
        }
    }
}

#[test]
fn settings_are_masked_by_their_names() {
    let line = only_line(|| {
        let change = ConfigChange::new("smtp").source("environment").changed("SMTP_PORT", Some("25"), Some("587"));
        change
            .changed("SMTP_PASSWORD", Some("old-s3cr3t"), Some("new-s3cr3t"))
            .changed("relay", None, Some("a"))
            .emit();
    });
    assert_eq!(line["changed_keys"], "SMTP_PORT,SMTP_PASSWORD,relay");
    let changes = "SMTP_PORT: 25 → 587\nSMTP_PASSWORD: [REDACTED]\nrelay: (unset) → a";
    assert_eq!((&line["changes"], &line["message"]), (&changes.into(), &"configuration changed".into()));
    let loaded = only_line(|| ConfigChange::new("smtp").source("mail.toml").emit());
    assert_eq!((&loaded["message"], loaded.get("changes")), (&"configuration loaded".into(), None));
}

#[test]
fn a_name_that_only_the_pipeline_denies_is_masked_too() {
    let policy = KeyPolicy::builder().deny("customer_ref").build().unwrap();
    let lines = lines_under(policy, || {
        ConfigChange::new("shop").changed("customer_ref", Some("s3cr3t-1"), Some("s3cr3t-2")).emit();
        CustomEvent::new("x").field("customer_ref", "s3cr3t").emit();
    });
    assert!(!format!("{lines:?}").contains("s3cr3t"), "{lines:?}");
}

#[test]
fn whatever_a_text_holds_the_line_is_json() {
    let giant = "x\"\n\u{1b}[31m".repeat(40_000);
    for text in ["", "\0\u{7f}\u{9b}31m\u{2028}\u{202e}", "\"}\n{\"level\":\"INFO\"", "\\", &giant] {
        assert_eq!(lines(|| say_all(text)).len(), VOCABULARY.len());
    }
}

#[test]
fn a_field_of_the_callers_own_never_wins_over_the_events() {
    let line = only_line(|| {
        let operation = Operation::new("sync", Status::Success).field("status", "mine").field("level", "mine");
        operation.field("shard", 7).field("event", "mine").emit();
    });
    assert_eq!((&line["status"], &line["event"], &line["shard"]), (&"success".into(), &"operation".into(), &7.into()));
    assert_eq!((&line["level"], &line["fields.level"]), (&"INFO".into(), &"mine".into()));
}

#[test]
fn an_error_tells_its_chain_and_whether_it_is_critical() {
    let source = std::io::Error::other("the disk is gone");
    let error = Broken("cannot save", Some(source));
    let line = only_line(|| ErrorReport::of(&error).attempt(3).max_retries(3).recovery("retried").emit());
    assert_eq!((&line["error"], &line["error_chain"]), (&"cannot save".into(), &"the disk is gone".into()));
    assert!(line["error_type"].as_str().unwrap().starts_with("vocabulary::Broken"), "{line}");
    assert_eq!((line.get("critical"), line.get("backtrace")), (None, None));
    let exhausted = only_line(|| ErrorReport::of(&error).attempt(4).max_retries(3).emit());
    assert_eq!(exhausted["critical"], true);
    let system =
        only_line(|| ErrorReport::new("disk", &error).critical(true).backtrace(&Backtrace::force_capture()).emit());
    assert_eq!((&system["error_type"], &system["critical"]), (&"disk".into(), &true.into()));
    assert!(system["backtrace"].as_str().unwrap().contains("vocabulary"), "{system}");
    let off = only_line(|| ErrorReport::of(&error).backtrace(&Backtrace::disabled()).emit());
    assert_eq!(off.get("backtrace"), None);
}

#[test]
fn a_call_has_the_level_of_its_status() {
    let check = |status: u16, level: &str, said: &str| {
        let line = only_line(|| log_api("GET", "/offers/{id}", status, MS, None));
        assert_eq!((&line["level"], &line["status"]), (&level.into(), &said.into()), "{status}");
        assert_eq!(line["status_code"], status);
    };
    check(204, "INFO", "success");
    check(302, "INFO", "success");
    check(429, "WARN", "failed");
    check(503, "ERROR", "failed");
}

#[test]
fn an_event_may_name_its_own_category() {
    let line = only_line(|| CustomEvent::new("paid").category("billing").level(tracing::Level::WARN).emit());
    assert_eq!(
        (&line["category"], &line["level"], &line["message"]),
        (&"billing".into(), &"WARN".into(), &"paid".into())
    );
}

#[test]
fn plain_functions_take_a_context() {
    let context = cupola_context::Scope::new().with("tenant", "acme");
    let lines = lines(|| {
        log_api("GET", "/x", 200, MS, Some(&context));
        log_operation("sync", Status::Running, None, Some(&context));
        log_performance("sync", MS, Some(&context));
        log_error(&std::io::Error::other("x"), Some(&context));
    });
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().all(|line| line["tenant"] == "acme"), "{lines:?}");
    assert_eq!((&lines[2]["speed"], lines[1].get("duration_ms")), (&"fast".into(), None));
    assert_eq!(lines[3]["error_type"], "std::io::error::Error");
}

#[test]
fn a_filter_names_a_category() {
    let memory = Memory::new();
    let mut config = Config::default();
    config.filter = Some("info,cupola::performance=off,cupola::operations=debug".to_owned());
    let telemetry = Telemetry::builder(config).output(memory.clone()).build().unwrap();
    tracing::dispatcher::with_default(telemetry.dispatch(), || {
        log_performance("sync", MS, None);
        log_operation("sync", Status::Running, None, None);
    });
    let _ = telemetry.shutdown(Duration::from_secs(5));
    assert_eq!(memory.text().lines().count(), 1);
    assert!(memory.text().contains("operation started"));
}

#[test]
fn the_page_has_every_row() {
    let page = include_str!("../../../docs/log-schema.md");
    for field in schema::FIELDS {
        let row = format!("| `{}` | {} | {} |\n", field.name, field.kind, field.says);
        assert!(page.contains(&row), "the page lacks {row}");
    }
    for rule in VOCABULARY {
        let (category, level) = (rule.category.as_str(), rule.level.as_str());
        let row = format!("| {} | {} | {category} | {level} |\n", rule.event, rule.when);
        assert!(page.contains(&row), "the page lacks {row}");
    }
}
