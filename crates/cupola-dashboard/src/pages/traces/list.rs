//! The traces of a time: which there are, how long they took, and which failed.

use std::collections::HashMap;
use std::time::Duration;

use cupola_store::{Entry, Query, Selection, Signal, Top};
use maud::{Markup, html};

use super::found::{Found, Meant};
use super::{duration, is_failed, name};
use crate::pages::chart::{Dot, Line, Lines, Mark, Steps, Unit};
use crate::pages::deploys::{self, Deploy};
use crate::pages::entry_fields::{self, text};
use crate::pages::fault::Fault;
use crate::pages::layout::Drawn;
use crate::pages::link::Link;
use crate::pages::red::{Of, by_step, steps as steps_of, told_by};
use crate::pages::room::Room;
use crate::pages::searching::Searching;
use crate::pages::visit::Visit;
use crate::pages::{logs, parts, red_table, show, told};

/// So many traces are on a page.
const TRACES: usize = 60;
/// So many services are offered.
const SERVICES: usize = 50;
/// What the form has beside the search.
const FIELDS: [&str; 3] = ["service", "min", "failed"];

/// What tells of the traces.
const SOURCES: [(&str, &str, Signal); 2] = [("spans", "Spans", Signal::Spans), ("lines", "Log lines", Signal::Logs)];

/// The traces of a time.
pub(in crate::pages) fn page(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let searching = Searching::read(visit);
    let Ok(expression) = &searching.is else {
        let form = searching.draw(visit, "traces", &FIELDS, &more(visit, &[]));
        return Ok(Drawn::new("/traces", "Traces", form).refused());
    };
    let meant = Meant::read(visit, expression.clone())?;
    let (source, found) = found(visit, room.query, &meant)?;
    let services = services(room.query, visit, &meant, source)?;
    let chart = Durations::ask(visit, room.query, &meant, source)?;
    let marks: Vec<Mark> =
        deploys::find(visit, room.query, meant.service.as_deref())?.iter().map(Deploy::mark).collect();
    let (sizes, is_whole) = found.sizes(room.query)?;
    let table = table(visit, &found, &sizes, is_whole);
    let here = || visit.here().without("cursor");
    let body = html! {
        (searching.draw(visit, "traces", &FIELDS, &more(visit, &services)))
        div.toolbar {
            div.chips role="group" aria-label="By what traces are found" {
                @for (word, says, signal) in SOURCES {
                    a.chip.plain.off[signal != source] href=(here().set("of", word)) aria-current=[(signal == source).then_some("true")] { (says) }
                }
            }
            (chart.slower(visit))
        }
        @if source == Signal::Logs && visit.get("of").is_none() && !found.entries.is_empty() {
            p.notice role="note" { "No service has sent spans of these: traces are told by the lines of requests and jobs." }
        }
        section.panel { (chart.draw(visit, &found, &marks)) }
        (parts::panel("Traces", Some(html! { "the newest first" }), &html! {
            (parts::partial(found.partial))
            @if found.entries.is_empty() { (parts::empty("No traces", &whys(visit, &meant))) } @else { (table) }
            div.pages {
                @if visit.get("cursor").is_some() { a.button href=(here()) { "Back to the newest" } }
                @if let Some(cursor) = found.cursor { a.button href=(here().set("cursor", cursor.to_string())) rel="next" { "Older traces" } }
            }
        }))
    };
    Ok(Drawn::new("/traces", "Traces", body))
}

/// Those of the source that was chosen; where none was, the lines' if there are no spans.
fn found(visit: &Visit, query: &dyn Query, meant: &Meant) -> Result<(Signal, Found), Fault> {
    let cursor = logs::cursor(visit)?;
    let ask = |signal| Found::ask(query, meant.selection(visit, signal), TRACES, cursor);
    let chosen = visit.get("of").map(|_| visit.one_of("of", &SOURCES.map(|(word, ..)| word))).transpose()?;
    if let Some((.., signal)) = SOURCES.into_iter().find(|(word, ..)| Some(*word) == chosen) {
        return Ok((signal, ask(signal)?));
    }
    let found = ask(Signal::Spans)?;
    if !found.entries.is_empty() {
        return Ok((Signal::Spans, found));
    }
    let by_lines = ask(Signal::Logs)?;
    Ok(if by_lines.entries.is_empty() { (Signal::Spans, found) } else { (Signal::Logs, by_lines) })
}

