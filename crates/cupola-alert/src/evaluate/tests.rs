//! What rules find in a real store.

use std::time::{SystemTime, UNIX_EPOCH};

use cupola_store::{Batch, Reader, Settings, Signal, Store, Value};
use serde_json::json;

use super::*;
use crate::Severity;

const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 86_400 * SECOND;

/// A store with a time at which it is asked: half past some hour that is over.
struct Stored {
    _dir: tempfile::TempDir,
    store: Store,
    at: i64,
}

type Field<'a> = (&'a str, Value<'a>);

impl Stored {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &Settings::default(), &|_, _| Ok(Vec::new())).unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as i64;
        let at = (now - 90 * MINUTE).div_euclid(60 * MINUTE) * 60 * MINUTE + 30 * MINUTE;
        Self { _dir: dir, store, at }
    }

    fn add<'a>(&self, signal: Signal, rows: impl IntoIterator<Item = (i64, Vec<Field<'a>>)>) {
        let mut batch = Batch::new(signal);
        for (time, fields) in rows {
            let mut row = batch.row(time);
            fields.into_iter().for_each(|(name, value)| _ = row.set(name, value));
        }
        self.store.writer().offer(batch);
        assert!(self.store.flush());
    }

    /// Requests to a service and route from a time on, one a second, of which the first ones fail.
    fn requests(&self, service: &str, route: &str, from: i64, count: i64, failed: i64, duration: f64) {
        self.add(
            Signal::Logs,
            (0..count).map(|number| {
                let status = if number < failed { 503 } else { 200 };
                let fields = vec![
                    ("service", Value::Text(service)),
                    ("route", Value::Text(route)),
                    ("status", Value::Int(status)),
                    ("duration_ms", Value::Float(duration)),
                ];
                (from + number * SECOND, fields)
            }),
        );
    }

    fn gauge(&self, metric: &str, time: i64, value: f64, labels: &[(&str, &str)]) {
        let mut fields = vec![("metric", Value::Text(metric)), ("type", Value::Text("gauge"))];
        fields.push(("value", Value::Float(value)));
        fields.extend(labels.iter().map(|(name, value)| (*name, Value::Text(value))));
        self.add(Signal::Metrics, [(time, fields)]);
    }

    fn counter(&self, metric: &str, time: i64, value: i64, labels: &[(&str, &str)]) {
        let mut fields = vec![("metric", Value::Text(metric)), ("type", Value::Text("sum"))];
        fields.extend([("temporality", Value::Text("cumulative")), ("monotonic", Value::Bool(true))]);
        fields.push(("value", Value::Int(value)));
        fields.push(("start_time_unix_nano", Value::Int(self.at - 300 * MINUTE)));
        fields.extend(labels.iter().map(|(name, value)| (*name, Value::Text(value))));
        self.add(Signal::Metrics, [(time, fields)]);
    }

    fn errors(&self, from: i64, count: i64, message: &str) {
        self.add(
            Signal::Logs,
            (0..count).map(|number| {
                let fields = vec![
                    ("level", Value::Text("ERROR")),
                    ("service", Value::Text("shop")),
                    ("target", Value::Text("shop::db")),
                    ("message", Value::Text(message)),
                ];
                (from + number * SECOND, fields)
            }),
        );
    }

    fn reader(&self) -> Reader {
        self.store.reader().unwrap()
    }

    /// What a rule finds: what it tells apart, and its number to two digits; all that is well, too.
    fn found(&self, rule: &serde_json::Value) -> Vec<(String, f64)> {
        self.found_at(rule, self.at, &Gaps::default()).unwrap().0
    }

    fn found_at(
        &self,
        rule: &serde_json::Value,
        until: i64,
        gaps: &Gaps,
    ) -> Result<(Vec<(String, f64)>, Outcome), Trouble> {
        let mut fields = rule.as_object().unwrap().clone();
        fields.entry("name").or_insert(json!("r"));
        if !["absence", "service_down", "heartbeat"].contains(&fields["kind"].as_str().unwrap()) {
            // All that is found is beyond this, so that all of it is told.
            let is_baseline = fields["kind"] == "baseline";
            let least = if fields["kind"] == "error_ratio" || is_baseline { json!(0) } else { json!(-1) };
            fields.entry("threshold").or_insert(least);
            fields.entry("compare").or_insert(json!(if is_baseline { "either" } else { "above" }));
        }
        let rule = Rule::from_json(&fields.into()).unwrap();
        let (reader, mut past) = (self.reader(), Past::default());
        let round = Round::new(&reader, std::iter::once(&rule), &mut past, Vec::new());
        let outcome = evaluate(&rule, At { until, gaps }, &round, &FxHashSet::default())?;
        let told = outcome.samples.iter().map(|sample| {
            let labels: Vec<String> = sample.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
            (labels.join(" "), (sample.value * 100.0).round() / 100.0)
        });
        let mut told: Vec<_> = told.collect();
        told.sort_by(|one, other| one.0.cmp(&other.0));
        Ok((told, outcome))
    }
}

