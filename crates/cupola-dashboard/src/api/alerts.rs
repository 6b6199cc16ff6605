//! Alerts, rules and silences over HTTP: what there is, and what people decide.

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawPathParams, Request};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, on};
use cupola_alert::{Alert, AlertId, Alerts, Event, Happened, Matcher, PeopleError, Preview, Rule, RuleStatus};
use cupola_store::MetadataError;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::deed::{Deed, told};
use crate::access::{Access, Role, now};
use crate::asked::Asked;
use crate::desk::Desk;
use crate::problem::Problem;

/// What somebody asks or decides.
struct Call {
    steps: Vec<(String, String)>,
    asked: Asked,
    body: Value,
    by: String,
    now: i64,
}

type Answer = fn(&Alerts, &mut Call) -> Result<Value, Problem>;

/// Method, path, who may, and what is done.
const ROUTES: [(MethodFilter, &str, Role, Answer); 13] = [
    (MethodFilter::GET, "/alerts", Role::Viewer, alerts),
    (MethodFilter::GET, "/alerts/history", Role::Viewer, history),
    (MethodFilter::GET, "/alerts/failed", Role::Viewer, failed),
    (MethodFilter::GET, "/alerts/health", Role::Viewer, health),
    (MethodFilter::POST, "/alerts/{what}", Role::Operator, act),
    (MethodFilter::GET, "/silences", Role::Viewer, silences),
    (MethodFilter::POST, "/silences", Role::Operator, silence),
    (MethodFilter::DELETE, "/silences/{id}", Role::Operator, unsilence),
    (MethodFilter::GET, "/rules", Role::Viewer, rules),
    (MethodFilter::GET, "/rules/{name}/preview", Role::Viewer, preview),
    (MethodFilter::POST, "/rules/preview", Role::Viewer, try_out),
    (MethodFilter::PUT, "/rules/{name}", Role::Admin, put_rule),
    (MethodFilter::DELETE, "/rules/{name}", Role::Admin, delete_rule),
];

/// The routes, below the API's own path; whoever asks is known before.
pub(super) fn routes(mut routes: Router, desk: &Desk, access: &Access, alerts: &Arc<Alerts>) -> Router {
    for (method, path, role, answer) in ROUTES {
        let (desk, access, alerts) = (desk.clone(), access.clone(), Arc::clone(alerts));
        let handler = async move |steps: RawPathParams, asked: Request| {
            let steps = steps.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            said(&desk, &access, alerts, (role, answer), steps, asked).await.unwrap_or_else(Problem::into_response)
        };
        routes = routes.route(path, on(method, handler));
    }
    routes
}

async fn said(
    desk: &Desk,
    access: &Access,
    alerts: Arc<Alerts>,
    (role, answer): (Role, Answer),
    steps: Vec<(String, String)>,
    asked: Request,
) -> Result<Response, Problem> {
    let Deed { by, asked, body } = Deed::read(access, role, asked).await?;
    let mut call = Call { steps, asked, body, by, now: now() };
    Ok(told(&desk.ask(move |_| answer(&alerts, &mut call)).await??))
}

