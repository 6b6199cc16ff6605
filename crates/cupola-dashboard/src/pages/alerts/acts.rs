//! What people do about an alert.

use cupola_alert::{Alert, AlertId, Phase};
use maud::{Markup, html};

use super::super::fault::Fault;
use super::super::form::{Form, form};
use super::super::link::Link;
use super::super::room::Room;
use super::super::visit::Visit;

const HOUR: i64 = 3_600_000_000_000;
/// For how long one may be silent, in hours, and how that is said.
pub(super) const SPANS: [(&str, &str); 5] =
    [("1", "1 hour"), ("4", "4 hours"), ("24", "1 day"), ("72", "3 days"), ("168", "1 week")];

/// Does what a form asks for.
pub(in crate::pages) fn act(visit: &Visit, room: &Room<'_>, form: &Form) -> Result<Link, Fault> {
    let people = super::of(room)?.people();
    let id = form.get("alert").unwrap_or_default().parse::<AlertId>().map_err(|error| super::refused(&error))?;
    let (by, now, note) = (super::by(visit), visit.moment(), form.get("note").unwrap_or_default());
    let done = match form.get("what").unwrap_or_default() {
        "acknowledge" => people.acknowledge(&id, by, note, None, now),
        "unacknowledge" => people.unacknowledge(&id, by, now),
        "silence" => people.snooze(&id, by, until(form, now)?, now).map(drop),
        "resolve" => people.resolve(&id, by, note, now),
        "comment" => people.comment(&id, by, note, now),
        "assign" => people.assign(&id, by, form.get("to"), now),
        _ => {
            return Err(Fault::bad(
                "`what` is not known. Accepted: acknowledge, unacknowledge, silence, resolve, comment, assign.",
            ));
        }
    };
    done.map_err(|error| super::refused(&error))?;
    let list = visit.link("/alerts");
    Ok(if form.get("back") == Some("list") { list } else { list.below(&id.rule).below(&id.fingerprint) })
}

/// When a silence ends that lasts for as many hours as a form says.
pub(super) fn until(form: &Form, now: i64) -> Result<i64, Fault> {
    let hours =
        form.get("hours").and_then(|hours| hours.parse::<i64>().ok()).filter(|hours| (1..=8_760).contains(hours));
    let hours =
        hours.ok_or_else(|| Fault::bad("`hours` is no such number. Accepted: a whole number from 1 to 8760."))?;
    Ok(now.saturating_add(hours * HOUR))
}

/// One button that does one thing.
pub(super) fn button(visit: &Visit, alert: &Alert, what: &str, says: &str, back: &str) -> Markup {
    form(
        visit,
        "/alerts/act",
        "",
        &html! {
            (hidden(alert, what, back))
            button.button type="submit" { (says) span.unseen { " " (alert.rule) } }
        },
    )
}

fn hidden(alert: &Alert, what: &str, back: &str) -> Markup {
    html! {
        input type="hidden" name="alert" value=(alert.id());
        input type="hidden" name="what" value=(what);
        input type="hidden" name="back" value=(back);
    }
}

/// All that can be done about an alert.
pub(super) fn forms(visit: &Visit, alert: &Alert) -> Markup {
    let is_open = matches!(alert.phase, Phase::Firing | Phase::Recovering);
    let note =
        |says: &str| html! { label { (says) input type="text" name="note" maxlength="2000" autocomplete="off"; } };
    let act = |what: &str, class: &str, says: &str, fields: Markup| {
        form(
            visit,
            "/alerts/act",
            "form-row",
            &html! {
                (hidden(alert, what, "one")) (fields)
                button.button.(class) type="submit" { (says) }
            },
        )
    };
    html! {
        div.panel-body.acts {
            @if is_open && alert.acknowledged.is_none() { (act("acknowledge", "primary", "Acknowledge", note("I am at it"))) }
            @if alert.acknowledged.is_some() { (act("unacknowledge", "plain", "Take the acknowledgement back", html! {})) }
            (act("silence", "plain", "Tell nobody", html! { label { "For" select name="hours" { @for (hours, says) in SPANS { option value=(hours) { (says) } } } } }))
            (act("assign", "plain", "Assign", html! { label { "Whose it is" input type="text" name="to" maxlength="200" autocomplete="off" value=[alert.assigned.as_ref().map(|assigned| &assigned.to)]; } }))
            (act("comment", "plain", "Comment", html! { label { "What there is to say" input type="text" name="note" required maxlength="2000" autocomplete="off"; } }))
            @if is_open { (act("resolve", "danger", "Close it", note("Why it is over"))) }
        }
    }
}
