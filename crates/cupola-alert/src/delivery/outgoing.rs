//! What evaluation hands to delivery, and what delivery says of what it has done: documents that have one writer each.

use std::collections::{BTreeMap, BTreeSet};

use cupola_store::{Change, Expect, Metadata, MetadataError};
use serde::{Deserialize, Serialize};

use crate::{MessageKind, Notice, Severity};

/// What evaluation wants to be told to one receiver: a row of the outbox, written in one [`Metadata::apply`] with the change of state that
/// is its cause.
///
/// Evaluation need not ask whether an earlier row has been sent. Delivery puts together what waits of one episode and receiver: a resolved
/// one whose firing nobody has been told of is dropped with it, one that was told makes what lies between needless, and a repeat or an
/// escalation where nothing was told becomes the firing.
///
/// ```
/// use cupola_alert::{Deliveries, MessageKind, Notice, Outgoing};
/// use cupola_store::{Metadata as _, MetadataFile};
///
/// # let dir = tempfile::tempdir()?;
/// let metadata = MetadataFile::open(dir.path())?;
/// let notice = Notice { rule: "errors".into(), fingerprint: "f1".into(), episode: "e1".into(), ..Notice::default() };
/// let firing = Outgoing { kind: MessageKind::Firing, receiver: "slack".into(), written: 1, ..Outgoing::of(notice) };
/// metadata.apply(&[firing.change(0)])?;
/// assert!(metadata.apply(&[firing.change(0)]).unwrap_err().conflict().is_some(), "once");
/// assert_eq!(Deliveries::read(&metadata)?.of("e1", "slack"), None, "nothing was delivered yet");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outgoing {
    /// The alert.
    pub notice: Notice,
    /// Why it is sent.
    pub kind: MessageKind,
    /// To whom: the name of a receiver.
    pub receiver: String,
    /// What the alert is grouped by: rows of one receiver and group become one message.
    pub group: BTreeMap<String, String>,
    /// When it was written, in nanoseconds since 1970.
    pub written: i64,
    /// How many messages were held back before it, for the cooldown.
    pub suppressed: u32,
}

impl Outgoing {
    /// The kind of its documents.
    pub const KIND: &'static str = "outbox";

    /// That this alert fires, to nobody yet, grouped by its rule.
    pub fn of(notice: Notice) -> Self {
        let group = BTreeMap::from([("rule".to_owned(), notice.rule.clone())]);
        Self { notice, kind: MessageKind::Firing, receiver: String::new(), group, written: 0, suppressed: 0 }
    }

    /// What it is known by. The sequence tells messages of one kind in one episode apart, and is never used again.
    pub fn key(&self, sequence: u32) -> String {
        format!("{}/{}/{}/{sequence:06}", self.notice.episode, self.receiver, self.kind)
    }

    /// What writes it. It is refused where it has been written and waits.
    pub fn change(&self, sequence: u32) -> Change {
        Change::Put { kind: Self::KIND, key: self.key(sequence), body: json(self), expect: Expect::Absent }
    }
}

/// The last that a receiver was told of an episode. Only what the other side has taken counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivered {
    /// Why.
    pub kind: MessageKind,
    /// How bad it was said to be, at the worst.
    pub severity: Severity,
    /// When, in nanoseconds since 1970.
    pub time: i64,
    /// To whom.
    pub receiver: String,
    /// What later messages of the episode refer to.
    pub thread: Option<String>,
    /// The alert, where the receiver has to be reminded of it for as long as it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
}

impl Delivered {
    /// The kind of its documents, and of those that say when an alert was last said to fire.
    pub const KIND: &'static str = "delivery";

