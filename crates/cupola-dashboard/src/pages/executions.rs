//! Executions: units of work with a life of their own, each put together from its lines.

mod names;
mod one;
mod rebuild;

use cupola_record::ExecutionState;
use cupola_store::{Counts, Query, Search, Selection, Signal};
use maud::{Markup, html};

pub(super) use one::page as one;

use super::chart::{Bars, Stack, Unit};
use super::deploys::{self, field};
use super::fault::Fault;
use super::jobs::{numbers, quantiles_over_time, steps_of, tabs};
use super::layout::Drawn;
use super::money::money;
use super::parts::{self, Tile};
use super::red_table::name;
use super::room::Room;
use super::visit::Visit;
use super::{show, told};
use names::Names;
use rebuild::Rebuilt;

/// The lines of executions.
const TARGET: &str = "cupola::execution";
/// The states in which one is over.
const OVER: [(&str, &str); 3] = [("completed", "c2"), ("failed", "c5"), ("cancelled", "c4")];
/// Which are listed.
const LISTED: [&str; 6] = ["all", "running", "failed", "completed", "cancelled", "pending"];
/// So many of their newest lines are put together, and so many executions are listed.
const LINES: usize = 4_000;
const NEWEST: usize = 40;

/// Executions, all of them or those of one name.
pub(super) fn page(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let listed = visit.one_of("state", &LISTED)?;
    let all = lines_of(visit);
    let found = room.query.search(&Search { selection: all.clone(), limit: LINES, cursor: None })?;
    let rebuilt = rebuild::rebuild(&found.entries);
    let body = html! {
        (tabs(visit, "/executions"))
        (parts::partial(found.partial))
        @if rebuilt.is_empty() { (parts::panel("Executions", None, &parts::empty("No execution in this time", &whys(visit)))) }
        @else {
            (over_time(visit, room.query, &all, &rebuilt)?)
            (parts::panel("Newest executions", Some(told::choices(visit, "state", &LISTED, listed, "Their state")), &html! {
                (newest(visit, &rebuilt, listed))
                @if found.cursor.is_some() { p.panel-note { "Put together from the newest " (show::count(LINES as u64)) " lines of this time; ask for less time to see earlier ones." } }
            }))
        }
    };
    Ok(match visit.get("name") {
        Some(one) => Drawn::new("/jobs", name(one), body).under("Executions", visit.link("/executions")),
        None => Drawn::new("/jobs", "Executions", body).under("Jobs", visit.link("/jobs")),
    })
}

fn over_time(visit: &Visit, query: &dyn Query, all: &Selection, rebuilt: &[Rebuilt]) -> Result<Markup, Fault> {
    let over = over(all);
    let before = visit.range.before();
    let earlier = Selection { since: Some(before.since), until: Some(before.until), ..over.clone() };
    let (now, earlier) = (Names::ask(query, &over, all)?, Names::ask(query, &earlier, all)?);
    let step = visit.range.step(41);
    let counts = Counts { selection: over.clone(), step, by: Some("execution_state".to_owned()), values: 4 };
    let states = query.counts(&counts)?;
    let steps = steps_of(&states);
    let spread = |selection| told::spread(query, selection, "duration_ms", None, Some(step));
    let (took, took_before) = (spread(over.clone())?, spread(told::before(&over, &steps))?);
    let marks = deploys::marks(visit, query, visit.get("service"))?;
    let stacks = OVER.into_iter().filter_map(|(state, class)| {
        let series = states.series.iter().find(|series| series.value.as_deref() == Some(state))?;
        Some(Stack { name: state.to_owned(), class, values: numbers(&series.counts) })
    });
    let bars = Bars {
        title: "Ended, by state",
        steps,
        unit: Unit::Count,
        stacks: stacks.collect(),
        marks: &marks,
        zoom: visit.here(),
    };
    let open = rebuilt.iter().filter(|one| one.is_open()).count();
    Ok(html! {
        (parts::partial(states.partial))
        (tiles(visit, &now, &earlier, open))
        div.grid {
            section.panel { (bars.draw()) }
            section.panel { (quantiles_over_time("Duration", steps, &took, &took_before, &marks)) }
        }
        @if !now.is_empty() { (parts::panel("Names", Some(html! { "against the time before" }), &now.draw(visit, &earlier))) }
    })
}

fn newest(visit: &Visit, rebuilt: &[Rebuilt], listed: &str) -> Markup {
    let is_listed = |one: &&Rebuilt| listed == "all" || one.facts.state.as_str() == listed;
    let shown: Vec<&Rebuilt> = rebuilt.iter().filter(is_listed).take(NEWEST).collect();
    html! {
        @if shown.is_empty() { (parts::empty("No such execution", &[html! { "Of the newest executions none is " (listed) "." }])) }
        @else { (table(visit, &shown)) }
    }
}

fn lines_of(visit: &Visit) -> Selection {
    let only = [("name", "execution_name"), ("service", "service")]
        .into_iter()
        .filter_map(|(parameter, known)| visit.get(parameter).map(|value| field(known, value)));
    told::and(&visit.all_of(Signal::Logs), [field("target", TARGET)].into_iter().chain(only))
}

/// The last lines of those that are over.
fn over(all: &Selection) -> Selection {
    told::and(all, [field("event", "execution"), told::any("execution_state", &OVER.map(|(state, _)| state))])
}

