//! What is told of alerts, silences and rules.

use std::borrow::Cow;
use std::collections::BTreeMap;

use cupola_alert::{Alert, Event, Failed, Happened, Phase, Preview, Previewed, RuleStatus, Severity, Silence};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::super::time::Moment;

/// The alerts that there are.
#[derive(Serialize, ToSchema)]
#[schema(as = Alerts)]
pub(super) struct Alerts<'a> {
    /// What fires first, the worst first; then what is pending, and what is over since lately.
    pub(super) alerts: Vec<One<'a>>,
}

/// An alert.
#[derive(Serialize, ToSchema)]
#[schema(as = Alert)]
pub(super) struct One<'a> {
    /// RULE/FINGERPRINT.
    id: String,
    /// The rule's name.
    rule: &'a str,
    /// By what it is known among those of the rule.
    fingerprint: &'a str,
    /// `pending`, `firing`, `recovering` or `resolved`.
    #[schema(value_type = String)]
    phase: Phase,
    /// Since when.
    since: Moment,
    /// `info`, `warning` or `critical`.
    #[schema(value_type = String)]
    severity: Severity,
    /// What it is about.
    labels: &'a BTreeMap<String, String>,
    /// What people should know.
    annotations: &'a BTreeMap<String, String>,
    /// What was measured last.
    value: Option<f64>,
    /// What it is compared with.
    threshold: Option<f64>,
    /// The unit of both.
    unit: &'a str,
    /// The present episode, or the last.
    episode: Option<Episode<'a>>,
    /// Who is at it.
    acknowledged: Option<Acknowledged<'a>>,
    /// Whose it is.
    assigned: Option<Assigned<'a>>,
    /// Ids of the silences because of which nobody is told of it.
    silences: Vec<&'a str>,
}

/// From when to when an alert fired.
#[derive(Serialize, ToSchema)]
#[schema(as = Episode)]
struct Episode<'a> {
    /// No other has it.
    id: &'a str,
    /// When it began to fire.
    starts_at: Moment,
    /// When it was over.
    ends_at: Option<Moment>,
}

/// That somebody is at it.
#[derive(Serialize, ToSchema)]
#[schema(as = Acknowledged)]
struct Acknowledged<'a> {
    /// Who.
    by: &'a str,
    /// Since when.
    at: Moment,
    /// What they say.
    note: &'a str,
    /// Until when; until it is over, where it is `null`.
    until: Option<Moment>,
}

/// Whose it is.
#[derive(Serialize, ToSchema)]
#[schema(as = Assigned)]
struct Assigned<'a> {
    /// Whose.
    to: &'a str,
    /// Who says so.
    by: &'a str,
    /// Since when.
    at: Moment,
}

impl<'a> From<&'a Alert> for One<'a> {
    fn from(alert: &'a Alert) -> Self {
        let episode = alert.episode.as_ref().map(|episode| Episode {
            id: &episode.id,
            starts_at: Moment(episode.starts_at),
            ends_at: episode.ends_at.map(Moment),
        });
        let acknowledged = alert.acknowledged.as_ref().map(|seen| Acknowledged {
            by: &seen.by,
            at: Moment(seen.at),
            note: &seen.note,
            until: seen.until.map(Moment),
        });
        let assigned = alert.assigned.as_ref();
        let assigned = assigned.map(|is| Assigned { to: &is.to, by: &is.by, at: Moment(is.at) });
        Self {
            id: alert.id().to_string(),
            rule: &alert.rule,
            fingerprint: &alert.fingerprint,
            phase: alert.phase,
            since: Moment(alert.since),
            severity: alert.severity,
            labels: &alert.labels,
            annotations: &alert.annotations,
            value: alert.value,
            threshold: alert.threshold,
            unit: &alert.unit,
            episode,
            acknowledged,
            assigned,
            silences: alert.silences.iter().map(|silence| &*silence.id).collect(),
        }
    }
}