fn named(pairs: &[(&str, f64)]) -> Vec<(String, f64)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
}

#[test]
fn requests() {
    let stored = Stored::new();
    stored.requests("shop", "/buy", stored.at - 4 * MINUTE, 100, 20, 40.0);
    stored.requests("shop", "/look", stored.at - 4 * MINUTE, 100, 0, 10.0);
    stored.requests("bank", "/pay", stored.at - 4 * MINUTE, 5, 5, 900.0);
    // Before the window.
    stored.requests("shop", "/buy", stored.at - 20 * MINUTE, 100, 100, 9_000.0);
    let check = |rule: serde_json::Value, expected: &[(&str, f64)]| assert_eq!(stored.found(&rule), named(expected));
    check(json!({ "kind": "error_ratio" }), &[("service=shop", 10.0)]);
    check(json!({ "kind": "error_ratio", "min_requests": 1 }), &[("service=bank", 100.0), ("service=shop", 10.0)]);
    let by_route = json!({ "kind": "error_ratio", "by": ["service", "route"], "service": "shop" });
    check(by_route, &[("route=/buy service=shop", 20.0)]);
    check(json!({ "kind": "error_ratio", "route": "/buy" }), &[("route=/buy service=shop", 20.0)]);
    check(json!({ "kind": "error_ratio", "by": [] }), &[("", 12.2)]);
    check(json!({ "kind": "request_rate" }), &[("service=bank", 0.02), ("service=shop", 0.67)]);
    check(json!({ "kind": "request_rate", "service": "nobody" }), &[("service=nobody", 0.0)]);
    check(json!({ "kind": "request_rate", "service": "shop", "signal": "spans" }), &[("service=shop", 0.0)]);
    let found = stored.found(&json!({ "kind": "latency", "quantile": 0.5, "by": ["service", "route"] }));
    assert!((found[0].1 - 40.0).abs() < 1.0 && (found[1].1 - 10.0).abs() < 1.0, "{found:?}");
    // Of spans, where there are no log entries of requests.
    let stored = Stored::new();
    let span = |number| {
        let fields = vec![
            ("service", Value::Text("shop")),
            ("kind", Value::Text("server")),
            ("duration_ms", Value::Float(5.0)),
            ("otel.status_code", Value::Text("ERROR")),
        ];
        (stored.at - MINUTE + number, fields)
    };
    stored.add(Signal::Spans, (0..20).map(span));
    assert_eq!(stored.found(&json!({ "kind": "error_ratio" })), named(&[("service=shop", 100.0)]));
}

#[test]
fn what_comes_late_counts_where_its_time_lies() {
    let stored = Stored::new();
    let rule = json!({ "kind": "error_ratio", "window": "5m", "min_requests": 1 });
    stored.requests("shop", "/buy", stored.at - 4 * MINUTE, 10, 0, 40.0);
    assert_eq!(stored.found(&rule), named(&[]));
    // They happened before what has come already, and after it they are told of.
    stored.requests("shop", "/buy", stored.at - 3 * MINUTE, 10, 10, 40.0);
    assert_eq!(stored.found(&rule), named(&[("service=shop", 50.0)]));
    let (later, _) = stored.found_at(&rule, stored.at + 2 * MINUTE, &Gaps::default()).unwrap();
    assert_eq!(later, named(&[("service=shop", 100.0)]), "of the window that has them still");
    let (over, _) = stored.found_at(&rule, stored.at + 5 * MINUTE, &Gaps::default()).unwrap();
    assert_eq!(over, named(&[]));
}

