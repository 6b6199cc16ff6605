//! The groups of errors of a time.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use cupola_store::language::Expression;
use cupola_store::{Failed, FailureGroup, Failures, Level, Query, Selection, Signal};
use maud::{Markup, html};

use super::{before, title};
use crate::pages::chart::spark;
use crate::pages::deploys::field;
use crate::pages::entry_fields::text;
use crate::pages::fault::Fault;
use crate::pages::layout::Drawn;
use crate::pages::room::Room;
use crate::pages::searching::Searching;
use crate::pages::visit::Visit;
use crate::pages::{parts, red_table, show};

/// So many groups are on a page, and of so many it is known whether they came before.
const GROUPS: usize = 100;
const KNOWN: usize = 1_000;

/// By what they can be ordered.
const SORTS: [&str; 3] = ["count", "last", "first"];
/// What the form has beside the search.
const FIELDS: [&str; 2] = ["new", "requests"];

/// The groups of errors of a time.
pub(in crate::pages) fn page(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let searching = Searching::read(visit);
    let form = searching.draw(visit, "errors", &FIELDS, &more(visit));
    let Ok(expression) = &searching.is else {
        return Ok(Drawn::new("/errors", "Errors", form).refused());
    };
    let sort = visit.one_of("sort", &SORTS)?;
    let mut groups = Groups::ask(visit, room.query, expression.clone())?;
    groups.order(sort, visit.get("new").is_some());
    let shown = groups.failed.groups.len();
    let aside = html! { (show::grouped(groups.failed.distinct as u64)) @if groups.failed.distinct == 1 { " kind" } @else { " kinds" } @if shown < groups.failed.distinct { ", " (shown) " of them here" } };
    let body = html! {
        (form)
        (parts::panel("Errors that are alike", Some(aside), &html! {
            (parts::partial(groups.failed.partial))
            @if shown == 0 { (parts::empty("No errors", &whys(visit, expression.is_some(), &groups))) } @else { (groups.draw(visit, sort)) }
        }))
    };
    Ok(Drawn::new("/errors", "Errors", body))
}

/// The rest of the form.
fn more(visit: &Visit) -> Markup {
    html! {
        label.check { input type="checkbox" name="new" value="1" checked[visit.get("new").is_some()]; "New ones only" }
        label.check { input type="checkbox" name="requests" value="1" checked[visit.get("requests").is_some()]; "Lines of requests too" }
    }
}

/// The groups, and when those were first seen that came before.
#[derive(Debug)]
struct Groups {
    failed: Failed,
    earlier: BTreeMap<String, (i64, Option<String>)>,
}

impl Groups {
    fn ask(visit: &Visit, query: &dyn Query, expression: Option<Expression>) -> Result<Self, Fault> {
        let service = visit.get("service").map(|service| field("service", service));
        let expression = Expression::all([expression, service].into_iter().flatten().collect());
        let selection = Selection { expression, ..visit.all_of(Signal::Logs) };
        // The line of a request that failed says that it did; what else was said of it says why.
        let besides = if visit.get("requests").is_some() { Vec::new() } else { vec!["cupola::http".to_owned()] };
        let ask = |selection: Selection, step, limit| {
            query.failures(&Failures {
                selection,
                level: Level::Error,
                besides: besides.clone(),
                step,
                examples: false,
                limit,
            })
        };
        let failed = ask(selection.clone(), Some(visit.range.step_of_requests(31)), GROUPS)?;
        let known =
            if failed.groups.is_empty() { Failed::default() } else { ask(before(visit, &selection), None, KNOWN)? };
        // What is asked of whole minutes may tell of some of the range.
        let earlier = known.groups.into_iter().filter(|group| group.first < visit.range.since);
        let earlier = earlier.map(|group| (group.fingerprint.to_string(), (group.first, group.first_version)));
        Ok(Self { failed, earlier: earlier.collect() })
    }

    fn is_new(&self, group: &FailureGroup) -> bool {
        !self.earlier.contains_key(&group.fingerprint.to_string())
    }

