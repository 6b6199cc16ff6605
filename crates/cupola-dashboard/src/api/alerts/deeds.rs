//! What people do about alerts.

use axum::response::Response;
use cupola_alert::{Alerts, Matcher, People, PeopleError};

use super::super::call::{Call, Done};
use super::super::operation::{Operation, Sent};
use super::{Answer, not_now, sent, told};
use crate::access::Role;
use crate::problem::Problem;

/// What can be done, and how.
pub(super) fn operations() -> [(Operation, Answer); 9] {
    let again = of("/alerts/send-again", "send_message_again", "Sends a message again that was given up");
    let snooze_one = about::<sent::Snoozed>("silence", "snooze_alert", "Tells nobody of it for a while");
    let silence = of("/silences", "make_silence", "Tells nobody of some alerts for a while");
    let end = Operation::delete("/silences/{id}", "end_silence", "Ends a silence").needs(Role::Operator);
    [
        (alert::<sent::Acknowledged>("acknowledge", "acknowledge_alert", "Says that one is at it"), acknowledge),
        (alert::<sent::OfAlert>("unacknowledge", "unacknowledge_alert", "Takes that back"), unacknowledge),
        (alert::<sent::Noted>("resolve", "resolve_alert", "Closes it at the next evaluation"), resolve),
        (alert::<sent::Commented>("comment", "comment_alert", "Says something of it"), comment),
        (alert::<sent::Assigned>("assign", "assign_alert", "Says whose it is"), assign),
        (snooze_one.answers::<told::Silenced>("The silence."), snooze),
        (
            again
                .sends::<sent::Again>()
                .answers::<Done>("It is on its way.")
                .fails(404, "No such message was given up.")
                .fails(409, "It is on its way already."),
            send_again,
        ),
        (silence.sends::<sent::Silenced>().answers::<told::Silenced>("The silence."), make_silence),
        (end.answers::<Done>("It is ended.").fails(404, "There is no such silence."), end_silence),
    ]
}

fn of(path: &str, id: &str, summary: &str) -> Operation {
    Operation::post(path, id, summary).needs(Role::Operator)
}

/// Something about one alert.
fn about<T: Sent>(what: &str, id: &str, summary: &str) -> Operation {
    of(&format!("/alerts/{what}"), id, summary).sends::<T>().fails(404, "There is no such alert.")
}

/// The same, after which the alert is told.
fn alert<T: Sent>(what: &str, id: &str, summary: &str) -> Operation {
    let operation = about::<T>(what, id, summary).answers::<told::One<'_>>("The alert as it is then.");
    operation.fails(409, "It cannot be done as the alert is: it does not fire.")
}

/// Does something about an alert, and tells how it is then.
fn act(
    alerts: &Alerts,
    call: &Call,
    sent::Id(id): &sent::Id,
    deed: impl FnOnce(&People, &str) -> Result<(), PeopleError>,
) -> Result<Response, Problem> {
    let done = deed(alerts.people(), call.by());
    let Some(alert) = alerts.alert(id)? else { return Err(no_alert()) };
    done.map_err(not_now)?;
    Ok(told(&told::One::from(&alert)))
}

fn no_alert() -> Problem {
    Problem::not_here("there is no such alert; accepted: one that /alerts tells of")
}

fn acknowledge(alerts: &Alerts, call: &mut Call) -> Result<Response, Problem> {
    let sent::Acknowledged { alert, note, until } = call.said()?;
    let until = until.map(|until| until.0);
    act(alerts, call, &alert, |people, by| people.acknowledge(&alert.0, by, &note.0, until, call.now))
}

fn unacknowledge(alerts: &Alerts, call: &mut Call) -> Result<Response, Problem> {
    let sent::OfAlert { alert } = call.said()?;
    act(alerts, call, &alert, |people, by| people.unacknowledge(&alert.0, by, call.now))
}

fn resolve(alerts: &Alerts, call: &mut Call) -> Result<Response, Problem> {
    let sent::Noted { alert, note } = call.said()?;
    act(alerts, call, &alert, |people, by| people.resolve(&alert.0, by, &note.0, call.now))
}

fn comment(alerts: &Alerts, call: &mut Call) -> Result<Response, Problem> {
    let sent::Commented { alert, note } = call.said()?;
    act(alerts, call, &alert, |people, by| people.comment(&alert.0, by, &note.0, call.now))
}

fn assign(alerts: &Alerts, call: &mut Call) -> Result<Response, Problem> {
    let sent::Assigned { alert, to } = call.said()?;
    let to = to.as_ref().map(|to| &*to.0);
    act(alerts, call, &alert, |people, by| people.assign(&alert.0, by, to, call.now))
}

fn snooze(alerts: &Alerts, call: &mut Call) -> Result<Response, Problem> {
    let sent::Snoozed { alert, until } = call.said()?;
    if alerts.alert(&alert.0)?.is_none() {
        return Err(no_alert());
    }
    let silence = alerts.people().snooze(&alert.0, call.by(), until.0, call.now)?;
    Ok(told(&told::Silenced { silence }))
}

fn send_again(alerts: &Alerts, call: &mut Call) -> Result<Response, Problem> {
    let sent::Again { message } = call.said()?;
    if !alerts.failed()?.iter().any(|failed| failed.message.id == message) {
        let says =
            "no such message was given up, or it is on its way again; accepted: one that /alerts/failed tells of";
        return Err(Problem::not_here(says));
    }
    alerts.send_again(&message, call.by(), call.now).map_err(not_now)?;
    Ok(told(&Done {}))
}

fn make_silence(alerts: &Alerts, call: &mut Call) -> Result<Response, Problem> {
    let sent::Silenced { matchers, note, until } = call.said()?;
    let matchers: Result<Vec<Matcher>, PeopleError> = matchers.iter().map(|matcher| matcher.0.parse()).collect();
    let silence = alerts.people().silence(matchers?, call.by(), &note.0, until.0, call.now)?;
    Ok(told(&told::Silenced { silence }))
}

fn end_silence(alerts: &Alerts, call: &mut Call) -> Result<Response, Problem> {
    let id = call.step("id");
    if !alerts.silences()?.iter().any(|silence| silence.id == id) {
        return Err(Problem::not_here("there is no silence of this id; accepted: one that /silences tells of"));
    }
    alerts.people().unsilence(id, call.by(), call.now)?;
    Ok(told(&Done {}))
}