#[test]
fn burn_rates_over_two_windows() {
    let stored = Stored::new();
    // Bad for an hour, and bad still.
    stored.requests("still", "/", stored.at - 60 * MINUTE, 3_600, 0, 1.0);
    stored.requests("still", "/", stored.at - 4 * MINUTE, 200, 200, 1.0);
    // Bad for an hour, and well again.
    stored.requests("over", "/", stored.at - 50 * MINUTE, 500, 500, 1.0);
    stored.requests("over", "/", stored.at - 4 * MINUTE, 100, 0, 1.0);
    // It was bad, and nothing comes any more.
    stored.requests("quiet", "/", stored.at - 50 * MINUTE, 500, 500, 1.0);
    let found = stored.found(&json!({ "kind": "burn_rate", "objective": 99 }));
    assert_eq!(found, named(&[("service=over", 0.0), ("service=quiet", 0.0), ("service=still", 5.26)]));
}

#[test]
fn baselines_of_earlier_days() {
    let stored = Stored::new();
    let hour = |day: i64| stored.at - day * DAY;
    for day in 1..=7 {
        stored.requests("shop", "/", hour(day) - 20 * MINUTE, 200, 10 + day, 50.0);
    }
    for day in 1..=2 {
        stored.requests("new", "/", hour(day) - 20 * MINUTE, 200, 0, 50.0);
    }
    stored.requests("shop", "/", stored.at - 4 * MINUTE, 200, 40, 50.0);
    stored.requests("new", "/", stored.at - 4 * MINUTE, 200, 200, 50.0);
    let rule = json!({ "kind": "baseline", "measure": "error_ratio", "window": "5m" });
    // The median is 7 %, half of the days are within 1 %: (20 - 7) / (1.4826 · 1).
    assert_eq!(stored.found(&rule), named(&[("service=shop", 8.77)]), "of what is new nothing is usual");
}

#[test]
fn entries_of_logs() {
    let stored = Stored::new();
    let login = |number: i64, client: &'static str, status: i64| {
        let fields = vec![("client_ip", Value::Text(client)), ("status", Value::Int(status))];
        (stored.at - MINUTE + number, fields)
    };
    stored.add(Signal::Logs, (0..7).map(|number| login(number, "10.0.0.7", 401)));
    stored.add(Signal::Logs, (0..3).map(|number| login(number, "10.0.0.8", 403)));
    stored.add(Signal::Logs, (0..9).map(|number| login(number, "10.0.0.9", 200)));
    let check = |rule: serde_json::Value, expected: &[(&str, f64)]| assert_eq!(stored.found(&rule), named(expected));
    check(json!({ "kind": "logs", "filter": "status=401 or status=403" }), &[("", 10.0)]);
    check(
        json!({ "kind": "logs", "filter": "status=401 or status=403", "by": "client_ip" }),
        &[("client_ip=10.0.0.7", 7.0), ("client_ip=10.0.0.8", 3.0)],
    );
    check(json!({ "kind": "logs", "filter": "status=500" }), &[("", 0.0)]);
    // The window ends where it says, to the nanosecond.
    check(json!({ "kind": "logs", "filter": "status=401", "window": "60s" }), &[("", 7.0)]);
    check(json!({ "kind": "logs", "filter": "status=401", "window": "59s" }), &[("", 0.0)]);
}

#[test]
fn errors_that_are_new_and_those_that_come_in_numbers() {
    let stored = Stored::new();
    stored.errors(stored.at - 50 * MINUTE, 20, "no answer from 10.0.0.7");
    stored.errors(stored.at - 2 * MINUTE, 30, "no answer from 10.0.0.8");
    stored.errors(stored.at - MINUTE, 4, "the disk is full");
    let found = stored.found(&json!({ "kind": "new_error" }));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].0.contains("error=the disk is full") && found[0].1 == 4.0, "{found:?}");
    // Twenty in an hour are less than two in five minutes.
    let found = stored.found(&json!({ "kind": "error_spike" }));
    assert!(found.len() == 1 && found[0].0.contains("error=no answer from <n>") && found[0].1 == 18.0, "{found:?}");
    assert_eq!(stored.found(&json!({ "kind": "new_error", "filter": "service=bank" })), []);
    // It is new for as long as its window says, across the hour.
    let hour = stored.at + 30 * MINUTE;
    stored.errors(hour - MINUTE, 2, "a late one");
    let told = |at| stored.found_at(&json!({ "kind": "new_error" }), at, &Gaps::default()).unwrap().0;
    assert_eq!(told(hour + 2 * MINUTE).len(), 1);
    assert_eq!(told(hour + 5 * MINUTE).len(), 0);
}

