//! One trace.

use std::time::Duration;

use cupola_store::{MAX_PAGE, Trace, TraceOf};
use maud::{Markup, html};

use super::tree::Tree;
use super::waterfall::Waterfall;
use super::{linked, name, span};
use crate::pages::entry_fields::is_trace;
use crate::pages::fault::Fault;
use crate::pages::layout::Drawn;
use crate::pages::parts::{self, Tile};
use crate::pages::room::Room;
use crate::pages::show;
use crate::pages::visit::Visit;

/// One trace, from its beginning to its end.
pub(in crate::pages) fn page(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let id = visit.get("id").unwrap_or_default().to_ascii_lowercase();
    if !is_trace(&id) {
        return Err(Fault::bad("This is no id of a trace. Accepted: 32 hexadecimal digits."));
    }
    let trace = room.query.trace(&TraceOf { deadline: Duration::from_secs(5), ..TraceOf::id(&*id) })?;
    let tree = Tree::new(&trace);
    let list = visit.link("/traces");
    if tree.nodes.is_empty() && tree.lines.is_empty() {
        return Ok(Drawn::new("/traces", "Trace", nothing(&trace)).under("Traces", list).alone());
    }
    let chosen = visit.get("span").and_then(|span| tree.place(span));
    let waterfall = Waterfall::new(visit, &id, &tree, chosen)?;
    let others = linked::ask(room.query, &id, &trace, (tree.start, tree.end))?;
    let body = html! {
        (parts::partial(trace.partial))
        @if trace.is_cut { p.notice role="note" { "It has more than " (show::grouped(MAX_PAGE as u64)) " spans or log lines: the latest are here." } }
        (tiles(visit, &id, &tree))
        @if let Some(place) = chosen {
            @if !tree.nodes[place].is_line { (span::draw(visit, tree.nodes[place].entry)) }
        }
        @if let Some(span) = visit.get("span").filter(|_| chosen.is_none()) { p.notice role="note" { "No span " code { (span) } " was sent of this trace." } }
        (waterfall.draw(visit))
        @if !others.is_empty() { (linked::draw(visit, &others)) }
    };
    let title = tree.first().map_or_else(|| "Log lines of one trace".to_owned(), |node| name(node.entry));
    Ok(Drawn::new("/traces", title, body).under("Traces", list).alone().script("logs.js"))
}

fn tiles(visit: &Visit, id: &str, tree: &Tree<'_>) -> Markup {
    let failed = tree.nodes.iter().filter(|node| node.is_failed).count();
    let count = |number: usize| show::grouped(number as u64);
    let lines = tree.lines.len() + tree.nodes.iter().filter(|node| node.is_line).count();
    let ms = show::as_f64((tree.end - tree.start).max(0).cast_unsigned()) / 1e6;
    let tile = |name, value, note: Option<Markup>, state| Tile { name, value, note, state };
    let logs = visit
        .link("/logs")
        .set("query", format!("trace_id={id}"))
        .between(tree.start.saturating_sub(60_000_000_000), tree.end.saturating_add(60_000_000_000));
    html! {
        (parts::tiles(&[
            tile("Duration", show::duration(ms), None, ""),
            tile("Spans", count(tree.nodes.iter().filter(|node| !node.is_line).count()), None, ""),
            tile("Services", count(tree.services().len()), None, ""),
            tile("Failed", count(failed), None, if failed > 0 { "bad" } else { "" }),
            tile("Log lines", count(lines), Some(html! { a href=(logs) { "read" } }), ""),
        ]))
        p.trace-id.dim { "Trace " code { (id) } " began " (show::ago(tree.start, visit.moment())) ", " (show::time(tree.start)) }
    }
}

/// Why there is nothing.
fn nothing(trace: &Trace) -> Markup {
    html! {
        (parts::partial(trace.partial))
        (parts::empty("Nothing is known of this trace", &[
            html! { "What came in the last second or two is not sealed yet, and is found in a moment." },
            html! { "It was not sampled, or it is older than entries are kept." },
            html! { "Whoever has its id has told nobody here of it: a caller's own spans are here only if the caller sends them." },
        ]))
    }
}
