//! An address that is asked as long as rules are evaluated.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use cupola_alert::{Alerts, Heartbeat, Receivers, RuleSource, Rules};
use cupola_store::{Change, Document, Metadata, MetadataError, MetadataFile, Note, Settings, Store};
use serde_json::json;

use super::server::{Server, says};
use super::{SECOND, SECRET, START};

/// Real metadata that can be out of reach.
#[derive(Debug)]
struct Distant {
    real: MetadataFile,
    is_gone: AtomicBool,
    refused: AtomicU64,
}

impl Metadata for Distant {
    fn get(&self, kind: &str, key: &str) -> Result<Option<Document>, MetadataError> {
        self.real.get(kind, key)
    }
    fn list(&self, kind: &str, after: Option<&str>, limit: usize) -> Result<Vec<Document>, MetadataError> {
        if kind == "rule" && self.is_gone.load(SeqCst) {
            self.refused.fetch_add(1, SeqCst);
            MetadataFile::open(std::path::Path::new("/nowhere"))?;
        }
        self.real.list(kind, after, limit)
    }
    fn apply(&self, changes: &[Change]) -> Result<(), MetadataError> {
        self.real.apply(changes)
    }
    fn notes(
        &self,
        topic: &str,
        of: Option<&str>,
        before: Option<i64>,
        most: usize,
    ) -> Result<Vec<Note>, MetadataError> {
        self.real.notes(topic, of, before, most)
    }
    fn notes_after(&self, topic: &str, after: i64, most: usize) -> Result<Vec<Note>, MetadataError> {
        self.real.notes_after(topic, after, most)
    }
}

/// Waits until something is so, for a minute at most.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.unwrap_or_else(|_| panic!("{what}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_heard_as_long_as_rules_are_evaluated() {
    let server = Server::start(|_, _| says(200, "")).await;
    server.tell(says(503, SECRET));
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), &Settings::default(), &|_, _| Ok(Vec::new())).unwrap();
    let real = MetadataFile::open(dir.path()).unwrap();
    let metadata = Arc::new(Distant { real, is_gone: AtomicBool::new(false), refused: AtomicU64::new(0) });
    let mut rules = Rules::none();
    let rule = json!({ "name": "errors", "kind": "logs", "filter": "level>=error", "threshold": 0, "interval": "1s" });
    rules.add(&rule, RuleSource::File).unwrap();
    let heartbeat = Heartbeat::new(&format!("{}/{SECRET}", server.address)).unwrap().every(Duration::from_millis(20));
    let receivers = Receivers::default().heartbeat("outside", heartbeat);
    let alerts = Arc::new(Alerts::new(Arc::new(store.reader().unwrap()), metadata.clone(), rules, receivers));
    let time = Arc::new(AtomicI64::new(START));
    let (ends, ended) = tokio::sync::oneshot::channel::<()>();
    let clock = {
        let time = time.clone();
        move || time.load(SeqCst)
    };
    let running = tokio::spawn(alerts.clone().run(clock, async { _ = ended.await }));

    let beat = || alerts.condition().unwrap().heartbeats.get("outside").cloned().unwrap_or_default();
    until("it is asked again after a failure", || beat().sent > 2).await;
    assert_eq!((beat().failed, beat().problem), (1, None));
    assert!(server.asked().iter().all(|asked| asked.path == format!("/{SECRET}")));

    (0..100_000).for_each(|_| server.tell(says(503, SECRET)));
    until("a failure is seen", || beat().problem.is_some()).await;
    let problem = beat().problem.unwrap();
    assert!(problem.contains("503") && !problem.contains(SECRET), "{problem}");

    let refused = || metadata.refused.load(SeqCst);
    metadata.is_gone.store(true, SeqCst);
    time.fetch_add(61 * SECOND, SeqCst);
    until("an evaluation fails", || refused() > 0).await;
    let before = refused();
    until("another one fails", || refused() > before).await;
    server.asked();
    let before = refused();
    until("and another one", || refused() > before).await;
    assert!(server.asked().is_empty(), "where nothing is evaluated nothing is heard");
    metadata.is_gone.store(false, SeqCst);
    until("it is heard again when rules are evaluated again", || !server.asked().is_empty()).await;
    ends.send(()).unwrap();
    running.await.unwrap();
}
