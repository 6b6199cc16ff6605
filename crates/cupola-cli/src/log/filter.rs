//! Which entries are wanted.
//!
//! A filter is an expression, and a plan how to find the lines that may match without reading the others: what level and time a
//! line of our own writer must begin with, and which bytes it must hold. The plan only ever passes over lines that cannot
//! match; what it leaves is read and judged by the expression, so that the answer is the same as without a plan.

pub(crate) mod ask;
mod judge;
mod plan;

pub(crate) use judge::{lookup, text_of, time_of};

use super::block::{Block, RawLine};
use super::line::{self, Line, Why};
use super::tally::Tally;
use ask::Ask;
use cupola_line::scan;
use cupola_store::language::Expression;
use plan::{Glance, Plan};

/// An expression, ready to be used by any thread.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// `None` wants everything.
    expression: Option<Expression>,
    plan: Plan,
    /// Lines that are no entries, and could not be judged, are found too.
    keeps_others: bool,
}

impl Filter {
    pub(crate) fn new(expression: Option<Expression>) -> Self {
        let plan = expression.as_ref().map(Plan::of).unwrap_or_default();
        Self { expression, plan, keeps_others: false }
    }

    /// What it asks of the index of a closed file; `None` where that is of no use.
    pub(crate) fn ask(&self) -> Option<Ask> {
        Ask::of(self.expression.as_ref()?)
    }

    /// Whether lines that are no entries are wanted, whatever the expression says.
    pub(crate) fn keep_others(&mut self, keep: bool) {
        self.keeps_others = keep;
    }

    /// Whether every line is wanted.
    pub(crate) fn wants_everything(&self) -> bool {
        self.expression.is_none()
    }

    /// Calls `found` with the lines that match, in their order, and counts all of them but for what becomes of those.
    ///
    /// A line that is no entry matches where everything is wanted, or where nothing but text is asked for and it has that.
    pub(crate) fn select<'a>(
        &self,
        block: Block<'a>,
        scratch: &mut Vec<u8>,
        tally: &mut Tally,
        mut found: impl FnMut(RawLine<'a>, Line<'_>),
    ) {
        tally.lines += block.passed;
        tally.unmatched += block.passed;
        let mut scout = self.plan.scout(block.bytes);
        for raw in block.lines() {
            tally.lines += 1;
            match scout.glance(raw) {
                Glance::MayMatch => {}
                Glance::Unclear if self.keeps_others => {}
                Glance::Unclear => {
                    self.pass_over(raw, tally);
                    continue;
                }
                Glance::Other => {
                    tally.unmatched += 1;
                    continue;
                }
            }
            match line::read(raw, scratch) {
                Line::Entry(entry)
                    if self.expression.as_ref().is_none_or(|wanted| judge::accepts(wanted, &entry, raw.bytes)) =>
                {
                    found(raw, Line::Entry(entry));
                }
                Line::Entry(_) => tally.unmatched += 1,
                Line::Other(Why::Blank) => tally.blank += 1,
                Line::Other(why) => match self.verdict_on_other(raw.bytes) {
                    Some(true) => found(raw, Line::Other(why)),
                    _ if self.keeps_others => found(raw, Line::Other(why)),
                    Some(false) => tally.unmatched += 1,
                    None => count(why, tally),
                },
            }
        }
    }

    /// Whether a line that is no entry is wanted; `None` if only an entry could tell.
    fn verdict_on_other(&self, line: &[u8]) -> Option<bool> {
        match &self.expression {
            None => Some(true),
            Some(wanted) if judge::is_text_only(wanted) => Some(judge::accepts_text(wanted, line)),
            Some(_) => None,
        }
    }

    /// Counts a line that cannot match.
    fn pass_over(&self, raw: RawLine<'_>, tally: &mut Tally) {
        let is_entry = || scan(raw.bytes).all(|member| member.is_ok());
        match line::why(raw) {
            Why::Blank => tally.blank += 1,
            _ if self.verdict_on_other(raw.bytes).is_some() || is_entry() => tally.unmatched += 1,
            why => count(why, tally),
        }
    }
}

/// Counts a line that is no entry and not shown.
pub(crate) fn count(why: Why, tally: &mut Tally) {
    match why {
        Why::Blank => tally.blank += 1,
        Why::Torn => tally.torn += 1,
        Why::Plain | Why::Broken => tally.unparsable += 1,
    }
}

#[cfg(test)]
mod tests;
