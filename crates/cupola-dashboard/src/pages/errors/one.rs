//! One group of errors.

use std::time::Duration;

use cupola_line::fingerprint::Fingerprint;
use cupola_store::{Entry, Failed, FailureGroup, Failures, Level, Query, Selection, Signal};
use maud::{Markup, html};

use super::backtrace;
use super::occurrences::{Occurrences, search};
use super::{LOOK_BACK, before, title};
use crate::pages::chart::{Bars, Mark, Stack, Steps, Unit};
use crate::pages::deploys::{self, Deploy};
use crate::pages::entry_fields::{self, text};
use crate::pages::fault::Fault;
use crate::pages::layout::Drawn;
use crate::pages::parts::{self, Tile};
use crate::pages::room::Room;
use crate::pages::visit::Visit;
use crate::pages::{red_table, show};

/// So many groups are looked through.
const GROUPS: usize = 1_000;
/// So long ago is looked for one that is not in the time that was asked for.
const LONG_AGO: i64 = 30 * 86_400_000_000_000;

/// One group of errors.
pub(in crate::pages) fn page(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let fingerprint: Fingerprint = visit.get("fingerprint").unwrap_or_default().parse().map_err(|_| {
        Fault::bad(
            "This is no fingerprint of errors. Accepted: one like 1-0123456789abcdef, as links to groups have it.",
        )
    })?;
    let selection = Selection { deadline: Duration::from_secs(3), ..visit.all_of(Signal::Logs) };
    let step = visit.range.step_of_requests(61);
    let (failed, group) = find(room.query, selection.clone(), Some(step), fingerprint)?;
    let list = visit.link("/errors");
    let Some(group) = group else {
        let body = nothing(visit, room.query, fingerprint, selection)?;
        return Ok(Drawn::new("/errors", "Errors like these", body).under("Errors", list));
    };
    let occurrences = Occurrences::ask(visit, room.query, &group)?;
    let (_, earlier) = find(room.query, before(visit, &selection), None, fingerprint)?;
    let earlier = earlier.filter(|earlier| earlier.first < visit.range.since);
    let only = group.services.first().filter(|_| group.services.len() == 1).map(|(service, _)| &**service);
    let marks: Vec<Mark> = deploys::find(visit, room.query, only)?.iter().map(Deploy::mark).collect();
    let example = occurrences.newest().unwrap_or(&group.example);
    let body = html! {
        (parts::partial(failed.partial))
        (head(visit, &group, earlier.as_ref()))
        div.split {
            (says(example))
            (parts::panel("Where", None, &concerned(visit, &group, &occurrences)))
        }
        section.panel { (chart(visit, &failed, &group, &marks)) }
        (parts::panel("Newest ones", Some(html! { a href=(visit.link("/logs").set("query", search(visit, &group))) { "Among the log lines" } }), &occurrences.draw(visit)))
        section.panel.entry {
            div.panel-head { h2 { "The last one in full" } div.panel-aside { (show::time(example.time())) } }
            div.entry-links { (entry_fields::belongs(visit, example)) }
            (entry_fields::fields(visit, "/logs", example))
        }
    };
    Ok(Drawn::new("/errors", title(&group), body).under("Errors", list))
}

fn find(
    query: &dyn Query,
    selection: Selection,
    step: Option<Duration>,
    fingerprint: Fingerprint,
) -> Result<(Failed, Option<FailureGroup>), Fault> {
    let mut failed = query.failures(&Failures {
        selection,
        level: Level::Error,
        besides: Vec::new(),
        step,
        examples: true,
        limit: GROUPS,
    })?;
    let place = failed.groups.iter().position(|group| group.fingerprint == fingerprint);
    let group = place.map(|place| failed.groups.swap_remove(place));
    Ok((failed, group))
}

