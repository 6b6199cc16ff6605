//! A message on its way: a document from before its first attempt until it has been taken, or given up. It keeps its id and what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cupola_store::{Change, Document, Expect, Metadata, MetadataError};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::history::{DeliveryNote, Outcome};
use super::outgoing::json;
use super::plan::{Bundle, nanos};
use super::{Delivered, Deliveries, Failed, Outgoing};
use crate::{Message, MessageKind, Notice, ReceiverCondition, SendError, Sent};

/// What is frozen of a message, and how its attempts went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct OnItsWay {
    pub(super) message: Message,
    /// Alerts that the message counts and does not show.
    pub(super) unseen: Vec<Notice>,
    /// How many attempts failed.
    pub(super) attempts: u32,
    /// When the last one was made.
    pub(super) tried: i64,
    /// When the next one is due.
    pub(super) due: i64,
    /// Until when the receiver wants to be left alone.
    pub(super) hold: Option<i64>,
    /// Somebody wanted it to be sent again, then: it is not given up for its age before it is that old again.
    #[serde(default)]
    since: Option<i64>,
    /// What went wrong the last time.
    #[serde(default)]
    error: Option<String>,
    /// The document's version; not part of it.
    #[serde(skip)]
    pub(super) version: u64,
}

/// The first wait is this long at most, and each later one twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(300);

impl OnItsWay {
    pub(super) const KIND: &'static str = "sending";

    /// Makes one message of a bundle. The id is of its first row, whose key is never used again.
    pub(super) fn of(bundle: Bundle, receiver: &str, shown: usize, now: i64) -> (Self, Vec<Change>) {
        let rows = bundle.rows.iter().map(|row| row.key.clone()).chain(bundle.covered);
        let gone: Vec<Change> = rows.map(|key| Change::Delete { kind: Outgoing::KIND, key }).collect();
        let id = bundle.rows.first().map(|row| id_of(&row.key)).unwrap_or_default();
        let mut alerts: Vec<Notice> = bundle.rows.into_iter().map(|row| row.outgoing.notice).collect();
        let unseen = alerts.split_off(shown.min(alerts.len()));
        let message = Message {
            id,
            kind: bundle.kind,
            receiver: receiver.to_owned(),
            time: now,
            sent: now,
            group: bundle.group,
            alerts,
            more: unseen.len(),
            suppressed: bundle.suppressed,
            thread: bundle.thread,
            open: 0,
        };
        let made = Self {
            message,
            unseen,
            attempts: 0,
            tried: now,
            due: now,
            hold: None,
            since: None,
            error: None,
            version: 1,
        };
        let mut changes = vec![made.put(Expect::Absent)];
        changes.extend(gone);
        (made, changes)
    }

    pub(super) fn read(document: &Document) -> Option<Self> {
        let read: Self = serde_json::from_str(&document.body).ok()?;
        Some(Self { version: document.version, ..read })
    }

    fn put(&self, expect: Expect) -> Change {
        Change::Put { kind: Self::KIND, key: self.message.id.clone(), body: json(self), expect }
    }

    /// Whether it may be tried. A clock that was set back delays nothing.
    pub(super) fn is_due(&self, now: i64) -> bool {
        self.due <= now || now < self.tried
    }

    /// Whether its receiver wants to be left alone.
    pub(super) fn holds(&self, now: i64) -> bool {
        self.hold.is_some_and(|hold| now < hold && self.tried <= now)
    }

    /// All that it tells of, shown or not.
    pub(super) fn notices(&self) -> impl Iterator<Item = &Notice> {
        self.message.alerts.iter().chain(&self.unseen)
    }

    pub(super) fn episodes(&self) -> BTreeSet<String> {
        self.notices().map(|notice| notice.episode.clone()).collect()
    }

    /// What becomes true when it was taken. `keeps` says that the receiver has to be reminded of its alerts.
    pub(super) fn taken(&self, sent: &Sent, before: &Deliveries, keeps: bool, now: i64) -> Vec<Change> {
        let mut changes = vec![self.gone()];
        let Message { kind, receiver, thread, .. } = &self.message;
        for notice in self.notices() {
            let known = before.of(&notice.episode, receiver);
            // The first message's thread is that of the episode.
            let thread = known.and_then(|known| known.thread.clone()).or_else(|| thread.clone());
            let worst = known.map_or(notice.severity, |known| known.severity.max(notice.severity));
            let delivered = Delivered {
                kind: *kind,
                severity: worst,
                time: now,
                receiver: receiver.clone(),
                thread: thread.or_else(|| sent.thread.clone()),
                notice: (keeps && *kind != MessageKind::Resolved).then(|| notice.clone()),
            };
            changes.extend(delivered.changes(notice));
            changes.push(self.note(notice, Outcome::Sent, None, now));
        }
        changes
    }

