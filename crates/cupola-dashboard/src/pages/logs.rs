//! Log entries: searched, counted over time, sorted by their values, read one by one, watched as they come, taken away.

mod around;
mod columns;
mod download;
mod facets;
mod live;
mod routes;
mod rows;
mod rule;

use cupola_store::language::Expression;
use cupola_store::{Counted, Cursor, Entry, Found, Level, Search, Selection, Signal};
use maud::{Markup, html};

pub(super) use around::page as entry;
pub(super) use routes::routes;

use super::deploys;
use super::fault::Fault;
use super::layout::Drawn;
use super::link::Link;
use super::room::Room;
use super::searching::Searching;
use super::terms::Terms;
use super::visit::Visit;
use super::{parts, show, volume};
use columns::Columns;

/// So many entries are on a page, and so many may be asked for.
const ENTRIES: usize = 80;
const MOST_ENTRIES: usize = 500;

/// So many rows are kept in sight while one watches.
const WATCHED: usize = 500;

pub(super) fn page(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let searching = Searching::read(visit);
    let columns = Columns::read(visit);
    let Ok(expression) = &searching.is else {
        let body = searching.draw(visit, "log entries", &[], &html! {});
        return Ok(Drawn::new("/logs", "Logs", body).refused());
    };
    let terms = Terms::read(searching.text(), &visit.now);
    let is_live = visit.get("live").is_some();
    let selection = Selection { expression: expression.clone(), ..visit.all_of(Signal::Logs) };
    let limit = visit.number("limit", ENTRIES, MOST_ENTRIES)?;
    let search = Search { selection: selection.clone(), limit, cursor: cursor(visit)? };
    let found = room.query.search(&search)?;
    // One count tells how many there are of each level, of those too that are not asked for.
    let counted =
        volume::ask(visit, room.query, Selection { expression: terms.but_levels(), ..visit.all_of(Signal::Logs) })?;
    let chosen = only(counted.clone(), terms.levels());
    let rule = room.seams.alerting.as_ref().map(|_| rule::link(visit, searching.text(), chosen.total));
    let bar = html! {
        (searching.draw(visit, "log entries", &[], &html! {}))
        div.toolbar { (levels(visit, &terms, &counted)) (actions(visit, &columns, &found, is_live, rule)) }
    };
    let body = if is_live {
        html! { (bar) (watched(visit, &columns, &found)) }
    } else {
        let facets = facets::ask(visit, room.query, &selection)?;
        let marks = deploys::marks(visit, room.query, None)?;
        html! {
            (bar)
            section.panel { (volume::draw(visit, &chosen, &marks)) }
            div.beside[!facets.is_empty()] {
                @if !facets.is_empty() { aside.facets aria-label="Values" { (facets::draw(visit, &terms, &facets)) } }
                (listed(visit, &columns, &found, &chosen, expression.as_ref()))
            }
        }
    };
    Ok(Drawn::new("/logs", "Logs", body).script("logs.js"))
}

/// Where a page of entries begins.
pub(super) fn cursor(visit: &Visit) -> Result<Option<Cursor>, Fault> {
    let Some(text) = visit.get("cursor") else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        Fault::bad("`cursor` is none. Accepted: what the link to older entries has. Leave it out for the newest.")
    })
}

/// The levels, each with how many entries there are of it: to choose from.
fn levels(visit: &Visit, terms: &Terms, counted: &Counted) -> Markup {
    let chosen = terms.levels();
    let count = |level: Level| {
        let series = counted.series.iter().find(|series| series.value.as_deref() == Some(level.as_str()));
        series.map_or(0, |series| series.counts.iter().sum::<u64>())
    };
    html! {
        div.chips role="group" aria-label="Levels" {
            @for level in Level::ALL.into_iter().rev() {
                @let is_on = chosen.is_none_or(|chosen| chosen[level as usize]);
                a.chip.{ "chip-" (level.as_str().to_ascii_lowercase()) }.off[!is_on] href=(visit.here().without("cursor").set("query", terms.with_level(level)))
                    aria-current=[chosen.and_then(|_| is_on.then_some("true"))] {
                    (level.as_str().to_ascii_lowercase()) span.chip-count { (show::count(count(level))) }
                }
            }
        }
    }
}