fn services(query: &dyn Query, visit: &Visit, meant: &Meant, source: Signal) -> Result<Vec<String>, Fault> {
    let all = Meant { service: None, least: None, is_failed: false, ..meant.clone() };
    let selection = Selection { deadline: Duration::from_millis(300), budget: 60_000, ..all.selection(visit, source) };
    let topped = query.top(&Top { selection, field: "service".to_owned(), limit: SERVICES })?;
    Ok(topped.values.into_iter().map(|(service, _)| service).collect())
}

/// The rest of the form.
fn more(visit: &Visit, services: &[String]) -> Markup {
    let chosen = visit.get("service");
    let is_other = chosen.is_some_and(|chosen| services.iter().all(|service| service != chosen));
    html! {
        select.search-part name="service" aria-label="Service" {
            option value="" { "All services" }
            @if let Some(chosen) = chosen.filter(|_| is_other) { option value=(chosen) selected { (chosen) } }
            @for service in services { option value=(service) selected[chosen == Some(service)] { (service) } }
        }
        input.search-part.search-short type="text" name="min" value=(visit.get("min").unwrap_or_default()) placeholder="min 250ms" aria-label="Shortest duration" autocomplete="off" maxlength="20";
        label.check { input type="checkbox" name="failed" value="1" checked[visit.get("failed").is_some()]; "Failed" }
    }
}

fn table(visit: &Visit, found: &Found, sizes: &HashMap<String, u64>, is_whole: bool) -> Markup {
    let longest = found.entries.iter().map(duration).fold(0.0, f64::max).max(0.001);
    let table = html! {
        table.traces {
            thead { tr { th scope="col" { "Began" } th scope="col" { "Name" } th scope="col" { "Service" } th scope="col" { "Status" } th.num scope="col" { "Spans" } th.num scope="col" { "Duration" } th scope="col" { span.unseen { "Duration as a bar" } } } }
            tbody { @for entry in &found.entries { (row(visit, entry, sizes, is_whole, longest)) } }
        }
    };
    parts::scroll("Traces", &table)
}

fn row(visit: &Visit, entry: &Entry, sizes: &HashMap<String, u64>, is_whole: bool, longest: f64) -> Markup {
    let trace = entry_fields::trace(entry).unwrap_or_default();
    let (service, status, ms) = (text(entry, "service"), text(entry, "status"), duration(entry));
    html! {
        tr {
            td { (show::time(began(entry))) }
            th scope="row" { a href=(of(visit, &trace)) { (name(entry)) } }
            td { a href=(visit.link("/service").set("service", &*service)) { (red_table::name(&service)) } }
            td {
                @if !status.is_empty() { (parts::badge(entry_fields::badge_of(&status), &status)) }
                @else if is_failed(entry) { (parts::badge("error", "failed")) }
            }
            td.num { @match sizes.get(&trace) { Some(count) => { @if !is_whole { "≥ " } (show::count(*count)) }, None => "–" } }
            td.num { (show::duration(ms)) }
            td.bar-cell { svg width="120" height="8" aria-hidden="true" { rect.trace-bar.bad[is_failed(entry)] width=(format!("{:.1}", (ms / longest * 120.0).max(1.0))) height="8" rx="2" {} } }
        }
    }
}

/// A line is written at the end of what it tells of.
fn began(entry: &Entry) -> i64 {
    let is_line = entry.get("message").is_some() && entry.get("name").is_none();
    #[allow(clippy::cast_possible_truncation, reason = "what is too long for a span of time ends at its edge")]
    let length = (duration(entry) * 1e6) as i64;
    if is_line { entry.time().saturating_sub(length) } else { entry.time() }
}

fn of(visit: &Visit, trace: &str) -> Link {
    visit.link("/traces").below(trace)
}