    /// What becomes true when it was not taken: it is tried again, or given up.
    pub(super) fn refused(mut self, error: &SendError, give_up: Duration, chance: f64, now: i64) -> Verdict {
        self.attempts += 1;
        let since = self.since.unwrap_or(self.message.time);
        let lasts = now.saturating_sub(since) >= nanos(give_up);
        if error.is_lasting() || lasts {
            let why = if error.is_lasting() { error.to_string() } else { format!("{error}, for too long") };
            let (message, unseen) = (self.message.clone(), self.unseen.clone());
            let failed = Failed { attempts: self.attempts, error: why.clone(), time: now, message, unseen };
            let mut changes = vec![self.gone(), failed.change()];
            changes.extend(self.notices().map(|notice| self.note(notice, Outcome::Failed, Some(&why), now)));
            return Verdict::GivenUp(changes);
        }
        let wait = wait(self.attempts, chance);
        self.hold = error.wait().map(|wait| now.saturating_add(nanos(wait)));
        self.tried = now;
        self.error = Some(error.to_string());
        // Somebody who asks for a week is asked once more before the end.
        let end = since.saturating_add(nanos(give_up));
        self.due = now.saturating_add(nanos(wait)).max(self.hold.unwrap_or(i64::MIN)).min(end);
        self.hold = self.hold.map(|hold| hold.min(end));
        Verdict::Again { due: self.due, changes: vec![self.put(Expect::Version(self.version))] }
    }

    fn gone(&self) -> Change {
        Change::Delete { kind: Self::KIND, key: self.message.id.clone() }
    }

    fn note(&self, notice: &Notice, outcome: Outcome, error: Option<&str>, now: i64) -> Change {
        let message = &self.message;
        DeliveryNote {
            outcome,
            kind: message.kind,
            receiver: message.receiver.clone(),
            episode: notice.episode.clone(),
            message: Some(message.id.clone()),
            attempts: self.attempts + u32::from(outcome == Outcome::Sent),
            why: error.map(str::to_owned),
        }
        .change(notice, now)
    }
}

/// What sends a message that was given up again: it keeps its id, and what it says.
pub(crate) fn again(failed: &Failed, now: i64) -> Vec<Change> {
    let Failed { message, unseen, .. } = failed.clone();
    let (since, attempts) = (Some(now), 0);
    let made = OnItsWay { message, unseen, attempts, tried: now, due: now, hold: None, since, error: None, version: 1 };
    vec![failed.seen(), made.put(Expect::Absent)]
}

/// What waits for each receiver, and what is tried again.
pub(crate) fn conditions(
    metadata: &dyn Metadata,
    of: &mut BTreeMap<String, ReceiverCondition>,
) -> Result<(), MetadataError> {
    for document in metadata.all(Outgoing::KIND)? {
        if let Ok(row) = serde_json::from_str::<Outgoing>(&document.body) {
            of.entry(row.receiver).or_default().waiting += 1;
        }
    }
    for message in metadata.all(OnItsWay::KIND)?.iter().filter_map(OnItsWay::read) {
        let condition = of.entry(message.message.receiver).or_default();
        match message.error {
            None => condition.waiting += 1,
            Some(error) => {
                condition.delayed += 1;
                condition.due = Some(condition.due.map_or(message.due, |due| due.min(message.due)));
                condition.problem = Some(error);
            }
        }
    }
    Ok(())
}

/// What a failed attempt leads to.
pub(super) enum Verdict {
    Again { due: i64, changes: Vec<Change> },
    GivenUp(Vec<Change>),
}

/// Full jitter: anywhere between nothing and twice the bound of the last one.
fn wait(attempts: u32, chance: f64) -> Duration {
    let bound = FIRST_WAIT.saturating_mul(1 << attempts.saturating_sub(1).min(16)).min(LONGEST_WAIT);
    bound.mul_f64(chance.clamp(0.0, 1.0))
}

/// An id that is safe in a header, in an address and in a line.
pub(super) fn id_of(key: &str) -> String {
    Sha256::digest(key).iter().take(16).fold(String::new(), |mut id, byte| {
        use std::fmt::Write as _;
        let _ = write!(id, "{byte:02x}");
        id
    })
}

/// A message that reminds a receiver of what goes on: it is made anew each time, and nobody waits for it.
pub(super) fn reminder(receiver: &str, alerts: Vec<Notice>, now: i64) -> Message {
    Message {
        id: id_of(&format!("reminder/{receiver}/{now}")),
        kind: MessageKind::Repeat,
        receiver: receiver.to_owned(),
        time: now,
        sent: now,
        group: BTreeMap::new(),
        open: alerts.len(),
        alerts,
        more: 0,
        suppressed: 0,
        thread: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_five_minutes() {
        let check = |attempts, chance, expected: f64| {
            assert_eq!(wait(attempts, chance), Duration::from_secs_f64(expected), "{attempts} {chance}");
        };
        check(1, 0.0, 0.0);
        check(1, 1.0, 1.0);
        check(2, 0.5, 1.0);
        check(5, 1.0, 16.0);
        check(9, 1.0, 256.0);
        check(10, 1.0, 300.0);
        check(u32::MAX, 0.5, 150.0);
        check(3, f64::INFINITY, 4.0);
    }

    #[test]
    fn an_id_says_nothing_and_is_always_the_same() {
        assert_eq!(id_of("e1/slack/firing/000000"), id_of("e1/slack/firing/000000"));
        assert_ne!(id_of("e1/slack/firing/000000"), id_of("e1/slack/firing/000001"));
        assert!(id_of("\r\n<@>").bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(id_of("").len(), 32);
    }
}
