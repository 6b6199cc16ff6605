//! Messages that were given up, and are sent again since somebody wants it.

use cupola_store::{Change, Metadata, MetadataError};

use super::Alerts;
use crate::delivery::{self, Failed, Outgoing};
use crate::history::{self, Happened};
use crate::people::{AlertId, PeopleError, said_by};
use crate::state::Phase;
use crate::{Message, MessageKind, Notice};

/// The number of the message that says that an episode is over of which somebody is told late. No episode has so many others.
const LATE: u32 = 999_999;
/// Of an alert so much of its history is looked through for the end of an episode.
const FAR: usize = 1_000;

impl Alerts {
    /// Messages that were given up and that nobody has sent again, the newest first.
    ///
    /// # Errors
    /// The metadata cannot be read.
    pub fn failed(&self) -> Result<Vec<Failed>, MetadataError> {
        let mut all = Failed::all(&**self.people().metadata())?;
        all.sort_by(|one, other| other.time.cmp(&one.time).then_with(|| one.message.id.cmp(&other.message.id)));
        Ok(all)
    }

    /// Sends a message that was given up again, with the same id, for another day: whoever took it after all knows it by that. Of what it
    /// says to fire and is over by now, that is said after it.
    ///
    /// # Errors
    /// No message of this id was given up, or it is on its way already.
    pub fn send_again(&self, message: &str, by: &str, now: i64) -> Result<(), PeopleError> {
        let by = said_by(by)?;
        let metadata = &**self.people().metadata();
        let unknown = || PeopleError::bad(format!("no message {message:?} was given up, or it is on its way again"));
        let document = metadata.get(Failed::KIND, message)?.ok_or_else(unknown)?;
        let failed: Failed = serde_json::from_str(&document.body).map_err(|_| unknown())?;
        let mut changes = delivery::again(&failed, now);
        for notice in failed.notices() {
            let happened = Happened::SentAgain {
                by: by.clone(),
                receiver: failed.message.receiver.clone(),
                message: message.to_owned(),
            };
            let id = AlertId { rule: notice.rule.clone(), fingerprint: notice.fingerprint.clone() };
            changes.push(history::note(&id.to_string(), now, &happened));
            changes.extend(self.end(metadata, &failed.message, notice, &id, now)?);
        }
        match metadata.apply(&changes) {
            Err(error) if error.conflict().is_some() => Err(unknown()),
            written => Ok(written?),
        }
    }

    /// What says that an alert is over which a message says to fire.
    fn end(
        &self,
        metadata: &dyn Metadata,
        message: &Message,
        notice: &Notice,
        id: &AlertId,
        now: i64,
    ) -> Result<Option<Change>, MetadataError> {
        let of_rule = self.all_rules()?.get(&notice.rule).is_none_or(|rule| rule.sends_resolved);
        let hears = self.receivers().get(&message.receiver).is_none_or(|receiver| receiver.hears_of_ends(of_rule));
        if message.kind == MessageKind::Resolved || !hears {
            return Ok(None);
        }
        let is_end = |what: &Happened| matches!(what, Happened::Transition(to) if to.to == Phase::Resolved && to.episode.as_ref() == Some(&notice.episode));
        let events = history::read(metadata, Some(id), None, FAR)?;
        let Some(end) = events.iter().find(|event| is_end(&event.what)) else { return Ok(None) };
        let notice = Notice { ends_at: Some(end.time), ..notice.clone() };
        let (group, receiver) = (message.group.clone(), message.receiver.clone());
        let row = Outgoing { notice, kind: MessageKind::Resolved, receiver, group, written: now, suppressed: 0 };
        let is_there = metadata.get(Outgoing::KIND, &row.key(LATE))?.is_some();
        Ok((!is_there).then(|| row.change(LATE)))
    }
}
