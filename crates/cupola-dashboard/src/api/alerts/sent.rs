//! What is sent of alerts, silences and rules.

use std::borrow::Cow;

use cupola_alert::AlertId;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::{Map, Value};
use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::super::operation::Sent;
use super::super::time::Moment;

/// By what an alert is known.
#[derive(Debug)]
pub(super) struct Id(pub(super) AlertId);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(said: D) -> Result<Self, D::Error> {
        String::deserialize(said)?.parse().map(Self).map_err(|_| D::Error::custom("it is no alert: RULE/FINGERPRINT"))
    }
}

impl PartialSchema for Id {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::Custom("cupola-alert".to_owned());
        let text = ObjectBuilder::new().schema_type(Type::String).format(Some(format));
        text.examples(["too many fail/9f86d081884c7d65"]).into()
    }
}

impl ToSchema for Id {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("AlertId")
    }
}

/// So many bytes of a text are kept.
const MOST: usize = 2_000;

/// A text that somebody says.
#[derive(Debug, Default)]
pub(super) struct Text(pub(super) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(said: D) -> Result<Self, D::Error> {
        let text = String::deserialize(said)?;
        if text.len() > MOST { Err(D::Error::custom("it has more than 2000 bytes")) } else { Ok(Self(text)) }
    }
}

impl PartialSchema for Text {
    fn schema() -> RefOr<Schema> {
        // In characters; no more bytes than these are kept.
        ObjectBuilder::new().schema_type(Type::String).max_length(Some(MOST)).into()
    }
}

impl ToSchema for Text {}

/// A text that says something.
#[derive(Debug)]
pub(super) struct Words(pub(super) String);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(said: D) -> Result<Self, D::Error> {
        let Text(text) = Text::deserialize(said)?;
        if text.trim().is_empty() { Err(D::Error::custom("it says nothing")) } else { Ok(Self(text)) }
    }
}

impl PartialSchema for Words {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).max_length(Some(MOST)).pattern(Some(r"[^\s\x1c-\x1f]")).into()
    }
}

impl ToSchema for Words {}

/// One alert.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AlertMeant)]
pub(super) struct OfAlert {
    /// Its `id`: RULE/FINGERPRINT.
    pub(super) alert: Id,
}

impl Sent for OfAlert {
    const ACCEPTED: &'static str = "an object with alert (RULE/FINGERPRINT)";
}

/// What somebody says of an alert.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AlertNote)]
pub(super) struct Noted {
    /// Its `id`: RULE/FINGERPRINT.
    pub(super) alert: Id,
    /// What is said.
    #[serde(default)]
    pub(super) note: Text,
}

/// A comment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AlertComment)]
pub(super) struct Commented {
    /// Its `id`: RULE/FINGERPRINT.
    pub(super) alert: Id,
    /// What is said.
    pub(super) note: Words,
}

impl Sent for Commented {
    const ACCEPTED: &'static str = Noted::ACCEPTED;
}

impl Sent for Noted {
    const ACCEPTED: &'static str = "an object with alert (RULE/FINGERPRINT), and note (a text)";
}

/// Somebody is at an alert.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Acknowledgement)]
pub(super) struct Acknowledged {
    /// Its `id`: RULE/FINGERPRINT.
    pub(super) alert: Id,
    /// What is said.
    #[serde(default)]
    pub(super) note: Text,
    /// Until when; until it is over, where it is missing.
    pub(super) until: Option<Moment>,
}

impl Sent for Acknowledged {
    const ACCEPTED: &'static str =
        "an object with alert (RULE/FINGERPRINT), note (a text) and until (RFC 3339, as 2026-11-21T03:46:02Z)";
}

/// Whose an alert is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Assignment)]
pub(super) struct Assigned {
    /// Its `id`: RULE/FINGERPRINT.
    pub(super) alert: Id,
    /// Whose it is; nobody's, where it is missing.
    pub(super) to: Option<Words>,
}

impl Sent for Assigned {
    const ACCEPTED: &'static str = "an object with alert (RULE/FINGERPRINT), and to (a name, or null for nobody)";
}

/// Nobody is to be told of one alert.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Snooze)]
pub(super) struct Snoozed {
    /// Its `id`: RULE/FINGERPRINT.
    pub(super) alert: Id,
    /// Until when, later than now.
    pub(super) until: Moment,
}

impl Sent for Snoozed {
    const ACCEPTED: &'static str =
        "an object with alert (RULE/FINGERPRINT) and until (RFC 3339, as 2026-11-21T03:46:02Z, later than now)";
}

/// Nobody is to be told of those alerts that match all of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SilenceWanted)]
pub(super) struct Silenced {
    /// `LABEL=VALUE` or `LABEL!=VALUE`, in which `*` stands for anything: `service=shop`, `rule=disk*`.
    #[schema(min_items = 1)]
    pub(super) matchers: Vec<MatcherText>,
    /// Why.
    #[serde(default)]
    pub(super) note: Text,
    /// Until when, later than now.
    pub(super) until: Moment,
}

/// What a label has to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(as = Matcher, pattern = "^[^\\s=!][^=!]*!?=[^\\n]*$", example = "service=shop")]
pub(super) struct MatcherText(pub(super) String);

impl Sent for Silenced {
    const ACCEPTED: &'static str =
        "an object with matchers (a list of texts: service=shop), until (RFC 3339, later than now), and note (a text)";
}

/// A message that was given up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MessageMeant)]
pub(super) struct Again {
    /// Its id: `message` of `GET /alerts/failed`.
    pub(super) message: String,
}

impl Sent for Again {
    const ACCEPTED: &'static str = "an object with message (its id)";
}

/// What is to be changed of a rule.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct RuleFields(pub(super) Map<String, Value>);

impl Sent for RuleFields {
    const ACCEPTED: &'static str = "an object of a rule's fields";
}

/// A rule as a whole.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct WholeRule(pub(super) Value);

impl Sent for WholeRule {
    const ACCEPTED: &'static str = RuleFields::ACCEPTED;
}
