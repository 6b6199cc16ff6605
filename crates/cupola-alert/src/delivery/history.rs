//! What of a delivery is written into the history of an alert.

use cupola_store::Change;
use serde::{Deserialize, Serialize};

use super::outgoing::json;
use crate::{MessageKind, Notice};

/// The topic that an alert's transitions and deliveries share.
const TOPIC: &str = "alert";

/// How a message about an alert ended: the body of a note of the topic `alert`, whose subject is `{rule}/{fingerprint}`.
///
/// In JSON it has `"what": "delivery"`, which tells it from the transitions beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename = "delivery")]
pub struct DeliveryNote {
    /// How it ended.
    pub outcome: Outcome,
    /// Why it was to be sent.
    pub kind: MessageKind,
    /// To whom.
    pub receiver: String,
    /// In which episode.
    pub episode: String,
    /// The message's id, where there was one.
    pub message: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it ended so, where it did not arrive.
    pub why: Option<String>,
}

/// How the delivery of a message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The other side took it.
    Sent,
    /// It was given up.
    Failed,
    /// There was no need for it any more.
    Needless,
}

impl DeliveryNote {
    pub(super) fn change(&self, notice: &Notice, time: i64) -> Change {
        let subject = format!("{}/{}", notice.rule, notice.fingerprint);
        Change::Note { topic: TOPIC, subject, time, body: json(self) }
    }
}
