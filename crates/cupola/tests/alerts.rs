//! Alerts beside a service: what goes wrong is told, and what is wrongly configured is said at the start.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use cupola::Cupola;
use cupola::alert::{Message, MessageKind, Notifier, Phase, Sending, Sent};
use cupola::telemetry::Memory;

#[derive(Debug)]
struct Bell(Sender<Message>);

impl Notifier for Bell {
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        Box::pin(async move {
            self.0.send(message.clone()).unwrap();
            Ok(Sent::default())
        })
    }
}

const RULES: &str = "
[[rule]]
name = 'errors'
kind = 'logs'
filter = 'level>=error'
threshold = 0
for = '0'
interval = '1s'
delay = '0'
window = '10m'
labels = { team = 'billing' }
";

fn vars(dir: &Path, more: &[(&'static str, &str)]) -> impl Fn(&str) -> Option<String> + use<> {
    let rules = dir.join("rules.toml");
    std::fs::write(&rules, RULES).unwrap();
    let mut all = vec![("CUPOLA_STORE", dir.join("store").to_str().unwrap().to_owned())];
    all.push(("CUPOLA_ALERTS", rules.to_str().unwrap().to_owned()));
    all.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    move |name| {
        all.iter()
            .rev()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.clone())
            .filter(|value| !value.is_empty())
    }
}

fn start(dir: &Path, log: Memory) -> (Cupola, Receiver<Message>) {
    let (send, told) = channel();
    let built = Cupola::builder("billing").vars(vars(dir, &[])).notifier("bell", Bell(send)).output(log).build();
    (built.unwrap(), told)
}

/// Fails rather than wait for ever.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting).await.expect(what);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_told_once_and_the_next_process_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let log = Memory::new();
    let (cupola, told) = start(folder.path(), log.clone());
    tracing::dispatcher::with_default(cupola.telemetry().dispatch(), || tracing::error!("no answer from the bank"));
    let message =
        tokio::task::spawn_blocking(move || told.recv_timeout(Duration::from_secs(60))).await.unwrap().unwrap();
    assert_eq!(
        (message.kind, message.receiver.as_str(), message.alerts[0].rule.as_str()),
        (MessageKind::Firing, "bell", "errors")
    );
    assert_eq!(message.alerts[0].labels["team"], "billing");
    let fires = cupola.alerts().unwrap().alerts().unwrap().remove(0);
    assert_eq!((fires.rule.as_str(), fires.phase, fires.value), ("errors", Phase::Firing, Some(1.0)));
    until("the log tells", || log.text().contains("alert firing: ")).await;
    let alerts = cupola.alerts().unwrap().clone();
    let noted = || alerts.alerts().unwrap()[0].told.iter().filter(|told| told.delivered.is_some()).count();
    until("it is noted who was told", || noted() == 2).await;
    drop(alerts);
    cupola.shutdown().await;

    let (cupola, told) = start(folder.path(), Memory::new());
    let alerts = cupola.alerts().unwrap().clone();
    until("it evaluates", || alerts.rules().unwrap().iter().any(|rule| rule.health.evaluated.is_some())).await;
    assert_eq!(alerts.alerts().unwrap().remove(0).episode, fires.episode, "it is still the same");
    cupola.shutdown().await;
    drop(cupola);
    drop(alerts);
    assert_eq!(told.try_iter().count(), 0, "nobody is told again");
}

#[test]
fn what_is_wrong_is_said_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let check = |more: &[(&'static str, &str)], expected: &str| {
        let built = Cupola::builder("billing").vars(vars(folder.path(), more)).output(std::io::sink()).build();
        let error = built.unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    };
    check(&[("ENABLE_SLACK_ALERTS", "true")], "ENABLE_SLACK_ALERTS is `true`: SLACK_WEBHOOK_URL is not set");
    check(&[("CUPOLA_ALERTS", "/nowhere.toml")], "CUPOLA_ALERTS is `/nowhere.toml`: No such file");
    check(&[("CUPOLA_MONITORING", "maybe")], "CUPOLA_MONITORING is `maybe`; accepted: ");
    let bad = folder.path().join("bad.toml");
    std::fs::write(&bad, "[[rule]]\nname = 'x'\nkind = 'logs'\nthresold = 1\n").unwrap();
    let bad = bad.to_str().unwrap();
    check(&[("CUPOLA_ALERTS", bad)], &format!("CUPOLA_ALERTS is `{bad}`: "));
}

#[test]
fn nothing_is_judged_where_nobody_wants_it() {
    let folder = tempfile::tempdir().unwrap();
    let alerts = |more: &[(&'static str, &str)]| {
        let built = Cupola::builder("billing").vars(vars(folder.path(), more)).output(std::io::sink()).build().unwrap();
        built.alerts().is_some()
    };
    assert!(alerts(&[]));
    assert!(!alerts(&[("CUPOLA_MONITORING", "off")]));
    assert!(!alerts(&[("CUPOLA_STORE", "")]));
}