fn whys(visit: &Visit, meant: &Meant) -> Vec<Markup> {
    let mut whys = Vec::new();
    if meant.service.is_some() || meant.least.is_some() || meant.is_failed {
        let all = FIELDS.iter().fold(visit.here().without("cursor"), |link, field| link.without(field));
        whys.push(html! { "The service, the duration or the failure that is asked for leaves none. " a href=(all) { "Without them" } "." });
    }
    whys.extend(parts::whys(visit, meant.is_filter(), "traces"));
    whys.push(html! { "Services send spans where " code { "OTEL_EXPORTER_OTLP_ENDPOINT" } " is set and the feature " code { "otlp" } " is on." });
    whys
}

/// How long they took over time.
#[derive(Debug)]
struct Durations {
    title: &'static str,
    steps: Steps,
    /// Shares of each step, and of all.
    each: Vec<Option<Vec<f64>>>,
    all: Vec<f64>,
}

impl Durations {
    /// Of all requests, or those of a service, it was added up before; of others it is told entry by entry.
    fn ask(visit: &Visit, query: &dyn Query, meant: &Meant, source: Signal) -> Result<Self, Fault> {
        if meant.least.is_none() && !meant.is_failed && meant.expression.is_none() {
            let step = visit.range.step_of_requests(61);
            let of = Of { service: meant.service.as_deref(), step: Some(step), ..Of::default() };
            if let Some((all, rows)) = told_by(query, source, visit.range, of)? {
                let steps = steps_of(visit.range, step);
                let each = by_step(&rows, &steps).into_iter().map(|row| Some(row?.quantiles_ms.clone())).collect();
                return Ok(Self { title: "Duration of requests", steps, each, all: all.quantiles_ms });
            }
        }
        Self::measure(visit, query, meant.selection(visit, source))
    }

    fn measure(visit: &Visit, query: &dyn Query, selection: Selection) -> Result<Self, Fault> {
        let step = visit.range.step(61);
        let length = i64::try_from(step.as_nanos()).unwrap_or(i64::MAX).max(1);
        let start = visit.range.since.div_euclid(length) * length;
        let count = usize::try_from((visit.range.until - start + length - 1) / length).unwrap_or(1).max(1);
        let steps = Steps { start, step: length, count };
        let selection = Selection { deadline: Duration::from_secs(1), ..selection };
        let measured = told::spread(query, selection, "duration_ms", None, Some(step))?;
        let mut each = vec![None; count];
        for measure in measured.measures {
            let place = measure.start.and_then(|begin| usize::try_from((begin - start) / length).ok());
            if let Some(slot) = place.and_then(|place| each.get_mut(place)) {
                *slot = Some(measure.quantiles);
            }
        }
        let all = measured.whole.into_iter().next().map(|measure| measure.quantiles).unwrap_or_default();
        Ok(Self { title: "Duration of traces", steps, each, all })
    }

    fn draw(&self, visit: &Visit, found: &Found, marks: &[Mark]) -> Markup {
        let share =
            |place: usize| self.each.iter().map(|shares| shares.as_ref()?.get(place).copied()).collect::<Vec<_>>();
        let line = |name: &str, class, place| Line { name: name.to_owned(), class, values: share(place) };
        let highest = share(2).into_iter().flatten().fold(0.0, f64::max);
        let dot = |entry: &Entry| {
            let (ms, is_error) = (duration(entry), is_failed(entry));
            let what = if is_error { "failed after" } else { "took" };
            let says = format!("{} {what} {}: its trace", name(entry), show::duration(ms));
            let link = of(visit, &entry_fields::trace(entry).unwrap_or_default());
            Dot { time: began(entry), value: ms.min(highest.max(0.001)), link, says, is_error }
        };
        let lines = vec![line("p99", "s3", 2), line("p95", "s2", 1), line("p50", "s1", 0)];
        let dots = found.entries.iter().map(dot).collect();
        Lines { title: self.title, steps: self.steps, unit: Unit::Ms, lines, dots, marks }.draw()
    }

    /// Searches for the slowest ones.
    fn slower(&self, visit: &Visit) -> Markup {
        let link = |ms: f64| visit.here().without("cursor").set("min", format!("{ms:.3}"));
        html! {
            @if let [_, p95, p99] = self.all[..] {
                div.actions {
                    span.dim { "Slower than" }
                    a.button href=(link(p95)) { "p95, " (show::duration(p95)) }
                    a.button href=(link(p99)) { "p99, " (show::duration(p99)) }
                }
            }
        }
    }
}
