//! Time in steps.

use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use super::error::QueryError;
use super::selection::Selection;
use crate::rollup::Step;

pub(super) const MINUTE: i64 = 60_000_000_000;
pub(super) const HOUR: i64 = 60 * MINUTE;

/// More steps than this no answer has.
pub const MAX_STEPS: usize = 2_000;

/// Time from somewhere to somewhere, in steps that begin at multiples of their length since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Steps {
    pub(super) start: i64,
    pub(super) length: i64,
    pub(super) count: usize,
}

impl Steps {
    /// Those of a selection, which is to say from when to when.
    pub(super) fn new(selection: &Selection, step: Duration) -> Result<Self, QueryError> {
        let (Some(since), Some(until)) = (selection.since, selection.until) else {
            return Err(QueryError::asked("what is told step by step is asked for with its first and its last time"));
        };
        let length = i64::try_from(step.as_nanos()).ok().filter(|length| *length > 0);
        let length =
            length.ok_or_else(|| QueryError::asked("a step is longer than nothing and shorter than 292 years"))?;
        let start = since.div_euclid(length).saturating_mul(length);
        let span = i128::from(until.max(since)) - i128::from(start);
        let count =
            usize::try_from(span.div_euclid(i128::from(length)) + i128::from(span.rem_euclid(i128::from(length)) > 0));
        match count {
            Ok(count) if count <= MAX_STEPS => Ok(Self { start, length, count }),
            _ => Err(QueryError::asked(format!(
                "too many steps: at most {MAX_STEPS}; ask for longer ones, or for less time"
            ))),
        }
    }

    /// Which rows lie in which step, of entries with these times, ascending. Those that lie in none are left out.
    pub(super) fn parts(&self, times: &[i64]) -> Vec<(usize, Range<usize>)> {
        let (mut parts, mut row) = (Vec::new(), 0);
        while let Some(time) = times.get(row) {
            let end = match self.of(*time) {
                Some(step) => {
                    let next = self.start.saturating_add(self.length.saturating_mul(step as i64 + 1));
                    let end = row + times[row..].partition_point(|time| *time < next).max(1);
                    parts.push((step, row..end));
                    end
                }
                None => row + 1,
            };
            row = end;
        }
        parts
    }

    /// Which one a time lies in.
    pub(super) fn of(&self, time: i64) -> Option<usize> {
        let step = usize::try_from(time.checked_sub(self.start)?.div_euclid(self.length)).ok()?;
        (step < self.count).then_some(step)
    }
}

/// Whole hours as such, and the minutes before and behind them: of what is added up by the minute and by the hour, the fewest rows that tell of
/// the minutes that begin in this time.
pub(super) fn in_whole_hours(times: &RangeInclusive<i64>) -> Vec<(Step, RangeInclusive<i64>)> {
    let (first, last) = (*times.start(), *times.end());
    // The beginning of the first hour, and the end of the last one.
    let from = first.saturating_add(HOUR - 1).div_euclid(HOUR).saturating_mul(HOUR);
    let to = (last.div_euclid(MINUTE) + 1).saturating_mul(MINUTE).div_euclid(HOUR).saturating_mul(HOUR);
    if from >= to {
        return vec![(Step::Minute, times.clone())];
    }
    vec![(Step::Minute, first..=from - 1), (Step::Hour, from..=to - 1), (Step::Minute, to..=last)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Signal;

    fn steps(since: i64, until: i64, step: u64) -> Result<Steps, QueryError> {
        let selection = Selection { since: Some(since), until: Some(until), ..Selection::of(Signal::Logs) };
        Steps::new(&selection, Duration::from_nanos(step))
    }

    #[test]
    fn steps_begin_at_their_multiples_and_are_bounded() {
        assert_eq!(steps(13, 31, 10).unwrap(), Steps { start: 10, length: 10, count: 3 });
        assert_eq!(steps(-3, 20, 10).unwrap(), Steps { start: -10, length: 10, count: 3 });
        assert_eq!(steps(5, 5, 10).unwrap().count, 1);
        assert_eq!(steps(5, 3, 10).unwrap().count, 1);
        let three = steps(13, 31, 10).unwrap();
        assert_eq!([9, 10, 29, 39, 40].map(|time| three.of(time)), [None, Some(0), Some(1), Some(2), None]);
        for (since, until, step) in [(0, 2_001, 1), (i64::MIN, i64::MAX, 1), (0, 1, 0)] {
            assert!(steps(since, until, step).unwrap_err().is_of_asker());
        }
        assert!(Steps::new(&Selection::of(Signal::Logs), Duration::from_secs(1)).unwrap_err().is_of_asker());
    }
}