/// Although another service told the same a while before, in the same hour.
#[test]
fn an_error_that_is_new_to_a_service_is_told() {
    let stored = Stored::new();
    let hour = stored.at + 30 * MINUTE;
    let error = |service, time| {
        let fields = [("level", "ERROR"), ("service", service), ("target", "db"), ("message", "a late one")];
        stored.add(Signal::Logs, [(time, fields.map(|(name, value)| (name, Value::Text(value))).to_vec())]);
    };
    error("bank", hour - 20 * MINUTE);
    error("shop", hour - MINUTE);
    let rule = json!({ "kind": "new_error", "filter": "service=shop" });
    let told = |at| stored.found_at(&rule, at, &Gaps::default()).unwrap().0;
    assert_eq!(told(hour + 2 * MINUTE).len(), 1);
    assert_eq!(told(hour + 5 * MINUTE).len(), 0);
}

#[test]
fn metrics() {
    let stored = Stored::new();
    for (service, value) in [("shop", 10.0), ("bank", 30.0)] {
        stored.gauge("queue.length", stored.at - 2 * MINUTE, value, &[("service", service), ("queue", "mail")]);
        stored.gauge("queue.length", stored.at - MINUTE, value + 2.0, &[("service", service), ("queue", "mail")]);
    }
    let check = |rule: serde_json::Value, expected: &[(&str, f64)]| assert_eq!(stored.found(&rule), named(expected));
    let rule = |how: &str| json!({ "kind": "metric", "metric": "queue.length", "how": how });
    check(rule("mean"), &[("service=bank", 31.0), ("service=shop", 11.0)]);
    check(rule("most"), &[("service=bank", 32.0), ("service=shop", 12.0)]);
    let only = json!({ "kind": "metric", "metric": "queue.length", "only": { "queue": "mail" }, "service": "shop" });
    check(only, &[("service=shop", 11.0)]);
    check(json!({ "kind": "metric", "metric": "nothing" }), &[]);
    let trouble = stored.found_at(&rule("rate"), stored.at, &Gaps::default()).unwrap_err();
    assert!(trouble.to_string().contains("not told of a gauge"), "{trouble}");
}

#[test]
fn hosts() {
    let stored = Stored::new();
    let (at, one, two) = (stored.at - MINUTE, ("host.name", "one"), ("host.name", "two"));
    for service in ["shop", "bank"] {
        stored.gauge("system.cpu.utilization", at, 0.9, &[("service", service), one]);
    }
    stored.gauge("system.cpu.utilization", at, 0.2, &[("service", "shop"), two]);
    stored.gauge("system.memory.utilization", at, 0.5, &[("service", "shop")]);
    for (mountpoint, used, free) in [("/", 90.0, 10.0), ("/data", 20.0, 60.0)] {
        let place = ("system.filesystem.mountpoint", mountpoint);
        for (state, bytes) in [("used", used), ("free", free)] {
            let labels = [("service", "shop"), one, place, ("system.filesystem.state", state)];
            stored.gauge("system.filesystem.usage", at, bytes, &labels);
        }
    }
    let check = |rule: serde_json::Value, expected: &[(&str, f64)]| assert_eq!(stored.found(&rule), named(expected));
    let cpu = json!({ "kind": "cpu", "threshold": 0 });
    check(cpu, &[("host.name=one", 90.0), ("host.name=two", 20.0)]);
    check(json!({ "kind": "memory", "threshold": 0 }), &[("service=shop", 50.0)]);
    let disk = [("host.name=one mountpoint=/", 90.0), ("host.name=one mountpoint=/data", 25.0)];
    check(json!({ "kind": "disk", "threshold": 0 }), &disk);
    check(json!({ "kind": "disk", "threshold": 0, "mountpoint": "/data" }), &disk[1..]);
}

