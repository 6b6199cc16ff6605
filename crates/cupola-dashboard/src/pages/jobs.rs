//! Jobs: by kind how often they run, fail and wait; and the newest ones.

mod kinds;
mod one;
mod over_time;

use cupola_store::{Counted, Counts, Entry, Query, Search, Selection, Signal};
use maud::{Markup, html};

use super::deploys::field;
use super::fault::Fault;
use super::layout::Drawn;
use super::parts::{self, Tile};
use super::red_table::name;
use super::room::Room;
use super::visit::Visit;
use super::{show, told};
use kinds::Kinds;
pub(super) use one::page as one;
use over_time::OverTime;
pub(super) use over_time::{numbers, quantiles as quantiles_over_time, steps as steps_of};

/// The lines of jobs.
const TARGET: &str = "cupola::job";
/// How runs end that have not done what they should, and are not tried again.
const FAILED: [&str; 4] = ["failed", "timed_out", "panicked", "cancelled"];
/// Which runs are listed.
const LISTED: [&str; 4] = ["all", "failed", "retried", "completed"];
/// So many are.
const NEWEST: usize = 25;

/// Jobs, all of them or those of one kind.
pub(super) fn page(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let listed = visit.one_of("outcome", &LISTED)?;
    let all = lines_of(visit);
    let ended = ended(&all);
    let body = html! {
        (tabs(visit, "/jobs"))
        @if told::is_any(room.query, &ended)? { (runs(visit, room.query, &all, &ended, listed)?) }
        @else { (parts::panel("Jobs", None, &parts::empty("No job has ended in this time", &whys(visit)))) }
    };
    Ok(match visit.get("kind") {
        Some(kind) => Drawn::new("/jobs", name(kind), body).under("Jobs", visit.link("/jobs")),
        None => Drawn::new("/jobs", "Jobs", body),
    })
}

fn runs(visit: &Visit, query: &dyn Query, all: &Selection, ended: &Selection, listed: &str) -> Result<Markup, Fault> {
    let before = visit.range.before();
    let earlier = Selection { since: Some(before.since), until: Some(before.until), ..ended.clone() };
    let (now, earlier) = (Kinds::ask(query, ended)?, Kinds::ask(query, &earlier)?);
    let over_time = OverTime::ask(visit, query, ended)?;
    let queued = queued(visit, query, all)?;
    let newest = query.search(&Search { selection: listed_of(ended, listed), limit: NEWEST, cursor: None })?.entries;
    Ok(html! {
        (parts::partial(over_time.partial()))
        (tiles(visit, &now, &earlier, &queued))
        (over_time.draw(visit))
        (parts::panel("Kinds", Some(html! { "against the time before" }), &now.draw(visit, &earlier, &over_time)))
        (parts::panel("Newest runs", Some(told::choices(visit, "outcome", &LISTED, listed, "How they ended")), &html! {
            @if newest.is_empty() { (parts::empty("No such run", &[html! { "Of the runs of this time none ended so." }])) }
            @else { (table(visit, &newest)) }
        }))
    })
}

/// Jobs and executions stand beside each other.
pub(super) fn tabs(visit: &Visit, here: &str) -> Markup {
    html! {
        nav.tabs aria-label="What runs in the background" {
            @for (page, says) in [("/jobs", "Jobs"), ("/executions", "Executions")] {
                a href=(visit.link(page)) aria-current=[(page == here).then_some("page")] { (says) }
            }
        }
    }
}

fn lines_of(visit: &Visit) -> Selection {
    let only = ["kind", "queue", "service"].into_iter().filter_map(|parameter| {
        let known = if parameter == "kind" { "job_kind" } else { parameter };
        visit.get(parameter).map(|value| field(known, value))
    });
    told::and(&visit.all_of(Signal::Logs), [field("target", TARGET)].into_iter().chain(only))
}

/// The last lines of runs. That a job was queued has an outcome too, and no attempt.
fn ended(all: &Selection) -> Selection {
    told::and(all, [told::has("attempt"), told::has("outcome")])
}

fn listed_of(ended: &Selection, listed: &str) -> Selection {
    match listed {
        "all" => ended.clone(),
        "failed" => told::and(ended, [told::any("outcome", &FAILED)]),
        outcome => told::and(ended, [field("outcome", outcome)]),
    }
}

fn queued(visit: &Visit, query: &dyn Query, all: &Selection) -> Result<Counted, Fault> {
    let selection = told::and(all, [told::not(told::has("attempt")), told::has("outcome")]);
    Ok(query.counts(&Counts { selection, step: visit.range.step(41), by: Some("outcome".to_owned()), values: 3 })?)
}

