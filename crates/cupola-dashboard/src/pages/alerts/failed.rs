//! Messages that were given up: nobody was told, unless somebody sends them again.

use cupola_alert::Failed;
use maud::{Markup, html};

use super::super::fault::Fault;
use super::super::form::{Form, form};
use super::super::link::Link;
use super::super::parts;
use super::super::room::Room;
use super::super::show;
use super::super::visit::Visit;
use crate::access::Role;

/// Sends one again.
pub(in crate::pages) fn again(visit: &Visit, room: &Room<'_>, form: &Form) -> Result<Link, Fault> {
    let message = form.get("message").unwrap_or_default();
    let sent = super::of(room)?.send_again(message, super::by(visit), visit.moment());
    sent.map_err(|error| super::refused(&error))?;
    Ok(visit.link("/alerts"))
}

pub(super) fn panel(visit: &Visit, failed: &[Failed]) -> Markup {
    html! {
        @if !failed.is_empty() { (parts::panel("Given up: nobody was told", Some(html! { (failed.len()) }), &table(visit, failed))) }
    }
}

fn table(visit: &Visit, failed: &[Failed]) -> Markup {
    let may = visit.user.role >= Role::Operator;
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "When" } th scope="col" { "To" } th scope="col" { "Of" } th scope="col" { "Why" }
                    @if may { th.num scope="col" { span.unseen { "What can be done" } } }
                }
            }
            tbody { @for one in failed { tr { (row(visit, one, may)) } } }
        }
    };
    parts::scroll("Messages that were given up", &table)
}

fn row(visit: &Visit, failed: &Failed, may: bool) -> Markup {
    let mut rules: Vec<&str> = failed.notices().map(|notice| &*notice.rule).collect();
    rules.dedup();
    html! {
        th scope="row" { (show::time(failed.time)) }
        td { (failed.message.receiver) }
        td { div.stack { span { (failed.message.kind.as_str()) } span.small-text.dim { (rules.join(", ")) } } }
        td { div.stack { span { (failed.error) } span.small-text.dim { (failed.attempts) @if failed.attempts == 1 { " attempt" } @else { " attempts" } } } }
        @if may {
            td.num {
                (form(visit, "/alerts/send-again", "", &html! {
                    input type="hidden" name="message" value=(failed.message.id);
                    button.button type="submit" { "Send again" span.unseen { " to " (failed.message.receiver) } }
                }))
            }
        }
    }
}
