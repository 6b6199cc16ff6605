//! One job: its attempts, what was said in each, and who asked for it.

use cupola_store::{Entry, Search, Selection, Signal};
use maud::{Markup, html};

use super::super::deploys::field;
use super::super::fault::Fault;
use super::super::layout::Drawn;
use super::super::link::Link;
use super::super::logs;
use super::super::parts::{self, Tile};
use super::super::red_table::name;
use super::super::room::Room;
use super::super::visit::Visit;
use super::super::{show, told};
use super::{FAILED, attempt, origin};

/// So many of its lines are read.
const LINES: usize = 1_000;
/// What else its lines say of it, and how that is called.
const FACTS: [(&str, &str); 9] = [
    ("job_id", "id"),
    ("job_kind", "kind"),
    ("queue", "queue"),
    ("service", "service"),
    ("service_version", "version"),
    ("origin_service", "asked for by"),
    ("origin_request_id", "request that asked"),
    ("origin_trace_id", "trace that asked"),
    ("job_relation", "relation to it"),
];
const MINUTE: i64 = 60_000_000_000;

/// What is known of a job: all lines with its id, the newest first.
struct Job<'a> {
    lines: &'a [Entry],
    /// The first and the last line of each attempt, the first attempt first.
    attempts: Vec<(&'a Entry, &'a Entry)>,
}

impl<'a> Job<'a> {
    fn of(lines: &'a [Entry]) -> Self {
        let mut attempts: Vec<(&Entry, &Entry)> = Vec::new();
        for line in lines.iter().rev().filter(|line| told::number(line, "attempt").is_some()) {
            let number = told::text(line, "attempt");
            match attempts.iter_mut().find(|(first, _)| told::text(first, "attempt") == number) {
                // A line of the attempt's own may follow the one that ends it.
                Some((_, last)) if told::text(last, "outcome").is_none() => *last = line,
                Some(_) => {}
                None => attempts.push((line, line)),
            }
        }
        Self { lines, attempts }
    }

    /// The newest line that says it.
    fn says(&self, name: &str) -> Option<String> {
        self.lines.iter().find_map(|line| told::text(line, name))
    }

    fn outcome(&self) -> Option<String> {
        told::text(self.attempts.last()?.1, "outcome")
    }

    /// What it is about now, in a word.
    fn state(&self) -> String {
        match (self.outcome(), self.attempts.is_empty()) {
            (Some(outcome), _) if outcome == "retried" => "waits to be tried again".to_owned(),
            (Some(outcome), _) => outcome.replace('_', " "),
            (None, false) => "running".to_owned(),
            (None, true) => "queued".to_owned(),
        }
    }

    fn is_over(&self) -> bool {
        self.outcome().is_some_and(|outcome| outcome != "retried")
    }

    fn times(&self) -> (i64, i64) {
        let (first, last) = (self.lines.last().map_or(0, Entry::time), self.lines.first().map_or(0, Entry::time));
        (first, last)
    }
}

/// One job, by its id.
pub(in crate::pages) fn page(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let id = visit.get("id").unwrap_or_default();
    // Whenever it was: whoever has its id has no time.
    let selection = Selection { since: None, until: None, ..visit.all_of(Signal::Logs) };
    let selection = told::and(&selection, [field("job_id", id)]);
    let found = room.query.search(&Search { selection, limit: LINES, cursor: None })?;
    if found.entries.is_empty() {
        return Err(Fault::missing("No job of this id is stored, or its lines are older than entries are kept."));
    }
    let job = Job::of(&found.entries);
    let kind = job.says("job_kind").unwrap_or_default();
    let failed = job.outcome().is_some_and(|outcome| FAILED.contains(&&*outcome));
    let says = format!("the newest {}", show::grouped(LINES as u64));
    let aside = found.cursor.map(|_| html! { (says) });
    let body = html! {
        (parts::partial(found.partial))
        (links(visit, &job, id, &kind))
        @if let Some(error) = job.says("error_type").filter(|_| failed) {
            p.notice.bad { b { (error) } @if let Some(why) = job.says("error") { ": " (why) } }
        }
        (tiles(visit, &job, failed))
        @if !job.attempts.is_empty() { (parts::panel("Attempts", None, &attempts(visit, &job))) }
        (parts::panel("Its lines", aside, &logs::listed_lines(visit, &found.entries)))
        (parts::panel("Facts", None, &html! {
            dl.facts { @for (field, says) in FACTS { @if let Some(value) = job.says(field) { div { dt { (says) } dd { (value) } } } } }
        }))
    };
    let drawn = Drawn::new("/jobs", name(&kind), body).under("Jobs", visit.link("/jobs")).alone().script("logs.js");
    Ok(if job.is_over() { drawn } else { drawn.live() })
}

