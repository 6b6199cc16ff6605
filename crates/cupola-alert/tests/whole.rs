//! Alerts over a real store and real metadata: from what is written to the store to the message.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cupola_alert::{
    Alerts, HealthStatus, Message, MessageKind, Notifier, Phase, Receivers, Rule, RuleSource, Rules, Sending, Sent,
};
use cupola_store::{Batch, MetadataFile, Settings, Signal, Store, Value, Writer};
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::Instant;

const S: i64 = 1_000_000_000;

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as i64
}

struct Stored {
    dir: tempfile::TempDir,
    store: Store,
}

impl Stored {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &Settings::default(), &|_, _| Ok(Vec::new())).unwrap();
        Self { dir, store }
    }

    fn errors(&self, at: i64, count: i64) {
        errors(&self.store.writer(), at, count);
        assert!(self.store.flush());
    }

    fn alerts(&self, rules: Rules, receivers: Receivers) -> Alerts {
        let metadata = Arc::new(MetadataFile::open(self.dir.path()).unwrap());
        Alerts::new(Arc::new(self.store.reader().unwrap()), metadata, rules, receivers)
    }
}

fn errors(writer: &Writer, at: i64, count: i64) {
    let mut batch = Batch::new(Signal::Logs);
    for number in 0..count {
        let mut row = batch.row(at + number);
        row.set("level", Value::Text("ERROR")).set("service", Value::Text("shop")).set("message", Value::Text("no"));
    }
    writer.offer(batch);
}

fn rule(more: &serde_json::Value) -> serde_json::Value {
    let mut rule = json!({ "name": "errors", "kind": "logs", "filter": "level>=error", "threshold": 5 });
    rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    rule
}

fn one(rule: &serde_json::Value) -> Rules {
    let mut rules = Rules::none();
    rules.add(rule, RuleSource::File).unwrap();
    rules
}

#[test]
fn a_preview_says_how_often_a_rule_would_have_fired_and_when() {
    let (stored, now) = (Stored::new(), now());
    let hour = 3_600 * S;
    for hours in [20, 11, 2] {
        stored.errors(now - hours * hour, 8);
    }
    // Too few.
    stored.errors(now - 5 * hour, 4);
    let alerts = stored.alerts(Rules::none(), Receivers::default());
    let preview = |more: serde_json::Value| alerts.preview(&Rule::from_json(&rule(&more)).unwrap(), now);
    let told = preview(json!({}));
    assert_eq!((told.fired, told.episodes.len(), told.problem), (3, 3, None));
    let early = told.episodes[0].starts_at - (now - 20 * hour);
    assert!((0..600 * S).contains(&early), "{early}");
    assert!(told.episodes.iter().all(|episode| episode.value == Some(8.0) && episode.ends_at.is_some()));
    assert_eq!(preview(json!({ "threshold": 10 })).fired, 0);
    assert_eq!(preview(json!({ "threshold": 3 })).fired, 4);
    assert_eq!(preview(json!({ "by": "service" })).episodes[2].labels["service"], "shop");
    assert_eq!(preview(json!({ "for": "10m" })).fired, 0, "each lasts for five minutes");
    let wrong = json!({ "name": "x", "kind": "metric", "metric": "m", "how": "rate", "threshold": 1 });
    assert_eq!(alerts.preview(&Rule::from_json(&wrong).unwrap(), now).fired, 0);
    assert_eq!(alerts.alerts().unwrap(), [], "a preview leaves nothing behind");
}

#[test]
fn another_process_sees_what_was_written_and_what_people_decided() {
    let (stored, now) = (Stored::new(), now());
    stored.errors(now - 30 * S, 8);
    let alerts = stored.alerts(one(&rule(&json!({}))), Receivers::default());
    alerts.evaluate(now).unwrap();
    let other = stored.alerts(one(&rule(&json!({}))), Receivers::default());
    let seen = other.alerts_at(now + S).unwrap();
    assert_eq!((seen.len(), seen[0].phase, seen[0].value), (1, Phase::Firing, Some(8.0)));
    let status = other.rules().unwrap().remove(0);
    assert_eq!((status.health.status, status.firing), (HealthStatus::Ok, 1));
    other.people().acknowledge(&seen[0].id(), "ann", "", None, now + S).unwrap();
    other.people().silence(vec!["service=shop".parse().unwrap()], "ann", "", now + 60 * S, now + S).unwrap();
    alerts.evaluate(now + 15 * S).unwrap();
    let mine = alerts.alerts().unwrap().remove(0);
    assert_eq!(mine.acknowledged.unwrap().by, "ann");
    assert_eq!(mine.silences.len(), 0, "the rule is of the whole store, and says nothing of services");
}

