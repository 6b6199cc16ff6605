//! The spans of a trace below each other, and the log lines among them. Where a request, a job or a call has a line and no span, the line
//! stands for the span: it says how long that took.

use std::collections::{BTreeSet, HashMap};

use cupola_store::{Entry, Trace};

use super::{duration, is_failed};
use crate::pages::entry_fields::text;

/// Lines of these are the end of a span of their own; other lines that took time are parts of the span that they name.
const OWN: [&str; 2] = ["cupola::http", "cupola::job"];

/// A trace.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    /// Those whose parents are not here.
    roots: Vec<usize>,
    /// Log lines that stand for no span, the earliest first.
    pub(super) lines: Vec<&'a Entry>,
    /// Lines that belong to no span that is here.
    loose: Vec<usize>,
    pub(super) start: i64,
    pub(super) end: i64,
}

/// A span.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) entry: &'a Entry,
    /// Empty for a line that has none of its own.
    pub(super) id: String,
    pub(super) service: String,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) is_failed: bool,
    /// It is a line that stands for a span.
    pub(super) is_line: bool,
    parent: String,
    pub(super) children: Vec<usize>,
    lines: Vec<usize>,
}

/// What stands in one row, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// A span, and how deep it is.
    Span(usize, usize),
    /// A log line.
    Line(usize, usize),
}

impl<'a> Node<'a> {
    fn of_span(entry: &'a Entry) -> Self {
        let end = entry.time().saturating_add(nanoseconds(duration(entry)));
        Self { start: entry.time(), end, ..Self::new(entry, text(entry, "span_id"), text(entry, "parent_span_id")) }
    }

    /// A line is written at the end of what it tells of.
    fn of_line(entry: &'a Entry, is_own: bool) -> Self {
        let id = text(entry, "span_id");
        let (id, parent) = if is_own { (id, text(entry, "parent_span_id")) } else { (String::new(), id) };
        let start = entry.time().saturating_sub(nanoseconds(duration(entry)));
        Self { start, end: entry.time(), is_line: true, ..Self::new(entry, id, parent) }
    }

    fn new(entry: &'a Entry, id: String, parent: String) -> Self {
        let (service, is_failed) = (text(entry, "service"), is_failed(entry));
        let (children, lines) = (Vec::new(), Vec::new());
        Self { entry, id, service, start: 0, end: 0, is_failed, is_line: false, parent, children, lines }
    }
}

impl<'a> Tree<'a> {
    pub(super) fn new(trace: &'a Trace) -> Self {
        let mut nodes: Vec<Node<'a>> = trace.spans.iter().map(Node::of_span).collect();
        let known: BTreeSet<String> = nodes.iter().map(|node| node.id.clone()).collect();
        let (mut lines, mut own) = (Vec::new(), BTreeSet::new());
        for entry in &trace.logs {
            let id = text(entry, "span_id");
            if entry.get("duration_ms").is_none() || known.contains(&id) {
                lines.push(entry);
                continue;
            }
            let is_own = OWN.contains(&&*text(entry, "target")) && !id.is_empty() && own.insert(id);
            nodes.push(Node::of_line(entry, is_own));
        }
        nodes.sort_by_key(|node| node.start);
        let mut tree = Self { nodes, roots: Vec::new(), lines, loose: Vec::new(), start: 0, end: 0 };
        tree.join();
        let times =
            tree.nodes.iter().flat_map(|node| [node.start, node.end]).chain(tree.lines.iter().map(|line| line.time()));
        let (start, end) = times.fold((i64::MAX, i64::MIN), |(start, end), time| (start.min(time), end.max(time)));
        (tree.start, tree.end) = if start > end { (0, 0) } else { (start, end) };
        tree
    }

    /// Finds each one's parent.
    fn join(&mut self) {
        let mut places: HashMap<String, usize> = HashMap::new();
        for (place, node) in self.nodes.iter().enumerate().filter(|(_, node)| !node.id.is_empty()) {
            places.entry(node.id.clone()).or_insert(place);
        }
        for place in 0..self.nodes.len() {
            match places.get(&self.nodes[place].parent) {
                Some(parent) if *parent != place => self.nodes[*parent].children.push(place),
                _ => self.roots.push(place),
            }
        }
        for line in 0..self.lines.len() {
            match places.get(&text(self.lines[line], "span_id")) {
                Some(place) => self.nodes[*place].lines.push(line),
                None => self.loose.push(line),
            }
        }
        self.break_rings();
    }

    /// Who is their own ancestor is reached from no root: the first of them becomes one.
    fn break_rings(&mut self) {
        let mut reached = vec![false; self.nodes.len()];
        let mut from = self.roots.clone();
        loop {
            while let Some(place) = from.pop() {
                if !std::mem::replace(&mut reached[place], true) {
                    from.extend(&self.nodes[place].children);
                }
            }
            let Some(place) = reached.iter().position(|is_reached| !is_reached) else { return };
            self.nodes.iter_mut().for_each(|node| node.children.retain(|child| *child != place));
            self.roots.push(place);
            from.push(place);
        }
    }

    /// The span with an id.
    pub(super) fn place(&self, id: &str) -> Option<usize> {
        self.nodes.iter().position(|node| !node.id.is_empty() && node.id == id)
    }

