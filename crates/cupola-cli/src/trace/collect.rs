//! Finding every line of a request.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::anyhow;
use cupola_line::keys;
use rustc_hash::FxHashMap;

use crate::log::block::{Block, RawLine};
use crate::log::filter::expression::Expression;
use crate::log::filter::test::{Operand, Relation, Test, lookup, text_of};
use crate::log::filter::{Filter, time_of};
use crate::log::input::Input;
use crate::log::line::{self, Line};
use crate::log::pool::{Done, each_asked_block};
use crate::log::tally::Tally;

/// A request with more lines than this is shown with its first ones.
const MAX_LINES: usize = 100_000;

/// A line that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FoundLine {
    pub(super) input: usize,
    /// When it was said, in microseconds since 1970.
    pub(super) time: Option<i64>,
    /// As it stands in the file.
    pub(super) raw: Vec<u8>,
}

/// What was found, in the order of time; what has no time comes last.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) lines: Vec<FoundLine>,
    pub(super) tally: Tally,
    pub(super) problems: Vec<anyhow::Error>,
    /// Lines over the bound.
    pub(super) untold: u64,
}

/// Looks for the lines of a request or of a trace, and then for the others of the request's trace.
pub(super) fn collect(inputs: &[Input], id: &str) -> Found {
    let all = |_: usize| true;
    let mut found = Found::default();
    found.read(inputs, all, &[is(keys::REQUEST_ID, id), is(keys::TRACE_ID, id)]);
    let traces = found.traces(id);
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
    found.lines.sort_by_key(|line| (line.time.is_none(), line.time));
    found
}

fn is(name: &str, value: &str) -> Expression {
    let value = Operand::plain(value);
    Test::Field { name: name.to_owned(), relation: Relation::Equal, value }.into()
}

impl Found {
    fn read(&mut self, inputs: &[Input], is_wanted: impl Fn(usize) -> bool, tests: &[Expression]) {
        let places: Vec<usize> = (0..inputs.len()).filter(|input| is_wanted(*input)).collect();
        let chosen: Vec<Input> = places.iter().map(|input| inputs[*input].clone()).collect();
        let filter = Filter::new(Some(Expression::Any(tests.to_vec())));
        each_asked_block(
            &chosen,
            filter.ask().as_ref(),
            |block| work(block, &filter),
            |done, _| {
                match done {
                    Done::Block { input, value: (lines, tally), too_long } => {
                        self.tally.add(&tally);
                        self.tally.lines += too_long;
                        self.tally.too_long += too_long;
                        self.take(places[input], lines);
                    }
                    Done::Failed { input, error } => {
                        self.problems.push(anyhow!("{}: {error}", chosen[input].name()));
                    }
                    Done::Ended { .. } => {}
                }
                ControlFlow::Continue(())
            },
        );
    }

    fn take(&mut self, input: usize, lines: Vec<FoundLine>) {
        let room = MAX_LINES.saturating_sub(self.lines.len());
        self.untold += lines.len().saturating_sub(room) as u64;
        self.lines.extend(lines.into_iter().take(room).map(|line| FoundLine { input, ..line }));
    }

    /// The traces that the lines of a request belong to, unless the id is a trace's.
    fn traces(&self, id: &str) -> BTreeSet<String> {
        let (mut traces, mut scratch) = (BTreeSet::new(), Vec::new());
        for found in &self.lines {
            let raw = RawLine { at: 0, bytes: &found.raw, open: false };
            let Line::Entry(entry) = line::read(raw, &mut scratch) else { continue };
            if let Some(trace) = lookup(&entry, keys::TRACE_ID) {
                traces.insert(text_of(&trace).into_owned());
            }
        }
        traces.remove(id);
        traces
    }

    /// What stands in several files of a folder, as in `api.log` and in that of its category, is one line.
    fn drop_twins(&mut self, inputs: &[Input]) {
        let mut firsts: FxHashMap<(&Path, Vec<u8>), usize> = FxHashMap::default();
        self.lines.retain(|line| {
            let group = inputs[line.input].group.as_path();
            *firsts.entry((group, line.raw.clone())).or_insert(line.input) == line.input
        });
    }
}

fn work(block: Block<'_>, filter: &Filter) -> (Vec<FoundLine>, Tally) {
    let (mut found, mut tally, mut scratch) = (Vec::new(), Tally::default(), Vec::new());
    filter.select(block, &mut scratch, &mut tally, |raw, read| {
        let Line::Entry(entry) = read else { return };
        found.push(FoundLine { input: block.input, time: time_of(&entry), raw: raw.bytes.to_vec() });
    });
    tally.shown = found.len() as u64;
    (found, tally)
}
