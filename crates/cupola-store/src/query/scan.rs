//! Goes through the blocks that a question is about, the newest first.

use std::ops::{ControlFlow, RangeInclusive};
use std::path::Path;
use std::time::Instant;

use super::entry::Entry;
use super::error::QueryError;
use super::need::{Filters, Need};
use super::opened::{Opened, now};
use super::rows::Rows;
use super::select::select;
use super::selection::{Partial, Scanned, Selection};
use super::wanted::Wanted;
use crate::day::Day;
use crate::file::{Block, DayFile};
use crate::layout;
use crate::signal::Signal;

/// A question on its way through the files.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    dir: &'a Path,
    signal: Signal,
    wanted: Option<Wanted>,
    need: Need,
    times: RangeInclusive<i64>,
    deadline: Option<Instant>,
    budget: u64,
    pub(crate) scanned: Scanned,
    pub(crate) partial: Option<Partial>,
}

/// A block in which something is wanted.
#[derive(Debug)]
pub(crate) struct Hit<'a> {
    pub(crate) opened: &'a Opened<'a>,
    pub(crate) block: &'a Block,
    pub(crate) rows: &'a Rows,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(dir: &'a Path, selection: &Selection) -> Self {
        let wanted = selection.expression.as_ref().map(Wanted::new);
        let need = wanted.as_ref().map_or(Need::Nothing, Need::of);
        let (asked, needed) = (selection.times(), need.times());
        Self {
            dir,
            signal: selection.signal,
            wanted,
            times: *asked.start().max(needed.start())..=*asked.end().min(needed.end()),
            need,
            deadline: now().checked_add(selection.deadline),
            budget: selection.budget,
            scanned: Scanned::default(),
            partial: None,
        }
    }

    /// Only what was said up to this time.
    pub(crate) fn end_at(&mut self, last: i64) {
        self.times = *self.times.start()..=last.min(*self.times.end());
    }

    pub(crate) fn times(&self) -> &RangeInclusive<i64> {
        &self.times
    }

    /// The days of which there are files, the newest first.
    pub(crate) fn days(&self) -> Result<Vec<Day>, QueryError> {
        if self.times.is_empty() {
            return Ok(Vec::new());
        }
        let span = Day::of(*self.times.start())..=Day::of(*self.times.end());
        let mut days = layout::days(self.dir, self.signal)?;
        days.retain(|day| span.contains(day));
        days.reverse();
        Ok(days)
    }

    /// The file of a day; `None` where it has gone since, or cannot be read.
    pub(crate) fn open(&mut self, day: Day) -> Result<Option<DayFile>, QueryError> {
        match DayFile::read(&layout::day_file(self.dir, self.signal, day)) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.cannot_open() => Ok(None),
            Err(error) if error.is_corrupt() => {
                self.is_damaged();
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The blocks of a file that may hold what is wanted, as far as their headers tell; the newest first.
    pub(crate) fn blocks(&mut self, file: &DayFile) -> Result<Vec<Block>, QueryError> {
        let mut blocks = match file.blocks(&self.times) {
            Err(error) if error.is_corrupt() => {
                self.is_damaged();
                return Ok(Vec::new());
            }
            blocks => blocks?,
        };
        let (all, torn) = (blocks.len(), blocks.iter().filter(|block| block.torn).count());
        blocks.retain(|block| !block.torn && self.need.may_be_in(&block.header, Filters::default()));
        self.scanned.passed += (all - torn - blocks.len()) as u64;
        (0..torn).for_each(|_| self.is_damaged());
        Ok(blocks)
    }

    /// Why no more may be read, if that is so.
    pub(crate) fn is_over(&self) -> Option<Partial> {
        if self.deadline.is_some_and(|deadline| now() >= deadline) {
            Some(Partial::Deadline)
        } else if self.scanned.entries >= self.budget {
            Some(Partial::Budget)
        } else {
            None
        }
    }

    /// Calls `visit` with the entries of a block that are wanted, if there are any. A block that cannot be read is counted; one that could not
    /// be judged in time is an error.
    pub(crate) fn visit<T>(
        &mut self,
        file: &DayFile,
        block: &Block,
        visit: impl FnOnce(Hit<'_>) -> Result<T, QueryError>,
    ) -> Result<Option<T>, QueryError> {
        match self.try_visit(file, block, visit) {
            Err(error) if error.is_torn() => {
                self.is_damaged();
                Ok(None)
            }
            done => done,
        }
    }

    /// Some entries of a block, in their order; none if it cannot be read.
    pub(crate) fn entries(&mut self, file: &DayFile, block: &Block, rows: &[usize]) -> Result<Vec<Entry>, QueryError> {
        match Opened::new(file, block).entries(rows) {
            Err(error) if error.is_torn() => {
                self.is_damaged();
                Ok(Vec::new())
            }
            entries => entries,
        }
    }

    fn try_visit<T>(
        &mut self,
        file: &DayFile,
        block: &Block,
        visit: impl FnOnce(Hit<'_>) -> Result<T, QueryError>,
    ) -> Result<Option<T>, QueryError> {
        let words = if self.need.asks_words() { Some(file.words(block.id)?) } else { None };
        let traces = if self.need.asks_traces() { Some(file.traces(block.id)?) } else { None };
        let filters = Filters { words: words.as_ref(), traces: traces.as_ref() };
        if !self.need.may_be_in(&block.header, filters) {
            self.scanned.passed += 1;
            return Ok(None);
        }
        self.scanned.blocks += 1;
        self.scanned.entries += u64::from(block.header.rows);
        let opened = Opened::new(file, block).until(self.deadline);
        let rows = self.rows(&opened, block)?;
        if rows.is_empty() { Ok(None) } else { visit(Hit { opened: &opened, block, rows: &rows }).map(Some) }
    }

    fn rows(&self, opened: &Opened<'_>, block: &Block) -> Result<Rows, QueryError> {
        let mut rows = Rows::all(block.header.rows as usize);
        if !self.times.contains(&block.header.min_time) || !self.times.contains(&block.header.max_time) {
            let times = opened.times()?;
            (0..times.len()).filter(|row| !self.times.contains(&times[*row])).for_each(|row| rows.remove(row));
        }
        match &self.wanted {
            Some(wanted) => select(wanted, opened, &rows),
            None => Ok(rows),
        }
    }

    /// Visits every block in which something is wanted, until it is over or `visit` breaks.
    pub(crate) fn each(
        &mut self,
        mut visit: impl FnMut(Hit<'_>) -> Result<ControlFlow<()>, QueryError>,
    ) -> Result<(), QueryError> {
        for day in self.days()? {
            let Some(file) = self.open(day)? else { continue };
            let _one_moment = file.snapshot()?;
            if self.each_of(&file, &mut visit)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The same for one file. Whether it has come to its end.
    pub(crate) fn each_of(
        &mut self,
        file: &DayFile,
        mut visit: impl FnMut(Hit<'_>) -> Result<ControlFlow<()>, QueryError>,
    ) -> Result<ControlFlow<()>, QueryError> {
        for block in self.blocks(file)? {
            if let Some(why) = self.is_over() {
                self.partial = Some(why);
                return Ok(ControlFlow::Break(()));
            }
            match self.visit(file, &block, &mut visit) {
                Err(error) if error.is_over() => {
                    self.partial = Some(Partial::Deadline);
                    return Ok(ControlFlow::Break(()));
                }
                Ok(Some(ControlFlow::Break(()))) => return Ok(ControlFlow::Break(())),
                visited => visited.map(|_| ())?,
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    pub(crate) fn is_damaged(&mut self) {
        self.scanned.damaged += 1;
        self.partial.get_or_insert(Partial::Damaged);
    }
}
