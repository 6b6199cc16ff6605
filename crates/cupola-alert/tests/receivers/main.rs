//! Receivers as they are: a Slack held to its documented answers, webhooks that fail in every way, a real Alertmanager, real mail servers.
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod again;
mod alertmanager;
mod email;
mod heartbeat;
mod kill;
mod process;
mod server;
mod slack;
mod webhook;

use std::collections::BTreeMap;

use cupola_alert::{Message, MessageKind, Notice, Severity};

const SECOND: i64 = 1_000_000_000;
const START: i64 = 1_764_236_321 * SECOND;

/// What every secret of these tests has in it, and no error may show.
const SECRET: &str = "hunter2";

fn notice(index: usize) -> Notice {
    let text = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    Notice {
        rule: "error-ratio".into(),
        fingerprint: format!("{index:016x}"),
        episode: format!("episode-{index}"),
        severity: Severity::Critical,
        labels: BTreeMap::from([
            text("service", &format!("api-{index}")),
            text("http.route", "/users/{id}<!channel>&"),
        ]),
        annotations: BTreeMap::from([text("summary", "More than 10 % of requests fail"), text("run-book.1", "none")]),
        value: Some(14.2),
        threshold: Some(10.0),
        unit: "%".into(),
        starts_at: START,
        ends_at: None,
        reason: None,
        link: Some("https://cupola.example/alerts/1".into()),
    }
}

fn message(kind: MessageKind, alerts: usize) -> Message {
    let ends_at = (kind == MessageKind::Resolved).then_some(START + 60 * SECOND);
    Message {
        id: format!("0123456789abcdef{kind}"),
        kind,
        receiver: "ops".into(),
        time: START + SECOND,
        sent: START + SECOND,
        group: BTreeMap::from([("rule".to_owned(), "error-ratio".to_owned())]),
        alerts: (0..alerts).map(|index| Notice { ends_at, ..notice(index) }).collect(),
        more: 0,
        suppressed: 0,
        thread: None,
        open: 0,
    }
}
