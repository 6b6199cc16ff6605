//! How the store is kept, who may come in, and what was changed by whom.

mod export;
mod levels;
mod upkeep;

use cupola_store::{Note, Signal, Stats};
use maud::{Markup, html};

use super::fault::Fault;
use super::form::{Form, form};
use super::layout::Drawn;
use super::link::Link;
use super::parts::{self, Tile};
use super::room::Room;
use super::show;
use super::visit::Visit;
use crate::access::{Role, User, UserError, Users};
pub(super) use export::routes as export_routes;
pub(super) use levels::{reset as reset_levels, set as set_levels};
pub(super) use upkeep::{
    backup as back_up_store, compact as compact_store, prune as prune_store, verify as verify_store,
};

/// So many changes are shown.
const CHANGES: usize = 50;

pub(super) fn page(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let is_admin = visit.user.role == Role::Admin;
    let notes = match &room.seams.metadata {
        Some(metadata) if is_admin => metadata.notes("audit", None, None, CHANGES).map_err(|_| unavailable())?,
        _ => Vec::new(),
    };
    let users = match users(room) {
        Some(users) if is_admin => Some(users.list().map_err(|error| refused(&error))?),
        _ => None,
    };
    let caretaker = room.seams.caretaker.as_ref().filter(|_| is_admin);
    let body = html! {
        (parts::panel("Store", None, &match room.stats {
            Some(stats) => store(stats),
            None => parts::empty("How the store is is not known here", &[]),
        }))
        @if let Some(caretaker) = caretaker { (parts::panel("Care of the store", None, &upkeep::draw(visit, caretaker))) }
        @if let Some(levels) = &room.seams.levels { (parts::panel("Levels of the log", None, &levels::draw(visit, &**levels))) }
        @if let Some(users) = &users { (parts::panel("Users", None, &drawn(visit, users))) }
        @if is_admin && room.seams.metadata.is_some() { (parts::panel("Changes", None, &changes(&notes))) }
        @if !is_admin { p.dim { "Users and changes are shown to those who have the role admin; yours is " (visit.user.role.as_str()) "." } }
    };
    let drawn = Drawn::new("/settings", "Settings", body).alone();
    let is_at_work = caretaker.is_some_and(|caretaker| caretaker.state().at_work.is_some());
    Ok(if is_at_work { drawn.live() } else { drawn })
}

/// Makes a user, or gives one another password and role.
pub(super) fn set_user(visit: &Visit, room: &Room<'_>, form: &Form) -> Result<Link, Fault> {
    let role = form.get("role").unwrap_or_default().parse::<Role>().map_err(|error| Fault::bad(format!("{error}.")))?;
    let (name, password) = (form.get("name").unwrap_or_default(), form.get("password").unwrap_or_default());
    let users = users(room).ok_or_else(unavailable)?;
    users.set(name, password, role, &visit.user.name, visit.moment()).map_err(|error| refused(&error))?;
    Ok(visit.link("/settings"))
}

/// Takes a user away.
pub(super) fn remove_user(visit: &Visit, room: &Room<'_>, form: &Form) -> Result<Link, Fault> {
    let users = users(room).ok_or_else(unavailable)?;
    users
        .remove(form.get("name").unwrap_or_default(), &visit.user.name, visit.moment())
        .map_err(|error| refused(&error))?;
    Ok(visit.link("/settings"))
}

fn users(room: &Room<'_>) -> Option<Users> {
    room.seams.metadata.clone().map(Users::new)
}

fn unavailable() -> Fault {
    Fault { status: http::StatusCode::SERVICE_UNAVAILABLE, says: "The metadata cannot be read or written.".to_owned() }
}

fn refused(error: &UserError) -> Fault {
    match error {
        UserError::Metadata(_) => unavailable(),
        other => Fault::bad(format!("{other}.")),
    }
}

