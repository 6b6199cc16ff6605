//! What is sent of alerts and silences.

use cupola_alert::AlertId;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::problem::Problem;

/// A moment, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment(pub(super) i64);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(said: D) -> Result<Self, D::Error> {
        let text = String::deserialize(said)?;
        let time = text.parse::<Timestamp>().ok().and_then(|time| i64::try_from(time.as_nanosecond()).ok());
        time.map(Self).ok_or_else(|| D::Error::custom("it is no time"))
    }
}

/// One alert.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfAlert {
    pub(super) alert: String,
}

/// What somebody says of an alert.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Noted {
    pub(super) alert: String,
    #[serde(default)]
    pub(super) note: String,
}

/// Somebody is at an alert.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Acknowledged {
    pub(super) alert: String,
    #[serde(default)]
    pub(super) note: String,
    pub(super) until: Option<Moment>,
}

/// Whose an alert is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Assigned {
    pub(super) alert: String,
    pub(super) to: Option<String>,
}

/// Nobody is to be told of one alert.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Snoozed {
    pub(super) alert: String,
    pub(super) until: Moment,
}

/// Nobody is to be told of those alerts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Silenced {
    pub(super) matchers: Vec<String>,
    #[serde(default)]
    pub(super) note: String,
    pub(super) until: Moment,
}

/// A message that was given up.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Again {
    pub(super) message: String,
}

pub(super) const OF_ALERT: &str = "an object with alert (RULE/FINGERPRINT)";
pub(super) const NOTED: &str = "an object with alert (RULE/FINGERPRINT), and note (a text)";
pub(super) const ACKNOWLEDGED: &str =
    "an object with alert (RULE/FINGERPRINT), note (a text) and until (RFC 3339, as 2026-11-21T03:46:02Z)";
pub(super) const ASSIGNED: &str = "an object with alert (RULE/FINGERPRINT), and to (a name, or null for nobody)";
pub(super) const SNOOZED: &str =
    "an object with alert (RULE/FINGERPRINT) and until (RFC 3339, as 2026-11-21T03:46:02Z, later than now)";
pub(super) const SILENCED: &str =
    "an object with matchers (a list of texts: service=shop), until (RFC 3339, later than now), and note (a text)";
pub(super) const AGAIN: &str = "an object with message (its id)";

/// The alert that is meant.
pub(super) fn id(alert: &str) -> Result<AlertId, Problem> {
    alert.parse().map_err(|_| Problem::bad("alert", "is no alert", "RULE/FINGERPRINT"))
}