    fn first(&self, group: &FailureGroup) -> (i64, Option<String>) {
        let earlier = self.earlier.get(&group.fingerprint.to_string()).cloned();
        earlier.unwrap_or_else(|| (group.first, group.first_version.clone()))
    }

    fn order(&mut self, sort: &str, is_new_only: bool) {
        let mut groups = std::mem::take(&mut self.failed.groups);
        if is_new_only {
            groups.retain(|group| self.is_new(group));
        }
        match sort {
            "last" => groups.sort_by_key(|group| Reverse(group.last)),
            "first" => groups.sort_by_key(|group| Reverse(self.first(group).0)),
            _ => groups.sort_by_key(|group| Reverse((group.count, group.last))),
        }
        self.failed.groups = groups;
    }

    fn draw(&self, visit: &Visit, sort: &str) -> Markup {
        let table = html! {
            table {
                thead { tr {
                    th scope="col" { "Error" } th scope="col" { "Where" } th scope="col" { "Over time" }
                    (parts::sortable(visit, "Count", "count", sort, "num"))
                    (parts::sortable(visit, "First seen", "first", sort, "num"))
                    (parts::sortable(visit, "Last seen", "last", sort, "num"))
                } }
                tbody { @for group in &self.failed.groups { (self.row(visit, group)) } }
            }
        };
        parts::scroll("Errors that are alike", &table)
    }

    fn row(&self, visit: &Visit, group: &FailureGroup) -> Markup {
        let now = visit.moment();
        let (kind, route) = (text(&group.example, "error_type"), text(&group.example, "route"));
        let (first, version) = self.first(group);
        let services: Vec<&str> = group.services.iter().map(|(service, _)| &**service).collect();
        let counts: Vec<f64> = group.counts.iter().map(|count| show::as_f64(*count)).collect();
        let says = format!("{} over time", show::grouped(group.count));
        html! {
            tr {
                th scope="row" {
                    div.stack {
                        span.error-title { a href=(visit.link("/errors").below(&group.fingerprint.to_string())) { (title(group)) } @if self.is_new(group) { " " (parts::badge("new", "new")) } }
                        @if !kind.is_empty() { span.dim.small-text { (kind) } }
                    }
                }
                td {
                    div.stack {
                        @for service in services.iter().take(3) { a href=(visit.link("/service").set("service", *service)) { (red_table::name(service)) } }
                        @if services.len() > 3 { span.dim.small-text { (services.len() - 3) " more" } }
                        @if !route.is_empty() { span.dim.small-text { (route) } }
                    }
                }
                td { (spark(&counts, &[], &says)) }
                td.num { (show::count(group.count)) }
                td.num { div.stack.right { (show::ago(first, now)) @if let Some(version) = version { span.dim.small-text { "in " (version) } } } }
                td.num { (show::ago(group.last, now)) }
            }
        }
    }
}

fn whys(visit: &Visit, is_searched: bool, groups: &Groups) -> Vec<Markup> {
    let mut whys = Vec::new();
    if visit.get("new").is_some() && groups.failed.distinct > 0 {
        whys.push(html! { "All errors of this time came before it, too. " a href=(visit.here().without("new")) { "Show all" } "." });
    }
    if is_searched || visit.get("service").is_some() {
        whys.push(html! { "No error is what the search asks for. " a href=(visit.here().without("query").without("service")) { "Search for all" } "." });
    }
    if visit.get("requests").is_none() && groups.failed.distinct == 0 {
        whys.push(html! { "Lines of requests that failed are left out, since other lines tell why they did. " a href=(visit.here().set("requests", "1")) { "Show them, too" } "." });
    }
    if visit.range.length() < LAST_DAY {
        whys.push(html! { "None came in this time. " a href=(visit.here().set("since", "24h").without("until")) { "Look at the last 24 hours" } "." });
    }
    whys
}

const LAST_DAY: i64 = 86_400_000_000_000;
