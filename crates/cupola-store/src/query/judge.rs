//! What a question wants, and until when: the same for all who read blocks for it.

use std::ops::RangeInclusive;
use std::time::Instant;

use super::cancel::Cancel;
use super::error::QueryError;
use super::need::{Filters, Need};
use super::opened::{Opened, now};
use super::rows::Rows;
use super::select::select;
use super::selection::{Partial, Scanned, Selection};
use super::wanted::Wanted;
use crate::file::{Block, DayFile};

/// What a question wants.
#[derive(Debug)]
pub(crate) struct Judge {
    wanted: Option<Wanted>,
    pub(super) need: Need,
    pub(super) times: RangeInclusive<i64>,
    deadline: Option<Instant>,
    cancel: Cancel,
}

/// A block in which something is wanted.
#[derive(Debug)]
pub(crate) struct Hit<'a> {
    pub(crate) opened: &'a Opened<'a>,
    pub(crate) block: &'a Block,
    pub(crate) rows: &'a Rows,
}

impl Judge {
    pub(super) fn new(selection: &Selection) -> Self {
        let wanted = selection.expression.as_ref().map(Wanted::new);
        let need = wanted.as_ref().map_or(Need::Nothing, Need::of);
        let (asked, needed) = (selection.times(), need.times());
        Self {
            wanted,
            times: *asked.start().max(needed.start())..=*asked.end().min(needed.end()),
            need,
            deadline: now().checked_add(selection.deadline),
            cancel: Cancel::current(),
        }
    }

    /// Why nothing more is to be read, if that is so.
    pub(super) fn stops(&self) -> Option<Partial> {
        if self.cancel.is_cancelled() {
            Some(Partial::Cancelled)
        } else if self.deadline.is_some_and(|deadline| now() >= deadline) {
            Some(Partial::Deadline)
        } else {
            None
        }
    }

    /// Calls `visit` with the entries of a block that are wanted, if there are any. A block that cannot be read is counted; one that could not
    /// be judged in time is an error.
    pub(super) fn visit<T>(
        &self,
        scanned: &mut Scanned,
        (file, block): (&DayFile, &Block),
        visit: impl FnOnce(Hit<'_>) -> Result<T, QueryError>,
    ) -> Result<Option<T>, QueryError> {
        match self.try_visit(scanned, (file, block), visit) {
            Err(error) if error.is_torn() => {
                scanned.damaged += 1;
                Ok(None)
            }
            done => done,
        }
    }

    fn try_visit<T>(
        &self,
        scanned: &mut Scanned,
        (file, block): (&DayFile, &Block),
        visit: impl FnOnce(Hit<'_>) -> Result<T, QueryError>,
    ) -> Result<Option<T>, QueryError> {
        let words = if self.need.asks_words() { Some(file.words(block.id)?) } else { None };
        let traces = if self.need.asks_traces() { Some(file.traces(block.id)?) } else { None };
        let filters = Filters { words: words.as_ref(), traces: traces.as_ref() };
        if !self.need.may_be_in(&block.header, filters) {
            scanned.passed += 1;
            return Ok(None);
        }
        scanned.blocks += 1;
        scanned.entries += u64::from(block.header.rows);
        let opened = Opened::new(file, block).judged_by(self);
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
}
