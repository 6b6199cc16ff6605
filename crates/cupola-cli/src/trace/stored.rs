//! Finding every line of a request in a store.

use std::collections::BTreeSet;

use cupola_line::keys;
use cupola_record::names;
use cupola_store::language::Expression;
use cupola_store::{Entry, MAX_PAGE, Search, Selection, Signal, TraceOf};

use crate::log::collect::{Found, is};
use crate::options::stored::{Source, complain_of, found_line};

/// The entries and spans of a request, a trace, a job or an execution, and the others of its trace.
pub(super) fn collect(source: &Source, id: &str) -> anyhow::Result<Found> {
    let own = own(source, id)?;
    let mut traces: BTreeSet<String> =
        own.iter().filter_map(|entry| Some(entry.get(keys::TRACE_ID)?.text().into_owned())).collect();
    traces.insert(id.to_owned());
    let mut entries = Vec::new();
    for trace in &traces {
        let trace = source.trace(&TraceOf::id(trace))?;
        complain_of(trace.partial);
        entries.extend(trace.spans.into_iter().chain(trace.logs));
    }
    entries.extend(own.into_iter().filter(|entry| entry.get(keys::TRACE_ID).is_none()));
    let mut found = Found { lines: entries.iter().map(found_line).collect(), ..Found::default() };
    found.sort();
    Ok(found)
}

/// What names the id itself.
fn own(source: &Source, id: &str) -> anyhow::Result<Vec<Entry>> {
    let names = [keys::REQUEST_ID, keys::JOB_ID, names::EXECUTION_ID];
    let expression = Some(Expression::Any(names.map(|name| is(name, id)).to_vec()));
    let selection = Selection { expression, ..Selection::of(Signal::Logs) };
    let found = source.search(&Search { selection, limit: MAX_PAGE, cursor: None })?;
    complain_of(found.partial);
    Ok(found.entries)
}
