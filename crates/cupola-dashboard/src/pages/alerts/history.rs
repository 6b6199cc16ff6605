//! What happened to alerts.

use cupola_alert::{Event, Happened, Outcome, Transitioned, Why};
use maud::{Markup, html};

use super::super::fault::Fault;
use super::super::layout::Drawn;
use super::super::parts;
use super::super::room::Room;
use super::super::show;
use super::super::visit::Visit;

/// So much is on one page.
const EVENTS: usize = 100;

/// All that happened, the newest first.
pub(in crate::pages) fn page(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let Some(alerts) = room.seams.alerting.as_deref() else {
        return Ok(super::off(visit, "/alerts-history", "History"));
    };
    let before = visit
        .get("before")
        .map(|text| text.parse::<i64>().map_err(|_| Fault::bad("`before` is no number of an event.")));
    let events = alerts.history(None, before.transpose()?, EVENTS).map_err(|error| super::unavailable(&error))?;
    let older = events
        .last()
        .filter(|_| events.len() == EVENTS)
        .map(|last| visit.here().set("before", last.number.to_string()));
    let body = html! {
        (super::tabs(visit, "/alerts-history"))
        (parts::panel("What happened", None, &html! {
            @if events.is_empty() { (parts::empty("Nothing has happened yet", &[])) } @else { (table(visit, &events, true)) }
            @if let Some(older) = older { p.panel-note { a href=(older) { "Earlier" } } }
        }))
    };
    Ok(Drawn::new("/alerts", "History", body).under("Alerts", visit.link("/alerts")).alone())
}

/// One row each.
pub(super) fn table(visit: &Visit, events: &[Event], has_subject: bool) -> Markup {
    let table = html! {
        table {
            thead { tr { th scope="col" { "When" } @if has_subject { th scope="col" { "About" } } th scope="col" { "What" } th scope="col" { "Who" } } }
            tbody {
                @for event in events {
                    tr {
                        th scope="row" { (show::time(event.time)) }
                        @if has_subject { td { (subject(visit, &event.subject)) } }
                        td { (what(&event.what)) }
                        td { (who(&event.what)) }
                    }
                }
            }
        }
    };
    parts::scroll("What happened", &table)
}

fn subject(visit: &Visit, subject: &str) -> Markup {
    html! {
        @match subject.rsplit_once('/') {
            Some(("silence", id)) => { "silence " (id) },
            Some(("rule", name)) => a href=(visit.link("/rules").below(name)) { "rule " (name) },
            Some((rule, fingerprint)) => a href=(visit.link("/alerts").below(rule).below(fingerprint)) { (rule) },
            None => (subject),
        }
    }
}

fn what(what: &Happened) -> Markup {
    let note = |note: &str| html! { @if !note.is_empty() { span.dim { ": " (note) } } };
    html! {
        @match what {
            Happened::Transition(to) => (transition(to)),
            Happened::Delivery(sent) => {
                (sent.kind.as_str()) " "
                @match sent.outcome { Outcome::Sent => "was sent to ", Outcome::Failed => span.bad-text { "was given up for " }, Outcome::Needless => "was not needed any more by " }
                (sent.receiver)
                @if let Some(why) = &sent.why { span.dim { ": " (why) } }
            },
            Happened::Acknowledged { note: says, .. } => { "acknowledged" (note(says)) },
            Happened::Unacknowledged { .. } => "acknowledgement taken back",
            Happened::Assigned { to: Some(to), .. } => { "assigned to " (to) },
            Happened::Assigned { to: None, .. } => "assigned to nobody",
            Happened::Commented { note: says, .. } => { "comment" (note(says)) },
            Happened::Closed { note: says, .. } => { "closed" (note(says)) },
            Happened::Silenced { note: says, until, matchers, .. } => { "silenced " span.mono { (matchers.join(" ")) } " until " (show::time(*until)) (note(says)) },
            Happened::Unsilenced { .. } => "silence ended",
            Happened::SentAgain { receiver, .. } => { "to be sent again to " (receiver) },
            Happened::RuleChanged { rule: Some(_), .. } => "rule set",
            Happened::RuleChanged { rule: None, .. } => "rule taken away",
            _ => "something that a newer Cupola has noted",
        }
    }
}

fn transition(to: &Transitioned) -> Markup {
    let kind = match to.to.as_str() {
        "firing" => to.severity.as_str(),
        "resolved" => "good",
        _ => "",
    };
    let number = |number: Option<f64>| number.map(show::short);
    html! {
        (parts::badge(kind, to.to.as_str())) " " (why(to.why))
        @if let Some(value) = number(to.value) { span.dim { ", " (value) @if let Some(threshold) = number(to.threshold) { " against " (threshold) } } }
    }
}

const fn why(why: Why) -> &'static str {
    match why {
        Why::Breach => "it is too much",
        Why::Held => "it was too much for long enough",
        Why::Well => "it is well",
        Why::Recovered => "it was well for long enough",
        Why::Escalated => "it got more severe",
        Why::Missing => "nothing is said of it any more",
        Why::Closed => "somebody has closed it",
        Why::RuleGone => "its rule was deleted or turned off",
    }
}

fn who(what: &Happened) -> Markup {
    let by = match what {
        Happened::Transition(to) => to.by.as_deref(),
        Happened::Acknowledged { by, .. }
        | Happened::Unacknowledged { by }
        | Happened::Assigned { by, .. }
        | Happened::Commented { by, .. }
        | Happened::Closed { by, .. }
        | Happened::Silenced { by, .. }
        | Happened::Unsilenced { by }
        | Happened::SentAgain { by, .. }
        | Happened::RuleChanged { by, .. } => Some(&**by),
        _ => None,
    };
    html! { @match by { Some(by) => (by), None => span.dim { "evaluation" } } }
}
