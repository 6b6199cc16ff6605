//! Finding every line that something wants, and keeping it.

use std::ops::ControlFlow;
use std::path::Path;

use anyhow::anyhow;
use cupola_store::language::{Expression, Operand, Relation, Test};
use rustc_hash::FxHashMap;

use crate::log::block::Block;
use crate::log::filter::{Filter, time_of};
use crate::log::input::Input;
use crate::log::line::Line;
use crate::log::pool::{Done, each_asked_block};
use crate::log::tally::Tally;

/// Of more lines than this the first ones are kept.
const MAX_LINES: usize = 100_000;

/// A line that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundLine {
    pub(crate) input: usize,
    /// When it was said, in microseconds since 1970.
    pub(crate) time: Option<i64>,
    /// As it stands in the file.
    pub(crate) raw: Vec<u8>,
}

/// What was found, in the order of time; what has no time comes last.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) lines: Vec<FoundLine>,
    pub(crate) tally: Tally,
    pub(crate) problems: Vec<anyhow::Error>,
    /// Lines over the bound.
    pub(crate) untold: u64,
}

/// Lines of which this field has this value.
pub(crate) fn is(name: &str, value: &str) -> Expression {
    let value = Operand::plain(value);
    Test::Field { name: name.to_owned(), relation: Relation::Equal, value }.into()
}

impl Found {
    /// Reads the files that are wanted, for lines that pass any of the tests.
    pub(crate) fn read(&mut self, inputs: &[Input], is_wanted: impl Fn(usize) -> bool, tests: &[Expression]) {
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

    /// In the order of time; what has no time comes last.
    pub(crate) fn sort(&mut self) {
        self.lines.sort_by_key(|line| (line.time.is_none(), line.time));
    }

    fn take(&mut self, input: usize, lines: Vec<FoundLine>) {
        let room = MAX_LINES.saturating_sub(self.lines.len());
        self.untold += lines.len().saturating_sub(room) as u64;
        self.lines.extend(lines.into_iter().take(room).map(|line| FoundLine { input, ..line }));
    }

    /// What stands in several files of a folder, as in `api.log` and in that of its category, is one line.
    pub(crate) fn drop_twins(&mut self, inputs: &[Input]) {
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