fn head(visit: &Visit, group: &FailureGroup, earlier: Option<&FailureGroup>) -> Markup {
    let now = visit.moment();
    let (first, version) =
        earlier.map_or((group.first, &group.first_version), |group| (group.first, &group.first_version));
    let ago = |time: i64| show::age(show::as_f64(now.saturating_sub(time).max(0).cast_unsigned()) / 1e6);
    let tile = |name, value, note: Option<Markup>| Tile { name, value, note, state: "" };
    let version_note = version.as_ref().map(|version| html! { "in " (version) });
    let first_note = html! { "ago" @if earlier.is_none() { " " (parts::badge("new", "new")) } @if let Some(note) = version_note { " " (note) } };
    parts::tiles(&[
        tile("In this time", show::count(group.count), None),
        tile(
            if visit.range.length() <= LOOK_BACK { "In the day before" } else { "In the time before" },
            earlier.map_or("0".to_owned(), |earlier| show::count(earlier.count)),
            None,
        ),
        tile("First seen", ago(first), Some(first_note)),
        tile("Last seen", ago(group.last), Some(html! { "ago" })),
        tile("Services", show::count(group.services.len() as u64), None),
    ])
}

fn chart(visit: &Visit, failed: &Failed, group: &FailureGroup, marks: &[Mark]) -> Markup {
    let steps = Steps { start: failed.start, step: failed.step, count: group.counts.len() };
    let values = group.counts.iter().map(|count| show::as_f64(*count)).collect();
    let stacks = vec![Stack { name: "errors".to_owned(), class: "level-error", values }];
    Bars { title: "Errors like these", steps, unit: Unit::Count, stacks, marks, zoom: visit.here() }.draw()
}

/// Services, routes and versions.
fn concerned(visit: &Visit, group: &FailureGroup, occurrences: &Occurrences) -> Markup {
    let said = |name: &str| Some(text(&group.example, name)).filter(|said| !said.is_empty());
    let lists = [("Versions", "service_version"), ("Hosts", "host"), ("Users", "user_id")];
    html! {
        dl.fields.concerned {
            div { dt { "Services" } dd { @for (service, count) in &group.services { a href=(visit.link("/service").set("service", &**service)) { (red_table::name(service)) } " " span.dim { (show::count(*count)) } " " } } }
            @if let Some(route) = said("route") {
                @let service = group.services.first().map(|(service, _)| &**service).unwrap_or_default();
                div { dt { "Route" } dd { a href=(visit.link("/route").set("service", service).set("route", &*route)) { (route) } } }
            }
            @for (name, field) in lists {
                @let values = occurrences.values(field);
                @if !values.is_empty() { div { dt { (name) } dd { @for (value, count) in values.iter().take(6) { (value) " " span.dim { (show::count(*count)) } " " } @if values.len() > 6 { span.dim { "and " (values.len() - 6) " more" } } } } }
            }
            @for (name, field) in [("Error type", "error_type"), ("Target", "target")] {
                @if let Some(said) = said(field) { div { dt { (name) } dd { (said) } } }
            }
            div { dt { "Fingerprint" } dd { (group.fingerprint.to_string()) } }
        }
    }
}

/// What the last one says, and where it was made.
fn says(example: &Entry) -> Markup {
    let said = |name: &str| Some(text(example, name)).filter(|said| !said.is_empty());
    let chain = [("message", "What it says"), ("error", "Why"), ("error_chain", "Caused by")];
    html! {
        (parts::panel("What it says", None, &html! {
            div.panel-body.error-says {
                @for (field, name) in chain { @if let Some(said) = said(field) { h3 { (name) } pre { (said) } } }
                @match said("backtrace") {
                    Some(trace) => { h3 { "Where it was made" } (backtrace::draw(&trace)) }
                    None => p.hint { "It has no backtrace: errors have one where the service runs with " code { "RUST_BACKTRACE=1" } "." }
                }
            }
        }))
    }
}

/// Why there is nothing, and when there was.
fn nothing(visit: &Visit, query: &dyn Query, fingerprint: Fingerprint, selection: Selection) -> Result<Markup, Fault> {
    let since = Some(visit.moment().saturating_sub(LONG_AGO));
    let (_, once) = find(query, Selection { since, until: Some(visit.moment()), ..selection }, None, fingerprint)?;
    let mut whys = Vec::new();
    if let Some(group) = &once {
        let around = visit
            .here()
            .between(group.last.saturating_sub(3_000_000_000_000), group.last.saturating_add(600_000_000_000));
        whys.push(html! { "The last one came " (show::ago(group.last, visit.moment())) ". " a href=(around) { "Look at that time" } "." });
    } else {
        whys.push(html! { "No error of the last 30 days has this fingerprint: it is older than entries are kept, or was made by other rules." });
    }
    Ok(
        html! { section.panel { (parts::empty(&once.as_ref().map_or_else(|| "No errors like these".to_owned(), title), &whys)) } },
    )
}