fn tiles(visit: &Visit, now: &Kinds, earlier: &Kinds, queued: &Counted) -> Markup {
    let seconds = visit.range.seconds().max(1.0);
    let rates = (show::as_f64(now.ended()) / seconds, show::as_f64(earlier.ended()) / seconds);
    let (failed, failed_before) = (now.share(now.failed()), earlier.share(earlier.failed()));
    let (retried, retried_before) = (now.share(now.retried()), earlier.share(earlier.retried()));
    let tile = |name, value, note, state| Tile { name, value, note: Some(note), state };
    let (waited, took) = (now.all.1.as_slice(), now.all.0.as_slice());
    let of = |shares: &[f64], place: usize| shares.get(place).copied().unwrap_or_default();
    let quantile = |name, shares: &[f64], before: &[f64]| {
        let (now, before) = (of(shares, 1), of(before, 1));
        tile(
            name,
            if shares.is_empty() { "–".to_owned() } else { show::duration(now) },
            parts::change(now, before, "bad"),
            "",
        )
    };
    html! {
        (parts::tiles(&[
            tile("Runs", show::rate(rates.0), parts::change(rates.0, rates.1, ""), ""),
            tile("Failed", show::percent(failed), parts::change(failed, failed_before, "bad"), if failed >= 0.01 { "bad" } else { "" }),
            tile("Tried again", show::percent(retried), parts::change(retried, retried_before, "bad"), ""),
            quantile("Wait, p95", waited, &earlier.all.1),
            quantile("Duration, p95", took, &earlier.all.0),
            tile("Queued", show::count(queued.total), html! { @if now.ended() > 0 { (show::count(now.ended())) " runs ended" } }, ""),
        ]))
    }
}

fn table(visit: &Visit, newest: &[Entry]) -> Markup {
    let now = visit.moment();
    let rows = html! {
        @for entry in newest {
            @let (kind, id) = (told::text(entry, "job_kind").unwrap_or_default(), told::text(entry, "job_id"));
            tr {
                th scope="row" {
                    div.stack {
                        a href=(visit.here().set("kind", &*kind)) { (name(&kind)) }
                        @if let Some(id) = &id { a.small-text.mono href=(visit.link("/jobs").below(id)) title="This job" { (id) } }
                    }
                }
                td { (told::outcome(&told::text(entry, "outcome").unwrap_or_default())) }
                td { (told::error(entry)) }
                td.num { (attempt(entry)) }
                td.num { (told::took(entry, "queue_latency_ms")) }
                td.num { (told::took(entry, "duration_ms")) }
                td.num { (show::ago(entry.time(), now)) }
                td { (told::trace(visit, entry, "trace_id")) }
                td { (origin(visit, entry)) }
            }
        }
    };
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "Job" } th scope="col" { "Outcome" } th scope="col" { "Error" } th.num scope="col" { "Attempt" }
                    th.num scope="col" { "Waited" } th.num scope="col" { "Took" } th.num scope="col" { "Ended" }
                    th scope="col" { "Trace" } th scope="col" { "Asked for by" }
                }
            }
            tbody { (rows) }
        }
    };
    parts::scroll("Newest runs", &table)
}

/// Which attempt of how many.
fn attempt(entry: &Entry) -> String {
    let number = |name| told::text(entry, name);
    match (number("attempt"), number("max_attempts")) {
        (Some(attempt), Some(most)) => format!("{attempt} of {most}"),
        (Some(attempt), None) => attempt,
        _ => "–".to_owned(),
    }
}

/// The request that asked for it, and its trace.
fn origin(visit: &Visit, entry: &Entry) -> Markup {
    let request = told::text(entry, "origin_request_id").or_else(|| told::text(entry, "request_id"));
    html! {
        @match (told::text(entry, "origin_trace_id"), request) {
            (Some(trace), _) => (told::trace_of(visit, &trace)),
            (None, Some(request)) => a href=(told::lines(visit, "request_id", &request)) { "its request" },
            (None, None) => span.dim { "–" },
        }
    }
}

fn whys(visit: &Visit) -> Vec<Markup> {
    let is_narrowed = ["kind", "queue", "service"].iter().any(|parameter| visit.get(parameter).is_some());
    let mut whys = Vec::new();
    if is_narrowed {
        whys.push(html! { "Only some jobs are shown. " a href=(visit.link("/jobs")) { "Show all of them" } "." });
    }
    whys.extend(parts::whys(visit, false, "jobs"));
    whys.push(
        html! { "Jobs are told of by the lines that " code { "cupola_job" } " writes, target " code { (TARGET) } "." },
    );
    whys
}
