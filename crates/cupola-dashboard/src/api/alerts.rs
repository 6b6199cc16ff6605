//! Alerts, rules and silences over HTTP: what there is, and what people decide.

mod sent;

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, on};
use cupola_alert::{Alert, Alerts, Event, Happened, Matcher, PeopleError, Preview, Rule, RuleStatus};
use cupola_store::MetadataError;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::deed::{Deed, told};
use crate::access::{Access, Role, now};
use crate::desk::Desk;
use crate::problem::Problem;

/// What somebody asks or decides.
struct Call {
    steps: Vec<(String, String)>,
    deed: Deed,
    now: i64,
}

type Steps = Result<RawPathParams, RawPathParamsRejection>;
type Answer = fn(&Alerts, &mut Call) -> Result<Value, Problem>;

/// Method, path, who may, which parameters there are, and what is done.
const ROUTES: [(MethodFilter, &str, Role, &[&str], Answer); 13] = [
    (MethodFilter::GET, "/alerts", Role::Viewer, &[], alerts),
    (MethodFilter::GET, "/alerts/history", Role::Viewer, &["alert", "before", "limit"], history),
    (MethodFilter::GET, "/alerts/failed", Role::Viewer, &[], failed),
    (MethodFilter::GET, "/alerts/health", Role::Viewer, &[], health),
    (MethodFilter::POST, "/alerts/{what}", Role::Operator, &[], act),
    (MethodFilter::GET, "/silences", Role::Viewer, &[], silences),
    (MethodFilter::POST, "/silences", Role::Operator, &[], silence),
    (MethodFilter::DELETE, "/silences/{id}", Role::Operator, &[], unsilence),
    (MethodFilter::GET, "/rules", Role::Viewer, &[], rules),
    (MethodFilter::GET, "/rules/{name}/preview", Role::Viewer, &[], preview),
    (MethodFilter::POST, "/rules/preview", Role::Viewer, &[], try_out),
    (MethodFilter::PUT, "/rules/{name}", Role::Admin, &[], put_rule),
    (MethodFilter::DELETE, "/rules/{name}", Role::Admin, &[], delete_rule),
];

/// The routes, below the API's own path; whoever asks is known before.
pub(super) fn routes(mut routes: Router, desk: &Desk, access: &Access, alerts: &Arc<Alerts>) -> Router {
    for (method, path, role, parameters, answer) in ROUTES {
        let (desk, access, alerts) = (desk.clone(), access.clone(), Arc::clone(alerts));
        let handler = async move |steps: Steps, asked: Request| {
            said(&desk, &access, alerts, (role, parameters, answer), steps, asked)
                .await
                .unwrap_or_else(Problem::into_response)
        };
        routes = routes.route(path, on(method, handler));
    }
    routes
}

async fn said(
    desk: &Desk,
    access: &Access,
    alerts: Arc<Alerts>,
    (role, parameters, answer): (Role, &[&str], Answer),
    steps: Steps,
    asked: Request,
) -> Result<Response, Problem> {
    let deed = Deed::read(access, role, asked).await?;
    deed.asked.only(parameters)?;
    let steps = steps.map_err(|_| Problem::bad("path", "is no text", "what is percent-encoded is UTF-8"))?;
    let steps = steps.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let mut call = Call { steps, deed, now: now() };
    Ok(told(&desk.ask(move |_| answer(&alerts, &mut call)).await??))
}

impl Call {
    fn step(&self, name: &str) -> &str {
        self.steps.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

fn alerts(alerts: &Alerts, _: &mut Call) -> Result<Value, Problem> {
    Ok(json!({ "alerts": alerts.alerts()?.iter().map(of_alert).collect::<Vec<_>>() }))
}

fn history(alerts: &Alerts, call: &mut Call) -> Result<Value, Problem> {
    let asked = &mut call.deed.asked;
    let id = asked.take("alert").map(|text| sent::id(&text)).transpose()?;
    let before = asked.read_as::<i64>("before", "the number of an event")?;
    let limit = asked.number("limit", 100, 1_000)?;
    let events = alerts.history(id.as_ref(), before, limit)?;
    Ok(json!({ "events": events.iter().map(of_event).collect::<Vec<_>>() }))
}

fn act(alerts: &Alerts, call: &mut Call) -> Result<Value, Problem> {
    let (people, deed, now) = (alerts.people(), &call.deed, call.now);
    let by = &*deed.by;
    let id = match call.step("what") {
        "acknowledge" => {
            let sent::Acknowledged { alert, note, until } = deed.said(sent::ACKNOWLEDGED)?;
            let id = sent::id(&alert)?;
            people.acknowledge(&id, by, &note, until.map(|until| until.0), now)?;
            id
        }
        "unacknowledge" => {
            let sent::OfAlert { alert } = deed.said(sent::OF_ALERT)?;
            let id = sent::id(&alert)?;
            people.unacknowledge(&id, by, now)?;
            id
        }
        "resolve" => {
            let sent::Noted { alert, note } = deed.said(sent::NOTED)?;
            let id = sent::id(&alert)?;
            people.resolve(&id, by, &note, now)?;
            id
        }
        "comment" => {
            let sent::Noted { alert, note } = deed.said(sent::NOTED)?;
            let id = sent::id(&alert)?;
            people.comment(&id, by, &note, now)?;
            id
        }
        "assign" => {
            let sent::Assigned { alert, to } = deed.said(sent::ASSIGNED)?;
            let id = sent::id(&alert)?;
            people.assign(&id, by, to.as_deref(), now)?;
            id
        }
        "silence" => {
            let sent::Snoozed { alert, until } = deed.said(sent::SNOOZED)?;
            return Ok(json!({ "silence": people.snooze(&sent::id(&alert)?, by, until.0, now)? }));
        }
        "send-again" => {
            let sent::Again { message } = deed.said(sent::AGAIN)?;
            alerts.send_again(&message, by, now)?;
            return Ok(json!({}));
        }
        _ => {
            return Err(Problem::not_here(
                "there is no such deed; accepted: acknowledge, unacknowledge, silence, resolve, comment, assign, send-again",
            ));
        }
    };
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
    let sent::Silenced { matchers, note, until } = call.deed.said(sent::SILENCED)?;
    let matchers: Result<Vec<Matcher>, PeopleError> = matchers.iter().map(|matcher| matcher.parse()).collect();
    let id = alerts.people().silence(matchers?, &call.deed.by, &note, until.0, call.now)?;
    Ok(json!({ "silence": id }))
}

fn unsilence(alerts: &Alerts, call: &mut Call) -> Result<Value, Problem> {
    alerts.people().unsilence(call.step("id"), &call.deed.by, call.now)?;
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
    let rule = Rule::from_json(&call.deed.body).map_err(|error| Problem::of_asker(error.to_string()))?;
    Ok(of_preview(&alerts.preview(&rule, call.now)))
}

fn put_rule(alerts: &Alerts, call: &mut Call) -> Result<Value, Problem> {
    let mut rule = call.deed.body.clone();
    match rule.as_object_mut() {
        Some(fields) => fields.insert("name".to_owned(), call.step("name").into()),
        None => return Err(Problem::bad("body", "is no rule", "an object of its fields")),
    };
    let set = alerts.people().put_rule(&alerts.all_rules()?, &rule, &call.deed.by, call.now)?;
    Ok(json!({ "rule": set.typed(), "summary": set.summary() }))
}

fn delete_rule(alerts: &Alerts, call: &mut Call) -> Result<Value, Problem> {
    alerts.people().delete_rule(call.step("name"), &call.deed.by, call.now)?;
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
