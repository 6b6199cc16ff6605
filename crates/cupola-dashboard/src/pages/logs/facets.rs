//! The most frequent values of some fields, each a search for it.

use std::time::Duration;

use cupola_store::{Query, Selection, Top, Topped};
use maud::{Markup, html};

use crate::pages::fault::Fault;
use crate::pages::show;
use crate::pages::terms::{Term, Terms};
use crate::pages::visit::Visit;

/// The fields whose values are shown where there are any.
const FIELDS: [&str; 7] = ["service", "route", "status", "error_type", "target", "job_kind", "host"];

/// So many values of each.
const VALUES: usize = 6;

/// So many entries are looked at, the newest ones: values that matter are among them, and a page is not to wait.
const ENTRIES: u64 = 30_000;

/// A field and its values.
#[derive(Debug)]
pub(super) struct Facet {
    field: String,
    topped: Topped,
}

/// Asks for the values of what the search has found.
pub(super) fn ask(visit: &Visit, query: &dyn Query, selection: &Selection) -> Result<Vec<Facet>, Fault> {
    let more = visit.get("facet").filter(|field| !FIELDS.contains(field));
    let mut facets = Vec::new();
    for field in more.into_iter().chain(FIELDS) {
        let selection = Selection { deadline: Duration::from_millis(500), budget: ENTRIES, ..selection.clone() };
        let topped = query.top(&Top { selection, field: field.to_owned(), limit: VALUES })?;
        if !topped.values.is_empty() || Some(field) == more {
            facets.push(Facet { field: field.to_owned(), topped });
        }
    }
    if let Some(place) = facets.iter().position(|facet| Some(&*facet.field) == visit.get("facet")) {
        facets[..=place].rotate_right(1);
    }
    Ok(facets)
}

/// Draws them.
pub(super) fn draw(visit: &Visit, terms: &Terms, facets: &[Facet]) -> Markup {
    let is_part = facets.iter().any(|facet| facet.topped.partial.is_some());
    html! {
        @for facet in facets { (one(visit, terms, facet)) }
        @if is_part { p.hint.facet-note { "Of the newest " (show::count(ENTRIES)) " entries." } }
    }
}

fn one(visit: &Visit, terms: &Terms, Facet { field, topped }: &Facet) -> Markup {
    let most = topped.values.first().map_or(1, |(_, count)| *count).max(1);
    let link = |query: String| visit.here().without("cursor").set("query", query);
    html! {
        section.facet {
            h2 { (field) @if topped.distinct > VALUES { " " span.dim { (show::count(topped.distinct as u64)) } } }
            ul {
                @for (value, count) in &topped.values {
                    @let (is, not) = (Term::is(field, value), Term::is_not(field, value));
                    @let is_on = is.as_ref().is_some_and(|is| terms.has(is));
                    li.on[is_on] {
                        @match &is {
                            Some(is) => a.facet-value href=(link(terms.toggled(is))) title=(value) aria-current=[is_on.then_some("true")] { (value) },
                            None => span.facet-value title=(value) { @if value.is_empty() { "(empty)" } @else { (value) } },
                        }
                        @if let Some(not) = not.filter(|_| !is_on) { a.facet-not href=(link(terms.with(&not))) aria-label={ "Not " (field) " " (value) } title="Not this" { "≠" } }
                        span.facet-count { (show::count(*count)) }
                        svg.facet-bar width="100%" height="3" aria-hidden="true" { rect width={ (format!("{:.1}", show::as_f64(*count) / show::as_f64(most) * 100.0)) "%" } height="3" {} }
                    }
                }
            }
            @if topped.values.is_empty() { p.hint { "No entry here has it." } }
        }
    }
}