    /// What a receiver was told of an episode, if anything.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(metadata: &dyn Metadata, episode: &str, receiver: &str) -> Result<Option<Self>, MetadataError> {
        let found = metadata.get(Self::KIND, &delivered_key(episode, receiver))?;
        Ok(found.and_then(|document| serde_json::from_str(&document.body).ok()))
    }

    /// What writes it, with when the alert was last said to fire. Delivery alone does so, and tests that stand in for it.
    pub fn changes(&self, notice: &Notice) -> Vec<Change> {
        let put = |key, body| Change::Put { kind: Self::KIND, key, body, expect: Expect::Any };
        let mut changes = vec![put(delivered_key(&notice.episode, &self.receiver), json(self))];
        if self.kind == MessageKind::Firing {
            let key = instance_key(&notice.rule, &notice.fingerprint, &self.receiver);
            changes.push(put(key, json(&LastFiring { time: self.time })));
        }
        changes
    }
}

/// When a receiver was last told that an alert fires, in whatever episode: where its cooldown begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct LastFiring {
    /// In nanoseconds since 1970.
    time: i64,
}

/// All that was delivered, read at once.
#[derive(Clone, Debug, Default)]
pub struct Deliveries {
    episodes: BTreeMap<String, Delivered>,
    firings: BTreeMap<String, LastFiring>,
}

impl Deliveries {
    /// When each receiver last took anything of which it is still known.
    pub(crate) fn latest(&self) -> BTreeMap<&str, i64> {
        let mut latest = BTreeMap::new();
        for one in self.episodes.values() {
            let time: &mut i64 = latest.entry(&*one.receiver).or_insert(one.time);
            *time = one.time.max(*time);
        }
        latest
    }

    /// As it stands.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(metadata: &dyn Metadata) -> Result<Self, MetadataError> {
        let mut found = Self::default();
        for document in metadata.all(Delivered::KIND)? {
            // What cannot be understood was not delivered: somebody is told twice rather than never.
            if document.key.starts_with(INSTANCE) {
                if let Ok(firing) = serde_json::from_str(&document.body) {
                    found.firings.insert(document.key, firing);
                }
            } else if let Ok(delivered) = serde_json::from_str(&document.body) {
                found.episodes.insert(document.key, delivered);
            }
        }
        Ok(found)
    }

    /// What a receiver was told of an episode, if anything.
    pub fn of(&self, episode: &str, receiver: &str) -> Option<&Delivered> {
        self.episodes.get(&delivered_key(episode, receiver))
    }

    /// When a receiver was last told that this alert fires, in nanoseconds since 1970: for the cooldown between two episodes.
    pub fn last_firing(&self, rule: &str, fingerprint: &str, receiver: &str) -> Option<i64> {
        self.firings.get(&instance_key(rule, fingerprint, receiver)).map(|firing| firing.time)
    }
}

/// More than this are read all at once.
const FEW: usize = 100;

impl Deliveries {
    /// What one receiver was told of these episodes.
    pub(super) fn about(
        metadata: &dyn Metadata,
        receiver: &str,
        episodes: &BTreeSet<String>,
    ) -> Result<Self, MetadataError> {
        if episodes.len() > FEW {
            return Self::read(metadata);
        }
        let mut found = Self::default();
        for episode in episodes {
            if let Some(delivered) = Delivered::read(metadata, episode, receiver)? {
                found.episodes.insert(delivered_key(episode, receiver), delivered);
            }
        }
        Ok(found)
    }

    /// How many alerts go on that a thread told of, besides these.
    pub(super) fn open(&self, receiver: &str, thread: &str, besides: &[Notice]) -> usize {
        let besides: Vec<String> = besides.iter().map(|notice| delivered_key(&notice.episode, receiver)).collect();
        let of_thread = self.of_receiver(receiver).filter(|(_, known)| known.thread.as_deref() == Some(thread));
        of_thread.filter(|(key, known)| known.kind != MessageKind::Resolved && !besides.contains(key)).count()
    }

    /// Alerts that a receiver was told of, and that are not over.
    pub(super) fn going_on(&self, receiver: &str) -> Vec<Notice> {
        let going_on = self.of_receiver(receiver).filter(|(_, known)| known.kind != MessageKind::Resolved);
        going_on.filter_map(|(_, known)| known.notice.clone()).collect()
    }