fn actions(visit: &Visit, columns: &Columns, found: &Found, is_live: bool, rule: Option<Link>) -> Markup {
    let here = || visit.here().without("cursor").without("limit");
    let kept = ["since", "until", "query", "cursor"].into_iter().filter_map(|name| Some((name, visit.get(name)?)));
    let download = kept.fold(Link::new("/logs/download", []), |link, (name, value)| link.set(name, value));
    html! {
        div.actions {
            (columns.menu(visit, &found.entries))
            @if let Some(rule) = rule { a.button href=(rule) title="A rule that tells when there are more of these" { "Alert on this" } }
            a.button href=(download) download title="Up to 10,000 entries as lines of JSON" { "Download" }
            @if is_live { a.button.scripted href=(here().without("live")) { "Back to the search" } }
            @else { a.button.scripted href=(here().set("live", "1")) { span.pulse {} "Live" } }
        }
    }
}

/// Only these levels.
fn only(counted: Counted, levels: Option<[bool; 5]>) -> Counted {
    let Some(levels) = levels else { return counted };
    let is_chosen = |value: Option<&str>| value.and_then(Level::parse).is_some_and(|level| levels[level as usize]);
    let series: Vec<_> = counted.series.into_iter().filter(|series| is_chosen(series.value.as_deref())).collect();
    let others = vec![0; counted.others.len()];
    Counted { total: series.iter().flat_map(|series| &series.counts).sum(), series, others, ..counted }
}

fn listed(
    visit: &Visit,
    columns: &Columns,
    found: &Found,
    counted: &Counted,
    expression: Option<&Expression>,
) -> Markup {
    let here = || visit.here().without("cursor");
    let is_later_page = visit.get("cursor").is_some();
    let body = html! {
        (parts::partial(found.partial))
        @if found.entries.is_empty() {
            (parts::empty("No log entries", &parts::whys(visit, expression.is_some(), "entries")))
        } @else {
            (rows::list(visit, columns, &found.entries, None))
        }
        div.pages {
            @if is_later_page { a.button href=(here()) { "Back to the newest" } }
            @if let Some(cursor) = found.cursor { a.button href=(here().set("cursor", cursor.to_string())) rel="next" { "Older entries" } }
        }
    };
    let aside = html! {
        @if is_later_page { (found.entries.len()) " older ones of " } @else if found.cursor.is_some() { "the newest " (found.entries.len()) " of " }
        (show::grouped(counted.total))
    };
    parts::panel("Entries", Some(aside), &body)
}

/// Lines that another page has found, each to be opened.
pub(super) fn listed_lines(visit: &Visit, entries: &[Entry]) -> Markup {
    rows::list(visit, &Columns::default(), entries, None)
}

/// The newest ones, and those that come from now on.
fn watched(visit: &Visit, columns: &Columns, found: &Found) -> Markup {
    let kept = ["query", "columns"].into_iter().filter_map(|name| Some((name, visit.get(name)?)));
    let source = kept.fold(Link::new("/logs/tail", []), |link, (name, value)| link.set(name, value));
    html! {
        section.panel.live data-busy data-live=(source) data-most=(WATCHED) {
            div.panel-head {
                h2 { "What comes in" }
                span.state data-live-state role="status" { "Needs a script" }
                div.panel-aside {
                    span { b data-live-count { "0" } " came" }
                    span data-live-dropped hidden { b { "0" } " dropped: they came faster than they were read" }
                    button.button.scripted type="button" data-live-pause { "Pause" }
                }
            }
            (rows::list(visit, columns, &found.entries, None))
            p.panel-note { "The last " (WATCHED) " rows are kept here; older ones are found by a search." }
        }
    }
}
