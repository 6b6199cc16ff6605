//! The levels of the log: seen by all, changed for a while by admins.

use std::time::Duration;

use maud::{Markup, html};
use serde_json::json;

use super::super::fault::Fault;
use super::super::form::{Form, form};
use super::super::link::Link;
use super::super::room::Room;
use super::super::show;
use super::super::visit::Visit;
use crate::LogLevels;
use crate::access::{Role, audit};

/// For how many minutes a change may stand, and how that is said: none stays for ever, since somebody would forget it.
const SPANS: [(&str, &str); 5] =
    [("15", "15 minutes"), ("60", "1 hour"), ("240", "4 hours"), ("1440", "1 day"), ("5", "5 minutes")];
/// The longest, in minutes.
const MOST: u64 = 1_440;

/// What is in force, and a form to change it.
pub(super) fn draw(visit: &Visit, levels: &dyn LogLevels) -> Markup {
    let is_changed = levels.is_changed();
    let ends = levels.expires_in().map(|time| show::age(time.as_secs_f64() * 1e3));
    html! {
        dl.facts {
            div { dt { "in force" } dd { code { (levels.directives()) } } }
            div { dt { "configured" } dd { code { (levels.configured()) } } }
            @if is_changed { div { dt { "changed" } dd { @match ends { Some(ends) => { "ends in " (ends) }, None => "until it is taken back" } } } }
        }
        @if visit.user.role == Role::Admin {
            (form(visit, "/settings/levels", "panel-body form-row", &html! {
                label { "Log from now on" input type="text" name="directives" required maxlength="4096" placeholder="debug or app::db=trace,hyper=off" autocomplete="off" autocapitalize="off" spellcheck="false"; }
                label { "For" select name="minutes" { @for (minutes, says) in SPANS { option value=(minutes) { (says) } } } }
                button.button.primary type="submit" { "Change levels" }
            }))
            @if is_changed { (form(visit, "/settings/levels/reset", "panel-body", &html! { button.button type="submit" { "Back to what is configured" } })) }
        }
    }
}

/// Changes them for a while.
pub(in crate::pages) fn set(visit: &Visit, room: &Room<'_>, form: &Form) -> Result<Link, Fault> {
    let levels = of(room)?;
    let directives = form.get("directives").unwrap_or_default().trim();
    let minutes = form.get("minutes").and_then(|minutes| minutes.parse::<u64>().ok());
    let minutes = minutes.filter(|minutes| (1..=MOST).contains(minutes)).ok_or_else(|| {
        Fault::bad(format!("`minutes` is no such number. Accepted: a whole number from 1 to {MOST}."))
    })?;
    levels
        .set_for(directives, Duration::from_secs(60 * minutes))
        .map_err(|says| Fault::bad(format!("The levels cannot be read: {says}.")))?;
    note(visit, room, "log levels changed", &json!({ "levels": directives, "minutes": minutes }))
}

/// Takes the change back.
pub(in crate::pages) fn reset(visit: &Visit, room: &Room<'_>, _: &Form) -> Result<Link, Fault> {
    of(room)?.reset();
    note(visit, room, "log levels reset", &json!({}))
}

fn of<'a>(room: &'a Room<'_>) -> Result<&'a dyn LogLevels, Fault> {
    room.seams.levels.as_deref().ok_or_else(|| Fault::missing("The log of this process is not changed here."))
}

/// A change of the log's levels is done before it is noted: it is a line of the log itself, whatever becomes of the note.
fn note(visit: &Visit, room: &Room<'_>, what: &str, about: &serde_json::Value) -> Result<Link, Fault> {
    if let Some(metadata) = &room.seams.metadata {
        let note = audit(&visit.user.name, what, about, visit.moment());
        metadata.apply(&[note]).map_err(|_| super::unavailable())?;
    }
    Ok(visit.link("/settings"))
}
