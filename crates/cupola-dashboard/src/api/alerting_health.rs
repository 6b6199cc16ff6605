//! How alerting itself is, as the API tells it.

use cupola_alert::{Alerts, HealthStatus};
use cupola_store::MetadataError;
use jiff::Timestamp;
use serde_json::{Value, json};

/// How alerting itself is at this time, in nanoseconds since 1970: `healthy`, and the parts `evaluation`, `rules`, `receivers` and `heartbeats`, each
/// a list of objects with `name`, `healthy`, `status` (a word) and `details` (a text that may be empty).
///
/// # Errors
/// What rules and people have decided cannot be read.
pub fn alerting_health(alerts: &Alerts, now: i64) -> Result<Value, MetadataError> {
    let condition = alerts.condition()?;
    let is_evaluated = condition.is_evaluated(now);
    let last = condition.evaluated.map_or_else(|| "never".to_owned(), |at| format!("last at {}", time(at)));
    let status = if is_evaluated { "evaluated" } else { "not evaluated" };
    let evaluation = vec![part("evaluation", is_evaluated, status, &last)];
    let rules = alerts.rules()?.into_iter().filter(|rule| rule.rule.is_enabled()).map(|rule| {
        let health = rule.health;
        part(
            rule.rule.name(),
            health.status != HealthStatus::Error,
            health.status.as_str(),
            &health.problem.unwrap_or_default(),
        )
    });
    let receivers = condition.receivers.iter().map(|(name, receiver)| {
        let counts = [(receiver.given_up, "given up"), (receiver.delayed, "delayed"), (receiver.waiting, "waiting")];
        let mut details: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        details.extend(receiver.delivered.map(|at| format!("last told at {}", time(at))));
        details.extend(receiver.due.map(|at| format!("tried again at {}", time(at))));
        details.extend(receiver.problem.clone());
        let status = match (receiver.given_up, receiver.delayed, receiver.delivered) {
            (1.., ..) => "given up",
            (0, 1.., _) => "delayed",
            (0, 0, Some(_)) => "ok",
            (0, 0, None) => "not told yet",
        };
        part(name, receiver.given_up + receiver.delayed == 0, status, &details.join("; "))
    });
    let heartbeats = condition.heartbeats.iter().map(|(name, beat)| {
        let answered =
            beat.answered.map_or_else(|| "never answered".to_owned(), |at| format!("last answered at {}", time(at)));
        let details = beat.problem.iter().fold(answered, |answered, problem| format!("{answered}; {problem}"));
        part(name, beat.problem.is_none(), if beat.problem.is_none() { "ok" } else { "not heard" }, &details)
    });
    let parts = [
        ("evaluation", evaluation),
        ("rules", rules.collect()),
        ("receivers", receivers.collect()),
        ("heartbeats", heartbeats.collect()),
    ];
    let healthy = parts.iter().all(|(_, all)| all.iter().all(|one| one["healthy"] == true));
    let mut told = json!({ "healthy": healthy });
    parts.into_iter().for_each(|(name, all)| told[name] = all.into());
    Ok(told)
}

fn part(name: &str, healthy: bool, status: &str, details: &str) -> Value {
    json!({ "name": name, "healthy": healthy, "status": status, "details": details })
}

fn time(nanoseconds: i64) -> String {
    let time = Timestamp::from_nanosecond(nanoseconds.into()).unwrap_or_default();
    time.round(jiff::Unit::Second).unwrap_or(time).to_string()
}
