//! Messages that were given up: they are kept until somebody has seen them.

use cupola_store::{Change, Expect, Metadata, MetadataError};
use serde::{Deserialize, Serialize};

use super::outgoing::json;
use crate::{Message, Notice};

/// A message that did not arrive, and is not tried any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failed {
    /// The message.
    pub message: Message,
    /// Alerts that it counts and does not show.
    #[serde(default)]
    pub unseen: Vec<Notice>,
    /// How often it was tried.
    pub attempts: u32,
    /// What went wrong the last time.
    pub error: String,
    /// When it was given up, in nanoseconds since 1970.
    pub time: i64,
}

impl Failed {
    /// The kind of its documents; their key is the message's id.
    pub const KIND: &'static str = "failed";

    /// All of them.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn all(metadata: &dyn Metadata) -> Result<Vec<Self>, MetadataError> {
        let all = metadata.all(Self::KIND)?;
        Ok(all.iter().filter_map(|document| serde_json::from_str(&document.body).ok()).collect())
    }

    /// All that it tells of, shown or not.
    pub fn notices(&self) -> impl Iterator<Item = &Notice> {
        self.message.alerts.iter().chain(&self.unseen)
    }

    /// What takes it away, when somebody has seen it.
    pub fn seen(&self) -> Change {
        Change::Delete { kind: Self::KIND, key: self.message.id.clone() }
    }

    pub(super) fn change(&self) -> Change {
        Change::Put { kind: Self::KIND, key: self.message.id.clone(), body: json(self), expect: Expect::Any }
    }
}
