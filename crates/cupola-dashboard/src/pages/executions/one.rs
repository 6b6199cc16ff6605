//! One execution, with everything that is known of it.

use std::time::Duration;

use cupola_record::{Execution, Status};
use cupola_store::{Entry, Search, Selection, Signal};
use maud::{Markup, html};

use super::super::deploys::field;
use super::super::fault::Fault;
use super::super::layout::Drawn;
use super::super::link::Link;
use super::super::money::money;
use super::super::parts::{self, Tile};
use super::super::red_table::name;
use super::super::room::Room;
use super::super::visit::Visit;
use super::super::{show, told};
use super::rebuild::{Rebuilt, rebuild};
use super::{attempts, progress_bar, took};

/// So many of its lines are read, and of those inside it.
const LINES: usize = 2_000;

/// One execution, by its id.
pub(in crate::pages) fn page(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let id = visit.get("id").unwrap_or_default();
    let search = |expression| -> Result<Vec<Entry>, Fault> {
        // Whenever it was: whoever has its id has no time.
        let selection = Selection { since: None, until: None, ..visit.all_of(Signal::Logs) };
        let selection = told::and(&selection, [expression]);
        Ok(room.query.search(&Search { selection, limit: LINES, cursor: None })?.entries)
    };
    let lines = search(field("execution_id", id))?;
    let Some(one) = rebuild(&lines).into_iter().find(|one| &*one.facts.id == id) else {
        return Err(Fault::missing("No execution of this id is stored, or its lines are older than entries are kept."));
    };
    // Only their first lines name the one around them.
    let inner: Vec<String> =
        rebuild(&search(field("parent_execution_id", id))?).into_iter().map(|one| one.facts.id.into()).collect();
    let inner = match inner.is_empty() {
        true => Vec::new(),
        false => {
            let ids: Vec<&str> = inner.iter().map(String::as_str).collect();
            rebuild(&search(told::any("execution_id", &ids))?)
        }
    };
    let facts = &one.facts;
    let body = html! {
        (links(visit, &one))
        @if let Some(kind) = &facts.error_type {
            p.notice.bad { b { (kind) } @if let Some(error) = &facts.error { ": " (error.as_str()) } }
        }
        (tiles(visit, &one))
        @if !facts.steps.is_empty() { (parts::panel("Steps", one.progress().map(|share| html! { (progress_bar(share, facts.state)) (show::percent(share)) }), &steps(visit, &one, &lines))) }
        @if !inner.is_empty() { (parts::panel("Inside it", None, &super::table(visit, &inner.iter().collect::<Vec<_>>()))) }
        @for (title, part) in parts_of(facts) { (parts::panel(title, None, &part)) }
        (parts::panel("Facts", None, &about(visit, &one)))
    };
    let drawn = Drawn::new("/jobs", name(&facts.name), body).under("Executions", visit.link("/executions")).alone();
    Ok(if one.is_open() { drawn.live() } else { drawn })
}

fn links(visit: &Visit, one: &Rebuilt) -> Markup {
    // A little more than its time.
    let around = |link: Link| link.between(one.first - 60_000_000_000, one.last + 60_000_000_000);
    html! {
        p.links {
            a.button href=(around(told::lines(visit, "execution_id", &one.facts.id))) { "Its lines" }
            @if let Some(trace) = &one.trace { a.button href=(visit.link("/traces").below(trace)) { "Its trace" } }
            @if let Some(request) = &one.request { a.button href=(around(told::lines(visit, "request_id", request))) { "The request that asked for it" } }
            @if let Some(parent) = &one.facts.parent { a.button href=(visit.link("/executions").below(parent)) { "The one around it" } }
            a.button href=(visit.link("/executions").set("name", &*one.facts.name)) { "Others of this name" }
        }
    }
}

