//! What pages are made of: tiles, badges, tables' heads, and the word on why there is nothing.

use cupola_store::Partial;
use maud::{Markup, html};

use super::icon::icon;
use super::show;
use super::visit::Visit;

/// A number with its name, and how it has changed.
pub(super) struct Tile<'a> {
    pub(super) name: &'a str,
    pub(super) value: String,
    pub(super) note: Option<Markup>,
    /// Whether it is well: `good`, `fair`, `bad`, or nothing of it.
    pub(super) state: &'static str,
}

pub(super) fn tiles(tiles: &[Tile<'_>]) -> Markup {
    html! {
        dl.tiles {
            @for tile in tiles {
                div.tile {
                    dt { (tile.name) }
                    dd class=(tile.state) { (tile.value) @if let Some(note) = &tile.note { span.note { (note) } } }
                }
            }
        }
    }
}

/// A part of a page with a heading of its own, and something at its right end.
pub(super) fn panel(title: &str, aside: Option<Markup>, body: &Markup) -> Markup {
    html! {
        section.panel {
            div.panel-head { h2 { (title) } @if let Some(aside) = aside { div.panel-aside { (aside) } } }
            (body)
        }
    }
}

/// A word in a box: `kind` is `error`, `warn`, `good`, `new`, or nothing.
pub(super) fn badge(kind: &str, text: &str) -> Markup {
    html! { span.badge.{ "badge-" (kind) } { (text) } }
}

/// A level as our own lines have it, in its colour.
pub(super) fn level(level: &str) -> Markup {
    let kind = match level {
        "ERROR" => "error",
        "WARN" => "warn",
        "INFO" => "info",
        _ => "quiet",
    };
    badge(kind, if level.is_empty() { "–" } else { level })
}

/// How a number differs from the one before. `more` says what it is to grow: `bad`, `good`, or nothing.
pub(super) fn change(now: f64, before: f64, more: &str) -> Markup {
    let Some(said) = show::change(now, before) else { return html! {} };
    let is_more = now > before;
    let kind = match (more, is_more) {
        ("bad", true) | ("good", false) => "bad",
        ("bad", false) | ("good", true) => "good",
        _ => "same",
    };
    html! { span.change.(kind) title="against the time before" { (said) } }
}

/// The head of a column by which rows can be ordered; `sort` is the parameter's value.
pub(super) fn sortable(visit: &Visit, name: &str, sort: &str, chosen: &str, class: &str) -> Markup {
    let is_chosen = sort == chosen;
    html! {
        th scope="col" class=(class) aria-sort=[is_chosen.then_some("descending")] {
            a href=(visit.here().set("sort", sort)) { (name) @if is_chosen { (icon("down")) } }
        }
    }
}

/// A table may be wider than the page, and is moved by itself then.
pub(super) fn scroll(name: &str, table: &Markup) -> Markup {
    html! { div.scroll tabindex="0" role="region" aria-label=(name) { (table) } }
}

/// Why there is nothing to see, and what to do about it.
pub(super) fn empty(title: &str, whys: &[Markup]) -> Markup {
    html! {
        div.empty {
            (icon("empty"))
            h3 { (title) }
            @if !whys.is_empty() { ul { @for why in whys { li { (why) } } } }
        }
    }
}

/// The reasons that an empty answer about the range may have.
pub(super) fn whys(visit: &Visit, has_filter: bool, what: &str) -> Vec<Markup> {
    let mut whys = Vec::new();
    if has_filter {
        let all = visit.here().without("query").without("service").without("route").without("cursor");
        whys.push(
            html! { "No " (what) " of this time is what the search asks for. " a href=(all) { "Search for all" } "." },
        );
    }
    if visit.range.length() < 86_400_000_000_000 {
        let day = visit.here().set("since", "24h").without("until").without("cursor");
        whys.push(html! { "There is none in this time. " a href=(day) { "Look at the last 24 hours" } "." });
    }
    if visit.range.is_live {
        whys.push(html! { "What came in the last second or two is not sealed yet, and is found in a moment." });
    }
    whys.push(html! { "None was sent here, or it is older than entries are kept. Services send by OTLP over HTTP to this server: " code { "OTEL_EXPORTER_OTLP_ENDPOINT" } "." });
    whys
}

/// A word above an answer that does not tell of all.
pub(super) fn partial(partial: Option<Partial>) -> Markup {
    let says = match partial {
        None => return html! {},
        Some(Partial::Deadline) => {
            "There is more than could be read in time: numbers are too small. Ask for less time."
        }
        Some(Partial::Budget) => "There is more than is read for one page: numbers are too small. Ask for less time.",
        Some(Partial::Damaged) => {
            "A part of the store cannot be read: numbers are too small. Ask cupola store verify which one."
        }
        Some(_) => "This does not tell of all.",
    };
    html! { p.notice role="note" { (says) } }
}
