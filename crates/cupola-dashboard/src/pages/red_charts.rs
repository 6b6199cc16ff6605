//! Requests, errors and durations over time, of a service or a route, beside the time before.

use std::collections::BTreeSet;

use cupola_store::{Partial, Query, RequestExemplar, RequestRow, RequestsBy};
use maud::{Markup, html};

use super::chart::{Bars, Dot, Line, Lines, Mark, Stack, Steps, Unit};
use super::fault::Fault;
use super::link::Link;
use super::parts::{self, Tile};
use super::range::Range;
use super::red::{Of, SHARES, Sources, Told, by_step, failed, seconds, steps};
use super::visit::Visit;
use super::{red_table, show};

/// So many requests are named that stand out.
const EXAMPLES: usize = 12;

const CLASSES: [(usize, &str, &str); 6] =
    [(2, "2xx", "c2"), (3, "3xx", "c3"), (4, "4xx", "c4"), (5, "5xx", "c5"), (1, "1xx", "c1"), (0, "no status", "c0")];

/// Requests of a service or a route.
#[derive(Debug)]
pub(super) struct Charts {
    steps: Steps,
    /// All of the range, and of the time before.
    pub(super) now: RequestRow,
    before: RequestRow,
    over_time: Vec<RequestRow>,
    earlier: Vec<RequestRow>,
    examples: Vec<Example>,
    seconds: (f64, f64),
    partial: Option<Partial>,
}

/// A request that stands out.
#[derive(Debug)]
struct Example {
    time: i64,
    route: String,
    is: RequestExemplar,
}

impl Charts {
    pub(super) fn ask(visit: &Visit, query: &dyn Query, sources: &Sources, of: Of<'_>) -> Result<Self, Fault> {
        let step = visit.range.step_of_requests(61);
        let steps = steps(visit.range, step);
        let now = visit.range.whole();
        // Of the same steps, so that one lies under the other.
        let before = Range { since: steps.start - (steps.end() - steps.start), until: steps.start, is_live: false };
        let all = Of { by: RequestsBy::All, step: None, ..of };
        let each = Of { step: Some(step), ..all };
        let sum = |told: Told| told.rows.into_iter().next().unwrap_or_default();
        let [of_now, told, by_route] =
            sources.ask_all(query, now, [all, each, Of { by: RequestsBy::Route, ..each }])?;
        Ok(Self {
            steps,
            now: sum(of_now),
            before: sum(sources.ask(query, now.before(), all)?),
            examples: examples(by_route.rows, &steps),
            over_time: told.rows,
            earlier: sources.ask(query, before, each)?.rows.into_iter().map(|row| later(row, before, &steps)).collect(),
            seconds: (now.seconds(), now.before().whole().seconds()),
            partial: told.partial,
        })
    }

    /// The numbers of all of the time.
    pub(super) fn tiles(&self) -> Markup {
        let (now, before) = (&self.now, &self.before);
        let rates =
            (show::as_f64(now.count) / self.seconds.0.max(1.0), show::as_f64(before.count) / self.seconds.1.max(1.0));
        let tile = |name, value, note, state| Tile { name, value, note: Some(note), state };
        let quantile = |place: usize, name| {
            let of = |row: &RequestRow| row.quantiles_ms.get(place).copied().unwrap_or_default();
            tile(name, show::duration(of(now)), parts::change(of(now), of(before), "bad"), "")
        };
        let state = if failed(now) >= 0.01 { "bad" } else { "" };
        html! {
            (parts::partial(self.partial))
            (parts::tiles(&[
                tile("Requests", show::rate(rates.0), parts::change(rates.0, rates.1, ""), ""),
                tile("Errors", show::percent(failed(now)), parts::change(failed(now), failed(before), "bad"), state),
                quantile(0, "p50"),
                quantile(1, "p95"),
                quantile(2, "p99"),
                tile("Longest", show::duration(now.max_ms), html! {}, ""),
                tile("All together", show::count(now.count), html! {}, ""),
            ]))
        }
    }

