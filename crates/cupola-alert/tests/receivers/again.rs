//! A message that was given up, and is sent again since somebody wants it.

use std::sync::Arc;

use cupola_alert::{Alerts, Happened, Receivers, RuleSource, Rules, Webhook};
use cupola_store::{Batch, MetadataFile, Settings, Signal, Store, Value};
use serde_json::json;

use super::SECOND;
use super::server::{Server, says};

const DAY: i64 = 86_400 * SECOND;

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_nanos()).unwrap()
}

/// A store with an error, and who is told of it.
pub(crate) fn failing(dir: &std::path::Path, receivers: Receivers) -> (Store, Arc<MetadataFile>, Alerts) {
    let store = Store::open(dir, &Settings::default(), &|_, _| Ok(Vec::new())).unwrap();
    let mut batch = Batch::new(Signal::Logs);
    batch.row(now() - 20 * SECOND).set("level", Value::Text("ERROR")).set("message", Value::Text("no answer"));
    store.writer().offer(batch);
    assert!(store.flush());
    let mut rules = Rules::none();
    let rule = json!({
        "name": "errors", "kind": "logs", "filter": "level>=error", "threshold": 0, "window": "1m", "delay": "0",
        "for": "0", "keep_firing_for": "0", "interval": "1s",
    });
    rules.add(&rule, RuleSource::File).unwrap();
    let metadata = Arc::new(MetadataFile::open(dir).unwrap());
    let alerts = Alerts::new(Arc::new(store.reader().unwrap()), metadata.clone(), rules, receivers);
    (store, metadata, alerts)
}

#[tokio::test]
async fn what_was_given_up_is_sent_again_with_its_key_and_its_end_after_it() {
    let server = Server::start(|_, _| says(200, "")).await;
    server.tell(says(410, "gone"));
    let dir = tempfile::tempdir().unwrap();
    let receivers = Receivers::default().with("hook", Webhook::new(&server.address).unwrap());
    let (_store, _, alerts) = failing(dir.path(), receivers);
    let start = now();
    alerts.evaluate(start).unwrap();
    alerts.deliver(start + 2 * SECOND).await.unwrap();
    let first = server.asked().remove(0);
    let failed = alerts.failed().unwrap();
    assert_eq!((failed.len(), failed[0].message.id.as_str()), (1, first.header("idempotency-key")));
    let hook = |alerts: &Alerts| alerts.condition().unwrap().receivers["hook"].clone();
    assert_eq!((hook(&alerts).given_up, hook(&alerts).delivered), (1, None));

    for step in 1..=12 {
        alerts.evaluate(start + step * 10 * SECOND).unwrap();
        alerts.deliver(start + step * 10 * SECOND + 2 * SECOND).await.unwrap();
    }
    assert!(server.asked().is_empty(), "who was not told that it fires is not told that it is over");

    let later = start + 2 * DAY;
    let id = &failed[0].message.id;
    assert!(alerts.send_again("nothing", "ann", later).unwrap_err().is_of_asker());
    assert!(alerts.send_again(id, " ", later).unwrap_err().is_of_asker(), "it is noted who wants it");
    alerts.send_again(id, "ann", later).unwrap();
    assert!(alerts.send_again(id, "ben", later).unwrap_err().is_of_asker(), "once");
    assert_eq!(alerts.failed().unwrap(), []);

    // It is tried for another day.
    server.tell(says(503, "soon"));
    let pass = alerts.deliver(later + 2 * SECOND).await.unwrap();
    assert_eq!((pass.delayed, pass.failed), (1, 0));
    assert!(hook(&alerts).problem.unwrap().contains("503"));
    alerts.deliver(later + 10 * SECOND).await.unwrap();
    alerts.deliver(later + 20 * SECOND).await.unwrap();
    let asked = server.asked();
    let told: Vec<_> = asked.iter().map(|asked| (asked.json()["status"].as_str().unwrap().to_owned(), asked)).collect();
    assert_eq!(told.iter().map(|(status, _)| &**status).collect::<Vec<_>>(), ["firing", "firing", "resolved"]);
    assert!(told[..2].iter().all(|(_, asked)| asked.text == first.text), "it says the same");
    assert!(told[..2].iter().all(|(_, asked)| asked.header("idempotency-key") == id));
    assert_ne!(told[2].1.header("idempotency-key"), id);
    assert!(hook(&alerts).delivered.is_some());
    let events = alerts.history(None, None, 100).unwrap();
    let by_ann =
        |what: &Happened| matches!(what, Happened::SentAgain { by, message, .. } if by == "ann" && message == id);
    assert_eq!(events.iter().filter(|event| by_ann(&event.what)).count(), 1);
}
