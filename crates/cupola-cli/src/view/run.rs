//! Reading, merging and writing, from the first line to the last.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};

use super::context::Join;
use super::follow;
use super::html;
use super::merge::{Batch, Merge};
use super::output::Output;
use super::render::{Form, Render};
use super::tail::{self, Tail};
use crate::log::input::Input;
use crate::log::pool::{Done, each_asked_block, each_block};
use crate::log::tally::Tally;

/// What is to be done with the inputs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Only the last so many.
    pub(super) lines: Option<usize>,
    pub(super) follow: bool,
    /// So many lines around each.
    pub(super) around: usize,
}

pub(super) struct Run {
    pub(super) inputs: Vec<Input>,
    pub(super) render: Render,
    pub(super) plan: Plan,
    pub(super) output: Output,
    /// Of a page.
    pub(super) title: Option<(String, String)>,
}

/// How it went.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) tally: Tally,
    /// Inputs that could not be read.
    pub(super) problems: Vec<anyhow::Error>,
}

impl Run {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let Self { inputs, render, plan, output, title } = self;
        let mut sink = Sink::new(output, render.form, plan.lines);
        let mut outcome = Outcome::default();
        if let Some((title, about)) = &title {
            html::write_head(&mut sink.output, title, about)?;
        }
        let written = match plan.lines {
            Some(lines) if plan.around == 0 => last(&inputs, &render, lines, plan.follow, &mut sink, &mut outcome),
            _ => all(&inputs, &render, plan.around, &mut sink, &mut outcome).map(|()| Vec::new()),
        };
        let finished = written.and_then(|ends| {
            let held = sink.flush_last()?;
            outcome.tally.lines += if plan.around == 0 { held } else { 0 };
            // Lines around those that match are shown though they do not.
            let around = sink.shown.saturating_sub(outcome.tally.shown);
            outcome.tally.unmatched = outcome.tally.unmatched.saturating_sub(around);
            outcome.tally.shown = sink.shown;
            if plan.follow {
                follow::follow(&inputs, &ends, &render, &mut sink, &mut outcome)?;
            }
            sink.end(&outcome, title.is_some())
        });
        outcome.tally.shown = outcome.tally.shown.max(sink.shown);
        match finished.and_then(|()| sink.output.finish()) {
            // Whoever reads has seen enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(outcome),
            Err(error) => Err(error).context("cannot write"),
            Ok(()) => Ok(outcome),
        }
    }
}

/// Shows everything that matches.
fn all(inputs: &[Input], render: &Render, around: usize, sink: &mut Sink, outcome: &mut Outcome) -> io::Result<()> {
    let mut merge = Merge::new(inputs);
    let is_live = inputs.iter().any(Input::is_live);
    let separator = if render.form == Form::Pretty { "--\n" } else { "" };
    let mut joins: Vec<_> = inputs.iter().map(|_| Join::new(around, separator)).collect();
    let (mut result, mut flushing) = (Ok(()), Flushing { is_live, last: None });
    // What stands around a line that matches may be in a block without any.
    let ask = if around == 0 { render.filter.ask() } else { None };
    each_asked_block(
        inputs,
        ask.as_ref(),
        |block| match around {
            0 => {
                let (batch, tally) = render.block(block);
                (Piece::Plain(batch), tally)
            }
            _ => {
                let (marked, tally) = render.around(block, around);
                (Piece::Marked(marked), tally)
            }
        },
        |done, steering| {
            match done {
                Done::Block { input, value: (piece, tally), too_long } => {
                    outcome.tally.add(&tally);
                    outcome.tally.add(&Tally { lines: too_long, too_long, ..Tally::default() });
                    let batch = match piece {
                        Piece::Plain(batch) => batch,
                        Piece::Marked(marked) => joins[input].push(&marked),
                    };
                    steering.set(input, merge.push(input, batch));
                }
                Done::Ended { input } => merge.end(input),
                Done::Failed { input, error } => {
                    merge.end(input);
                    outcome.problems.push(problem(&inputs[input], &error));
                }
            }
            result = give(&mut merge, sink, outcome).and_then(|()| flushing.flush(sink));
            if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        },
    );
    result
}

/// When what was found is to be seen: at once the first time, then now and then, so that whoever waits for few lines of a large file
/// sees each as it is found.
struct Flushing {
    is_live: bool,
    last: Option<Instant>,
}

const SEEN_WITHIN: Duration = Duration::from_millis(50);

impl Flushing {
    #[expect(clippy::disallowed_methods, reason = "a person waits, whose time nobody can pause")]
    fn flush(&mut self, sink: &mut Sink) -> io::Result<()> {
        let is_due = sink.shown > 0 && self.last.is_none_or(|last| last.elapsed() >= SEEN_WITHIN);
        if !self.is_live && !is_due {
            return Ok(());
        }
        self.last = Some(Instant::now());
        sink.output.flush()
    }
}

