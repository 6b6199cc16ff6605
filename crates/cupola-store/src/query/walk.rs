//! Goes through all entries, the oldest first, for who takes them elsewhere.

use std::ops::ControlFlow;
use std::path::Path;

use super::entry::Entry;
use super::error::QueryError;
use super::scan::Scan;
use super::selection::{Partial, Scanned, Selection};

/// What became of a walk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Walked {
    /// How many entries were visited.
    pub entries: u64,
    /// Why there may be others.
    pub partial: Option<Partial>,
    /// What was done for it.
    pub scanned: Scanned,
}

/// Visits all entries that are wanted, until `visit` breaks. What is written to a file meanwhile is not visited.
pub(super) fn walk(
    dir: &Path,
    selection: &Selection,
    visit: &mut dyn FnMut(&Entry) -> ControlFlow<()>,
) -> Result<Walked, QueryError> {
    let mut walk = Walk { scan: Scan::new(dir, selection), waiting: Vec::new(), entries: 0, visit };
    for day in walk.scan.days()?.into_iter().rev() {
        if walk.day(day)?.is_break() {
            break;
        }
    }
    let Scan { partial, scanned, .. } = walk.scan;
    Ok(Walked { entries: walk.entries, partial, scanned })
}

struct Walk<'a> {
    scan: Scan<'a>,
    /// Entries that are not older than all that is still to be read, in their order.
    waiting: Vec<Entry>,
    entries: u64,
    visit: &'a mut dyn FnMut(&Entry) -> ControlFlow<()>,
}

impl Walk<'_> {
    fn day(&mut self, day: crate::day::Day) -> Result<ControlFlow<()>, QueryError> {
        let Some(file) = self.scan.open(day)? else { return Ok(ControlFlow::Continue(())) };
        let _one_moment = file.snapshot()?;
        let mut blocks = self.scan.blocks(&file)?;
        blocks.sort_by_key(|block| (block.header.min_time, block.id));
        for block in &blocks {
            if self.tell(block.header.min_time).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            if let Some(why) = self.scan.is_over() {
                self.scan.partial = Some(why);
                return Ok(ControlFlow::Break(()));
            }
            let read = |hit: super::scan::Hit<'_>| hit.opened.entries(&hit.rows.iter().collect::<Vec<_>>());
            match self.scan.visit(&file, block, read) {
                Err(error) if error.is_over() => {
                    self.scan.partial = Some(Partial::Deadline);
                    return Ok(ControlFlow::Break(()));
                }
                // Both parts are in order, which is what this sort is quick for.
                Ok(Some(entries)) => {
                    self.waiting.extend(entries);
                    self.waiting.sort_by_key(Entry::time);
                }
                visited => visited.map(drop)?,
            }
        }
        Ok(self.tell(i64::MAX))
    }

    /// Tells of those before this time: nothing that is older comes any more.
    fn tell(&mut self, before: i64) -> ControlFlow<()> {
        let told = self.waiting.partition_point(|entry| entry.time() < before);
        for entry in self.waiting.drain(..told) {
            self.entries += 1;
            (self.visit)(&entry)?;
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::stored::{SECOND, START, Stored, entry, expression, logs};
    use crate::seeded::Seeded;
    use crate::signal::Signal;
    use crate::value::Value;

    const DAY: i64 = 86_400 * SECOND;

    /// Blocks whose times overlap, over three days; the numbers of all entries in the order of time.
    fn stored() -> (Stored, Vec<i64>) {
        let (stored, mut seeded) = (Stored::new(), Seeded(5));
        let mut all = Vec::new();
        for block in 0..30 {
            let start = START + (block % 3) * DAY + (block / 3) * 40 * SECOND;
            let times = (0..50).map(|_| start + seeded.below(100) as i64 * SECOND);
            let entries: Vec<Entry> = times.map(|time| entry(time, &[("number", Value::Int(time).into())])).collect();
            stored.add(Signal::Logs, &entries);
            all.extend(entries.iter().map(Entry::time));
        }
        all.sort_unstable();
        (stored, all)
    }

    #[test]
    fn each_entry_is_visited_once_in_the_order_of_time() {
        let (stored, all) = stored();
        let check = |selection: &Selection, expected: &[i64]| {
            let mut visited = Vec::new();
            let mut visit = |entry: &Entry| {
                assert_eq!(entry.get("number"), Some(Value::Int(entry.time())));
                visited.push(entry.time());
                ControlFlow::Continue(())
            };
            let walked = walk(stored.path(), selection, &mut visit).unwrap();
            assert_eq!((walked.entries as usize, walked.partial), (expected.len(), None));
            assert_eq!(visited, expected);
        };
        check(&logs(""), &all);
        let late: Vec<i64> = all.iter().copied().filter(|time| *time > START + DAY).collect();
        check(&Selection { since: Some(START + DAY + 1), ..logs("") }, &late);
        let wanted: Vec<i64> = all.iter().copied().filter(|time| *time > all[700]).collect();
        check(&Selection { expression: Some(expression(&format!("number>{}", all[700]))), ..logs("") }, &wanted);
        check(&Selection { expression: Some(expression("number=1")), ..logs("") }, &[]);
    }

    #[test]
    fn it_stops_where_the_visitor_or_the_time_says() {
        let (stored, all) = stored();
        let mut first = None;
        let mut visit = |entry: &Entry| {
            first = Some(entry.time());
            ControlFlow::Break(())
        };
        let walked = walk(stored.path(), &logs(""), &mut visit).unwrap();
        assert_eq!((first, walked.entries, walked.scanned.blocks < 5), (Some(all[0]), 1, true));
        let late = Selection { deadline: std::time::Duration::ZERO, ..logs("") };
        let walked = walk(stored.path(), &late, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!((walked.entries, walked.partial), (0, Some(Partial::Deadline)));
    }
}
