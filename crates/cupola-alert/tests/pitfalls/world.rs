//! A metric that a test sets, metadata that can fail, time that a test moves, and somebody who stands in for delivery.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use cupola_alert::{Alerts, Delivered, Health, Outgoing, Receivers, RuleSource, Rules};
use cupola_store::*;

pub(crate) const S: i64 = 1_000_000_000;

/// A rule over the metric, without its threshold.
pub(crate) const GAUGE: &str = r#"
[[rule]]
name = "gauge"
kind = "metric"
metric = "m"
how = "last"
window = "1m"
interval = "10s"
delay = "0"
"#;

/// A store that says what the test wants.
#[derive(Debug, Default)]
pub(crate) struct Said {
    values: Mutex<BTreeMap<String, f64>>,
    requests: AtomicU64,
    fails: AtomicBool,
}

impl Said {
    pub(crate) fn set(&self, service: &str, value: f64) {
        self.values.lock().unwrap().insert(service.to_owned(), value);
    }
}

fn nothing<T>() -> Result<T, QueryError> {
    Err(io::Error::other("nobody asks this").into())
}

impl Query for Said {
    fn search(&self, _: &Search) -> Result<Found, QueryError> {
        nothing()
    }
    fn counts(&self, _: &Counts) -> Result<Counted, QueryError> {
        nothing()
    }
    fn top(&self, _: &Top) -> Result<Topped, QueryError> {
        nothing()
    }
    fn quantiles(&self, _: &Quantiles) -> Result<Measured, QueryError> {
        nothing()
    }
    fn requests(&self, asked: &Requests) -> Result<Requested, QueryError> {
        let count = self.requests.load(Ordering::Relaxed);
        let row = RequestRow {
            service: "shop".into(),
            count,
            quantiles_ms: vec![0.0; asked.shares.len()],
            ..RequestRow::default()
        };
        let rows = if count == 0 { Vec::new() } else { vec![row] };
        Ok(Requested { rows, whole: 60 * S, ..Requested::default() })
    }
    fn trace(&self, _: &TraceOf) -> Result<Trace, QueryError> {
        nothing()
    }
    fn failures(&self, _: &Failures) -> Result<Failed, QueryError> {
        nothing()
    }
    fn points(&self, asked: &Points) -> Result<Pointed, QueryError> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(io::Error::other("the disk is gone").into());
        }
        let values = self.values.lock().unwrap();
        let series = values.iter().map(|(service, value)| PointSeries {
            labels: BTreeMap::from([("service".to_owned(), service.clone())]),
            values: vec![Some(*value)],
        });
        Ok(Pointed { series: series.collect(), start: asked.since, ..Pointed::default() })
    }
}

/// Real metadata, of which two writes fail.
#[derive(Debug)]
pub(crate) struct Flaky {
    real: MetadataFile,
    until_failure: AtomicI64,
}

impl Metadata for Flaky {
    fn get(&self, kind: &str, key: &str) -> Result<Option<Document>, MetadataError> {
        self.real.get(kind, key)
    }
    fn list(&self, kind: &str, after: Option<&str>, limit: usize) -> Result<Vec<Document>, MetadataError> {
        self.real.list(kind, after, limit)
    }
    fn apply(&self, changes: &[Change]) -> Result<(), MetadataError> {
        // Two in a row: what cannot be written together is tried rule by rule.
        if matches!(self.until_failure.fetch_sub(1, Ordering::Relaxed), 0 | 1) {
            let new =
                |key: &str| Change::Put { kind: "x", key: key.into(), body: String::new(), expect: Expect::Version(9) };
            return self.real.apply(&[new("there is none")]);
        }
        self.real.apply(changes)
    }
    fn notes(
        &self,
        topic: &str,
        subject: Option<&str>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Note>, MetadataError> {
        self.real.notes(topic, subject, before, limit)
    }
    fn notes_after(&self, topic: &str, after: i64, limit: usize) -> Result<Vec<Note>, MetadataError> {
        self.real.notes_after(topic, after, limit)
    }
}

pub(crate) struct World {
    _dir: tempfile::TempDir,
    metadata: Arc<Flaky>,
    said: Arc<Said>,
    rules: String,
    armed: bool,
    pub(crate) alerts: Alerts,
    pub(crate) now: i64,
}

pub(crate) fn rules(text: &str) -> Rules {
    let mut rules = Rules::none();
    let file: BTreeMap<String, Vec<serde_json::Value>> = toml::from_str(text).unwrap();
    file["rule"].iter().for_each(|rule| _ = rules.add(rule, RuleSource::File).unwrap());
    rules
}

impl World {
    /// One rule over the metric, with these fields.
    pub(crate) fn new(fields: &str) -> Self {
        Self::with(&format!("{GAUGE}{fields}\n"))
    }