#[test]
fn services_that_are_down() {
    let stored = Stored::new();
    let up = |service: &str, minutes: i64| {
        stored.gauge("process.uptime", stored.at - minutes * MINUTE, 1.0, &[("service", service)]);
    };
    up("down", 10);
    up("up", 10);
    up("up", 1);
    up("fresh", 1);
    up("between", 5);
    up("talks", 10);
    let fields = vec![("service", Value::Text("talks")), ("message", Value::Text("hello"))];
    stored.add(Signal::Logs, [(stored.at - MINUTE, fields)]);
    let rule = json!({ "kind": "service_down", "window": "3m" });
    let found = stored.found(&rule);
    assert_eq!(found, named(&[("service=between", 1.0), ("service=down", 1.0)]));
    let (_, outcome) = stored.found_at(&rule, stored.at, &Gaps::default()).unwrap();
    assert_eq!(outcome.seen, 5, "those that are there are seen, too");
    let mut gaps = Gaps::default();
    gaps.add(stored.at - 4 * MINUTE, stored.at - 2 * MINUTE);
    let (found, outcome) = stored.found_at(&rule, stored.at, &gaps).unwrap();
    assert!(found.is_empty() && outcome.is_doubtful, "who was not there does not know who else was not");
}

#[test]
fn what_does_not_come() {
    let stored = Stored::new();
    stored.requests("shop", "/buy", stored.at - 4 * MINUTE, 5, 0, 1.0);
    stored.gauge("backup.done", stored.at - 4 * MINUTE, 1.0, &[("service", "backup")]);
    let check = |rule: serde_json::Value, expected| {
        let found = stored.found(&rule);
        assert_eq!(!found.is_empty(), expected, "{rule}: {found:?}");
    };
    check(json!({ "kind": "absence", "of": "logs" }), false);
    check(json!({ "kind": "absence", "of": "logs", "filter": "backup done" }), true);
    check(json!({ "kind": "absence", "of": "spans" }), true);
    check(json!({ "kind": "absence", "of": "requests", "service": "shop", "route": "/buy" }), false);
    check(json!({ "kind": "absence", "of": "requests", "service": "shop", "route": "/look" }), true);
    check(json!({ "kind": "absence", "of": "metric", "metric": "backup.done" }), false);
    check(json!({ "kind": "absence", "of": "metric", "metric": "backup.done", "service": "shop" }), true);
    let found = stored.found(&json!({ "kind": "absence", "of": "requests", "service": "bank" }));
    assert_eq!(found, named(&[("service=bank", 1.0)]));
}

#[test]
fn telemetry_that_was_dropped() {
    let stored = Stored::new();
    let labels = [("service", "shop"), ("outcome", "dropped"), ("reason", "queue_full")];
    stored.counter("cupola.log.lines", stored.at - 6 * MINUTE, 5, &labels);
    stored.counter("cupola.log.lines", stored.at - 2 * MINUTE, 12, &labels);
    let written = [("service", "shop"), ("outcome", "written")];
    stored.counter("cupola.log.lines", stored.at - 6 * MINUTE, 5, &written);
    stored.counter("cupola.log.lines", stored.at - 2 * MINUTE, 900, &written);
    let found = stored.found(&json!({ "kind": "telemetry_dropped", "threshold": 0 }));
    assert_eq!(found, named(&[("metric=cupola.log.lines outcome=dropped reason=queue_full service=shop", 7.0)]));
}

#[test]
fn a_time_of_which_not_all_is_known_only_tells_that_it_is_at_least_so_much() {
    let stored = Stored::new();
    stored.errors(stored.at - MINUTE, 8, "no answer");
    let mut gaps = Gaps::default();
    gaps.add(stored.at - 4 * MINUTE, stored.at - 3 * MINUTE);
    let of = |threshold: i64, compare: &str, gaps: &Gaps| {
        let rule = json!({ "kind": "logs", "filter": "level=error", "threshold": threshold, "compare": compare });
        let outcome = stored.found_at(&rule, stored.at, gaps).unwrap().1;
        (outcome.samples.len(), outcome.is_doubtful)
    };
    assert_eq!(of(5, "above", &gaps), (1, true), "eight are more than five, however many there were");
    assert_eq!(of(10, "below", &gaps), (0, true), "there may have been more");
    assert_eq!(of(10, "below", &Gaps::default()), (1, false));
}