impl Call {
    fn step(&self, name: &str) -> &str {
        self.steps.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    fn text(&self, name: &str) -> &str {
        self.body.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A moment of the body.
    fn until(&self) -> Result<Option<i64>, Problem> {
        let Some(said) = self.body.get("until") else { return Ok(None) };
        let time = said.as_str().and_then(|text| text.parse::<Timestamp>().ok());
        let time = time.and_then(|time| i64::try_from(time.as_nanosecond()).ok());
        time.map(Some).ok_or_else(|| Problem::bad("until", "is no time", "RFC 3339, as 2026-11-21T03:46:02Z"))
    }
}

fn alerts(alerts: &Alerts, _: &mut Call) -> Result<Value, Problem> {
    Ok(json!({ "alerts": alerts.alerts()?.iter().map(of_alert).collect::<Vec<_>>() }))
}

fn history(alerts: &Alerts, call: &mut Call) -> Result<Value, Problem> {
    let id = call.asked.take("alert").map(|text| text.parse::<AlertId>()).transpose()?;
    let before = call.asked.read_as::<i64>("before", "the number of an event")?;
    let limit = call.asked.number("limit", 100, 1_000)?;
    let events = alerts.history(id.as_ref(), before, limit)?;
    Ok(json!({ "events": events.iter().map(of_event).collect::<Vec<_>>() }))
}

fn act(alerts: &Alerts, call: &mut Call) -> Result<Value, Problem> {
    let (people, by, note, now) = (alerts.people(), &*call.by, call.text("note"), call.now);
    if call.step("what") == "send-again" {
        alerts.send_again(call.text("message"), by, now)?;
        return Ok(json!({}));
    }
    let id = call.text("alert").parse::<AlertId>()?;
    match call.step("what") {
        "acknowledge" => people.acknowledge(&id, by, note, call.until()?, now)?,
        "unacknowledge" => people.unacknowledge(&id, by, now)?,
        "resolve" => people.resolve(&id, by, note, now)?,
        "comment" => people.comment(&id, by, note, now)?,
        "assign" => people.assign(&id, by, call.body.get("to").and_then(Value::as_str), now)?,
        "silence" => {
            let until = call.until()?.ok_or_else(|| Problem::missing("until", "a time later than now"))?;
            return Ok(json!({ "silence": people.snooze(&id, by, until, now)? }));
        }
        _ => {
            return Err(Problem::not_here(
                "there is no such deed; accepted: acknowledge, unacknowledge, silence, resolve, comment, assign, send-again",
            ));
        }
    }
    Ok(alerts.alert(&id)?.as_ref().map(of_alert).unwrap_or_default())
}

fn failed(alerts: &Alerts, _: &mut Call) -> Result<Value, Problem> {
    let of = |failed: &cupola_alert::Failed| {
        let alerts: Vec<String> =
            failed.notices().map(|notice| format!("{}/{}", notice.rule, notice.fingerprint)).collect();
        json!({
            "message": failed.message.id, "receiver": failed.message.receiver, "kind": failed.message.kind.as_str(), "alerts": alerts,
            "attempts": failed.attempts, "error": failed.error, "time": time(failed.time),
        })
    };
    Ok(json!({ "failed": alerts.failed()?.iter().map(of).collect::<Vec<_>>() }))
}

fn health(alerts: &Alerts, call: &mut Call) -> Result<Value, Problem> {
    Ok(super::alerting_health(alerts, call.now)?)
}

fn silences(alerts: &Alerts, _: &mut Call) -> Result<Value, Problem> {
    let of = |silence: &cupola_alert::Silence| {
        let matchers: Vec<String> = silence.matchers.iter().map(ToString::to_string).collect();
        json!({ "id": silence.id, "matchers": matchers, "from": time(silence.from), "until": time(silence.until), "by": silence.by, "note": silence.note })
    };
    Ok(json!({ "silences": alerts.silences()?.iter().map(of).collect::<Vec<_>>() }))
}

fn silence(alerts: &Alerts, call: &mut Call) -> Result<Value, Problem> {
    let said = call.body.get("matchers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let matchers: Result<Vec<Matcher>, PeopleError> =
        said.iter().map(|matcher| matcher.as_str().unwrap_or_default().parse()).collect();
    let until = call.until()?.ok_or_else(|| Problem::missing("until", "a time later than now"))?;
    let id = alerts.people().silence(matchers?, &call.by, call.text("note"), until, call.now)?;
    Ok(json!({ "silence": id }))
}

fn unsilence(alerts: &Alerts, call: &mut Call) -> Result<Value, Problem> {
    alerts.people().unsilence(call.step("id"), &call.by, call.now)?;
    Ok(json!({}))
}

fn rules(alerts: &Alerts, _: &mut Call) -> Result<Value, Problem> {
    Ok(json!({ "rules": alerts.rules()?.iter().map(of_rule).collect::<Vec<_>>() }))
}

fn preview(alerts: &Alerts, call: &mut Call) -> Result<Value, Problem> {
    let rules = alerts.all_rules()?;
    let rule = rules.get(call.step("name")).ok_or_else(|| Problem::not_here("there is no rule of this name"))?;
    Ok(of_preview(&alerts.preview(rule, call.now)))
}

fn try_out(alerts: &Alerts, call: &mut Call) -> Result<Value, Problem> {
    let rule = Rule::from_json(&call.body).map_err(|error| Problem::of_asker(error.to_string()))?;
    Ok(of_preview(&alerts.preview(&rule, call.now)))
}

fn put_rule(alerts: &Alerts, call: &mut Call) -> Result<Value, Problem> {
    let mut rule = call.body.clone();
    match rule.as_object_mut() {
        Some(fields) => fields.insert("name".to_owned(), call.step("name").into()),
        None => return Err(Problem::bad("body", "is no rule", "an object of its fields")),
    };
    let set = alerts.people().put_rule(&alerts.all_rules()?, &rule, &call.by, call.now)?;
    Ok(json!({ "rule": set.typed(), "summary": set.summary() }))
}

fn delete_rule(alerts: &Alerts, call: &mut Call) -> Result<Value, Problem> {
    alerts.people().delete_rule(call.step("name"), &call.by, call.now)?;
    Ok(json!({}))
}

fn of_alert(alert: &Alert) -> Value {
    json!({
        "id": alert.id().to_string(), "rule": alert.rule, "fingerprint": alert.fingerprint,
        "phase": alert.phase.as_str(), "since": time(alert.since), "severity": alert.severity.as_str(),
        "labels": alert.labels, "annotations": alert.annotations, "value": alert.value, "threshold": alert.threshold, "unit": alert.unit,
        "episode": alert.episode.as_ref().map(|episode| json!({ "id": episode.id, "starts_at": time(episode.starts_at), "ends_at": episode.ends_at.map(time) })),
        "acknowledged": alert.acknowledged.as_ref().map(|seen| json!({ "by": seen.by, "at": time(seen.at), "note": seen.note, "until": seen.until.map(time) })),
        "assigned": alert.assigned.as_ref().map(|assigned| json!({ "to": assigned.to, "by": assigned.by, "at": time(assigned.at) })),
        "silences": alert.silences.iter().map(|silence| &*silence.id).collect::<Vec<_>>(),
    })
}

fn of_event(event: &Event) -> Value {
    let what = match &event.what {
        Happened::Delivery(note) => {
            json!({ "what": "delivery", "kind": note.kind.as_str(), "receiver": note.receiver, "outcome": note.outcome, "why": note.why })
        }
        other => serde_json::to_value(other).unwrap_or_default(),
    };
    json!({ "number": event.number, "subject": event.subject, "time": time(event.time), "event": what })
}

fn of_rule(status: &RuleStatus) -> Value {
    let (rule, health) = (&status.rule, &status.health);
    json!({
        "name": rule.name(), "summary": rule.summary(), "enabled": rule.is_enabled(), "severity": rule.severity().as_str(),
        "rule": rule.typed(), "source": format!("{:?}", status.source).to_lowercase(), "firing": status.firing, "pending": status.pending,
        "health": { "status": health.status.as_str(), "problem": health.problem, "evaluated": health.evaluated.map(time) },
    })
}

fn of_preview(preview: &Preview) -> Value {
    let episode = |episode: &cupola_alert::Previewed| json!({ "labels": episode.labels, "starts_at": time(episode.starts_at), "ends_at": episode.ends_at.map(time), "value": episode.value });
    json!({
        "fired": preview.fired, "since": time(preview.since), "until": time(preview.until), "problem": preview.problem,
        "episodes": preview.episodes.iter().map(episode).collect::<Vec<_>>(),
    })
}

fn time(nanoseconds: i64) -> String {
    Timestamp::from_nanosecond(nanoseconds.into()).map(|time| time.to_string()).unwrap_or_default()
}

impl From<MetadataError> for Problem {
    fn from(_: MetadataError) -> Self {
        Self::unavailable()
    }
}

impl From<PeopleError> for Problem {
    fn from(error: PeopleError) -> Self {
        if error.is_of_asker() { Self::of_asker(error.to_string()) } else { Self::unavailable() }
    }
}