fn links(visit: &Visit, job: &Job<'_>, id: &str, kind: &str) -> Markup {
    let (first, last) = job.times();
    let around = |link: Link| link.between(first - MINUTE, last + MINUTE);
    let trace = job.attempts.last().and_then(|(_, last)| told::text(last, "trace_id"));
    let request = job.says("origin_request_id");
    html! {
        p.links {
            a.button href=(around(told::lines(visit, "job_id", id))) { "Its lines as a search" }
            @if let Some(trace) = trace { a.button href=(visit.link("/traces").below(&trace)) { "The last attempt's trace" } }
            @if let Some(request) = request { a.button href=(around(told::lines(visit, "request_id", &request))) { "The request that asked for it" } }
            @if let Some(trace) = job.says("origin_trace_id") { a.button href=(visit.link("/traces").below(&trace)) { "That request's trace" } }
            @if !kind.is_empty() { a.button href=(visit.link("/jobs").set("kind", kind)) { "Others of this kind" } }
        }
    }
}

fn tiles(visit: &Visit, job: &Job<'_>, failed: bool) -> Markup {
    let tile = |name, value: String, note, state| Tile { name, value, note: Some(note), state };
    let state = match job.outcome().as_deref() {
        _ if failed => "bad",
        Some("completed") => "good",
        Some("retried") => "fair",
        _ => "",
    };
    let (first, last) = job.times();
    let sum = |name| job.attempts.iter().filter_map(|(_, last)| told::number(last, name)).reduce(|sum, ms| sum + ms);
    let span = |ms: Option<f64>| ms.map_or_else(|| "–".to_owned(), show::duration);
    let end = if job.is_over() { last } else { visit.moment() };
    html! {
        (parts::tiles(&[
            tile("State", job.state(), html! { (show::ago(last, visit.moment())) }, state),
            tile("Attempt", job.attempts.last().map_or_else(|| "none yet".to_owned(), |(_, last)| attempt(last)), html! {}, ""),
            tile("Worked on", span(sum("duration_ms")), html! { @if job.attempts.len() > 1 { "all attempts" } }, ""),
            tile("Waited", span(sum("queue_latency_ms")), html! {}, ""),
            tile("From the first line", show::duration(show::as_f64(end.saturating_sub(first).max(0).cast_unsigned()) / 1e6), html! { "since " (show::time(first)) }, ""),
        ]))
    }
}

fn attempts(visit: &Visit, job: &Job<'_>) -> Markup {
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "Attempt" } th scope="col" { "Outcome" } th scope="col" { "Error" } th.num scope="col" { "Waited" } th.num scope="col" { "Took" }
                    th.num scope="col" { "First line" } th.num scope="col" { "Last line" } th scope="col" { "Trace" } th scope="col" { "Asked for by" }
                }
            }
            tbody {
                @for (first, last) in &job.attempts {
                    tr {
                        th scope="row" { (attempt(last)) }
                        td { (told::outcome(&told::text(last, "outcome").unwrap_or_else(|| "running".to_owned()))) }
                        td { (told::error(last)) }
                        td.num { (told::took(last, "queue_latency_ms")) }
                        td.num { (told::took(last, "duration_ms")) }
                        td.num { (show::time(first.time())) }
                        td.num { (show::time(last.time())) }
                        td { (told::trace(visit, last, "trace_id")) }
                        td { (origin(visit, last)) }
                    }
                }
            }
        }
    };
    parts::scroll("Attempts", &table)
}
