//! The rows of a trace: what was done when, and what was said meanwhile.

use std::collections::BTreeSet;

use cupola_store::{Entry, Level};
use maud::{Markup, html};

use super::name;
use super::tree::{Row, Tree};
use crate::pages::entry_fields::{self, text};
use crate::pages::fault::Fault;
use crate::pages::visit::Visit;
use crate::pages::{parts, show};

/// So many spans are drawn at once, and so many log lines.
const SPANS: usize = 250;
const LINES: usize = 150;
/// Deeper ones are not moved further to the right.
const DEEPEST: usize = 12;

/// Which log lines are shown.
const LINES_SHOWN: [(&str, &str); 3] = [("all", "all"), ("warn", "warnings and errors"), ("none", "none")];

/// What is drawn of a trace.
#[derive(Debug)]
pub(super) struct Waterfall<'a> {
    tree: &'a Tree<'a>,
    trace: &'a str,
    spans: BTreeSet<usize>,
    lines: BTreeSet<usize>,
    part: usize,
    shown: &'a str,
    chosen: Option<usize>,
}

impl<'a> Waterfall<'a> {
    pub(super) fn new(visit: &Visit, trace: &'a str, tree: &'a Tree<'a>, chosen: Option<usize>) -> Result<Self, Fault> {
        let shown = visit.one_of("logs", &LINES_SHOWN.map(|(word, _)| word))?;
        let shown = LINES_SHOWN.iter().find(|(word, _)| *word == shown).map_or("all", |(word, _)| word);
        let parts = tree.nodes.len().div_ceil(SPANS).max(1);
        let part = visit.number("part", 1, parts)?;
        let (spans, lines) = (spans(tree, part, chosen), lines(tree, shown));
        Ok(Self { tree, trace, spans, lines, part, shown, chosen })
    }

    pub(super) fn draw(&self, visit: &Visit) -> Markup {
        let rows: Vec<Row> = self.tree.rows().into_iter().filter(|row| self.has(*row)).collect();
        let services = self.tree.services();
        let aside = html! {
            "log lines: "
            @for (word, says) in LINES_SHOWN {
                @if word == self.shown { b { (says) } } @else { a href=(visit.here().set("logs", word)) { (says) } }
            }
        };
        let body = html! {
            (self.notes(visit))
            ul.legend.span-legend {
                @for (service, count) in &services { li { span.key.(self.colour(service)) {} (service_name(service)) " " span.dim { (count) } } }
            }
            div.waterfall {
                div.fall-head aria-hidden="true" {
                    span { "Span" }
                    svg width="100%" height="18" { @for part in [0, 25, 50, 75, 100] { text.{ "at-" (part) } x={ (part) "%" } y="13" { (show::duration(self.ms() * f64::from(part) / 100.0)) } } }
                    span.num { "Duration" }
                }
                ol.row-list { @for row in &rows { (self.row(visit, *row)) } }
            }
        };
        parts::panel("What was done", Some(aside), &body)
    }

    fn has(&self, row: Row) -> bool {
        match row {
            Row::Span(place, _) => self.spans.contains(&place),
            Row::Line(line, _) => self.lines.contains(&line),
        }
    }

    /// What is not shown.
    fn notes(&self, visit: &Visit) -> Markup {
        let (all, of_level) =
            (self.tree.nodes.len(), self.tree.lines.iter().filter(|line| is_shown(line, self.shown)).count());
        let last = all.div_ceil(SPANS);
        html! {
            @if all > SPANS {
                p.notice role="note" {
                    (self.spans.len()) " of " (show::grouped(all as u64)) " spans are shown: those that failed first, then the longest. "
                    @if self.part > 1 { a href=(visit.here().set("part", (self.part - 1).to_string())) { "Those before" } " " }
                    @if self.part < last { a href=(visit.here().set("part", (self.part + 1).to_string())) { "The next ones" } }
                }
            }
            @if of_level > self.lines.len() {
                p.notice role="note" {
                    (self.lines.len()) " of " (show::grouped(of_level as u64)) " log lines are shown: errors and warnings before others. "
                    a href=(visit.link("/logs").set("query", format!("trace_id={}", self.trace))) { "Read all" }
                }
            }
        }
    }

    fn row(&self, visit: &Visit, row: Row) -> Markup {
        match row {
            Row::Span(place, depth) => self.span(visit, place, depth),
            Row::Line(line, depth) => self.line(visit, self.tree.lines[line], depth),
        }
    }

