//! Entries one below the other: a line each, which opens.

use cupola_store::Entry;
use maud::{Markup, html};

use super::columns::Columns;
use crate::pages::entry_fields::{self, text};
use crate::pages::visit::Visit;
use crate::pages::{parts, show};

/// The entries, below the names of the columns.
pub(super) fn list(visit: &Visit, columns: &Columns, entries: &[Entry], chosen: Option<&str>) -> Markup {
    html! {
        div.rows.{ "more-" (columns.chosen().len()) } {
            div.row-head aria-hidden="true" {
                span { "Time" } span { "Level" } span { "Service" }
                @for column in columns.chosen() { span { (column) } }
                span { "Message" }
            }
            ol.row-list { @for entry in entries { (row(visit, columns, entry, chosen)) } }
        }
    }
}

/// One of them; the page of it is what is shown in it once it is opened.
pub(super) fn row(visit: &Visit, columns: &Columns, entry: &Entry, chosen: Option<&str>) -> Markup {
    let (level, service) = (text(entry, "level"), text(entry, "service"));
    let is_chosen = chosen.is_some_and(|id| id == entry_fields::id(entry));
    html! {
        li.row.{ "of-" (kind(&level)) }.chosen[is_chosen] {
            details data-lazy {
                summary {
                    time datetime=(show::rfc3339(entry.time())) data-form="milli" { (show::clock(entry.time(), "%H:%M:%S%.3f")) }
                    (parts::level(&level))
                    span.cut { (service) }
                    @for column in columns.chosen() { span.cut { (text(entry, column)) } }
                    span.said { (text(entry, "message")) " " (entry_fields::hint(entry)) }
                }
                div.row-body { p { a href=(entry_fields::link(visit, entry)) { "All of it" } } }
            }
        }
    }
}

fn kind(level: &str) -> &'static str {
    match level {
        "ERROR" => "error",
        "WARN" => "warn",
        "INFO" => "info",
        _ => "quiet",
    }
}
