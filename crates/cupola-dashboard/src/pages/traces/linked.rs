//! What a trace has to do with others: who asked for it, and the jobs that it asked for, attempt by attempt.

use std::collections::BTreeMap;
use std::time::Duration;

use cupola_store::language::{Expression, Test};
use cupola_store::{Entry, Query, Search, Selection, Signal, Trace};
use maud::{Markup, html};

use super::{duration, name, span};
use crate::pages::deploys::field;
use crate::pages::entry_fields::{self, is_trace, text};
use crate::pages::fault::Fault;
use crate::pages::visit::Visit;
use crate::pages::{parts, show};

/// So many lines of jobs are read, and so long after the trace they are looked for.
const LINES: usize = 300;
const LATER: i64 = 7 * 86_400_000_000_000;

/// A trace that has to do with this one.
#[derive(Debug)]
pub(super) struct Linked {
    trace: String,
    /// What they have to do with each other.
    how: &'static str,
    what: String,
    /// The job that it is, to be looked at by itself.
    job: Option<String>,
    service: String,
    attempt: String,
    outcome: String,
    ms: Option<f64>,
    time: Option<i64>,
}

impl Linked {
    fn new(trace: String, how: &'static str, what: String) -> Self {
        let (service, attempt, outcome) = (String::new(), String::new(), String::new());
        Self { trace, how, what, job: None, service, attempt, outcome, ms: None, time: None }
    }
}

/// Those of a trace.
pub(super) fn ask(query: &dyn Query, id: &str, trace: &Trace, times: (i64, i64)) -> Result<Vec<Linked>, Fault> {
    let mut others: BTreeMap<String, Linked> = BTreeMap::new();
    for span in &trace.spans {
        for link in span::links(span) {
            let what = format!("span {}", link.span_id.get(..8).unwrap_or_default());
            others.entry(link.trace_id.clone()).or_insert(Linked::new(link.trace_id, "is linked with", what));
        }
    }
    for line in &trace.logs {
        for (field, how) in [("origin_trace_id", "was asked for by"), ("linked_trace_id", "was called by")] {
            let other = text(line, field);
            if is_trace(&other) {
                let what = if field == "origin_trace_id" { text(line, "origin_service") } else { String::new() };
                others.insert(other.clone(), Linked::new(other, how, what));
            }
        }
    }
    others.remove(id);
    let mut all: Vec<Linked> = others.into_values().collect();
    all.extend(jobs(query, id, times)?);
    Ok(all)
}

/// The attempts of jobs that a trace has asked for: each has a trace of its own.
fn jobs(query: &dyn Query, id: &str, (start, end): (i64, i64)) -> Result<Vec<Linked>, Fault> {
    let has_outcome = Expression::from(Test::Has("outcome".to_owned()));
    let selection = Selection {
        expression: Some(Expression::All(vec![field("origin_trace_id", id), has_outcome])),
        since: Some(start),
        until: Some(end.saturating_add(LATER)),
        deadline: Duration::from_millis(500),
        ..Selection::of(Signal::Logs)
    };
    let found = query.search(&Search { selection, limit: LINES, cursor: None })?;
    let is_other = |entry: &&Entry| entry_fields::trace(entry).is_some_and(|trace| trace != id);
    Ok(found.entries.iter().rev().filter(is_other).map(of_job).collect())
}

fn of_job(line: &Entry) -> Linked {
    let trace = text(line, "trace_id");
    Linked {
        service: text(line, "service"),
        attempt: text(line, "attempt"),
        outcome: text(line, "outcome"),
        ms: Some(duration(line)),
        time: Some(line.time()),
        job: Some(text(line, "job_id")).filter(|id| !id.is_empty()),
        ..Linked::new(trace, "asked for", format!("{} {}", name(line), text(line, "job_id")))
    }
}

/// Draws them.
pub(super) fn draw(visit: &Visit, linked: &[Linked]) -> Markup {
    let table = html! {
        table {
            thead { tr { th scope="col" { "This trace" } th scope="col" { "What" } th scope="col" { "Service" } th.num scope="col" { "Attempt" } th scope="col" { "Outcome" } th.num scope="col" { "Duration" } th scope="col" { "When" } th scope="col" { "Trace" } } }
            tbody {
                @for other in linked {
                    tr {
                        td { (other.how) }
                        td { @match &other.job { Some(id) => a href=(visit.link("/jobs").below(id)) { (other.what) }, None => (other.what) } }
                        td { (other.service) }
                        td.num { (other.attempt) }
                        td { @if !other.outcome.is_empty() { (parts::badge(if other.outcome == "completed" { "good" } else { "error" }, &other.outcome)) } }
                        td.num { @if let Some(ms) = other.ms { (show::duration(ms)) } }
                        td { @if let Some(time) = other.time { (show::time(time)) } }
                        th scope="row" { a.mono href=(visit.link("/traces").below(&other.trace)) { (other.trace.get(..8).unwrap_or_default()) "…" } }
                    }
                }
            }
        }
    };
    parts::panel(
        "Other traces",
        Some(html! { "jobs that it asked for, and whom it came from" }),
        &parts::scroll("Other traces", &table),
    )
}
