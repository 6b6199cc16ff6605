//! Finding every line of a request.

use std::collections::BTreeSet;

use cupola_line::keys;
use cupola_record::names;

use crate::log::block::RawLine;
use crate::log::collect::{Found, is};
use crate::log::filter::{lookup, text_of};
use crate::log::input::Input;
use crate::log::line::{self, Line};
use crate::log::tally::Tally;

/// Looks for the lines of a request, a trace, a job or an execution, and then for the others of its trace.
pub(super) fn collect(inputs: &[Input], id: &str) -> Found {
    let all = |_: usize| true;
    let mut found = Found::default();
    let names = [keys::REQUEST_ID, keys::TRACE_ID, keys::JOB_ID, names::EXECUTION_ID];
    found.read(inputs, all, &names.map(|name| is(name, id)));
    let traces = traces_of(&found, id);
    if !traces.is_empty() {
        let wanted: Vec<_> =
            traces.iter().map(|trace| is(keys::TRACE_ID, trace)).chain([is(keys::REQUEST_ID, id)]).collect();
        // What came through a pipe is not there any more: of that, the request's own lines are kept.
        found.lines.retain(|line| inputs[line.input].is_live());
        found.tally = Tally::default();
        found.problems.clear();
        found.read(inputs, |input| !inputs[input].is_live(), &wanted);
    }
    found.drop_twins(inputs);
    found.sort();
    found
}

/// The traces that the lines of a request belong to, unless the id is a trace's.
fn traces_of(found: &Found, id: &str) -> BTreeSet<String> {
    let (mut traces, mut scratch) = (BTreeSet::new(), Vec::new());
    for found in &found.lines {
        let raw = RawLine { at: 0, bytes: &found.raw, open: false };
        let Line::Entry(entry) = line::read(raw, &mut scratch) else { continue };
        if let Some(trace) = lookup(&entry, keys::TRACE_ID) {
            traces.insert(text_of(&trace).into_owned());
        }
    }
    traces.remove(id);
    traces
}
