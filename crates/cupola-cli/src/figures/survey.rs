//! Reading all lines, and counting them.

use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::anyhow;
use cupola_line::{Entry, Quotes, Value};
use cupola_redact::KeyPolicy;

use super::counts::Counts;
use super::facts::Facts;
use super::groups::Groups;
use crate::log::block::{Block, RawLine};
use crate::log::filter::{Filter, count};
use crate::log::filter::{lookup, text_of};
use crate::log::input::Input;
use crate::log::line::{self, Head, Line};
use crate::log::mask::mask;
use crate::log::pool::{Done, each_asked_block};
use crate::log::tally::Tally;
use crate::log::twins::Twins;

/// Between the values of several fields; it is in none of them.
pub(crate) const SEPARATOR: char = '\u{1f}';

/// What lines are grouped by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// Requests by their route.
    Route,
    /// All lines by the values of these fields.
    Fields(Vec<String>),
}

/// What is counted, and how.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) filter: Filter,
    pub(crate) by: By,
    /// So many of the slowest requests are remembered.
    pub(crate) slowest: usize,
    /// What is masked before anything is counted.
    pub(crate) redact: Option<KeyPolicy>,
}

/// What it has come to.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) counts: Counts,
    pub(crate) tally: Tally,
    /// Where some lines may have been counted once for each of two files.
    pub(crate) warning: Option<&'static str>,
    /// Inputs that could not be read.
    pub(crate) problems: Vec<anyhow::Error>,
}

impl Survey {
    pub(crate) fn read(&self, inputs: &[Input]) -> Figures {
        let desk = Desk { survey: self, twins: Twins::of(inputs), idle: Mutex::default(), groups: Mutex::default() };
        let (mut tally, mut problems) = (Tally::default(), Vec::new());
        each_asked_block(
            inputs,
            self.filter.ask().as_ref(),
            |block| desk.block(block),
            |done, _| {
                match done {
                    Done::Block { value, too_long, .. } => {
                        tally.add(&value);
                        tally.add(&Tally { lines: too_long, too_long, ..Tally::default() });
                    }
                    Done::Failed { input, error } => {
                        problems.push(anyhow!("cannot read {}: {error}", inputs[input].name()));
                    }
                    Done::Ended { .. } => {}
                }
                ControlFlow::Continue(())
            },
        );
        let warning = desk.twins.warning();
        Figures { counts: desk.sum(), tally, warning, problems }
    }

    /// Of lines that somebody has chosen already.
    pub(crate) fn count(&self, lines: &[u8]) -> Figures {
        let twins = Twins::of(&[Input::stdin()]);
        let desk = Desk { survey: self, twins, idle: Mutex::default(), groups: Mutex::default() };
        let tally = desk.block(Block { bytes: lines, ..Block::default() });
        Figures { counts: desk.sum(), tally, warning: None, problems: Vec::new() }
    }
}

/// Where threads leave their counts.
#[derive(Debug)]
struct Desk<'a> {
    survey: &'a Survey,
    twins: Twins,
    /// A thread takes these when it begins a block, and puts them back behind it.
    idle: Mutex<Vec<Counts>>,
    /// Groups that were too many for one thread.
    groups: Mutex<Groups>,
}

impl Desk<'_> {
    fn block(&self, block: Block<'_>) -> Tally {
        let idle = lock(&self.idle).pop();
        let mut counts = idle.unwrap_or_else(|| Counts::new(self.survey.slowest));
        let mut tally = Tally::default();
        if self.counts_every_line(block.input) {
            self.every_line(block, &mut counts, &mut tally);
        } else {
            self.selected(block, &mut counts, &mut tally);
        }
        lock(&self.idle).push(counts);
        tally
    }

    fn counts_every_line(&self, input: usize) -> bool {
        let Survey { filter, by, redact, .. } = self.survey;
        *by == By::Route && filter.wants_everything() && redact.is_none() && !self.twins.are_possible(input)
    }

    /// Counts all lines, in one pass over each.
    fn every_line(&self, block: Block<'_>, counts: &mut Counts, tally: &mut Tally) {
        let (mut scratch, mut quotes) = (Vec::new(), Quotes::default());
        for raw in block.lines() {
            tally.lines += 1;
            let head = Head::of(raw.bytes);
            let found = if head.is_some() { Ok(raw.bytes) } else { line::canonical(raw, &mut scratch) };
            match found.and_then(|json| Facts::scan(json, head, &mut quotes).map_err(|_| line::why(raw))) {
                Ok(facts) => {
                    tally.shown += 1;
                    counts.add(&facts);
                }
                Err(why) => count(why, tally),
            }
            self.hand_over(counts);
        }
    }

    /// Counts the lines that are wanted.
    fn selected(&self, block: Block<'_>, counts: &mut Counts, tally: &mut Tally) {
        let (mut scratch, mut key, mut left_out) = (Vec::new(), Vec::new(), Tally::default());
        self.survey.filter.select(block, &mut scratch, tally, |raw, line| {
            let entry = match line {
                Line::Entry(entry) => entry,
                Line::Other(why) => return count(why, &mut left_out),
            };
            if self.twins.is_told(block.input, raw.bytes) {
                left_out.twice += 1;
                return;
            }
            left_out.shown += 1;
            match &self.survey.redact {
                None => self.entry(&entry, counts, &mut key),
                Some(policy) => self.masked(policy, raw, counts, &mut key),
            }
            self.hand_over(counts);
        });
        tally.add(&left_out);
    }

    fn entry(&self, entry: &Entry<'_>, counts: &mut Counts, key: &mut Vec<u8>) {
        let facts = Facts::of(entry);
        match &self.survey.by {
            By::Route => counts.add(&facts),
            By::Fields(names) => counts.add_by(&facts, key_of(entry, names, key)),
        }
    }

    fn masked(&self, policy: &KeyPolicy, raw: RawLine<'_>, counts: &mut Counts, key: &mut Vec<u8>) {
        let (masked, mut scratch) = (mask(policy, true, raw), Vec::new());
        // Masking leaves an entry an entry.
        if let Line::Entry(entry) = line::read(RawLine { bytes: &masked, ..raw }, &mut scratch) {
            self.entry(&entry, counts, key);
        }
    }

    #[inline]
    fn hand_over(&self, counts: &mut Counts) {
        if counts.groups.is_full() {
            lock(&self.groups).take(&mut counts.groups);
        }
    }

    fn sum(self) -> Counts {
        let mut sum = Counts::new(self.survey.slowest);
        sum.groups = self.groups.into_inner().unwrap_or_else(PoisonError::into_inner);
        let idle = self.idle.into_inner().unwrap_or_else(PoisonError::into_inner);
        idle.into_iter().for_each(|counts| sum.merge(counts));
        sum
    }
}

/// Counts are whole between two calls, whatever happened to a thread.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The values of these fields; `None` where the line has none of them.
fn key_of<'k>(entry: &Entry<'_>, names: &[String], key: &'k mut Vec<u8>) -> Option<&'k [u8]> {
    key.clear();
    let mut has_any = false;
    for (number, name) in names.iter().enumerate() {
        if number > 0 {
            key.extend_from_slice(SEPARATOR.encode_utf8(&mut [0; 4]).as_bytes());
        }
        let Some(value) = lookup(entry, name).filter(|value| *value != Value::Null) else { continue };
        has_any = true;
        key.extend_from_slice(text_of(&value).replace(SEPARATOR, " ").as_bytes());
    }
    has_any.then_some(&key[..])
}