/// A rule of whole minutes that waits ten seconds for what is late, and a minute that is over.
fn by_the_minute() -> (Rules, i64) {
    let rules = one(&rule(&json!({ "interval": "1m", "window": "1m", "delay": "10s" })));
    (rules, (now() - 300 * S).div_euclid(60 * S) * 60 * S)
}

#[test]
fn a_line_that_is_late_is_counted_if_it_comes_within_the_delay() {
    let (stored, (rules, minute)) = (Stored::new(), by_the_minute());
    let alerts = stored.alerts(rules, Receivers::default());
    let firing = |at: i64| {
        alerts.evaluate(at).unwrap();
        let all = alerts.alerts().unwrap();
        all.iter().filter(|alert| alert.phase == Phase::Firing).filter_map(|alert| alert.value).collect::<Vec<_>>()
    };
    stored.errors(minute - 30 * S, 4);
    assert_eq!(firing(minute + 9 * S), [0.0; 0], "the minute is not judged yet");
    stored.errors(minute - 30 * S + 100, 4);
    assert_eq!(firing(minute + 10 * S), [8.0]);
}

#[test]
fn a_window_is_the_same_whenever_in_its_interval_it_is_looked_at() {
    for late in [10, 11, 37, 69] {
        let (stored, (rules, minute)) = (Stored::new(), by_the_minute());
        for (at, count) in [(minute - 61 * S, 100), (minute - 60 * S, 3), (minute - S, 4), (minute, 100)] {
            stored.errors(at, count);
        }
        let alerts = stored.alerts(rules, Receivers::default());
        alerts.evaluate(minute + late * S).unwrap();
        assert_eq!(alerts.alerts().unwrap()[0].value, Some(7.0), "{late} s after the minute");
    }
}

/// Keeps what it is given, and says so.
#[derive(Debug, Default)]
struct Kept {
    messages: Mutex<Vec<(MessageKind, Duration)>>,
    came: Notify,
    began: Mutex<Option<Instant>>,
}

#[derive(Debug, Clone)]
struct Keeps(Arc<Kept>);

impl Notifier for Keeps {
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        Box::pin(async move {
            let began = self.0.began.lock().unwrap().unwrap();
            self.0.messages.lock().unwrap().push((message.kind, began.elapsed()));
            self.0.came.notify_one();
            Ok(Sent::default())
        })
    }
}

#[tokio::test(start_paused = true)]
async fn from_breach_to_message_it_takes_an_interval_and_two_seconds() {
    let (stored, base) = (Stored::new(), now());
    let kept = Arc::new(Kept::default());
    let receivers = Receivers::default().with("kept", Keeps(kept.clone()));
    let alerts = Arc::new(stored.alerts(one(&rule(&json!({ "interval": "15s", "window": "1m" }))), receivers));
    let start = Instant::now();
    let clock = move || base + i64::try_from(start.elapsed().as_nanos()).unwrap();
    let (ends, ended) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(alerts.run(clock, async { _ = ended.await }));
    tokio::time::sleep(Duration::from_secs(40)).await;
    *kept.began.lock().unwrap() = Some(Instant::now());
    stored.errors(clock(), 8);
    while kept.messages.lock().unwrap().len() < 2 {
        kept.came.notified().await;
    }
    ends.send(()).unwrap();
    running.await.unwrap();
    let messages = kept.messages.lock().unwrap().clone();
    assert_eq!((messages[0].0, messages[1].0), (MessageKind::Firing, MessageKind::Resolved));
    assert!(messages[0].1 <= Duration::from_secs(17), "{messages:?}");
    assert!(messages[1].1 <= Duration::from_secs(60 + 17), "{messages:?}");
}
