//! Traces that are found by the spans that begin a service's part in them, or by the lines that tell of requests and jobs.

use std::collections::HashMap;
use std::time::Duration;

use cupola_store::language::{Expression, Operand, Relation, Test, milliseconds};
use cupola_store::{Cursor, Entry, Level, Partial, Query, Search, Selection, Signal, Top};

use crate::pages::deploys::field;
use crate::pages::entry_fields;
use crate::pages::fault::Fault;
use crate::pages::visit::Visit;

/// So many spans are looked at of which it is counted how many each trace has.
const COUNTED: u64 = 60_000;
/// How long before and after what was found the rest of a trace is looked for.
const AROUND: i64 = 300_000_000_000;

/// Which traces are meant.
#[derive(Clone, Debug)]
pub(super) struct Meant {
    pub(super) service: Option<String>,
    /// Those that took as long, in milliseconds.
    pub(super) least: Option<f64>,
    pub(super) is_failed: bool,
    pub(super) expression: Option<Expression>,
}

/// Traces, the newest first, each by one of its entries.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) entries: Vec<Entry>,
    pub(super) cursor: Option<Cursor>,
    pub(super) partial: Option<Partial>,
}

impl Meant {
    pub(super) fn read(visit: &Visit, expression: Option<Expression>) -> Result<Self, Fault> {
        let least = match visit.get("min") {
            None => None,
            Some(text) => Some(
                text.parse().ok().or_else(|| milliseconds(text)).filter(|ms: &f64| ms.is_finite() && *ms >= 0.0).ok_or_else(
                    || Fault::bad("`min` is no duration. Accepted: a number of milliseconds, or one with its unit: 250, 500ms, 2s, 1m."),
                )?,
            ),
        };
        let service = visit.get("service").map(str::to_owned);
        Ok(Self { service, least, is_failed: visit.get("failed").is_some(), expression })
    }

    /// Whether it is about some of them only.
    pub(super) fn is_filter(&self) -> bool {
        self.service.is_some() || self.least.is_some() || self.is_failed || self.expression.is_some()
    }

    /// As a selection of spans or of log lines.
    pub(super) fn selection(&self, visit: &Visit, signal: Signal) -> Selection {
        let has = |name: &str| Expression::from(Test::Has(name.to_owned()));
        let stands = |name: &str, relation, number: f64| -> Expression {
            Test::Field { name: name.to_owned(), relation, value: Operand::Plain(number.to_string(), Some(number)) }
                .into()
        };
        let begins = match signal {
            Signal::Spans => Expression::Any(vec![
                Expression::Not(Box::new(has("parent_span_id"))),
                field("kind", "server"),
                field("kind", "consumer"),
            ]),
            _ => Expression::All(vec![
                has("trace_id"),
                has("duration_ms"),
                Expression::Any(vec![has("route"), has("path"), has("job_kind")]),
            ]),
        };
        let fails = Expression::Any(vec![
            match signal {
                Signal::Spans => field("otel.status_code", "ERROR"),
                _ => Test::Level(Relation::Equal, Level::Error).into(),
            },
            stands("status", Relation::GreaterOrEqual, 500.0),
        ]);
        let parts = [
            Some(begins),
            self.service.as_deref().map(|service| field("service", service)),
            self.least.map(|least| stands("duration_ms", Relation::GreaterOrEqual, least)),
            self.is_failed.then_some(fails),
            self.expression.clone(),
        ];
        Selection { expression: Expression::all(parts.into_iter().flatten().collect()), ..visit.all_of(signal) }
    }
}

impl Found {
    /// Asks for a page of them.
    pub(super) fn ask(
        query: &dyn Query,
        selection: Selection,
        limit: usize,
        cursor: Option<Cursor>,
    ) -> Result<Self, Fault> {
        let found = query.search(&Search { selection, limit, cursor })?;
        let (mut entries, mut places): (Vec<Entry>, HashMap<String, usize>) = Default::default();
        for entry in found.entries {
            let Some(trace) = entry_fields::trace(&entry) else { continue };
            match places.get(&trace) {
                // Who has no parent tells of all of it, and who began first of more than others.
                Some(place)
                    if entry.get("parent_span_id").is_none() || entries[*place].get("parent_span_id").is_some() =>
                {
                    entries[*place] = entry;
                }
                Some(_) => {}
                None => {
                    places.insert(trace, entries.len());
                    entries.push(entry);
                }
            }
        }
        Ok(Self { entries, cursor: found.cursor, partial: found.partial })
    }

    /// How many spans each trace has, as far as that is known soon; and whether it is known.
    pub(super) fn sizes(&self, query: &dyn Query) -> Result<(HashMap<String, u64>, bool), Fault> {
        let times = self.entries.iter().map(Entry::time);
        let (Some(first), Some(last)) = (times.clone().min(), times.max()) else { return Ok((HashMap::new(), true)) };
        let ids = self.entries.iter().filter_map(entry_fields::trace).map(|id| field("trace_id", &id));
        let selection = Selection {
            expression: Some(Expression::Any(ids.collect())),
            since: Some(first.saturating_sub(AROUND)),
            until: Some(last.saturating_add(AROUND)),
            deadline: Duration::from_millis(300),
            budget: COUNTED,
            ..Selection::of(Signal::Spans)
        };
        let topped = query.top(&Top { selection, field: "trace_id".to_owned(), limit: self.entries.len() })?;
        Ok((topped.values.into_iter().collect(), topped.partial.is_none()))
    }
}
