//! Machines, processes and runtimes: what they say of themselves, and what they do not.

mod charts;
mod missing;
mod services;

use maud::{Markup, html};

use super::fault::Fault;
use super::layout::Drawn;
use super::parts;
use super::red_table::name;
use super::room::Room;
use super::visit::Visit;
use charts::Charts;
use services::Services;

/// Machines and processes, all of them or those of one service.
pub(super) fn page(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let service = visit.get("service");
    let services = Services::ask(visit, room.query)?;
    let charts = Charts::ask(visit, room.query, service)?;
    let body = html! {
        (parts::partial(services.partial.or(charts.partial)))
        @if services.rows.is_empty() {
            (parts::panel("Machines and processes", None, &parts::empty("No service says how its machine is", &parts::whys(visit, false, "metrics"))))
        } @else {
            (parts::panel("Machines and processes", Some(html! { @if service.is_some() { a href=(visit.link("/system")) { "All services" } } @else { "as they said last" } }), &services.draw(visit)))
            (charts.draw())
        }
        (missing(&charts))
    };
    Ok(match service {
        Some(service) => Drawn::new("/system", name(service), body).under("System", visit.link("/system")),
        None => Drawn::new("/system", "System", body),
    })
}

/// What nobody tells of, and how it is switched on.
fn missing(charts: &Charts) -> Markup {
    let missing: Vec<_> = charts.missing().collect();
    html! {
        @if !missing.is_empty() {
            (parts::panel("What is not told", None, &html! {
                ul.missing { @for area in &missing { li { b { (area.says()) } " " (area.how()) } } }
            }))
        }
    }
}
