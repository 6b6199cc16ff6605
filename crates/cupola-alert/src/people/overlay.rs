//! What people have decided about one alert: a document beside the alert's own.

use cupola_store::{Change, Document, Expect};
use serde::{Deserialize, Serialize};

use crate::Severity;
use crate::delivery::json;
use crate::state::Episode;

/// That somebody is at it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// Who.
    pub by: String,
    /// Since when, in nanoseconds since 1970.
    pub at: i64,
    /// What they say.
    pub note: String,
    /// Until when; until it is over, where nothing is said.
    pub until: Option<i64>,
    pub(crate) episode: String,
    /// How bad it was then.
    pub(crate) severity: Severity,
}

/// Whose it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assigned {
    /// Whose.
    pub to: String,
    /// Who says so.
    pub by: String,
    /// Since when, in nanoseconds since 1970.
    pub at: i64,
}

/// That somebody wants an episode to be over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Closing {
    pub(crate) episode: String,
    pub(crate) by: String,
    pub(crate) at: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Overlay {
    #[serde(default)]
    pub(crate) acknowledged: Option<Acknowledged>,
    #[serde(default)]
    pub(crate) assigned: Option<Assigned>,
    #[serde(default)]
    pub(crate) closing: Option<Closing>,
}

impl Overlay {
    pub(crate) const KIND: &'static str = "overlay";

    pub(crate) fn read(document: &Document) -> Self {
        // What cannot be understood was not decided.
        serde_json::from_str(&document.body).unwrap_or_default()
    }

    pub(super) fn put(&self, key: &str, expect: Expect) -> Change {
        Change::Put { kind: Self::KIND, key: key.to_owned(), body: json(self), expect }
    }

    /// The acknowledgement that is in force of an episode. It ends with it: nobody has to take it back.
    pub(crate) fn acknowledged(&self, episode: &Episode, ends_with_severity: bool, now: i64) -> Option<&Acknowledged> {
        self.acknowledged.as_ref().filter(|acknowledged| {
            acknowledged.episode == episode.id
                && acknowledged.until.is_none_or(|until| now < until)
                && !(ends_with_severity && episode.severity > acknowledged.severity)
        })
    }

    /// Who wants this episode to be over.
    pub(crate) fn closed_by(&self, episode: &Episode) -> Option<&str> {
        self.closing.as_ref().filter(|closing| closing.episode == episode.id).map(|closing| closing.by.as_str())
    }
}