    /// Four charts.
    pub(super) fn draw(&self, visit: &Visit, marks: &[Mark]) -> Markup {
        let now = by_step(&self.over_time, &self.steps);
        let earlier = by_step(&self.earlier, &self.steps);
        let rates = |rows: &[Option<&RequestRow>], seconds: &[Option<f64>]| -> Vec<Option<f64>> {
            let rate = |(row, seconds): (&Option<&RequestRow>, &Option<f64>)| {
                let seconds = (*seconds)?;
                Some(row.map_or(0.0, |row| show::as_f64(row.count) / seconds))
            };
            rows.iter().zip(seconds).map(rate).collect()
        };
        let step = show::as_f64(self.steps.step.cast_unsigned()) / 1e9;
        let (within, whole) = (seconds(visit.range, &self.steps), vec![Some(step); self.steps.count]);
        let share = |row: Option<&RequestRow>| row.map(failed);
        let quantile = |place: usize| move |row: Option<&RequestRow>| row?.quantiles_ms.get(place).copied();
        let line = |name: &str, class, values| Line { name: name.to_owned(), class, values };
        let chart = |title, unit, lines, dots| Lines { title, steps: self.steps, unit, lines, dots, marks }.draw();
        let status =
            CLASSES.into_iter().filter(|(class, ..)| self.now.classes[*class] > 0).map(|(class, name, colour)| {
                let values = now.iter().map(|row| row.map_or(0.0, |row| show::as_f64(row.classes[class]))).collect();
                Stack { name: name.to_owned(), class: colour, values }
            });
        let zoom = visit.here();
        let status =
            Bars { title: "Status", steps: self.steps, unit: Unit::Count, stacks: status.collect(), marks, zoom };
        html! {
            div.grid {
                section.panel { (chart("Requests", Unit::Rate, vec![line("before", "s5 before", rates(&earlier, &whole)), line("requests", "s1 fill", rates(&now, &within))], Vec::new())) }
                section.panel { (chart("Errors", Unit::Share, vec![line("before", "s5 before", values(&earlier, share)), line("errors", "bad fill", values(&now, share))], Vec::new())) }
                section.panel {
                    (chart("Duration", Unit::Ms, vec![
                        line("p95 before", "s5 before", values(&earlier, quantile(1))),
                        line("p99", "s3", values(&now, quantile(2))),
                        line("p95", "s2", values(&now, quantile(1))),
                        line("p50", "s1", values(&now, quantile(0))),
                    ], self.dots(visit)))
                }
                section.panel { (status.draw()) }
            }
        }
    }

    /// The slowest ones that failed or were slow for this time. One that is far out stands at the upper edge: it would flatten
    /// all others.
    fn dots(&self, visit: &Visit) -> Vec<Dot> {
        let highest =
            self.over_time.iter().filter_map(|row| row.quantiles_ms.get(SHARES.len() - 1)).copied().fold(0.0, f64::max);
        let slow = self.now.quantiles_ms.get(1).copied().unwrap_or_default();
        let is_telling = |example: &&Example| example.is.is_error || example.is.duration_ms >= slow;
        let dot = |example: &Example| {
            let (duration, what) =
                (show::duration(example.is.duration_ms), if example.is.is_error { "failed" } else { "took" });
            Dot {
                time: example.time,
                value: example.is.duration_ms.min(highest * 1.1),
                link: example.link(visit),
                says: format!("{} {what} {duration}: its trace", red_table::name(&example.route)),
                is_error: example.is.is_error,
            }
        };
        // With room between them for a finger.
        let mut seen = BTreeSet::new();
        let room = (self.steps.end() - self.steps.start) / 25;
        let mut has_room = |time: i64| {
            let is_free = seen.range(time - room..=time + room).next().is_none();
            is_free && seen.insert(time)
        };
        self.examples.iter().filter(is_telling).filter(|example| has_room(example.time)).map(dot).collect()
    }

    /// The requests that stand out, the slowest first.
    pub(super) fn slowest(&self, visit: &Visit) -> Markup {
        let table = html! {
            table {
                thead { tr { th scope="col" { "Request" } th.num scope="col" { "Duration" } th scope="col" { "About when" } th scope="col" { "Trace" } } }
                tbody {
                    @for example in self.examples.iter().take(EXAMPLES) {
                        tr {
                            th scope="row" { (red_table::name(&example.route)) @if example.is.is_error { " " (parts::badge("error", "failed")) } }
                            td.num { (show::duration(example.is.duration_ms)) }
                            td { (show::time(example.time)) }
                            td { a.mono href=(example.link(visit)) { (example.is.trace_id.get(..8).unwrap_or_default()) "…" } }
                        }
                    }
                }
            }
        };
        if self.examples.is_empty() {
            return parts::empty(
                "No request here has a trace",
                &[html! { "Requests are named here whose log lines or spans have a trace id." }],
            );
        }
        parts::scroll("Requests that stand out", &table)
    }
}

impl Example {
    fn link(&self, visit: &Visit) -> Link {
        visit.link("/traces").below(&self.is.trace_id)
    }
}

fn values<'a>(rows: &[Option<&'a RequestRow>], of: impl Fn(Option<&'a RequestRow>) -> Option<f64>) -> Vec<Option<f64>> {
    rows.iter().map(|row| of(*row)).collect()
}

/// Of the time before, at the same place of this one.
fn later(row: RequestRow, before: Range, steps: &Steps) -> RequestRow {
    RequestRow { start: row.start.map(|start| start - before.since + steps.start), ..row }
}

/// Each step's requests that stand for others; the slowest first.
fn examples(rows: Vec<RequestRow>, steps: &Steps) -> Vec<Example> {
    let mut all = Vec::new();
    for row in rows {
        // In the middle of its step: when exactly is not known.
        let time = row.start.unwrap_or(steps.start) + steps.step / 2;
        all.extend(row.exemplars.into_iter().map(|is| Example { time, route: row.route.clone(), is }));
    }
    all.sort_by(|one, other| other.is.duration_ms.total_cmp(&one.is.duration_ms));
    all
}
