//! How alerting itself is, as the API tells it.

use cupola_alert::{Alerts, Beat, Condition, HealthStatus, ReceiverCondition, RuleStatus};
use cupola_store::MetadataError;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// How alerting itself is at this time, in nanoseconds since 1970: `healthy`, and the parts `evaluation`, `rules`, `receivers` and `heartbeats`, each
/// a list of objects with `name`, `healthy`, `status` (a word) and `details` (a text that may be empty).
///
/// # Errors
/// What rules and people have decided cannot be read.
pub fn alerting_health(alerts: &Alerts, now: i64) -> Result<Value, MetadataError> {
    Ok(serde_json::to_value(Health::of(alerts, now)?).unwrap_or_default())
}

/// How alerting itself is.
#[derive(Serialize, ToSchema)]
#[schema(as = AlertingHealth)]
pub(super) struct Health {
    /// Whether all of it is well.
    healthy: bool,
    /// Whether rules are evaluated.
    evaluation: Vec<Part>,
    /// Each rule that is enabled.
    rules: Vec<Part>,
    /// Each of those who are told.
    receivers: Vec<Part>,
    /// Each of those who hear regularly that alerting lives.
    heartbeats: Vec<Part>,
}

/// How one part of it is.
#[derive(Serialize, ToSchema)]
#[schema(as = AlertingPart)]
struct Part {
    /// Whose name it is.
    name: String,
    /// Whether it is well.
    healthy: bool,
    /// How it is, in a word or two.
    status: &'static str,
    /// More of it; it may be empty.
    details: String,
}

impl Health {
    pub(super) fn of(alerts: &Alerts, now: i64) -> Result<Self, MetadataError> {
        let condition = alerts.condition()?;
        let rules = alerts.rules()?.into_iter().filter(|rule| rule.rule.is_enabled()).map(of_rule).collect::<Vec<_>>();
        let receivers = condition.receivers.iter().map(|(name, is)| of_receiver(name, is)).collect::<Vec<_>>();
        let heartbeats = condition.heartbeats.iter().map(|(name, beat)| of_heartbeat(name, beat)).collect::<Vec<_>>();
        let evaluation = vec![of_evaluation(&condition, now)];
        let healthy = [&evaluation, &rules, &receivers, &heartbeats].into_iter().flatten().all(|part| part.healthy);
        Ok(Self { healthy, evaluation, rules, receivers, heartbeats })
    }
}

fn of_evaluation(condition: &Condition, now: i64) -> Part {
    let healthy = condition.is_evaluated(now);
    let details = condition.evaluated.map_or_else(|| "never".to_owned(), |at| format!("last at {}", time(at)));
    let status = if healthy { "evaluated" } else { "not evaluated" };
    Part { name: "evaluation".to_owned(), healthy, status, details }
}

fn of_rule(rule: RuleStatus) -> Part {
    let (name, health) = (rule.rule.name().to_owned(), rule.health);
    let (healthy, details) = (health.status != HealthStatus::Error, health.problem.unwrap_or_default());
    Part { name, healthy, status: health.status.as_str(), details }
}

fn of_receiver(name: &str, is: &ReceiverCondition) -> Part {
    let counts = [(is.given_up, "given up"), (is.delayed, "delayed"), (is.waiting, "waiting")];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let mut details: Vec<String> = counts.map(|(count, what)| format!("{count} {what}")).collect();
    details.extend(is.delivered.map(|at| format!("last told at {}", time(at))));
    details.extend(is.due.map(|at| format!("tried again at {}", time(at))));
    details.extend(is.problem.clone());
    let status = match (is.given_up, is.delayed, is.delivered) {
        (1.., ..) => "given up",
        (0, 1.., _) => "delayed",
        (0, 0, Some(_)) => "ok",
        (0, 0, None) => "not told yet",
    };
    let healthy = is.given_up + is.delayed == 0;
    Part { name: name.to_owned(), healthy, status, details: details.join("; ") }
}

fn of_heartbeat(name: &str, beat: &Beat) -> Part {
    let answered = beat.answered;
    let answered = answered.map_or_else(|| "never answered".to_owned(), |at| format!("last answered at {}", time(at)));
    let details = beat.problem.iter().fold(answered, |answered, problem| format!("{answered}; {problem}"));
    let healthy = beat.problem.is_none();
    Part { name: name.to_owned(), healthy, status: if healthy { "ok" } else { "not heard" }, details }
}

fn time(nanoseconds: i64) -> String {
    let time = Timestamp::from_nanosecond(nanoseconds.into()).unwrap_or_default();
    time.round(jiff::Unit::Second).unwrap_or(time).to_string()
}