/// What happened.
#[derive(Serialize, ToSchema)]
#[schema(as = Events)]
pub(super) struct Events<'a> {
    /// The newest first.
    pub(super) events: Vec<Happening<'a>>,
}

/// One thing that happened.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub(super) struct Happening<'a> {
    /// Later ones are greater.
    number: i64,
    /// What it is about: an alert as RULE/FINGERPRINT, `silence/ID` or `rule/NAME`.
    subject: &'a str,
    /// When.
    time: Moment,
    /// What.
    event: What,
}

/// What happened, as JSON.
#[derive(Serialize)]
#[serde(transparent)]
struct What(Value);

impl PartialSchema for What {
    fn schema() -> RefOr<Schema> {
        let words =
            ["transition", "delivery", "acknowledged", "unacknowledged", "assigned", "commented", "closed", "silenced"];
        let words = words.into_iter().chain(["unsilenced", "rule_changed", "sent_again", "other"]);
        let what = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words));
        let says = "What happened, by `what`; with it who did it (`by`), what they said (`note`), and the like. Times are nanoseconds since 1970.";
        let event = ObjectBuilder::new().description(Some(says)).property("what", what).required("what");
        event.additional_properties(Some(AdditionalProperties::FreeForm(true))).into()
    }
}

impl ToSchema for What {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Happened")
    }
}

impl<'a> From<&'a Event> for Happening<'a> {
    fn from(event: &'a Event) -> Self {
        let what = match &event.what {
            Happened::Delivery(note) => {
                json!({ "what": "delivery", "kind": note.kind.as_str(), "receiver": note.receiver, "outcome": note.outcome, "why": note.why })
            }
            other => serde_json::to_value(other).unwrap_or_default(),
        };
        Self { number: event.number, subject: &event.subject, time: Moment(event.time), event: What(what) }
    }
}

/// Messages that were given up.
#[derive(Serialize, ToSchema)]
#[schema(as = FailedMessages)]
pub(super) struct GivenUp<'a> {
    /// The newest first.
    pub(super) failed: Vec<Message<'a>>,
}

/// A message that was given up.
#[derive(Serialize, ToSchema)]
#[schema(as = FailedMessage)]
pub(super) struct Message<'a> {
    /// Its id.
    message: &'a str,
    /// Who was to be told.
    receiver: &'a str,
    /// `firing`, `resolved` or the like.
    kind: &'a str,
    /// Of which alerts, as RULE/FINGERPRINT.
    alerts: Vec<String>,
    /// How often it was tried.
    attempts: u32,
    /// What went wrong the last time.
    error: &'a str,
    /// When it was given up.
    time: Moment,
}

impl<'a> From<&'a Failed> for Message<'a> {
    fn from(failed: &'a Failed) -> Self {
        let alerts = failed.notices().map(|notice| format!("{}/{}", notice.rule, notice.fingerprint));
        Self {
            message: &failed.message.id,
            receiver: &failed.message.receiver,
            kind: failed.message.kind.as_str(),
            alerts: alerts.collect(),
            attempts: failed.attempts,
            error: &failed.error,
            time: Moment(failed.time),
        }
    }
}

/// A silence that was made.
#[derive(Serialize, ToSchema)]
#[schema(as = SilenceMade)]
pub(super) struct Silenced {
    /// Its id.
    pub(super) silence: String,
}

/// The silences.
#[derive(Serialize, ToSchema)]
#[schema(as = Silences)]
pub(super) struct Silences<'a> {
    /// Those that have ended among them, the newest first.
    pub(super) silences: Vec<Silent<'a>>,
}

/// Nobody is told of alerts that match, until it ends.
#[derive(Serialize, ToSchema)]
#[schema(as = Silence)]
pub(super) struct Silent<'a> {
    /// By what it is known.
    id: &'a str,
    /// All of these must match.
    matchers: Vec<String>,
    /// Since when.
    from: Moment,
    /// Until when.
    until: Moment,
    /// Who wants it.
    by: &'a str,
    /// Why.
    note: &'a str,
}

