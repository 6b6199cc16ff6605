//! The newest errors of a group, and what can be told of all of it by them.

use std::collections::BTreeMap;
use std::time::Duration;

use cupola_store::language::{Expression, Relation, Test};
use cupola_store::{Entry, FailureGroup, Level, Query, Search, Selection, Signal};
use maud::{Markup, html};

use crate::pages::deploys::field;
use crate::pages::entry_fields::{self, text};
use crate::pages::fault::Fault;
use crate::pages::terms::{Term, Terms};
use crate::pages::visit::Visit;
use crate::pages::{parts, red_table, show};

/// So many lines are read that may be of the group, and so many are shown.
const READ: usize = 500;
const SHOWN: usize = 12;

/// What all of a group have in common, by the names under which it is searched for.
const COMMON: [&str; 3] = ["target", "error_type", "route"];

/// The newest errors of a group.
#[derive(Debug)]
pub(super) struct Occurrences(Vec<Entry>);

impl Occurrences {
    pub(super) fn ask(visit: &Visit, query: &dyn Query, group: &FailureGroup) -> Result<Self, Fault> {
        let common = COMMON.iter().map(|name| match text(&group.example, name) {
            said if said.is_empty() => Expression::Not(Box::new(Test::Has((*name).to_owned()).into())),
            // As others call it, which finds our own name for it, too.
            said if *name == "error_type" => field("error.type", &said),
            said => field(name, &said),
        });
        let level = Expression::from(Test::Level(Relation::GreaterOrEqual, Level::Error));
        let selection = Selection {
            expression: Expression::all(common.chain([level]).collect()),
            deadline: Duration::from_secs(2),
            ..visit.all_of(Signal::Logs)
        };
        let mut found = query.search(&Search { selection, limit: READ, cursor: None })?.entries;
        let fingerprint = group.fingerprint.to_string();
        found.retain(|entry| entry_fields::group(entry).as_deref() == Some(&*fingerprint));
        Ok(Self(found))
    }

    /// The last one.
    pub(super) fn newest(&self) -> Option<&Entry> {
        self.0.first()
    }

    /// How often each value of a field came among them, the most frequent first.
    pub(super) fn values(&self, field: &str) -> Vec<(String, u64)> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        self.0
            .iter()
            .map(|entry| text(entry, field))
            .filter(|said| !said.is_empty())
            .for_each(|said| *counts.entry(said).or_default() += 1);
        let mut values: Vec<_> = counts.into_iter().collect();
        values.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        values
    }

    pub(super) fn draw(&self, visit: &Visit) -> Markup {
        let table = html! {
            table {
                thead { tr { th scope="col" { "When" } th scope="col" { "What it says" } th scope="col" { "Service" } th scope="col" { "Version" } th scope="col" { "Trace" } } }
                tbody {
                    @for entry in self.0.iter().take(SHOWN) {
                        @let service = text(entry, "service");
                        tr {
                            td { a href=(entry_fields::link(visit, entry)) { (show::time(entry.time())) } }
                            th scope="row" { (text(entry, "message")) }
                            td { (red_table::name(&service)) }
                            td { (text(entry, "service_version")) }
                            td { @if let Some(trace) = entry_fields::trace(entry) { a.mono href=(visit.link("/traces").below(&trace).set("span", text(entry, "span_id"))) { (trace.get(..8).unwrap_or_default()) "…" } } @else { span.dim { "none" } } }
                        }
                    }
                }
            }
        };
        parts::scroll("Newest errors", &table)
    }
}

/// The log lines among which those of a group are.
pub(super) fn search(visit: &Visit, group: &FailureGroup) -> String {
    let mut search = "level=error".to_owned();
    for name in COMMON {
        if let Some(term) = Term::is(name, &text(&group.example, name)) {
            search = Terms::read(&search, &visit.now).with(&term);
        }
    }
    search
}
