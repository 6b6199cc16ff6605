//! One alert, and what happened to it.

use cupola_alert::{Alert, AlertId, Phase};
use maud::{Markup, html};

use super::super::fault::Fault;
use super::super::layout::Drawn;
use super::super::parts::{self, Tile};
use super::super::room::Room;
use super::super::service::quoted;
use super::super::show;
use super::super::visit::Visit;
use super::history;
use crate::access::Role;

/// So much of what happened is shown.
const EVENTS: usize = 100;

/// One alert, by its rule and its fingerprint.
pub(in crate::pages) fn page(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let alerts = super::of(room)?;
    let text = |name: &str| visit.get(name).unwrap_or_default().to_owned();
    let id = AlertId { rule: text("rule"), fingerprint: text("fingerprint") };
    let alert = alerts.alert(&id).map_err(|error| super::unavailable(&error))?;
    let events = alerts.history(Some(&id), None, EVENTS).map_err(|error| super::unavailable(&error))?;
    if alert.is_none() && events.is_empty() {
        return Err(Fault::missing("There is no such alert, and nothing is known of one."));
    }
    let may = visit.user.role >= Role::Operator;
    let body = html! {
        @match &alert {
            Some(alert) => {
                (elsewhere(visit, alert))
                @if let Some(summary) = alert.annotations.get("summary").filter(|_| matches!(alert.phase, Phase::Firing | Phase::Recovering)) { p.notice.bad[alert.severity.as_str() == "critical"] { (summary) } }
                (tiles(visit, alert))
                @if may { (parts::panel("What can be done", None, &super::acts::forms(visit, alert))) }
                @else { p.dim { "Alerts are acknowledged by those who have the role operator; yours is " (visit.user.role.as_str()) "." } }
                (parts::panel("Facts", None, &facts(alert)))
            },
            None => p.notice { "It is over for so long that only its history is known." },
        }
        (parts::panel("History", None, &history::table(visit, &events, false)))
    };
    Ok(Drawn::new("/alerts", id.rule, body).under("Alerts", visit.link("/alerts")).alone().live())
}

fn tiles(visit: &Visit, alert: &Alert) -> Markup {
    let tile = |name, value: String, note, state| Tile { name, value, note: Some(note), state };
    let state = match (alert.phase.as_str(), alert.severity.as_str()) {
        ("firing", "critical") => "bad",
        ("firing", _) => "fair",
        _ => "",
    };
    let number = |value: Option<f64>| {
        value.map_or_else(|| "–".to_owned(), |value| format!("{} {}", show::short(value), alert.unit))
    };
    html! {
        (parts::tiles(&[
            tile("State", alert.phase.as_str().to_owned(), html! { (show::ago(alert.since, visit.moment())) }, state),
            tile("Severity", alert.severity.as_str().to_owned(), html! {}, ""),
            tile("Measured", number(alert.value), html! {}, ""),
            tile("Threshold", number(alert.threshold), html! {}, ""),
            tile("Acknowledged", alert.acknowledged.as_ref().map_or_else(|| "no".to_owned(), |seen| seen.by.clone()), html! { @if let Some(seen) = &alert.acknowledged { (seen.note) } }, ""),
            tile("Assigned", alert.assigned.as_ref().map_or_else(|| "–".to_owned(), |assigned| assigned.to.clone()), html! {}, ""),
        ]))
    }
}

/// The service and the entries of the time in which it fires.
fn elsewhere(visit: &Visit, alert: &Alert) -> Markup {
    let since = alert.episode.as_ref().map_or(alert.since, |episode| episode.starts_at) - 600_000_000_000;
    let until = alert.episode.as_ref().and_then(|episode| episode.ends_at).unwrap_or_else(|| visit.moment());
    let around = |link: super::super::link::Link| link.between(since, until.max(since + 1_000_000_000));
    html! {
        p.links {
            @if let Some(service) = alert.labels.get("service") {
                @match alert.labels.get("route") {
                    Some(route) => a.button href=(around(visit.link("/route").set("service", &**service).set("route", &**route))) { "The route" },
                    None => a.button href=(around(visit.link("/service").set("service", &**service))) { "The service" },
                }
                a.button href=(around(visit.link("/errors").set("query", format!("service={}", quoted(service))))) { "Its errors" }
                a.button href=(around(visit.link("/logs").set("query", format!("service={}", quoted(service))))) { "Its log" }
            }
            a.button href=(visit.link("/rules").below(&alert.rule)) { "The rule" }
        }
    }
}

fn facts(alert: &Alert) -> Markup {
    html! {
        dl.facts {
            @for (name, value) in alert.labels.iter().chain(&alert.annotations) { div { dt { (name) } dd { (value) } } }
            @if let Some(episode) = &alert.episode {
                div { dt { "episode" } dd.mono { (episode.id) } }
                div { dt { "began to fire" } dd { (show::time(episode.starts_at)) } }
                @if let Some(ends) = episode.ends_at { div { dt { "was over" } dd { (show::time(ends)) } } }
            }
            @for told in &alert.told {
                div {
                    dt { "told: " (told.receiver) }
                    dd {
                        @match &told.delivered { Some((kind, time)) => { (kind.as_str()) " " (show::time(*time)) }, None => "not yet" }
                        @if told.held > 0 { ", " (told.held) " held back" }
                    }
                }
            }
            @for silence in &alert.silences { div { dt { "silenced by " (silence.by) } dd { "until " (show::time(silence.until)) " " (silence.note) } } }
        }
    }
}
