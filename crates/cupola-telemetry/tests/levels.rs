//! Levels that change while the process runs.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use cupola_context::{Context, Fresh, RequestIdFormat};
use cupola_record::{Exchange, OpenExchange, Outcome};
use cupola_telemetry::{Config, Memory, Telemetry};
use tracing::level_filters::LevelFilter;

const PATIENCE: Duration = Duration::from_secs(10);

struct Log {
    telemetry: Telemetry,
    memory: Memory,
}

impl Log {
    fn new(filter: &str, hold_back: Option<LevelFilter>) -> Self {
        let (memory, mut config) = (Memory::new(), Config::default());
        config.filter = Some(filter.to_owned());
        config.hold_back = hold_back;
        let telemetry = Telemetry::builder(config).output(memory.clone()).build().unwrap();
        Self { telemetry, memory }
    }

    fn run(&self, work: impl FnOnce()) {
        tracing::dispatcher::with_default(self.telemetry.dispatch(), work);
    }

    /// What was said since the last time, but for the changes themselves.
    fn said(&self) -> Vec<String> {
        self.telemetry.flush(PATIENCE);
        let lines: Vec<serde_json::Value> =
            self.memory.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let since = lines.iter().rposition(|line| line["message"] == "log levels changed").map_or(0, |at| at + 1);
        lines[since..].iter().map(|line| line["message"].as_str().unwrap().to_owned()).collect()
    }

    /// What made each change, and the change.
    fn changes(&self) -> Vec<(String, String)> {
        self.telemetry.flush(PATIENCE);
        let text = self.memory.text();
        let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let field = |line: &serde_json::Value, name: &str| line[name].as_str().unwrap().to_owned();
        lines
            .filter(|line| line["message"] == "log levels changed" && line["event"] == "config_change")
            .map(|line| (field(&line, "config_source"), field(&line, "changes")))
            .collect()
    }
}

/// One callsite for each, whatever the levels are when it is met first.
fn speak() {
    tracing::debug!(target: "app::db", "db debug");
    tracing::trace!(target: "app::db", "db trace");
    tracing::info!(target: "app", "app info");
    tracing::debug!(target: "app", "app debug");
    tracing::error!(target: "noisy", "noisy error");
}

#[test]
fn what_a_change_names_follows_it_and_all_else_stays() {
    let log = Log::new("info,noisy=off", None);
    let check = |expected: &[&str]| {
        log.run(speak);
        assert_eq!(log.said(), expected, "{}", log.telemetry.levels().directives());
    };
    let levels = log.telemetry.levels();
    check(&["app info"]);
    levels.set("app::db=debug").unwrap();
    check(&["db debug", "app info"]);
    levels.set("app=warn").unwrap();
    check(&[]);
    levels.set("trace").unwrap();
    check(&["db debug", "db trace", "app info", "app debug"]);
    levels.set(" app::db = trace , noisy=error ").unwrap();
    check(&["db debug", "db trace", "app info", "noisy error"]);
    levels.set("off,app=off,app::db=off").unwrap();
    check(&[]);
    levels.reset();
    check(&["app info"]);
    assert!(!levels.is_changed());
}

#[test]
fn each_change_is_a_line_whatever_the_levels_are() {
    let log = Log::new("off", None);
    let levels = log.telemetry.levels();
    levels.set("app=debug").unwrap();
    levels.reset();
    let change = |how: &str, change: &str| (how.to_owned(), format!("levels: {change}"));
    assert_eq!(log.changes(), [change("set", "off → app=debug,off"), change("reset", "app=debug,off → off")]);
}

#[test]
fn a_bad_directive_is_an_error_and_changes_nothing() {
    let log = Log::new("info", None);
    let levels = log.telemetry.levels();
    levels.set("app=debug").unwrap();
    for bad in
        ["", "loud", "app", "app=", "=debug", "app=loud", "app=debug,,", "app[span]=debug", "a b=info", "app=a=b"]
    {
        let error = levels.set(bad).unwrap_err().to_string();
        assert!(
            error.ends_with("is neither a level (off, error, warn, info, debug, trace) nor target=level"),
            "{bad}: {error}"
        );
        assert!(levels.set_for(bad, PATIENCE).is_err(), "{bad}");
    }
    let long = levels.set(&format!("{}=debug", "a".repeat(5000))).unwrap_err();
    assert_eq!(long.to_string(), "directives are longer than 4096 bytes");
    assert_eq!((levels.directives().as_str(), levels.expires_in()), ("app=debug,info", None));
    assert_eq!(log.changes().len(), 1);
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a test's patience is real time")]
fn a_change_for_a_while_ends_by_itself_unless_another_has_come() {
    let log = Log::new("info", None);
    let levels = log.telemetry.levels();
    levels.set_for("app=debug", Duration::from_secs(3600)).unwrap();
    assert!(levels.expires_in().is_some_and(|left| left > Duration::from_secs(3500)));
    levels.set_for("app=trace", Duration::from_millis(20)).unwrap();
    let began = Instant::now();
    while levels.is_changed() && began.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!((levels.directives().as_str(), levels.expires_in()), ("info", None));
    let hows: Vec<String> = log.changes().into_iter().map(|(how, _)| how).collect();
    assert_eq!(hows, ["set", "set", "expired"]);
    levels.set_for("app=debug", Duration::from_millis(1)).unwrap();
    levels.set("app=warn").unwrap();
    std::thread::sleep(Duration::from_millis(30));
    assert!(levels.is_changed(), "the change that came later stays");
}

#[test]
fn directives_that_name_spans_are_set_aside_and_come_back() {
    let log = Log::new("info,app[named]=trace", None);
    let inside = || tracing::info_span!(target: "app", "named").in_scope(speak);
    let with_span = ["db debug", "db trace", "app info", "app debug", "noisy error"];
    let levels = log.telemetry.levels();
    log.run(inside);
    assert_eq!(log.said(), with_span);
    levels.set("noisy=off").unwrap();
    log.run(inside);
    assert_eq!(log.said(), ["app info"]);
    let span = {
        let mut span = None;
        log.run(|| span = Some(tracing::info_span!(target: "app", "named")));
        span.unwrap()
    };
    levels.reset();
    log.run(|| span.in_scope(speak));
    assert_eq!(log.said(), with_span, "a span that was begun meanwhile counts too");
}

#[test]
#[allow(clippy::disallowed_methods, reason = "the clock of exchanges that are over at once")]
fn lines_are_held_back_by_the_levels_in_force() {
    let log = Log::new("info", Some(LevelFilter::DEBUG));
    let held = Arc::new(log.telemetry.held_lines().unwrap().clone());
    let fails = || {
        let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [3; 40]));
        let exchange = Exchange::server(context.clone(), SystemTime::UNIX_EPOCH, http::Method::GET);
        let mut open = OpenExchange::new(exchange, held.clone(), Instant::now);
        context.enter(speak);
        open.end(Outcome::Panicked);
    };
    let levels = log.telemetry.levels();
    log.run(fails);
    assert_eq!(
        log.said(),
        ["app info", "noisy error", "db debug", "app debug"],
        "debug lines are held, and told after"
    );
    levels.set("app::db=debug,noisy=off").unwrap();
    log.run(fails);
    assert_eq!(log.said(), ["db debug", "app info", "app debug"], "one is no longer held, and one is switched off");
    levels.set("app=off").unwrap();
    log.run(fails);
    assert_eq!(log.said(), ["noisy error"], "what is off is not held either");
    levels.reset();
    log.run(fails);
    assert_eq!(log.said(), ["app info", "noisy error", "db debug", "app debug"]);
}
