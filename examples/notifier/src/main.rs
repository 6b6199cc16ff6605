//! A receiver of alerts of one's own: a pager that is reached over a file, as any chat, mailbox or program could be.
//!
//! A `Notifier` tries once, and says how it went. All else is done for it: messages are written down before they are sent, tried again later and
//! later, put together where there are many, and sent again by the next process where this one ends.
//!
//! `cargo run -p notifier` sends an alert through an outbox, in process, to a pager that is away at first. It always ends by itself, with
//! `-- --once` or without.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::ensure;
use cupola_alert::{
    Delivery, Manner, Message, MessageKind, Notice, Notifier, Outgoing, Receivers, SendError, Sending, Sent, Severity,
};
use cupola_store::{Metadata as _, MetadataFile};

/// What it shows of itself (`Debug`) is shown to people: a secret would not belong there.
#[derive(Debug)]
struct Pager {
    line: PathBuf,
}

impl Notifier for Pager {
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        Box::pin(async move {
            // Whoever carries the line may know it by `id`: it is the same whenever a message is sent again.
            let alerts: Vec<&str> = message.alerts.iter().map(|notice| notice.rule.as_str()).collect();
            let page = format!("{} {}: {}\n", message.id, message.kind, alerts.join(", "));
            match self.write(&page) {
                // What later messages of the same episode may refer to; a pager has no threads.
                Ok(()) => Ok(Sent { thread: None }),
                // Not there yet: it is tried again. What will never go well is `SendError::lasting`, and is shown to people at once.
                Err(error) if error.kind() == io::ErrorKind::NotFound => Err(SendError::transient("the pager is away")),
                Err(error) => Err(SendError::lasting("the pager's line cannot be written").source(error)),
            }
        })
    }

    /// Whoever carries a pager wants few messages: two a minute, of which each names five alerts.
    fn manner(&self) -> Manner {
        Manner { per_minute: Some(2), alerts: 5, ..Manner::PEOPLE }
    }
}

impl Pager {
    fn write(&self, page: &str) -> io::Result<()> {
        OpenOptions::new().append(true).open(&self.line)?.write_all(page.as_bytes())
    }
}

const SECOND: i64 = 1_000_000_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let line = dir.path().join("line");
    let metadata = Arc::new(MetadataFile::open(dir.path())?);

    // Beside those that the environment names, `Receivers::from_vars`, it is one among others.
    let receivers = Receivers::default().with("pager", Pager { line: line.clone() });

    // In a service rules do this, in one step with the change of the alert that is its cause.
    let notice = Notice {
        rule: "disk full".into(),
        fingerprint: "f1".into(),
        episode: "e1".into(),
        severity: Severity::Critical,
        ..Notice::default()
    };
    for receiver in receivers.told(&notice, MessageKind::Firing) {
        let outgoing = Outgoing { receiver: receiver.to_owned(), ..Outgoing::of(notice.clone()) };
        metadata.apply(&[outgoing.change(0)])?;
    }

    // Clocks are the caller's. Here the whole jitter is waited for.
    let delivery = Delivery::new(metadata, receivers).chance(|| 1.0);
    let first = delivery.deliver(60 * SECOND).await?;
    ensure!((first.sent, first.delayed) == (1, 1), "the log has it, the pager does not: {first:?}");

    std::fs::write(&line, "")?;
    let second = delivery.deliver(61 * SECOND).await?;
    ensure!((second.sent, second.next) == (1, None), "now the pager has it, too: {second:?}");

    let page = std::fs::read_to_string(&line)?;
    ensure!(page.ends_with("firing: disk full\n"), "{page}");
    io::stdout().write_all(page.as_bytes())?;
    Ok(())
}