    pub(crate) fn with(text: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let real = MetadataFile::open(dir.path()).unwrap();
        let metadata = Arc::new(Flaky { real, until_failure: AtomicI64::new(-1) });
        let said = Arc::new(Said::default());
        let alerts = Alerts::new(said.clone(), metadata.clone(), rules(text), Receivers::default());
        let now = 1_795_232_760 * S;
        Self { _dir: dir, metadata, said, rules: text.to_owned(), armed: false, alerts, now }
    }

    pub(crate) fn add(&mut self, text: &str) -> &mut Self {
        self.rules = format!("{}\n{text}", self.rules);
        self.restart()
    }

    pub(crate) fn replace(&mut self, text: &str) -> &mut Self {
        text.clone_into(&mut self.rules);
        self.restart()
    }

    /// Another process over the same metadata.
    pub(crate) fn another(&self) -> Alerts {
        Alerts::new(self.said.clone(), self.metadata.clone(), rules(&self.rules), Receivers::default())
    }

    pub(crate) fn restart(&mut self) -> &mut Self {
        self.alerts = self.another();
        self
    }

    pub(crate) fn put_rule(&mut self, rule: &serde_json::Value) -> &mut Self {
        let all = self.alerts.all_rules().unwrap();
        self.alerts.people().put_rule(&all, rule, "ann", self.now).unwrap();
        self
    }

    pub(crate) fn set(&mut self, service: &str, value: f64) -> &mut Self {
        self.said.set(service, value);
        self
    }

    pub(crate) fn unset(&mut self, service: &str) -> &mut Self {
        self.said.values.lock().unwrap().remove(service);
        self
    }

    pub(crate) fn requests(&mut self, count: u64) -> &mut Self {
        self.said.requests.store(count, Ordering::Relaxed);
        self
    }

    pub(crate) fn fail(&mut self, fails: bool) -> &mut Self {
        self.said.fails.store(fails, Ordering::Relaxed);
        self
    }

    /// From the first call on, this write fails, and the one before it.
    pub(crate) fn fail_write_number(&mut self, number: i64) {
        if !std::mem::replace(&mut self.armed, true) {
            self.metadata.until_failure.store(number, Ordering::Relaxed);
        }
    }

    /// Lets so many seconds pass, with an evaluation every ten.
    pub(crate) fn run(&mut self, seconds: i64) -> &mut Self {
        for _ in 0..seconds / 10 {
            self.now += 10 * S;
            self.alerts.evaluate(self.now).unwrap();
        }
        self
    }

    pub(crate) fn silence(&mut self, matcher: &str, seconds: i64) -> String {
        let matchers = vec![matcher.parse().unwrap()];
        self.alerts.people().silence(matchers, "ann", "maintenance", self.now + seconds * S, self.now).unwrap()
    }

    pub(crate) fn health(&self) -> Health {
        let rules = self.alerts.rules().unwrap();
        rules.into_iter().find(|one| one.rule.name() == "gauge").unwrap().health
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.metadata.all(Outgoing::KIND).unwrap().into_iter().map(|row| row.key).collect()
    }

    /// Takes a row out of the outbox, as if it had never been written.
    pub(crate) fn take_row(&self, key: &str) {
        self.metadata.real.apply(&[Change::Delete { kind: Outgoing::KIND, key: key.to_owned() }]).unwrap();
    }

    /// What waits in the outbox.
    pub(crate) fn sent(&self) -> Vec<Outgoing> {
        let rows = self.metadata.all(Outgoing::KIND).unwrap();
        rows.iter().map(|row| serde_json::from_str(&row.body).unwrap()).collect()
    }

    /// Delivers what waits, in the order in which it was written.
    pub(crate) fn deliver(&mut self) -> Vec<Outgoing> {
        let keys = self.keys();
        let mut sent: Vec<(String, Outgoing)> = keys.into_iter().zip(self.sent()).collect();
        sent.sort_by_key(|(_, row)| row.written);
        for (key, row) in &sent {
            let delivered = Delivered {
                kind: row.kind,
                severity: row.notice.severity,
                time: self.now,
                receiver: row.receiver.clone(),
                thread: None,
                notice: None,
            };
            let mut changes = delivered.changes(&row.notice);
            changes.push(Change::Delete { kind: Outgoing::KIND, key: key.clone() });
            self.metadata.real.apply(&changes).unwrap();
        }
        sent.into_iter().map(|(_, row)| row).collect()
    }
}
