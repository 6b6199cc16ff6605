//! One span in full: its fields, what happened in it, and what it is linked with.

use cupola_store::{Entry, Value};
use maud::{Markup, html};
use serde::Deserialize;

use crate::pages::entry_fields::{self, is_trace, text};
use crate::pages::visit::Visit;
use crate::pages::{parts, show};

/// What happened in a span, as the store has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Event {
    time_unix_nano: String,
    name: String,
    attributes: Option<serde_json::Value>,
}

/// Another span that it is linked with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Linked {
    pub(super) trace_id: String,
    pub(super) span_id: String,
}

/// The spans that a span is linked with.
pub(super) fn links(span: &Entry) -> Vec<Linked> {
    let mut links: Vec<Linked> = list(span, "links");
    links.retain(|link| is_trace(&link.trace_id));
    links
}

/// A field that is an array; one that is something else has nothing in it.
fn list<T: for<'a> Deserialize<'a>>(entry: &Entry, name: &str) -> Vec<T> {
    match entry.get(name) {
        Some(Value::Json(json)) => serde_json::from_str(json).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// All of a span.
pub(super) fn draw(visit: &Visit, span: &Entry) -> Markup {
    let (events, links) = (list::<Event>(span, "events"), links(span));
    html! {
        section.panel.entry {
            div.panel-head {
                h2.entry-title { (super::name(span)) } span.dim { (text(span, "service")) }
                @if super::is_failed(span) { (parts::badge("error", "failed")) }
                div.panel-aside { (show::duration(super::duration(span))) " from " (show::time(span.time())) }
            }
            div.entry-links {
                @for link in &links { a.button href=(visit.link("/traces").below(&link.trace_id).set("span", &*link.span_id)) { "Linked trace " code { (link.trace_id.get(..8).unwrap_or_default()) "…" } } }
                @let id = text(span, "span_id");
                @if !id.is_empty() { a.button href=(visit.link("/logs").set("query", format!("span_id={id}"))) { "Its log lines" } }
            }
            @if !events.is_empty() {
                dl.fields.span-events {
                    @for event in &events {
                        @let time: i64 = event.time_unix_nano.parse().unwrap_or_default();
                        div {
                            dt { "+" (show::duration(show::as_f64(time.saturating_sub(span.time()).max(0).cast_unsigned()) / 1e6)) }
                            dd { b { (event.name) } @if let Some(attributes) = &event.attributes { pre { (serde_json::to_string_pretty(attributes).unwrap_or_default()) } } }
                        }
                    }
                }
            }
            (entry_fields::fields(visit, "/traces", span))
        }
    }
}