fn tiles(visit: &Visit, now: &Names, earlier: &Names, open: usize) -> Markup {
    let seconds = visit.range.seconds().max(1.0);
    let rates = (show::as_f64(now.ended()) / seconds, show::as_f64(earlier.ended()) / seconds);
    let (failed, before) = (now.failed(), earlier.failed());
    let tile = |name, value, note, state| Tile { name, value, note: Some(note), state };
    let p95 = |names: &Names| names.all.get(1).copied();
    html! {
        (parts::tiles(&[
            tile("Open now", show::count(open as u64), html! {}, ""),
            tile("Ended", show::rate(rates.0), parts::change(rates.0, rates.1, ""), ""),
            tile("Failed", show::percent(failed), parts::change(failed, before, "bad"), if failed >= 0.01 { "bad" } else { "" }),
            tile("Tried again", show::count(now.retried()), html! {}, ""),
            tile("Duration, p95", p95(now).map_or_else(|| "–".to_owned(), show::duration), parts::change(p95(now).unwrap_or_default(), p95(earlier).unwrap_or_default(), "bad"), ""),
            tile("Tokens", now.tokens().map_or_else(|| "–".to_owned(), show::short), html! {}, ""),
            tile("Cost", now.cost().map_or_else(|| "unknown".to_owned(), money), html! { "as far as prices are known" }, ""),
        ]))
    }
}

fn table(visit: &Visit, shown: &[&Rebuilt]) -> Markup {
    let now = visit.moment();
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "Execution" } th scope="col" { "State" } th scope="col" { "Steps" } th.num scope="col" { "Attempt" }
                    th.num scope="col" { "Took" } th.num scope="col" { "Tokens" } th.num scope="col" { "Cost" } th.num scope="col" { "Began" }
                    th scope="col" { "Trace" } th scope="col" { "Asked for by" }
                }
            }
            tbody { @for one in shown { tr { (row(visit, one, now)) } } }
        }
    };
    parts::scroll("Newest executions", &table)
}

fn row(visit: &Visit, one: &Rebuilt, now: i64) -> Markup {
    let facts = &one.facts;
    html! {
        th scope="row" {
            div.stack {
                a href=(visit.link("/executions").below(&facts.id)) { (name(&facts.name)) }
                span.dim.small-text.mono.cut title=(facts.id) { (facts.id) }
            }
        }
        td { div.stack { (told::outcome(facts.state.as_str())) @if let Some(kind) = &facts.error_type { span.bad-text.small-text title=[facts.error.as_ref().map(|error| error.as_str())] { (kind) } } } }
        td { (progress(one)) }
        td.num { (attempts(one)) }
        td.num { (took(one, now)) }
        td.num { @match one.tokens() { Some(tokens) => (show::short(tokens)), None => span.dim { "–" } } }
        td.num { @match one.total("llm_cost_micros") { Some(cost) => (money(cost)), None => span.dim { "–" } } }
        td.num { (show::ago(one.first, now)) }
        td { @match &one.trace { Some(trace) => (told::trace_of(visit, trace)), None => span.dim { "–" } } }
        td { @match &one.request { Some(request) => a href=(told::lines(visit, "request_id", request)) { "its request" }, None => span.dim { "–" } } }
    }
}

/// How far it is, and with what.
fn progress(one: &Rebuilt) -> Markup {
    let steps = &one.facts.steps;
    let Some(last) = steps.last() else { return html! { span.dim { "–" } } };
    let done = steps.iter().filter(|step| step.status == cupola_record::Status::Success).count();
    html! {
        div.stack {
            @if let Some(share) = one.progress() { (progress_bar(share, one.facts.state)) }
            span.small-text.dim { (done) " done" @if one.facts.state != ExecutionState::Completed { ", " (last.name) } }
        }
    }
}

/// A bar that is filled so far.
fn progress_bar(share: f64, state: ExecutionState) -> Markup {
    let class = match state {
        ExecutionState::Failed => "bad",
        ExecutionState::Completed => "c2",
        ExecutionState::Cancelled => "c4",
        _ => "s1",
    };
    html! {
        svg.progress width="84" height="6" role="img" aria-label={ (show::percent(share)) " done" } {
            rect.progress-all width="84" height="6" rx="3" {}
            @if share > 0.0 { rect.block.(class) width=(format!("{:.1}", 84.0 * share)) height="6" rx="3" {} }
        }
    }
}

/// Which one of how many.
fn attempts(one: &Rebuilt) -> String {
    match (one.facts.attempt, one.facts.max_retries) {
        (0, _) => "–".to_owned(),
        (attempt, 0) => attempt.to_string(),
        (attempt, retries) => format!("{attempt} of {}", u64::from(retries) + 1),
    }
}

/// How long it took, or for how long it has been at it.
fn took(one: &Rebuilt, now: i64) -> String {
    let since = |first: i64| show::as_f64(now.saturating_sub(first).max(0).cast_unsigned()) / 1e6;
    match one.facts.duration {
        Some(took) => show::duration(took.as_secs_f64() * 1e3),
        None if one.is_open() => format!("for {}", show::age(since(one.first))),
        None => "–".to_owned(),
    }
}

fn whys(visit: &Visit) -> Vec<Markup> {
    let mut whys = Vec::new();
    if visit.get("name").or_else(|| visit.get("service")).is_some() {
        whys.push(
            html! { "Only some executions are shown. " a href=(visit.link("/executions")) { "Show all of them" } "." },
        );
    }
    whys.extend(parts::whys(visit, false, "executions"));
    whys.push(html! { "Executions are told of by lines of the target " code { (TARGET) } ", which " code { "OpenExecution" } " writes." });
    whys
}
