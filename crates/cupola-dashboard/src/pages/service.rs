//! One service, and one of its routes.

use cupola_store::{Selection, Signal};
use maud::{Markup, html};

use super::deploys::{self, Deploy, field};
use super::error_groups::Groups;
use super::fault::Fault;
use super::layout::Drawn;
use super::link::Link;
use super::parts;
use super::red::{Of, Sources};
use super::red_charts::Charts;
use super::red_table::{Table, name};
use super::room::Room;
use super::visit::Visit;
use cupola_store::language::Expression;

/// So many groups of errors are told of.
const GROUPS: usize = 8;

/// One service.
pub(super) fn page(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let service = visit.get("service").unwrap_or_default();
    let sources = Sources::find(room.query, visit.range, Some(service))?;
    let of = Of { service: Some(service), ..Of::default() };
    let charts = Charts::ask(visit, room.query, &sources, of)?;
    let routes = Table::ask(visit, room.query, &sources, Some(service))?;
    let groups = errors(visit, room, service, None)?;
    let deploys = deploys::find(visit, room.query, Some(service))?;
    let body = html! {
        (elsewhere(visit, service, None))
        @if charts.now.count == 0 {
            (parts::panel("Requests", None, &parts::empty("No requests of this service", &parts::whys(visit, false, "requests"))))
        } @else {
            (charts.tiles())
            (charts.draw(visit, &marks(&deploys)))
            (parts::panel("Routes", Some(html! { "against the time before" }), &routes.draw_routes(visit)))
        }
        div.split {
            (parts::panel("Errors", None, &drawn(visit, &groups)))
            (parts::panel("Requests that stand out", None, &charts.slowest(visit)))
        }
    };
    Ok(Drawn::new("", name(service), body).under("Overview", visit.link("")))
}

/// One route of a service.
pub(super) fn route(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let (service, route) = (visit.get("service").unwrap_or_default(), visit.get("route").unwrap_or_default());
    let sources = Sources::find(room.query, visit.range, Some(service))?;
    let of = Of { service: Some(service), route: Some(route), ..Of::default() };
    let charts = Charts::ask(visit, room.query, &sources, of)?;
    let groups = errors(visit, room, service, Some(route))?;
    let deploys = deploys::find(visit, room.query, Some(service))?;
    let body = html! {
        (elsewhere(visit, service, Some(route)))
        @if charts.now.count == 0 {
            (parts::panel("Requests", None, &parts::empty("No requests of this route", &parts::whys(visit, false, "requests"))))
        } @else {
            (charts.tiles())
            (charts.draw(visit, &marks(&deploys)))
        }
        div.split {
            (parts::panel("Errors", None, &drawn(visit, &groups)))
            (parts::panel("Requests that stand out", None, &charts.slowest(visit)))
        }
    };
    let above = visit.link("/service").set("service", service);
    Ok(Drawn::new("", name(route), body).under("Overview", visit.link("")).under(name(service), above))
}

fn marks(deploys: &[Deploy]) -> Vec<super::chart::Mark> {
    deploys.iter().map(Deploy::mark).collect()
}

fn errors(visit: &Visit, room: &Room<'_>, service: &str, route: Option<&str>) -> Result<Groups, Fault> {
    let parts = [Some(field("service", service)), route.map(|route| field("route", route))];
    let expression = Expression::all(parts.into_iter().flatten().collect());
    Groups::ask(visit, room.query, Selection { expression, ..visit.all_of(Signal::Logs) }, GROUPS)
}

fn drawn(visit: &Visit, groups: &Groups) -> Markup {
    if groups.failed.groups.is_empty() { parts::empty("No errors", &[]) } else { groups.draw(visit, true) }
}

/// The same service or route among logs, traces and errors.
fn elsewhere(visit: &Visit, service: &str, route: Option<&str>) -> Markup {
    let mut search = format!("service={}", quoted(service));
    if let Some(route) = route {
        search.push_str(&format!(" route={}", quoted(route)));
    }
    let link = |page: &str| -> Link { visit.link(page).set("query", &*search) };
    html! {
        p.links {
            a.button href=(link("/logs")) { "Logs" }
            a.button href=(link("/traces")) { "Traces" }
            a.button href=(link("/errors")) { "Errors" }
        }
    }
}

/// A value as the language of searches reads it as it stands.
pub(super) fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}