fn tiles(visit: &Visit, one: &Rebuilt) -> Markup {
    let facts = &one.facts;
    let tile = |name, value: String, note, state| Tile { name, value, note: Some(note), state };
    let state = match facts.state.as_str() {
        "failed" => "bad",
        "completed" => "good",
        "cancelled" => "fair",
        _ => "",
    };
    let span = |time: Option<Duration>| time.map_or_else(|| "–".to_owned(), of_duration);
    let silent = one.is_open().then(|| html! { "last heard of " (show::ago(one.last, visit.moment())) });
    html! {
        (parts::tiles(&[
            tile("State", facts.state.as_str().to_owned(), html! { @if let Some(silent) = silent { (silent) } }, state),
            tile("Took", took(one, visit.moment()), html! {}, ""),
            tile("Attempt", attempts(one), html! {}, ""),
            tile("Waited", span(facts.waited), html! {}, ""),
            tile("Tokens", one.tokens().map_or_else(|| "–".to_owned(), show::short), html! {}, ""),
            tile("Cost", one.total("llm_cost_micros").map_or_else(|| "unknown".to_owned(), money), html! {}, ""),
        ]))
    }
}

/// Each step where it lay in the time of the whole.
fn steps(visit: &Visit, one: &Rebuilt, lines: &[Entry]) -> Markup {
    let end = if one.is_open() { visit.moment() } else { one.last };
    let length = show::as_f64(end.saturating_sub(one.first).max(1).cast_unsigned());
    let place = |time: i64| show::as_f64(time.saturating_sub(one.first).max(0).cast_unsigned()) / length * 1_000.0;
    let mut seen = std::collections::BTreeMap::new();
    let row = |step: &cupola_record::Step, nth: usize| {
        let (begin, over) = times(step, nth, lines, end);
        let (left, right) = (place(begin).clamp(0.0, 998.0), place(over).clamp(0.0, 1_000.0));
        let class = match step.status {
            Status::Success => "c2",
            Status::Failed => "bad",
            Status::Cancelled => "c4",
            _ => "s1",
        };
        html! {
            tr {
                th scope="row" { (step.name) }
                td { (told::outcome(step.status.as_str())) }
                td.num { (step.duration.map_or_else(|| "–".to_owned(), of_duration)) }
                td.num { @if let Some(share) = step.progress { (show::percent(share)) } }
                td.wide {
                    svg.lane width="100%" height="14" viewBox="0 0 1000 14" preserveAspectRatio="none" aria-hidden="true" {
                        rect.block.(class) x=(format!("{left:.1}")) width=(format!("{:.1}", (right - left).max(2.0))) y="2" height="10" {}
                    }
                }
            }
        }
    };
    let rows: Vec<Markup> = one
        .facts
        .steps
        .iter()
        .map(|step| {
            let nth = seen.entry(&*step.name).or_insert(0);
            *nth += 1;
            row(step, *nth - 1)
        })
        .collect();
    let table = html! {
        table {
            thead { tr { th scope="col" { "Step" } th scope="col" { "State" } th.num scope="col" { "Took" } th.num scope="col" { "Done with it" } th scope="col" { "When" } } }
            tbody { @for row in &rows { (row) } }
        }
    };
    parts::scroll("Steps", &table)
}

/// From when to when the nth step of a name was worked on.
fn times(step: &cupola_record::Step, nth: usize, lines: &[Entry], end: i64) -> (i64, i64) {
    let is_last_word = |entry: &&Entry| {
        told::text(entry, "step").as_deref() == Some(&*step.name)
            && told::text(entry, "status").as_deref() == Some(step.status.as_str())
    };
    // The newest first, they are.
    let said = lines.iter().rev().filter(is_last_word).nth(nth).map_or(end, Entry::time);
    match step.duration {
        Some(took) => (said.saturating_sub(i64::try_from(took.as_nanos()).unwrap_or(i64::MAX)), said),
        None if step.status == Status::Running => (said, end),
        None => (said, said),
    }
}

