//! Alerts: which are open, who looks after them, and what was.

mod acts;
mod failed;
mod history;
mod one;
mod silences;

use cupola_alert::{Alert, Alerts, PeopleError, Phase};
use cupola_store::MetadataError;
use http::StatusCode;
use maud::{Markup, html};

pub(super) use acts::act;
pub(super) use failed::again;
pub(super) use history::page as history;
pub(super) use one::page as one;
pub(super) use silences::{add as add_silence, end as end_silence, page as silences};

use super::fault::Fault;
use super::layout::Drawn;
use super::link::Link;
use super::parts;
use super::room::Room;
use super::show;
use super::visit::Visit;
use crate::access::Role;

/// The alerts, those that nobody looks after first.
pub(super) fn page(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let Some(alerts) = room.seams.alerting.as_deref() else { return Ok(off(visit, "/alerts", "Alerts")) };
    let all = alerts.alerts().map_err(|error| unavailable(&error))?;
    let is_open = |alert: &Alert| matches!(alert.phase, Phase::Firing | Phase::Recovering);
    let of = |is: &dyn Fn(&Alert) -> bool| -> Vec<&Alert> { all.iter().filter(|alert| is(alert)).collect() };
    let open = of(&|alert| is_open(alert) && alert.acknowledged.is_none());
    let seen = of(&|alert| is_open(alert) && alert.acknowledged.is_some());
    let pending = of(&|alert| alert.phase == Phase::Pending);
    let over = of(&|alert| alert.phase == Phase::Resolved);
    let rules = alerts.rules().map_err(|error| unavailable(&error))?;
    let failed = alerts.failed().map_err(|error| unavailable(&error))?;
    let enabled = rules.iter().filter(|status| status.rule.is_enabled()).count();
    let part = |title: &str, some: &[&Alert]| {
        html! { @if !some.is_empty() { (parts::panel(title, Some(html! { (some.len()) }), &table(visit, some))) } }
    };
    let body = html! {
        (tabs(visit, "/alerts"))
        (failed::panel(visit, &failed))
        @if open.is_empty() {
            (parts::panel("Open", None, &parts::empty("Nothing is open that nobody looks after", &[
                html! { (enabled) @if enabled == 1 { " rule is" } @else { " rules are" } " evaluated. " a href=(visit.link("/rules")) { "See them" } "." },
            ])))
        } @else { (part("Open", &open)) }
        (part("Acknowledged", &seen))
        (part("Pending: too much, not yet for long enough", &pending))
        (part("Over since lately", &over))
    };
    Ok(Drawn::new("/alerts", "Alerts", body).alone().live().of_alerts(true))
}

/// What stands beside the alerts.
pub(super) fn tabs(visit: &Visit, here: &str) -> Markup {
    let pages = [("/alerts", "Alerts"), ("/rules", "Rules"), ("/silences", "Silences"), ("/alerts-history", "History")];
    html! {
        nav.tabs aria-label="Alerts" {
            @for (page, says) in pages { a href=(visit.link(page)) aria-current=[(page == here).then_some("page")] { (says) } }
        }
    }
}

/// Where nobody judges.
pub(super) fn off(visit: &Visit, here: &str, title: &str) -> Drawn {
    let whys = [
        html! { "This server shows what is stored and evaluates no rules." },
        html! { "A service's own monitoring does, unless " code { "CUPOLA_MONITORING=off" } "; so does " code { "cupola serve" } " where it is given receivers." },
    ];
    let body =
        html! { (tabs(visit, here)) (parts::panel(title, None, &parts::empty("No rules are evaluated here", &whys))) };
    Drawn::new("/alerts", title, body).alone()
}

/// The engine, for what is done with it.
pub(super) fn of<'a>(room: &'a Room<'_>) -> Result<&'a Alerts, Fault> {
    room.seams.alerting.as_deref().ok_or_else(|| Fault::missing("No rules are evaluated here."))
}

pub(super) fn unavailable(_: &MetadataError) -> Fault {
    let says = "What people have decided cannot be read or written.".to_owned();
    Fault { status: StatusCode::SERVICE_UNAVAILABLE, says }
}

pub(super) fn refused(error: &PeopleError) -> Fault {
    match error.is_of_asker() {
        true => Fault::bad(format!("{error}.")),
        false => Fault {
            status: StatusCode::SERVICE_UNAVAILABLE,
            says: "What people have decided cannot be read or written.".to_owned(),
        },
    }
}

/// Who does something, as it is noted.
pub(super) fn by(visit: &Visit) -> &str {
    if visit.user.name.is_empty() { "somebody" } else { &visit.user.name }
}

fn link(visit: &Visit, alert: &Alert) -> Link {
    visit.link("/alerts").below(&alert.rule).below(&alert.fingerprint)
}

fn table(visit: &Visit, some: &[&Alert]) -> Markup {
    let now = visit.moment();
    let may = visit.user.role >= Role::Operator;
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "Alert" } th scope="col" { "About" } th.num scope="col" { "Value" } th.num scope="col" { "Since" }
                    th scope="col" { "Who" } @if may { th.num scope="col" { span.unseen { "What can be done" } } }
                }
            }
            tbody { @for alert in some { tr { (row(visit, alert, now, may)) } } }
        }
    };
    parts::scroll("Alerts", &table)
}

fn row(visit: &Visit, alert: &Alert, now: i64, may: bool) -> Markup {
    let is_open = matches!(alert.phase, Phase::Firing | Phase::Recovering);
    html! {
        th scope="row" {
            div.stack {
                span { (parts::badge(alert.severity.as_str(), alert.severity.as_str())) " " a href=(link(visit, alert)) { (alert.rule) } }
                @if let Some(summary) = alert.annotations.get("summary") { span.small-text.dim { (summary) } }
            }
        }
        td { (labels(alert)) }
        td.num { (measured(alert)) }
        td.num { (show::ago(alert.since, now)) }
        td { div.stack { (who(alert)) } }
        @if may {
            td.num {
                @if is_open && alert.acknowledged.is_none() { (acts::button(visit, alert, "acknowledge", "Acknowledge", "list")) }
            }
        }
    }
}

/// What it is about, label by label.
fn labels(alert: &Alert) -> Markup {
    html! {
        span.labels { @for (name, value) in &alert.labels { span.label { (name) "=" b { (value) } } } @if alert.labels.is_empty() { span.dim { "everything" } } }
    }
}

/// What was measured, and what it is compared with.
fn measured(alert: &Alert) -> Markup {
    html! {
        @match alert.value { Some(value) => { (show::short(value)) " " (alert.unit) }, None => span.dim { "–" } }
        @if let Some(threshold) = alert.threshold { span.note-line { "threshold " (show::short(threshold)) } }
    }
}

/// Who is at it, whose it is, who is not told.
fn who(alert: &Alert) -> Markup {
    html! {
        @if let Some(seen) = &alert.acknowledged { span title=(seen.note) { (parts::badge("good", "acknowledged")) " by " (seen.by) } }
        @if let Some(assigned) = &alert.assigned { span.small-text { "assigned to " (assigned.to) } }
        @if !alert.silences.is_empty() { span { (parts::badge("warn", "silenced")) } }
        @if let Some(by) = &alert.closing_by { span.small-text.dim { "closed by " (by) ", over with the next evaluation" } }
        @for told in &alert.told {
            @if let Some((kind, _)) = &told.delivered { span.small-text.dim { (told.receiver) ": " (kind.as_str()) } }
        }
    }
}
