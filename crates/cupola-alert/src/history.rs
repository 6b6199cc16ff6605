//! What happened to an alert: notes that are only ever added.

use cupola_store::{Change, Metadata, MetadataError, Note};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::delivery::{DeliveryNote, json};
use crate::state::{Phase, Why};
use crate::{AlertId, Severity};

/// The topic of notes about alerts.
pub(crate) const TOPIC: &str = "alert";

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its number; later ones are greater.
    pub number: i64,
    /// What it is about: an alert as `rule/fingerprint`, `silence/ID` or `rule/NAME`.
    pub subject: String,
    /// When, in nanoseconds since 1970.
    pub time: i64,
    /// What.
    pub what: Happened,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Happened {
    /// An alert came into another phase, or became more severe.
    Transition(Transitioned),
    /// A message about it was sent, or given up.
    #[serde(skip)]
    Delivery(DeliveryNote),
    /// Somebody is at it.
    Acknowledged {
        /// Who.
        by: String,
        /// What they say.
        note: String,
        /// Until when.
        until: Option<i64>,
    },
    /// Nobody is at it any more.
    Unacknowledged {
        /// Who says so.
        by: String,
    },
    /// It is somebody's, or nobody's.
    Assigned {
        /// Who says so.
        by: String,
        /// Whose.
        to: Option<String>,
    },
    /// Somebody says something.
    Commented {
        /// Who.
        by: String,
        /// What.
        note: String,
    },
    /// Somebody wants it to be over.
    Closed {
        /// Who.
        by: String,
        /// Why.
        note: String,
    },
    /// Nobody is to be told of some alerts.
    Silenced {
        /// Who says so.
        by: String,
        /// Why.
        note: String,
        /// Until when.
        until: i64,
        /// Of which.
        matchers: Vec<String>,
    },
    /// A silence was ended.
    Unsilenced {
        /// By whom.
        by: String,
    },
    /// A rule was made, changed or taken away.
    RuleChanged {
        /// By whom.
        by: String,
        /// What it says now; nothing where it was taken away.
        rule: Option<Value>,
    },
    /// A message that was given up is sent again.
    SentAgain {
        /// Who wants it.
        by: String,
        /// To whom.
        receiver: String,
        /// The message's id.
        message: String,
    },
    /// What a newer Cupola has noted.
    #[serde(other)]
    Other,
}

/// How an alert came into another phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transitioned {
    /// What it was.
    pub from: Phase,
    /// What it is.
    pub to: Phase,
    /// Why.
    pub why: Why,
    /// What was measured.
    pub value: Option<f64>,
    /// What it was compared with.
    pub threshold: Option<f64>,
    /// How bad it is.
    pub severity: Severity,
    /// The episode that it belongs to.
    pub episode: Option<String>,
    /// The time that was looked at, in nanoseconds since 1970: from here.
    pub since: i64,
    /// To here.
    pub until: i64,
    /// What was asked, in words.
    pub question: String,
    /// Who did it, where it was somebody.
    pub by: Option<String>,
}

/// What notes it.
pub(crate) fn note(subject: &str, time: i64, happened: &Happened) -> Change {
    Change::Note { topic: TOPIC, subject: subject.to_owned(), time, body: json(happened) }
}

/// What happened to an alert, or to all, the newest first, of numbers below `before`.
pub(crate) fn read(
    metadata: &dyn Metadata,
    alert: Option<&AlertId>,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<Event>, MetadataError> {
    let subject = alert.map(ToString::to_string);
    Ok(metadata.notes(TOPIC, subject.as_deref(), before, limit)?.into_iter().map(Event::from).collect())
}

/// What happened to all alerts after this number, the oldest first.
pub(crate) fn after(metadata: &dyn Metadata, number: i64, limit: usize) -> Result<Vec<Event>, MetadataError> {
    Ok(metadata.notes_after(TOPIC, number, limit)?.into_iter().map(Event::from).collect())
}

impl From<Note> for Event {
    fn from(note: Note) -> Self {
        let delivery = || serde_json::from_str(&note.body).ok().map(Happened::Delivery);
        let what = match serde_json::from_str(&note.body) {
            Ok(Happened::Other) | Err(_) => delivery().unwrap_or(Happened::Other),
            Ok(happened) => happened,
        };
        Self { number: note.number, subject: note.subject, time: note.time, what }
    }
}
