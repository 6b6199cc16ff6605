//! Saved views: what somebody looks at, under a name, for themselves or for all.

use maud::{Markup, html};

use super::fault::Fault;
use super::form::{Form, form};
use super::icon::icon;
use super::layout::Drawn;
use super::link::Link;
use super::parts;
use super::room::{Room, Seams};
use super::visit::{Visit, pair};
use crate::access::Role;
use crate::problem::Problem;
use crate::views::{View, Views};

/// So many the menu shows; the page has all.
const IN_MENU: usize = 20;

/// All views that the visitor sees.
pub(super) fn page(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let views = of(visit, room.seams)?.list()?;
    let table = html! {
        table {
            thead { tr { th scope="col" { "View" } th scope="col" { "Whose" } th scope="col" { "Who sees it" } th scope="col" { "Name" } th.num scope="col" { span.unseen { "What can be done" } } } }
            tbody { @for view in &views { tr { (row(visit, view)) } } }
        }
    };
    let body = parts::panel(
        "Saved views",
        None,
        &html! {
            @if views.is_empty() { (parts::empty("No view was saved yet", &[html! { "Any page is saved as it is shown, search and time with it: by " b { "Views" } " above it." }])) }
            @else { (parts::scroll("Saved views", &table)) }
        },
    );
    Ok(Drawn::new("/views", "Saved views", body).alone())
}

/// Keeps what a page shows.
pub(super) fn save(visit: &Visit, room: &Room<'_>, form: &Form) -> Result<Link, Fault> {
    let shared = form.get("shared").is_some();
    let (name, address) = (form.get("name").unwrap_or_default(), form.get("address").unwrap_or_default());
    Ok(of(visit, room.seams)?.save(name, address, shared).map(|view| link(&view))?)
}

/// Gives one another name, or shows it to others.
pub(super) fn change(visit: &Visit, room: &Room<'_>, form: &Form) -> Result<Link, Fault> {
    let shared = match form.get("shared") {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => return Err(Fault::bad("`shared` is not known. Accepted: true, false.")),
    };
    of(visit, room.seams)?.change(form.get("id").unwrap_or_default(), form.get("name"), shared)?;
    Ok(visit.link("/views"))
}

/// Takes one away.
pub(super) fn remove(visit: &Visit, room: &Room<'_>, form: &Form) -> Result<Link, Fault> {
    of(visit, room.seams)?.remove(form.get("id").unwrap_or_default())?;
    Ok(visit.link("/views"))
}

/// Those that are offered on every page; nothing where none can be kept.
pub(super) fn offered(visit: &Visit, seams: &Seams) -> Option<Vec<View>> {
    of(visit, seams).ok()?.list().ok()
}

/// What one has saved, and a field to save this page.
pub(super) fn menu(visit: &Visit, views: &[View]) -> Markup {
    let may = !visit.user.name.is_empty();
    html! {
        @if may || !views.is_empty() {
            details.menu {
                summary.button title="Saved views (v)" data-opens="v" { (icon("views")) span { "Views" } (icon("down")) }
                div.menu-box.views {
                    @if !views.is_empty() {
                        ul.menu-list.menu-long { @for view in views.iter().take(IN_MENU) { li { a href=(link(view)) { bdi { (view.is.name) } } } } }
                    }
                    p.views-all { a href=(visit.link("/views")) { "All " (views.len()) " saved views" } }
                    @if may { (saving(visit)) }
                }
            }
        }
    }
}

fn saving(visit: &Visit) -> Markup {
    form(
        visit,
        "/views/save",
        "menu-form",
        &html! {
            input type="hidden" name="address" value=(visit.here().without("cursor"));
            label { "Save this page as" input type="text" name="name" required maxlength="80" autocomplete="off"; }
            @if visit.user.role >= Role::Operator { label.check { input type="checkbox" name="shared" value="yes"; "Everyone sees it" } }
            button.button.primary type="submit" { "Save" }
        },
    )
}

fn row(visit: &Visit, view: &View) -> Markup {
    let may = view.is_changed_by(&visit.user);
    let id = html! { input type="hidden" name="id" value=(view.id); };
    let (to, says) = if view.is.shared { ("false", "Only its owner") } else { ("true", "Everyone") };
    html! {
        th scope="row" { a href=(link(view)) { bdi { (view.is.name) } } }
        td { (view.is.owner) }
        td {
            div.field-row {
                (parts::badge("", if view.is.shared { "everyone" } else { "you" }))
                @if may && visit.user.role >= Role::Operator {
                    (form(visit, "/views/change", "", &html! {
                        (id) input type="hidden" name="shared" value=(to);
                        button.plain type="submit" { (says) span.unseen { " shall see " (view.is.name) } }
                    }))
                }
            }
        }
        td {
            @if may {
                (form(visit, "/views/change", "field-row", &html! {
                    (id) input type="text" name="name" value=(view.is.name) required maxlength="80" autocomplete="off" aria-label={ "Another name for " (view.is.name) };
                    button.button type="submit" { "Rename" span.unseen { " " (view.is.name) } }
                }))
            }
        }
        td.num {
            @if may {
                (form(visit, "/views/remove", "", &html! { (id) button.button.danger type="submit" { "Remove" span.unseen { " " (view.is.name) } } }))
            }
        }
    }
}

fn of<'a>(visit: &'a Visit, seams: &'a Seams) -> Result<Views<'a>, Fault> {
    let metadata = seams.metadata.as_ref().ok_or_else(Problem::unavailable)?;
    Ok(Views::new(metadata, &visit.user, visit.moment()))
}

/// The page.
fn link(view: &View) -> Link {
    let (path, asked) = view.is.address.split_once('?').unwrap_or((&view.is.address, ""));
    Link::new(path.strip_prefix("/cupola").unwrap_or_default(), asked.split('&').filter_map(pair))
}