fn store(stats: &Stats) -> Markup {
    let tile = |name, value, state| Tile { name, value, note: None, state };
    let damaged = stats.quarantined_blocks + stats.quarantined_files + stats.quarantined_records;
    let worse = |number: u64, state| if number > 0 { state } else { "" };
    let bytes = |signal: Signal| {
        show::bytes(stats.files.iter().filter(|file| file.signal == signal).map(|file| file.bytes).sum())
    };
    let table = html! {
        table.compact {
            thead { tr { th scope="col" { "Day" } th scope="col" { "Signal" } th.num scope="col" { "On disk" } } }
            tbody {
                @for file in stats.files.iter().rev() {
                    tr { th scope="row" { (file.day) } td { (file.signal) } td.num { (show::bytes(file.bytes)) } }
                }
            }
        }
    };
    html! {
        div.panel-body {
            @if let Some(why) = &stats.trouble { p.notice.bad role="alert" { "Nothing can be written: " (why) } }
            (parts::tiles(&[
                tile("On disk", show::bytes(stats.bytes), ""),
                tile("Logs", bytes(Signal::Logs), ""),
                tile("Spans", bytes(Signal::Spans), ""),
                tile("Metrics", bytes(Signal::Metrics), ""),
                tile("Sealed since the start", show::count(stats.sealed), ""),
                tile("Waiting", show::bytes(stats.waiting_bytes), ""),
                tile("Dropped", show::count(stats.dropped), worse(stats.dropped, "fair")),
                tile("Sent away", show::count(stats.busy), worse(stats.busy, "fair")),
                tile("Refused for their times", show::count(stats.refused.all()), worse(stats.refused.all(), "fair")),
                tile("Damaged", show::count(damaged), worse(damaged, "bad")),
                tile("Expired files", show::count(stats.expired_files), ""),
            ]))
        }
        (parts::scroll("Files of the store", &table))
    }
}

fn drawn(visit: &Visit, users: &[User]) -> Markup {
    let table = html! {
        table {
            thead { tr { th scope="col" { "Name" } th scope="col" { "Role" } th.num scope="col" { span.unseen { "What can be done" } } } }
            tbody {
                @for user in users {
                    tr {
                        th scope="row" { (user.name) }
                        td { (parts::badge("", user.role.as_str())) }
                        td.num {
                            (form(visit, "/settings/users/remove", "", &html! {
                                input type="hidden" name="name" value=(user.name);
                                button.button.danger type="submit" { "Remove" span.unseen { " " (user.name) } }
                            }))
                        }
                    }
                }
            }
        }
    };
    html! {
        @if users.is_empty() { p.panel-body.dim { "Nobody has a name and a password yet: tokens alone let people in." } }
        @else { (parts::scroll("Users", &table)) }
        (form(visit, "/settings/users", "panel-body form-row", &html! {
            label { "Name" input type="text" name="name" required maxlength="64" autocomplete="off"; }
            label { "Password" input type="password" name="password" required minlength="10" autocomplete="new-password"; }
            label { "Role" select name="role" { @for role in Role::ALL { option value=(role.as_str()) { (role.as_str()) } } } }
            button.button.primary type="submit" { "Set user" }
        }))
    }
}

fn changes(notes: &[Note]) -> Markup {
    if notes.is_empty() {
        return parts::empty("Nothing was changed yet", &[]);
    }
    let read = |note: &Note| serde_json::from_str::<serde_json::Value>(&note.body).unwrap_or_default();
    let about = |told: &serde_json::Value| match told["about"].as_object() {
        Some(about) => about
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| format!("{name} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
            .collect::<Vec<_>>()
            .join(", "),
        None => String::new(),
    };
    let table = html! {
        table.compact {
            thead { tr { th scope="col" { "When" } th scope="col" { "Who" } th scope="col" { "What" } th scope="col" { "About" } } }
            tbody {
                @for note in notes {
                    @let told = read(note);
                    tr { th scope="row" { (show::time(note.time)) } td { (note.subject) } td { (told["what"].as_str().unwrap_or_default()) } td { (about(&told)) } }
                }
            }
        }
    };
    parts::scroll("Changes", &table)
}
