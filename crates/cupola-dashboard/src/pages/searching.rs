//! The box in which people type what they look for: with help, and with the place where it cannot be read.

use cupola_store::language::{Expression, Meaning, ParseError, parse};
use maud::{Markup, html};

use super::icon::icon;
use super::visit::Visit;

/// What can be typed, and what it finds.
const EXAMPLES: [(&str, &str); 9] = [
    ("timeout", "the word, anywhere in an entry"),
    ("\"connection refused\"", "these words as they stand"),
    ("level>=warn", "warnings and errors"),
    ("service=billing status=5xx", "both hold; 5xx is a class of status"),
    ("route=/vms/*", "* stands for anything"),
    ("duration_ms>500", "more than a number; duration_ms>2s as well"),
    ("-healthz not status=404", "neither of them"),
    ("error_type!= (a=1 or b=2)", "the field is there; one of two holds"),
    ("message~time.?out", "a regular expression"),
];

/// What is looked for on a page, and what there is of it.
#[derive(Debug)]
pub(super) struct Searching {
    text: String,
    pub(super) is: Result<Option<Expression>, ParseError>,
}

impl Searching {
    /// Reads the parameter `query`.
    pub(super) fn read(visit: &Visit) -> Self {
        let text = visit.get("query").unwrap_or_default().to_owned();
        let meaning = Meaning { now: visit.now.clone(), ignore_case: false };
        let is = if text.trim().is_empty() { Ok(None) } else { parse(&text, &meaning).map(Some) };
        Self { text, is }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The box; `more` are other fields of the same form, whose `names` are not handed on besides.
    pub(super) fn draw(&self, visit: &Visit, what: &str, names: &[&str], more: &Markup) -> Markup {
        let rest = names.iter().fold(visit.here().without("query").without("cursor"), |link, name| link.without(name));
        html! {
            form.search method="get" action=(rest.path()) role="search" {
                @for (name, value) in rest.pairs() { input type="hidden" name=(name) value=(value); }
                div.search-box {
                    (icon("search"))
                    input type="search" name="query" value=(self.text) placeholder={ "Search " (what) ": a word, service=…, level>=warn" } aria-label={ "Search " (what) } aria-invalid=[self.is.is_err().then_some("true")]
                        aria-describedby=[self.is.is_err().then_some("search-fault")] autocomplete="off" autocapitalize="off" spellcheck="false" maxlength="4096";
                }
                (more)
                button.button.primary type="submit" { "Search" }
                (help(visit))
            }
            @if let Err(error) = &self.is { (fault(&self.text, error)) }
        }
    }
}

fn help(visit: &Visit) -> Markup {
    html! {
        details.menu.search-help {
            summary.button aria-label="How to search" title="How to search" { "?" }
            div.menu-box {
                dl {
                    @for (typed, finds) in EXAMPLES {
                        div { dt { a href=(visit.here().without("cursor").set("query", typed)) { code { (typed) } } } dd { (finds) } }
                    }
                }
                p.hint { "Tests beside each other all have to hold. Fields have the names that entries show. Press / to search." }
            }
        }
    }
}

/// What is wrong, and where.
fn fault(text: &str, error: &ParseError) -> Markup {
    let (before, from) = text.split_at(text.floor_char_boundary(error.at()));
    let length = from.chars().next().map_or(0, char::len_utf8);
    let (wrong, after) = from.split_at(length);
    html! {
        div.notice.bad.search-fault #search-fault role="alert" {
            pre { (before) mark { @if wrong.trim().is_empty() { "␣" } @else { (wrong) } } (after) }
            p { "The search cannot be read at character " (before.chars().count() + 1) ": " (error.message()) "." }
        }
    }
}
