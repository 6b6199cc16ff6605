//! What somebody is told.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A message to one receiver about one or several alerts of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The same whenever it is sent again: the key by which a receiver knows that it has it.
    pub id: String,
    /// Why it is sent.
    pub kind: MessageKind,
    /// To whom.
    pub receiver: String,
    /// When it was written, in nanoseconds since 1970.
    pub time: i64,
    /// When it is sent, in nanoseconds since 1970: later than it was written where it is tried again.
    pub sent: i64,
    /// What the alerts were grouped by.
    pub group: BTreeMap<String, String>,
    /// What it tells of, never nothing.
    pub alerts: Vec<Notice>,
    /// How many more alerts of the group there are that it does not show.
    pub more: usize,
    /// How many messages were held back before it, for the cooldown.
    pub suppressed: u32,
    /// What it belongs to: what [`Sent::thread`](crate::Sent::thread) was for the first message of the episode.
    pub thread: Option<String>,
    /// How many alerts go on that the thread told of, besides those of this message.
    pub open: usize,
}

/// Why a message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// It began.
    Firing,
    /// It got more severe.
    Escalated,
    /// It goes on.
    Repeat,
    /// It is over.
    Resolved,
    /// Somebody tries whether messages come.
    Test,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// To be known.
    Info,
    /// To be looked at.
    #[default]
    Warning,
    /// To be looked at now.
    Critical,
}

/// An alert, as a message tells of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// The rule's name.
    pub rule: String,
    /// The alert's: of the rule and of what it is about, the same in every episode.
    pub fingerprint: String,
    /// The episode's, from firing to resolved.
    pub episode: String,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about: `service`, `route`, and what the rule adds.
    pub labels: BTreeMap<String, String>,
    /// What people should know: `summary`, `description`, `runbook`.
    pub annotations: BTreeMap<String, String>,
    /// What was measured.
    pub value: Option<f64>,
    /// What it was compared with.
    pub threshold: Option<f64>,
    /// The unit of both: `%`, `ms`, `/s`; empty where there is none.
    pub unit: String,
    /// When it began to fire, in nanoseconds since 1970.
    pub starts_at: i64,
    /// When it was over.
    pub ends_at: Option<i64>,
    /// Why it was over, where that is not that all is well: somebody closed it, its rule was deleted, nothing comes any more.
    pub reason: Option<String>,
    /// Where one looks at it.
    pub link: Option<String>,
}

impl MessageKind {
    /// As a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Escalated => "escalated",
            Self::Repeat => "repeat",
            Self::Resolved => "resolved",
            Self::Test => "test",
        }
    }
}

impl Severity {
    /// As a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for MessageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
