//! What single entries say, and questions for those that say it.

use cupola_store::language::{Expression, Test};
use cupola_store::{Entry, Measured, Quantiles, Query, Search, Selection, Topped, Value};
use maud::{Markup, html};

use super::chart::Steps;
use super::deploys::field;
use super::fault::Fault;
use super::link::Link;
use super::service::quoted;
use super::visit::Visit;
use super::{parts, show};

/// The shares whose quantiles are shown.
pub(super) const SHARES: [f64; 3] = [0.5, 0.95, 0.99];

/// A field as text; `None` where it is not there, or says nothing.
pub(super) fn text(entry: &Entry, name: &str) -> Option<String> {
    entry.get(name).map(|value| value.text().into_owned()).filter(|text| !text.is_empty())
}

/// A field as a number.
pub(super) fn number(entry: &Entry, name: &str) -> Option<f64> {
    entry.get(name).as_ref().and_then(Value::as_f64)
}

/// Entries that have a field.
pub(super) fn has(name: &str) -> Expression {
    Test::Has(name.to_owned()).into()
}

/// Entries that are not so.
pub(super) fn not(expression: Expression) -> Expression {
    Expression::Not(Box::new(expression))
}

/// Entries whose field is one of these.
pub(super) fn any(name: &str, values: &[&str]) -> Expression {
    Expression::Any(values.iter().map(|value| field(name, value)).collect())
}

/// Those of a selection that are also all of this.
pub(super) fn and(selection: &Selection, parts: impl IntoIterator<Item = Expression>) -> Selection {
    let expression = Expression::all(selection.expression.clone().into_iter().chain(parts).collect());
    Selection { expression, ..selection.clone() }
}

/// Whether there is any such entry: where there is none, nothing else needs to be asked.
pub(super) fn is_any(query: &dyn Query, selection: &Selection) -> Result<bool, Fault> {
    let found = query.search(&Search { selection: selection.clone(), limit: 1, cursor: None })?;
    Ok(!found.entries.is_empty() || found.partial.is_some())
}

/// The same of the time before, in steps that lie under these.
pub(super) fn before(selection: &Selection, steps: &Steps) -> Selection {
    let length = steps.end() - steps.start;
    Selection { since: Some(steps.start - length), until: Some(steps.start), ..selection.clone() }
}

/// How the numbers of a field are spread, told apart by another field.
pub(super) fn spread(
    query: &dyn Query,
    selection: Selection,
    number: &str,
    by: Option<&str>,
    step: Option<std::time::Duration>,
) -> Result<Measured, Fault> {
    let (number, by) = (number.to_owned(), by.map(str::to_owned));
    Ok(query.quantiles(&Quantiles { selection, field: number, by, step, shares: SHARES.to_vec(), values: 50 })?)
}

/// How many entries have a value, of those that were counted.
pub(super) fn of_value(topped: &Topped, value: &str) -> u64 {
    topped.values.iter().find(|(known, _)| known == value).map_or(0, |(_, count)| *count)
}

/// How many entries were counted.
pub(super) fn all(topped: &Topped) -> u64 {
    topped.values.iter().map(|(_, count)| count).sum::<u64>() + topped.others + topped.uncounted + topped.without
}

/// Some of all, from 0 to 1.
pub(super) fn share(some: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { show::as_f64(some) / show::as_f64(all) }
}

/// A list of what one can choose from, the chosen one marked; the first one is what is unsaid.
pub(super) fn choices(visit: &Visit, name: &str, words: &[&str], chosen: &str, says: &str) -> Markup {
    html! {
        nav.tabs.tabs-small aria-label=(says) {
            @for word in words {
                @let link = visit.here().without(name);
                a href=(if *word == words[0] { link } else { link.set(name, *word) }) aria-current=[(*word == chosen).then_some("true")] { (word) }
            }
        }
    }
}

/// The trace of an entry, by the name of the field that has it.
pub(super) fn trace(visit: &Visit, entry: &Entry, name: &str) -> Markup {
    html! {
        @match text(entry, name) {
            Some(trace) => (trace_of(visit, &trace)),
            None => span.dim { "–" },
        }
    }
}

/// A trace, by its id.
pub(super) fn trace_of(visit: &Visit, trace: &str) -> Markup {
    let start: String = trace.chars().take(8).collect();
    html! { a.mono href=(visit.link("/traces").below(trace)) title="The trace" { (start) "…" } }
}

/// The lines that have a field of this value.
pub(super) fn lines(visit: &Visit, name: &str, value: &str) -> Link {
    visit.link("/logs").set("query", format!("{name}={}", quoted(value)))
}

/// Milliseconds of a field.
pub(super) fn took(entry: &Entry, name: &str) -> Markup {
    html! { @match number(entry, name) { Some(ms) => (show::duration(ms)), None => span.dim { "–" } } }
}

/// What is said where something failed: why, shortly.
pub(super) fn error(entry: &Entry) -> Markup {
    let (kind, says) = (text(entry, "error_type"), text(entry, "error"));
    html! { @if let Some(kind) = kind { span.cut.bad-text title=[says] { (kind) } } }
}

/// How something ended, in its colour.
pub(super) fn outcome(outcome: &str) -> Markup {
    let kind = match outcome {
        "completed" | "complete" | "success" | "passed" => "good",
        "failed" | "timed_out" | "panicked" => "error",
        "retried" | "cancelled" | "abandoned" | "skipped" => "warn",
        "running" => "info",
        _ => "",
    };
    parts::badge(kind, if outcome.is_empty() { "unknown" } else { outcome })
}
