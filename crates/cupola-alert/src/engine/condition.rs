//! How alerting itself is: whether rules are evaluated, and whether those who are to be told are.

use std::collections::BTreeMap;

use cupola_store::{Metadata, MetadataError};

use super::Alerts;
use super::clock::Clock;
use crate::delivery::{self, Deliveries};
use crate::heartbeat::Beat;

/// Rules are evaluated each second, and it is written down each half minute that they are: after so long they are not.
const SILENT: i64 = 90_000_000_000;
/// Heartbeats are an hour apart at most.
const FORGOTTEN: i64 = 2 * 3_600_000_000_000;

/// How alerting itself is. Any process that has the metadata open may ask.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Condition {
    /// When rules were last evaluated, to half a minute, in nanoseconds since 1970.
    pub evaluated: Option<i64>,
    /// By receiver: those that there are here, and those of whom anything is known.
    pub receivers: BTreeMap<String, ReceiverCondition>,
    /// By name: who is asked regularly as long as rules are evaluated.
    pub heartbeats: BTreeMap<String, Beat>,
}

/// How it is to tell a receiver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiverCondition {
    /// What is decided and not yet a message.
    pub waiting: usize,
    /// Messages that were tried in vain, and are tried again.
    pub delayed: usize,
    /// When the next of them is tried, in nanoseconds since 1970.
    pub due: Option<i64>,
    /// What went wrong the last time with one of them.
    pub problem: Option<String>,
    /// Messages that were given up, and nobody has sent again.
    pub given_up: usize,
    /// When it took something last, in nanoseconds since 1970.
    pub delivered: Option<i64>,
}

impl Condition {
    /// Whether rules are evaluated at this time, as far as it is known.
    pub fn is_evaluated(&self, now: i64) -> bool {
        self.evaluated.is_some_and(|evaluated| now.saturating_sub(evaluated) < SILENT)
    }
}

impl Alerts {
    /// How alerting itself is, by what is written down.
    ///
    /// # Errors
    /// The metadata cannot be read.
    pub fn condition(&self) -> Result<Condition, MetadataError> {
        let metadata: &dyn Metadata = &**self.people().metadata();
        let mut receivers: BTreeMap<String, ReceiverCondition> =
            self.receivers().names().map(|name| (name.to_owned(), ReceiverCondition::default())).collect();
        delivery::conditions(metadata, &mut receivers)?;
        for failed in self.failed()? {
            receivers.entry(failed.message.receiver).or_default().given_up += 1;
        }
        for (receiver, time) in Deliveries::read(metadata)?.latest() {
            receivers.entry(receiver.to_owned()).or_default().delivered = Some(time);
        }
        let clock = Clock::read(metadata.get(Clock::KIND, Clock::KEY)?.as_ref());
        let mut heartbeats = Beat::all(metadata)?;
        // What nobody has asked for long was taken out of the settings.
        heartbeats.retain(|_, beat| clock.now().is_none_or(|now| now.saturating_sub(beat.asked) < FORGOTTEN));
        Ok(Condition { evaluated: clock.now(), receivers, heartbeats })
    }
}
