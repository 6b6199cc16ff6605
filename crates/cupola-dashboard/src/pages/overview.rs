//! The first screen: what is wrong now, how each service does, which errors there are, how much is said.

use cupola_alert::Alert;
use cupola_store::Signal;
use maud::{Markup, html};

use super::deploys::{self, Deploy};
use super::error_groups::{self, Groups};
use super::fault::Fault;
use super::icon::icon;
use super::layout::Drawn;
use super::red::Sources;
use super::red_table::Table;
use super::room::Room;
use super::visit::Visit;
use super::{parts, show, volume};

/// So many groups of errors are on the first screen.
const GROUPS: usize = 8;

pub(super) fn page(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let query = room.query;
    let sources = Sources::find(query, visit.range, None)?;
    let red = Table::ask(visit, query, &sources, None)?;
    let groups = Groups::ask(visit, query, error_groups::all(visit), GROUPS)?;
    let volume = volume::ask(visit, query, visit.all_of(Signal::Logs))?;
    let mut deploys = deploys::find(visit, query, None)?;
    if let Some(last) = deploys.last_mut() {
        deploys::whose(visit, query, last)?;
    }
    let marks: Vec<_> = deploys.iter().map(Deploy::mark).collect();
    let logs = visit.link("/logs");
    let body = html! {
        (strip(visit, room, deploys.last()))
        (parts::panel("Services", Some(html! { "against the time before" }), &html! {
            @if red.services.is_empty() { (parts::empty("No requests", &parts::whys(visit, false, "requests"))) }
            @else { (red.draw(visit)) }
        }))
        (parts::panel("Errors", Some(html! {
            (groups.failed.distinct) @if groups.failed.distinct == 1 { " kind" } @else { " kinds" }
            @if groups.failed.distinct > GROUPS { a href=(visit.link("/errors")) { "All of them" } }
        }), &html! {
            @if groups.failed.groups.is_empty() { (parts::empty("No errors", &[])) } @else { (groups.draw(visit, false)) }
        }))
        section.panel {
            (volume::draw(visit, &volume, &marks))
            @if volume.total == 0 { (parts::empty("No log entries", &parts::whys(visit, false, "entries"))) }
            @else { p.panel-note { (show::grouped(volume.total)) " entries; drag over a time to see it alone. " a href=(logs) { "Read them" } } }
        }
    };
    Ok(Drawn::new("", "Overview", body).of_alerts(room.seams.alerting.is_some()))
}

/// What is to be known before anything else.
fn strip(visit: &Visit, room: &Room<'_>, deploy: Option<&Deploy>) -> Markup {
    let now = visit.moment();
    html! {
        section.panel.strip aria-label="At a glance" {
            @match room.open_alerts() {
                Some(Ok(alerts)) => (glance(visit, &alerts, now)),
                Some(Err(error)) => span.strip-item { span.state.bad title=(error) { "The alerts cannot be read" } },
                None => {}
            }
            @match deploy {
                Some(Deploy { time, version, service }) => span.strip-item {
                    (icon("jobs"))
                    span { "Last deployment " b { (service.as_deref().unwrap_or_default()) " " (version) } " " (show::ago(*time, now)) }
                },
                None => span.strip-item.dim { (icon("jobs")) "No deployment in this time" },
            }
            @if let Some(stats) = room.stats {
                span.strip-item {
                    (icon("system"))
                    @match &stats.trouble {
                        Some(why) => span.state.bad title=(why) { "The store cannot write" },
                        None => span { (show::bytes(stats.bytes)) " stored" @if let Some(first) = stats.files.iter().map(|file| &*file.day).min() { ", since " (first) } },
                    }
                    @if stats.dropped > 0 { (parts::badge("warn", &format!("{} dropped", show::count(stats.dropped)))) }
                    @if stats.waiting_bytes > 0 { span.dim { (show::bytes(stats.waiting_bytes)) " to be sealed" } }
                }
            }
        }
    }
}

fn glance(visit: &Visit, alerts: &[Alert], now: i64) -> Markup {
    let link = visit.link("/alerts");
    let mut open: Vec<_> = alerts.iter().filter(|alert| alert.acknowledged.is_none()).collect();
    open.sort_by_key(|alert| alert.since);
    html! {
        @if open.is_empty() {
            span.strip-item { a.state.good href=(link) { "No open alerts" } }
        } @else {
            span.strip-item {
                a.state.bad href=(link) { (open.len()) @if open.len() == 1 { " open alert" } @else { " open alerts" } }
                @for alert in open.iter().take(3) {
                    (parts::badge(alert.severity.as_str(), alert.severity.as_str()))
                    span.cut { (alert.annotations.get("summary").unwrap_or(&alert.rule)) " " span.dim { (show::ago(alert.since, now)) } }
                }
            }
        }
        @let seen = alerts.len() - open.len();
        @if seen > 0 { span.strip-item.dim { (seen) " acknowledged" } }
    }
}