enum Piece {
    Plain(Batch),
    Marked(super::context::Marked),
}

pub(super) fn problem(input: &Input, error: &io::Error) -> anyhow::Error {
    anyhow!("cannot read {}: {error}", input.name())
}

pub(super) fn give(merge: &mut Merge, sink: &mut Sink, outcome: &mut Outcome) -> io::Result<()> {
    let mut result = Ok(());
    outcome.tally.twice += merge.give(|bytes| {
        if result.is_ok() {
            result = sink.take(bytes);
        }
    });
    result
}

/// Shows the last lines that match. Returns up to where each file was read.
fn last(
    inputs: &[Input],
    render: &Render,
    lines: usize,
    follow: bool,
    sink: &mut Sink,
    outcome: &mut Outcome,
) -> io::Result<Vec<u64>> {
    let mut merge = Merge::new(inputs);
    let mut ends = vec![0; inputs.len()];
    let mut found = 0;
    for (number, input) in inputs.iter().enumerate() {
        if !input.is_older {
            found = 0;
        } else if found >= lines {
            // The newer parts of the same log have enough.
            merge.end(number);
            continue;
        }
        match last_of(input, number, render, lines, follow) {
            Ok(tail) => {
                // What nobody asked for is not missing.
                let tally = Tally { unmatched: 0, ..tail.tally };
                let lines = tally.unparsable + tally.torn + tally.too_long;
                outcome.tally.add(&Tally { lines, shown: 0, ..tally });
                ends[number] = tail.end;
                found += tail.items();
                for batch in tail.batches {
                    merge.push(number, batch);
                }
            }
            Err(error) => outcome.problems.push(problem(input, &error)),
        }
        merge.end(number);
    }
    give(&mut merge, sink, outcome)?;
    // Of what was shown once, the other one was not looked for.
    outcome.tally.twice = 0;
    Ok(ends)
}

/// The end of one input; of one that cannot be read from there, what is left of it at its end.
fn last_of(input: &Input, number: usize, render: &Render, lines: usize, follow: bool) -> io::Result<Tail> {
    match &input.path {
        Some(path) if tail::is_seekable(path)? => tail::last(path, number, lines, follow, render),
        _ => {
            let mut tail = Tail::default();
            let mut failed = None;
            each_block(
                std::slice::from_ref(input),
                |block| render.block(crate::log::block::Block { input: number, ..block }),
                |done, _| {
                    match done {
                        Done::Block { value: (batch, tally), .. } => {
                            tail.batches.push(batch);
                            tail.tally.add(&tally);
                            while tail.items() - tail.batches[0].items.len() >= lines {
                                tail.batches.remove(0);
                            }
                        }
                        Done::Ended { .. } => {}
                        Done::Failed { error, .. } => failed = Some(error),
                    }
                    ControlFlow::Continue(())
                },
            );
            failed.map_or(Ok(tail), Err)
        }
    }
}

/// Where items go, in their order.
pub(super) struct Sink {
    pub(super) output: Output,
    form: Form,
    /// If only so many are shown, the last ones.
    last: Option<(usize, VecDeque<Vec<u8>>)>,
    pub(super) shown: u64,
}

impl Sink {
    fn new(output: Output, form: Form, lines: Option<usize>) -> Self {
        Self { output, form, last: lines.map(|lines| (lines, VecDeque::new())), shown: 0 }
    }

    pub(super) fn take(&mut self, item: &[u8]) -> io::Result<()> {
        let Some((lines, last)) = &mut self.last else { return self.write(item) };
        last.push_back(item.to_vec());
        if last.len() > *lines {
            last.pop_front();
        }
        Ok(())
    }

    #[inline]
    fn write(&mut self, item: &[u8]) -> io::Result<()> {
        if self.form == Form::JsonArray {
            self.output.write_all(if self.shown == 0 { b"[\n" } else { b",\n" })?;
        }
        self.shown += 1;
        self.output.write_all(item)
    }

    /// Writes what was held back, and says how many that were; whatever comes then is written at once.
    fn flush_last(&mut self) -> io::Result<u64> {
        let before = self.shown;
        for item in self.last.take().into_iter().flat_map(|(_, items)| items) {
            self.write(&item)?;
        }
        Ok(self.shown - before)
    }

    fn end(&mut self, outcome: &Outcome, is_page: bool) -> io::Result<()> {
        if self.form == Form::JsonArray {
            self.output.write_all(if self.shown == 0 { b"[]\n" } else { b"\n]\n" })?;
        }
        if is_page {
            let shown = format!("{} shown", self.shown);
            html::write_foot(&mut self.output, &format!("{shown} · {}", outcome.tally.sentence()))?;
        }
        self.output.flush()
    }
}