    /// All rows: each span, and below it its lines and the spans inside it in the order of their times.
    pub(super) fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut left = self.inside(&self.roots, &self.loose, 0);
        while let Some(row) = left.pop() {
            rows.push(row);
            if let Row::Span(place, depth) = row {
                let node = &self.nodes[place];
                left.extend(self.inside(&node.children, &node.lines, depth + 1));
            }
        }
        rows
    }

    /// The last one first.
    fn inside(&self, spans: &[usize], lines: &[usize], depth: usize) -> Vec<Row> {
        let spans = spans.iter().map(|place| (self.nodes[*place].start, Row::Span(*place, depth)));
        let lines = lines.iter().map(|line| (self.lines[*line].time(), Row::Line(*line, depth)));
        let mut rows: Vec<_> = spans.chain(lines).collect();
        rows.sort_by_key(|(time, _)| *time);
        rows.into_iter().rev().map(|(_, row)| row).collect()
    }

    /// The services, the one that began first, and how many spans each has.
    pub(super) fn services(&self) -> Vec<(&str, usize)> {
        let mut services: Vec<(&str, usize)> = Vec::new();
        for node in &self.nodes {
            match services.iter_mut().find(|(service, _)| *service == node.service) {
                Some((_, count)) => *count += 1,
                None => services.push((&node.service, 1)),
            }
        }
        services
    }

    /// What the trace is called: its first root.
    pub(super) fn first(&self) -> Option<&Node<'a>> {
        self.roots.iter().map(|place| &self.nodes[*place]).min_by_key(|node| node.start)
    }
}

#[allow(clippy::cast_possible_truncation, reason = "what is too long for a span of time ends at its edge")]
fn nanoseconds(ms: f64) -> i64 {
    (ms * 1e6) as i64
}

#[cfg(test)]
mod tests {
    use cupola_store::Value;

    use super::*;

    fn span(time: i64, id: &str, parent: &str) -> Entry {
        let fields = [("span_id", id), ("parent_span_id", parent), ("name", id)];
        let texts =
            fields.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name, Value::Text(text)));
        Entry::from_fields(time, texts.chain([("duration_ms", Value::Float(1e-6))]))
    }

    fn line(time: i64, id: &str, target: &str, ms: Option<f64>) -> Entry {
        let fields = [("span_id", Value::Text(id)), ("target", Value::Text(target)), ("message", Value::Text("said"))];
        Entry::from_fields(time, fields.into_iter().chain(ms.map(|ms| ("duration_ms", Value::Float(ms)))))
    }

    fn shown(spans: Vec<Entry>, logs: Vec<Entry>) -> String {
        let trace = Trace { spans, logs, ..Trace::default() };
        let tree = Tree::new(&trace);
        let name = |row: &Row| match row {
            Row::Span(place, depth) => {
                format!("{}{}", ".".repeat(*depth), super::super::name(tree.nodes[*place].entry))
            }
            Row::Line(line, depth) => format!("{}@{}", ".".repeat(*depth), tree.lines[*line].time()),
        };
        tree.rows().iter().map(name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn spans_stand_below_their_parents_with_lines_at_their_times() {
        let check = |spans, logs, expected: &str| assert_eq!(shown(spans, logs), expected);
        check(vec![], vec![], "");
        check(vec![span(3, "c", "a"), span(1, "a", ""), span(2, "b", "a"), span(2, "d", "b")], vec![], "a .b ..d .c");
        check(
            vec![span(1, "a", "gone"), span(2, "b", "a")],
            vec![line(3, "b", "x", None), line(1, "none", "x", None)],
            "a .b ..@3 @1",
        );
        check(
            vec![span(1, "a", ""), span(5, "b", "a")],
            vec![line(3, "a", "x", None), line(7, "a", "x", Some(1.0))],
            "a .@3 .b .@7",
        );
    }

    #[test]
    fn spans_that_are_their_own_ancestors_are_shown_once() {
        assert_eq!(shown(vec![span(1, "a", "a")], vec![]), "a");
        assert_eq!(shown(vec![span(1, "a", "b"), span(2, "b", "a"), span(3, "c", "b")], vec![]), "a .b ..c");
        assert_eq!(shown(vec![span(1, "a", ""), span(2, "a", "")], vec![]), "a a");
        let chain: Vec<Entry> = (0..20_000).map(|n| span(n, &format!("{n}"), &format!("{}", n - 1))).collect();
        let trace = Trace { spans: chain, ..Trace::default() };
        assert_eq!(Tree::new(&trace).rows().last(), Some(&Row::Span(19_999, 19_999)));
    }

    #[test]
    fn a_line_that_took_time_stands_for_a_span_that_is_not_there() {
        let logs = || {
            vec![
                line(2, "a", "x", None),
                line(5, "a", "cupola::client", Some(2e-6)),
                line(9, "a", "cupola::http", Some(9e-6)),
            ]
        };
        assert_eq!(shown(vec![], logs()), "said .@2 .said");
        assert_eq!(shown(vec![span(0, "a", "")], logs()), "a .@2 .@5 .@9");
        let trace = Trace { logs: logs(), ..Trace::default() };
        let tree = Tree::new(&trace);
        assert_eq!((tree.start, tree.end, tree.first().map(|node| node.start)), (0, 9, Some(0)));
    }
}
