//! Silences: of which alerts nobody is told.

use cupola_alert::{Matcher, Silence};
use maud::{Markup, html};

use super::super::fault::Fault;
use super::super::form::{Form, form};
use super::super::layout::Drawn;
use super::super::link::Link;
use super::super::parts;
use super::super::room::Room;
use super::super::show;
use super::super::visit::Visit;
use super::acts::{SPANS, until};
use crate::access::Role;

/// Those in force, those that have ended, and a form for another.
pub(in crate::pages) fn page(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let Some(alerts) = room.seams.alerting.as_deref() else { return Ok(super::off(visit, "/silences", "Silences")) };
    let all = alerts.silences().map_err(|error| super::unavailable(&error))?;
    let now = visit.moment();
    let (active, ended): (Vec<&Silence>, Vec<&Silence>) = all.iter().partition(|silence| silence.is_active(now));
    let may = visit.user.role >= Role::Operator;
    let body = html! {
        (super::tabs(visit, "/silences"))
        (parts::panel("In force", None, &html! {
            @if active.is_empty() { (parts::empty("Of every alert somebody is told", &[])) } @else { (table(visit, &active, may)) }
            @if may { (new(visit)) }
        }))
        @if !ended.is_empty() { (parts::panel("Ended", None, &table(visit, &ended[..ended.len().min(50)], false))) }
    };
    Ok(Drawn::new("/alerts", "Silences", body).under("Alerts", visit.link("/alerts")).alone())
}

/// Begins one.
pub(in crate::pages) fn add(visit: &Visit, room: &Room<'_>, form: &Form) -> Result<Link, Fault> {
    let people = super::of(room)?.people();
    let matchers = form.get("matchers").unwrap_or_default().lines().map(str::trim).filter(|line| !line.is_empty());
    let matchers: Result<Vec<Matcher>, _> = matchers.map(str::parse).collect();
    let matchers = matchers.map_err(|error| super::refused(&error))?;
    let (now, note) = (visit.moment(), form.get("note").unwrap_or_default());
    people.silence(matchers, super::by(visit), note, until(form, now)?, now).map_err(|error| super::refused(&error))?;
    Ok(visit.link("/silences"))
}

/// Ends one.
pub(in crate::pages) fn end(visit: &Visit, room: &Room<'_>, form: &Form) -> Result<Link, Fault> {
    let people = super::of(room)?.people();
    let id = form.get("id").unwrap_or_default();
    people.unsilence(id, super::by(visit), visit.moment()).map_err(|error| super::refused(&error))?;
    Ok(visit.link("/silences"))
}

fn table(visit: &Visit, silences: &[&Silence], may: bool) -> Markup {
    let table = html! {
        table {
            thead { tr { th scope="col" { "Alerts" } th scope="col" { "Why" } th scope="col" { "Who" } th scope="col" { "From" } th scope="col" { "Until" } @if may { th.num scope="col" { span.unseen { "What can be done" } } } } }
            tbody {
                @for silence in silences {
                    tr {
                        th scope="row" { span.labels { @for matcher in &silence.matchers { span.label { (matcher) } } } }
                        td { (silence.note) } td { (silence.by) } td { (show::time(silence.from)) } td { (show::time(silence.until)) }
                        @if may {
                            td.num {
                                (form(visit, "/silences/end", "", &html! {
                                    input type="hidden" name="id" value=(silence.id);
                                    button.button type="submit" { "End" span.unseen { " this silence" } }
                                }))
                            }
                        }
                    }
                }
            }
        }
    };
    parts::scroll("Silences", &table)
}

fn new(visit: &Visit) -> Markup {
    form(
        visit,
        "/silences/add",
        "panel-body form-row",
        &html! {
            label { "Alerts, one condition a line" textarea name="matchers" rows="2" required spellcheck="false" placeholder="service=shop\nrule=disk*" {} }
            label { "For" select name="hours" { @for (hours, says) in SPANS { option value=(hours) { (says) } } } }
            label { "Why" input type="text" name="note" maxlength="2000" autocomplete="off"; }
            button.button.primary type="submit" { "Tell nobody" }
        },
    )
}
