//! One entry, and what the same service said before and after it.

use std::time::Duration;

use cupola_store::{Entry, Query, Search, Selection, Signal};
use maud::html;

use super::columns::Columns;
use super::rows;
use crate::pages::deploys::field;
use crate::pages::entry_fields::{self, text};
use crate::pages::fault::Fault;
use crate::pages::layout::Drawn;
use crate::pages::room::Room;
use crate::pages::visit::Visit;
use crate::pages::{parts, show};

/// So many lines before and after, where nothing else is said, and what people choose from.
const LINES: usize = 15;
const CHOICES: [usize; 4] = [15, 50, 100, 200];
const MOST: usize = 200;

/// The first span of time in which later entries are looked for, and the last: the newest come first, so that what follows an entry is found
/// by how long it takes.
const FIRST_SPAN: i64 = 1_000_000_000;
const LAST_SPAN: i64 = 86_400_000_000_000;
/// So many entries are read of a span.
const READ: usize = 1_000;

/// One entry.
pub(in crate::pages) fn page(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let at: Option<i64> = visit.get("at").and_then(|at| at.parse().ok());
    let at = at
        .ok_or_else(|| Fault::bad("`at` is no time. Accepted: nanoseconds since 1970, as links to entries have it."))?;
    let id = visit.get("id").unwrap_or_default();
    let lines = if visit.get("lines") == Some("0") { 0 } else { visit.number("lines", LINES, MOST)? };
    let columns = Columns::read(visit);
    let of_time = ask(room.query, None, at, at.saturating_add(1), READ)?;
    let found = of_time.iter().find(|entry| entry_fields::id(entry) == id);
    let entry = found.ok_or_else(|| {
        Fault::missing("This entry is not here. What came in the last second or two is found in a moment; what is older than entries are kept is gone.")
    })?;
    let service = text(entry, "service");
    let around = if lines > 0 { Some(around(visit, room.query, entry, &service, lines)?) } else { None };
    let body = html! {
        section.panel.entry {
            div.panel-head {
                (parts::level(&text(entry, "level"))) h2.entry-title { (service) }
                div.panel-aside { (show::time(at)) " " (show::ago(at, visit.moment())) }
            }
            div.entry-links { (entry_fields::belongs(visit, entry)) a.button href=(entry_fields::link(visit, entry)) { "Lines around it" } }
            (entry_fields::fields(visit, "/logs", entry))
            details.raw { summary { "As a line" } pre { (entry_fields::line(entry)) } }
        }
        @if let Some(entries) = around {
            (parts::panel("Lines around it", Some(html! {
                @if visit.get("all").is_some() { "of all services " a href=(visit.here().without("all")) { "Of this one" } }
                @else { "of the same service " a href=(visit.here().set("all", "1")) { "Of all" } }
                @for choice in CHOICES {
                    @if choice == lines { b { "±" (choice) } } @else { a href=(visit.here().set("lines", choice.to_string())) { "±" (choice) } }
                }
            }), &rows::list(visit, &columns, &entries, Some(id))))
        }
    };
    let back = ["query", "columns"].into_iter().filter_map(|name| Some((name, visit.get(name)?)));
    let back = back.fold(visit.link("/logs"), |link, (name, value)| link.set(name, value));
    Ok(Drawn::new("/logs", "Entry", body).under("Logs", back).alone().script("logs.js"))
}

/// The lines after it, itself, and those before it, the newest first.
fn around(visit: &Visit, query: &dyn Query, entry: &Entry, service: &str, lines: usize) -> Result<Vec<Entry>, Fault> {
    let service = Some(service).filter(|_| visit.get("all").is_none());
    let mut all = after(query, service, entry.time(), lines)?;
    // Of its own time all that there are, so that it is among them.
    all.extend(ask(query, service, entry.time(), entry.time().saturating_add(1), READ)?);
    all.extend(ask(query, service, i64::MIN, entry.time(), lines)?);
    Ok(all)
}

/// The first entries after a time, the newest first.
fn after(query: &dyn Query, service: Option<&str>, time: i64, lines: usize) -> Result<Vec<Entry>, Fault> {
    let since = time.saturating_add(1);
    let (mut too_short, mut span) = (0, FIRST_SPAN);
    let mut found = ask(query, service, since, since.saturating_add(span), READ)?;
    // No more often than it takes to halve the longest span to nothing.
    for _ in 0..48 {
        if found.len() >= READ && span - too_short > 1 {
            span = too_short + (span - too_short) / 2;
        } else if found.len() < lines && span < LAST_SPAN {
            too_short = span;
            span *= 8;
        } else {
            break;
        }
        found = ask(query, service, since, since.saturating_add(span), READ)?;
    }
    Ok(found.split_off(found.len().saturating_sub(lines)))
}

fn ask(query: &dyn Query, service: Option<&str>, since: i64, until: i64, limit: usize) -> Result<Vec<Entry>, Fault> {
    let selection = Selection {
        expression: service.map(|service| field("service", service)),
        since: Some(since),
        until: Some(until),
        deadline: Duration::from_secs(2),
        ..Selection::of(Signal::Logs)
    };
    Ok(query.search(&Search { selection, limit, cursor: None })?.entries)
}