impl<'a> From<&'a Silence> for Silent<'a> {
    fn from(silence: &'a Silence) -> Self {
        let matchers = silence.matchers.iter().map(ToString::to_string).collect();
        let (from, until) = (Moment(silence.from), Moment(silence.until));
        Self { id: &silence.id, matchers, from, until, by: &silence.by, note: &silence.note }
    }
}

/// The rules.
#[derive(Serialize, ToSchema)]
#[schema(as = Rules)]
pub(super) struct Rules<'a> {
    /// By name.
    pub(super) rules: Vec<Status<'a>>,
}

/// A rule, and how it is.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleStatus)]
pub(super) struct Status<'a> {
    /// By what it is known.
    name: &'a str,
    /// What it says, in words.
    summary: String,
    /// Whether it is evaluated.
    enabled: bool,
    /// How bad it is, at least: `info`, `warning` or `critical`.
    #[schema(value_type = String)]
    severity: Severity,
    /// Its fields, as they were typed.
    #[schema(value_type = Object)]
    rule: &'a Map<String, Value>,
    /// Where it comes from: `default`, `file` or `people`.
    source: &'a str,
    /// How many alerts fire.
    firing: usize,
    /// How many are pending.
    pending: usize,
    /// How its evaluation goes.
    health: Health<'a>,
}

/// How a rule's evaluation goes.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleHealth)]
struct Health<'a> {
    /// `new`, `ok`, `no data` or `error`.
    status: &'a str,
    /// What went wrong.
    problem: Option<&'a str>,
    /// When it was evaluated last.
    evaluated: Option<Moment>,
}

impl<'a> From<&'a RuleStatus> for Status<'a> {
    fn from(status: &'a RuleStatus) -> Self {
        let (rule, health) = (&status.rule, &status.health);
        let health = Health {
            status: health.status.as_str(),
            problem: health.problem.as_deref(),
            evaluated: health.evaluated.map(Moment),
        };
        Self {
            name: rule.name(),
            summary: rule.summary(),
            enabled: rule.is_enabled(),
            severity: rule.severity(),
            rule: rule.typed(),
            source: status.source.as_str(),
            firing: status.firing,
            pending: status.pending,
            health,
        }
    }
}

/// A rule as it is from now on.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleSet)]
pub(super) struct Set<'a> {
    /// Its fields.
    #[schema(value_type = Object)]
    pub(super) rule: &'a Map<String, Value>,
    /// What it says, in words.
    pub(super) summary: String,
}

/// When a rule would have fired in the last day.
#[derive(Serialize, ToSchema)]
#[schema(as = RulePreview)]
pub(super) struct Foreseen<'a> {
    /// How many times in all.
    fired: usize,
    /// From when on was looked.
    since: Moment,
    /// Until when.
    until: Moment,
    /// Why it could not be told, or not for all of the time.
    problem: Option<&'a str>,
    /// The first of them.
    episodes: Vec<Would<'a>>,
}

/// An episode that would have been.
#[derive(Serialize, ToSchema)]
#[schema(as = PreviewedEpisode)]
struct Would<'a> {
    /// What it would have been about.
    labels: &'a BTreeMap<String, String>,
    /// When it would have begun.
    starts_at: Moment,
    /// When it would have been over.
    ends_at: Option<Moment>,
    /// What was measured when it began.
    value: Option<f64>,
}

impl<'a> From<&'a Preview> for Foreseen<'a> {
    fn from(preview: &'a Preview) -> Self {
        let would = |episode: &'a Previewed| Would {
            labels: &episode.labels,
            starts_at: Moment(episode.starts_at),
            ends_at: episode.ends_at.map(Moment),
            value: episode.value,
        };
        Self {
            fired: preview.fired,
            since: Moment(preview.since),
            until: Moment(preview.until),
            problem: preview.problem.as_deref(),
            episodes: preview.episodes.iter().map(would).collect(),
        }
    }
}