    fn span(&self, visit: &Visit, place: usize, depth: usize) -> Markup {
        let node = &self.tree.nodes[place];
        let link = if node.id.is_empty() || node.is_line {
            entry_fields::link(visit, node.entry)
        } else {
            visit.link("/traces").below(self.trace).set("span", &*node.id)
        };
        let (left, right) = (self.place(node.start), self.place(node.end));
        let (status, attempt) = (text(node.entry, "status"), text(node.entry, "attempt"));
        let hidden = node.children.iter().filter(|child| !self.spans.contains(child)).count();
        html! {
            li.row.fall-row.(self.colour(&node.service)).failed[node.is_failed].chosen[self.chosen == Some(place)] {
                details data-lazy {
                    summary {
                        span.fall-name.{ "d" (depth.min(DEEPEST)) } {
                            span.key {} span.fall-title title=(name(node.entry)) { (name(node.entry)) } span.dim.fall-service { (service_name(&node.service)) }
                            @if node.is_failed { (parts::badge("error", if status.is_empty() { "failed" } else { &status })) }
                            @else if !status.is_empty() { (parts::badge(entry_fields::badge_of(&status), &status)) }
                            @if !attempt.is_empty() { (parts::badge("quiet", &format!("attempt {attempt}"))) }
                            @if node.is_line { (parts::badge("quiet", "by its line")) }
                            @if hidden > 0 { span.dim.small-text { "+" (hidden) " inside" } }
                        }
                        svg.fall-bar width="100%" height="18" aria-hidden="true" {
                            rect.fall-shape x={ (format!("{left:.2}")) "%" } width={ (format!("{:.2}", (right - left).max(0.25))) "%" } y="4" height="10" rx="2" {}
                        }
                        span.num { (show::duration(show::as_f64((node.end - node.start).max(0).cast_unsigned()) / 1e6)) }
                    }
                    div.row-body { p { a href=(link) { "All of it" } } }
                }
            }
        }
    }

    fn line(&self, visit: &Visit, entry: &Entry, depth: usize) -> Markup {
        let (level, place) = (text(entry, "level"), self.place(entry.time()));
        let ms = show::as_f64((entry.time() - self.tree.start).max(0).cast_unsigned()) / 1e6;
        html! {
            li.row.fall-row.fall-line.chosen[self.is_chosen(entry)] {
                details data-lazy {
                    summary {
                        span.fall-name.{ "d" (depth.min(DEEPEST)) } { (parts::level(&level)) span.said { (text(entry, "message")) " " (entry_fields::hint(entry)) } }
                        svg.fall-bar width="100%" height="18" aria-hidden="true" { circle.{ "level-" (level.to_lowercase()) } cx={ (format!("{place:.2}")) "%" } cy="9" r="3.5" {} }
                        span.num.dim { "+" (show::duration(ms)) }
                    }
                    div.row-body { p { a href=(entry_fields::link(visit, entry)) { "All of it" } } }
                }
            }
        }
    }

    fn is_chosen(&self, entry: &Entry) -> bool {
        self.chosen.is_some_and(|place| std::ptr::eq(self.tree.nodes[place].entry, entry))
    }

    fn ms(&self) -> f64 {
        show::as_f64((self.tree.end - self.tree.start).max(0).cast_unsigned()) / 1e6
    }

    /// Where a moment lies, in per cent.
    fn place(&self, time: i64) -> f64 {
        let length = show::as_f64((self.tree.end - self.tree.start).max(1).cast_unsigned());
        show::as_f64(time.saturating_sub(self.tree.start).max(0).cast_unsigned()) / length * 100.0
    }

    fn colour(&self, service: &str) -> &'static str {
        let place = self.tree.services().iter().position(|(known, _)| *known == service).unwrap_or_default();
        ["s1", "s2", "s4", "s3", "s5"][place % 5]
    }
}

fn service_name(service: &str) -> &str {
    if service.is_empty() { "(not said)" } else { service }
}

/// The spans of one part: those that failed first, then the longest; and the one that was chosen.
fn spans(tree: &Tree<'_>, part: usize, chosen: Option<usize>) -> BTreeSet<usize> {
    let mut all: Vec<usize> = (0..tree.nodes.len()).collect();
    let first = tree.first().map(|node| node.start);
    all.sort_by_key(|place| {
        let node = &tree.nodes[*place];
        (Some(node.start) != first, !node.is_failed, std::cmp::Reverse(node.end.saturating_sub(node.start)), *place)
    });
    all.into_iter().skip((part - 1) * SPANS).take(SPANS).chain(chosen).collect()
}

fn is_shown(line: &Entry, shown: &str) -> bool {
    match shown {
        "none" => false,
        "warn" => is_serious(line),
        _ => true,
    }
}

fn is_serious(line: &Entry) -> bool {
    Level::parse(&text(line, "level")) >= Some(Level::Warn)
}

fn lines(tree: &Tree<'_>, shown: &str) -> BTreeSet<usize> {
    let mut all: Vec<usize> = (0..tree.lines.len()).filter(|line| is_shown(tree.lines[*line], shown)).collect();
    all.sort_by_key(|line| (!is_serious(tree.lines[*line]), *line));
    all.truncate(LINES);
    all.into_iter().collect()
}