/// What else is known, where something is.
fn parts_of(facts: &Execution) -> Vec<(&'static str, Markup)> {
    let row = |cells: Vec<Markup>| html! { tr { @for cell in &cells { td { (cell) } } } };
    let table = |heads: &[&str], rows: Vec<Markup>| {
        let table = html! { table { thead { tr { @for head in heads { th scope="col" { (head) } } } } tbody { @for row in &rows { (row) } } } };
        (!rows.is_empty()).then(|| parts::scroll(heads[0], &table))
    };
    let text = |text: &str| html! { (text) };
    let retries = facts.retries.iter().map(|retried| {
        let why = retried.reason.as_ref().map_or("", |reason| reason.as_str());
        row(vec![text(&retried.attempt.to_string()), html! { span.bad-text { (retried.error_type) } }, text(why)])
    });
    let checks = facts.checks.iter().map(|check| {
        let why = check.detail.as_ref().map_or("", |detail| detail.as_str());
        row(vec![text(&check.name), told::outcome(check.verdict.as_str()), text(why)])
    });
    let files = facts.files.iter().map(|file| {
        let bytes = file.bytes.map(show::bytes).unwrap_or_default();
        let verdict = file.validation.map(|verdict| told::outcome(verdict.as_str())).unwrap_or_default();
        row(vec![
            text(file.kind.as_str()),
            html! { span.mono { (file.path.as_str()) } },
            told::outcome(file.status.as_str()),
            text(&bytes),
            verdict,
        ])
    });
    let settings = facts.overrides.iter().flat_map(|change| {
        change.changes.as_str().lines().map(|line| row(vec![text(change.of.as_str()), html! { span.mono { (line) } }]))
    });
    let snapshot = |snapshot: &cupola_record::Snapshot| {
        html! {
            pre.snapshot tabindex="0" { (snapshot.text.as_str()) }
            p.panel-note { (show::bytes(snapshot.bytes)) @if snapshot.truncated { ", of which this is the beginning" } "; secrets are masked" }
        }
    };
    [
        ("Attempts that failed", table(&["Attempt", "Error", "Why"], retries.collect())),
        ("Checks", table(&["Check", "Found", "Why"], checks.collect())),
        ("Files", table(&["What", "File", "How", "Size", "Content"], files.collect())),
        ("Settings that were other than usual", table(&["Of", "Change"], settings.collect())),
        ("Input", facts.input.as_ref().map(snapshot)),
        ("Output", facts.output.as_ref().map(snapshot)),
    ]
    .into_iter()
    .filter_map(|(title, part)| Some((title, part?)))
    .collect()
}

/// Ids, times, sums, and what the process used meanwhile.
fn about(visit: &Visit, one: &Rebuilt) -> Markup {
    let facts = &one.facts;
    let text = |text: &str| html! { (text) };
    let mut rows: Vec<(String, Markup)> = vec![("id".to_owned(), html! { span.mono { (facts.id) } })];
    let named = [
        ("service", one.service.as_deref()),
        ("mode", facts.mode.as_deref()),
        ("request", one.request.as_deref()),
        ("trace", one.trace.as_deref()),
    ];
    rows.extend(named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), text(value?)))));
    rows.push(("first line".to_owned(), show::time(one.first)));
    rows.push(("last line".to_owned(), show::time(one.last)));
    rows.extend(
        facts
            .depends_on
            .iter()
            .map(|id| ("after".to_owned(), html! { a.mono href=(visit.link("/executions").below(id)) { (id) } })),
    );
    rows.extend(facts.totals.iter().map(|(name, sum)| ((**name).to_owned(), text(&of_sum(name, sum.as_f64())))));
    let used = &facts.resources;
    let signed = |number: i64| format!("{}{}", if number < 0 { "−" } else { "+" }, show::bytes(number.unsigned_abs()));
    let process = [
        ("time on processors", used.cpu.map(of_duration)),
        ("memory", used.memory.map(signed)),
        ("read", used.read.map(show::bytes)),
        ("written", used.written.map(show::bytes)),
        ("open files", used.open_files.map(|files| format!("{files:+}"))),
        ("memory of GPUs", used.gpu_memory.map(signed)),
    ];
    rows.extend(
        process.into_iter().filter_map(|(name, used)| Some((format!("process meanwhile: {name}"), text(&used?)))),
    );
    html! { dl.facts { @for (name, value) in &rows { div { dt { (name) } dd { (value) } } } } }
}

fn of_sum(name: &str, sum: f64) -> String {
    match name {
        cost if cost.ends_with("cost_micros") => money(sum),
        ms if ms.ends_with("_ms") => show::duration(sum),
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sums are no less than none")]
        bytes if bytes.ends_with("_bytes") => show::bytes(sum as u64),
        _ => show::short(sum),
    }
}

fn of_duration(time: Duration) -> String {
    show::duration(time.as_secs_f64() * 1e3)
}