#[test]
fn rules_that_ask_the_same_ask_once_and_the_past_once_for_all() {
    let stored = Stored::new();
    stored.requests("shop", "/", stored.at - 4 * MINUTE, 50, 5, 20.0);
    let rule = |name: &str, kind: &str, more: serde_json::Value| {
        let mut fields = json!({ "name": name, "kind": kind, "threshold": 1 });
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Rule::from_json(&fields).unwrap()
    };
    let rules = [
        rule("a", "error_ratio", json!({})),
        rule("b", "latency", json!({ "quantile": 0.5 })),
        rule("c", "latency", json!({ "quantile": 0.99, "service": "shop" })),
        rule("d", "request_rate", json!({ "service": "shop" })),
    ];
    let (reader, mut past) = (Counting { reader: stored.reader(), asked: 0.into() }, Past::default());
    for _ in 0..2 {
        let baseline = rule("e", "baseline", json!({ "measure": "request_rate" }));
        let all: Vec<&Rule> = rules.iter().chain([&baseline]).collect();
        let round = Round::new(&reader, all.iter().copied(), &mut past, Vec::new());
        for rule in all {
            let gaps = Gaps::default();
            evaluate(rule, At { until: stored.at, gaps: &gaps }, &round, &FxHashSet::default()).unwrap();
        }
    }
    // In each round the present once for four rules, once for the baseline's window, each of which looks at spans where it finds nothing;
    // the seven days, logs and spans, in the first round only.
    let asked = reader.asked.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(asked, 2 * (1 + 1) + 7 * 2);
}

#[derive(Debug)]
struct Counting {
    reader: Reader,
    asked: std::sync::atomic::AtomicUsize,
}

use cupola_store as store;

impl store::Query for Counting {
    fn requests(&self, asked: &store::Requests) -> Result<store::Requested, store::QueryError> {
        self.asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.reader.requests(asked)
    }
    fn search(&self, asked: &store::Search) -> Result<store::Found, store::QueryError> {
        self.reader.search(asked)
    }
    fn counts(&self, asked: &store::Counts) -> Result<store::Counted, store::QueryError> {
        self.reader.counts(asked)
    }
    fn top(&self, asked: &store::Top) -> Result<store::Topped, store::QueryError> {
        self.reader.top(asked)
    }
    fn quantiles(&self, asked: &store::Quantiles) -> Result<store::Measured, store::QueryError> {
        self.reader.quantiles(asked)
    }
    fn trace(&self, asked: &store::TraceOf) -> Result<store::Trace, store::QueryError> {
        self.reader.trace(asked)
    }
    fn failures(&self, asked: &store::Failures) -> Result<store::Failed, store::QueryError> {
        self.reader.failures(asked)
    }
    fn points(&self, asked: &store::Points) -> Result<store::Pointed, store::QueryError> {
        self.reader.points(asked)
    }
}

#[test]
fn windows_end_at_multiples_of_the_interval_behind_the_present() {
    let rule = |fields: serde_json::Value| Rule::from_json(&fields).unwrap();
    let logs = rule(json!({ "name": "a", "kind": "logs", "threshold": 1, "interval": "15s", "delay": "1s" }));
    let check = |now: i64, expected: i64| assert_eq!(end_of_window(&logs, now * SECOND), expected * SECOND, "{now}");
    check(60, 45);
    check(61, 60);
    check(75, 60);
    check(76, 75);
    let absence = rule(json!({ "name": "b", "kind": "absence", "of": "logs" }));
    assert_eq!(end_of_window(&absence, 100 * SECOND), 60 * SECOND, "what is missed may only be late");
}

#[test]
fn beyond_the_critical_threshold_it_is_critical() {
    let rule =
        json!({ "name": "a", "kind": "logs", "threshold": 5, "critical_threshold": 10, "recovery_threshold": 3 });
    let rule = Rule::from_json(&rule).unwrap();
    let check = |value: f64, expected| assert_eq!(rule.judge(value), expected, "{value}");
    check(11.0, Verdict::Breach(Severity::Critical));
    check(10.0, Verdict::Breach(Severity::Warning));
    check(5.0, Verdict::Between);
    check(3.0, Verdict::Well);
    let below = json!({ "name": "a", "kind": "logs", "threshold": 5, "compare": "below", "recovery_threshold": 8 });
    let below = Rule::from_json(&below).unwrap();
    assert_eq!(
        [4.0, 5.0, 8.0].map(|value| below.judge(value)),
        [Verdict::Breach(Severity::Warning), Verdict::Between, Verdict::Well]
    );
}