    /// Keys of what was last touched before these times: of what is over, and of what goes on.
    pub(super) fn stale(self, over: i64, open: i64) -> Vec<String> {
        let is_stale = |known: &Delivered| known.time < if known.kind == MessageKind::Resolved { over } else { open };
        let episodes = self.episodes.into_iter().filter(|(_, known)| is_stale(known)).map(|(key, _)| key);
        episodes.chain(self.firings.into_iter().filter(|(_, firing)| firing.time < over).map(|(key, _)| key)).collect()
    }

    fn of_receiver<'a>(&'a self, receiver: &'a str) -> impl Iterator<Item = (&'a String, &'a Delivered)> {
        self.episodes.iter().filter(move |(_, known)| known.receiver == receiver)
    }
}

/// No episode is named like this.
const INSTANCE: &str = "instance/";

fn delivered_key(episode: &str, receiver: &str) -> String {
    format!("{episode}/{receiver}")
}

fn instance_key(rule: &str, fingerprint: &str, receiver: &str) -> String {
    format!("{INSTANCE}{rule}/{fingerprint}/{receiver}")
}

pub(crate) fn json(document: &impl Serialize) -> String {
    serde_json::to_string(document).expect("its maps have keys of text")
}

#[cfg(test)]
mod tests {
    use cupola_store::MetadataFile;

    use super::*;

    fn notice() -> Notice {
        Notice { rule: "errors".into(), fingerprint: "f1".into(), episode: "e1".into(), ..Notice::default() }
    }

    #[test]
    fn what_is_written_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let metadata = MetadataFile::open(dir.path()).unwrap();
        let notice = Notice { value: Some(0.1), threshold: Some(f64::MAX), ..notice() };
        let firing = Outgoing { receiver: "slack".into(), written: 7, suppressed: 2, ..Outgoing::of(notice.clone()) };
        let delivered = Delivered {
            kind: MessageKind::Firing,
            severity: Severity::Critical,
            time: 9,
            receiver: "slack".into(),
            thread: Some("1.2".into()),
            notice: Some(notice.clone()),
        };
        metadata.apply(&[firing.change(3)]).unwrap();
        metadata.apply(&delivered.changes(&notice)).unwrap();
        let later = Delivered { kind: MessageKind::Repeat, time: 11, receiver: "mail".into(), ..delivered.clone() };
        metadata.apply(&later.changes(&notice)).unwrap();

        let row = metadata.all(Outgoing::KIND).unwrap().remove(0);
        assert_eq!(row.key, "e1/slack/firing/000003");
        assert_eq!(serde_json::from_str::<Outgoing>(&row.body).unwrap(), firing);
        assert_eq!(Delivered::read(&metadata, "e1", "slack").unwrap(), Some(delivered.clone()));
        assert_eq!(Delivered::read(&metadata, "e1", "log").unwrap(), None);
        let all = Deliveries::read(&metadata).unwrap();
        assert_eq!(all.of("e1", "slack"), Some(&delivered));
        assert_eq!(all.of("e2", "slack"), None);
        assert_eq!(all.last_firing("errors", "f1", "slack"), Some(9));
        assert_eq!(all.last_firing("errors", "f2", "slack"), None);
        assert_eq!(all.of("e1", "mail"), Some(&later));
        assert_eq!(all.last_firing("errors", "f1", "mail"), None, "a repeat is no new one");
    }

    #[test]
    fn what_cannot_be_understood_was_not_delivered() {
        let dir = tempfile::tempdir().unwrap();
        let metadata = MetadataFile::open(dir.path()).unwrap();
        let put = |key: &str| Change::Put {
            kind: Delivered::KIND,
            key: key.to_owned(),
            body: "{}".to_owned(),
            expect: Expect::Any,
        };
        metadata.apply(&[put("e1/slack"), put("instance/errors/f1/slack")]).unwrap();
        assert_eq!(Delivered::read(&metadata, "e1", "slack").unwrap(), None);
        assert_eq!(Deliveries::read(&metadata).unwrap().last_firing("errors", "f1", "slack"), None);
    }
}
