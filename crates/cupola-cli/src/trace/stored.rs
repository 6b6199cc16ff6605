//! Finding every line of a request in a store.

use std::collections::BTreeSet;
use std::path::Path;

use cupola_line::keys;
use cupola_record::names;
use cupola_store::language::Expression;
use cupola_store::{Entry, MAX_PAGE, Query, Reader, Search, Selection, Signal, TraceOf};

use crate::log::collect::{Found, is};
use crate::options::stored::{complain_of, found_line, open};

/// The entries and spans of a request, a trace, a job or an execution, and the others of its trace.
pub(super) fn collect(dir: &Path, id: &str) -> anyhow::Result<Found> {
    let reader = open(dir)?;
    let own = own(&reader, id)?;
    let mut traces: BTreeSet<String> =
        own.iter().filter_map(|entry| Some(entry.get(keys::TRACE_ID)?.text().into_owned())).collect();
    traces.insert(id.to_owned());
    let mut entries = Vec::new();
    for trace in &traces {
        let trace = reader.trace(&TraceOf::id(trace))?;
        complain_of(trace.partial);
        entries.extend(trace.spans.into_iter().chain(trace.logs));
    }
    entries.extend(own.into_iter().filter(|entry| entry.get(keys::TRACE_ID).is_none()));
    let mut found = Found { lines: entries.iter().map(found_line).collect(), ..Found::default() };
    found.sort();
    Ok(found)
}

/// What names the id itself.
fn own(reader: &Reader, id: &str) -> anyhow::Result<Vec<Entry>> {
    let names = [keys::REQUEST_ID, keys::JOB_ID, names::EXECUTION_ID];
    let expression = Some(Expression::Any(names.map(|name| is(name, id)).to_vec()));
    let selection = Selection { expression, ..Selection::of(Signal::Logs) };
    let found = reader.search(&Search { selection, limit: MAX_PAGE, cursor: None })?;
    complain_of(found.partial);
    Ok(found.entries)
}
