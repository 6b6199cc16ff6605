//! Finds entries, the newest first, page by page.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use rustc_hash::FxHashMap;

use super::cursor::Cursor;
use super::entry::Entry;
use super::error::QueryError;
use super::page::Page;
use super::scan::{Hit, Scan};
use super::selection::{Partial, Scanned, Selection};
use crate::day::Day;
use crate::file::{Block, DayFile};

/// More entries than this no page has.
pub const MAX_PAGE: usize = 10_000;

/// So many entries are read before it is seen how large they are.
const AT_ONCE: usize = 1_000;

/// Where a block has no more than this, they are read while its columns are at hand, as long as they take no more than that together.
const FEW: usize = 16;
const EARLY_BYTES: usize = 4 << 20;

/// A question for entries, the newest first.
#[derive(Clone, Debug)]
pub struct Search {
    /// Which are wanted.
    pub selection: Selection,
    /// How many at most; never more than [`MAX_PAGE`], and less where they are very large.
    pub limit: usize,
    /// Where an earlier page ended.
    pub cursor: Option<Cursor>,
}

/// Entries that were found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The newest first.
    pub entries: Vec<Entry>,
    /// Where the next page begins; `None` where there is no other. From page to page each entry that was there when the search began is
    /// given once, whatever is written meanwhile.
    pub cursor: Option<Cursor>,
    /// Why there may be entries that were not found; those of later pages are no reason.
    pub partial: Option<Partial>,
    /// What was done for it.
    pub scanned: Scanned,
}

/// An entry that is wanted, before it is read: its time, the place of its block among those of the file, and its row.
pub(super) type Candidate = (i64, usize, usize);

/// Entries that were read when they were found, by the place of their block and their row.
#[derive(Debug, Default)]
struct Early(FxHashMap<(usize, usize), Entry>);

/// What was found in a block.
#[derive(Debug, Default)]
struct Collected {
    candidates: Vec<Candidate>,
    /// All of them, where they are few.
    entries: Vec<Entry>,
}

impl Early {
    fn keep(&mut self, collected: &mut Collected) {
        for ((_, place, row), entry) in collected.candidates.iter().zip(collected.entries.drain(..)) {
            self.0.insert((*place, *row), entry);
        }
    }

    /// These rows of a block, if they were read.
    fn take(&mut self, place: usize, rows: &[usize]) -> Option<Vec<Entry>> {
        rows.iter().map(|row| self.0.remove(&(place, *row))).collect()
    }
}

impl Search {
    /// Answers from the files that are in this scan's folder.
    pub(super) fn answer(&self, mut scan: Scan<'_>) -> Result<Found, QueryError> {
        let mut page = Page::new(self.limit.min(MAX_PAGE), self.cursor);
        if let Some(cursor) = &self.cursor {
            scan.end_at(cursor.time);
        }
        let mut stopped = None;
        for day in scan.days()? {
            if page.is_full() || stopped.is_some() {
                break;
            }
            if let Some(file) = scan.open(day)? {
                let _one_moment = file.snapshot()?;
                stopped = of_file(&mut page, &mut scan, (day, &file))?;
            }
        }
        let cursor = match stopped {
            _ if page.is_full() => page.end(),
            // Nothing was done.
            Some(time) if self.cursor.is_some_and(|cursor| cursor.time == time) => self.cursor,
            Some(time) => Some(Cursor::before(time)),
            None => None,
        };
        Ok(Found { entries: page.into_entries(), cursor, partial: scan.partial, scanned: scan.scanned })
    }
}

/// Fills a page from a file. Gives the time up to which nothing has been looked at, if it was over before the end.
fn of_file(page: &mut Page, scan: &mut Scan<'_>, (day, file): (Day, &DayFile)) -> Result<Option<i64>, QueryError> {
    let blocks = scan.blocks(file)?;
    let (mut candidates, mut early, mut stopped) = (Vec::new(), Early::default(), None);
    let (mut team, mut place, early_bytes) = (None, 0, AtomicUsize::new(0));
    while let Some(block) = blocks.get(place) {
        // All that can still come is as old as this, or older.
        let bound = block.header.max_time.min(*scan.times().end());
        // However little may be read, each page comes further than the one before.
        let comes_no_further = bound == *scan.times().end();
        let over = scan.is_over().filter(|why| *why != Partial::Budget || !comes_no_further);
        let is_filled = page.can_be_filled(&mut candidates, bound);
        if is_filled || over.is_some() {
            scan.partial = if is_filled { scan.partial } else { over };
            candidates.retain(|(time, ..)| *time > bound);
            stopped = Some(bound);
            break;
        }
        // What is wanted is mostly near; what is not found soon is looked for by several.
        let some = &blocks[place..blocks.len().min(place + at_once(place))];
        let judged = if some.len() == 1 {
            vec![scan.visit(file, block, |hit| collect(&hit, place, &early_bytes))]
        } else {
            let team = team.get_or_insert_with(|| scan.team(day, file, blocks.len() - place));
            scan.judge_each((file, team), some, |at, hit| collect(hit, place + at, &early_bytes))
        };
        for collected in judged {
            let bound = blocks[place].header.max_time.min(*scan.times().end());
            match collected {
                Err(error) if error.is_over() => {
                    scan.partial = scan.is_over().filter(|why| *why != Partial::Budget).or(Some(Partial::Deadline));
                    candidates.retain(|(time, ..)| *time > bound);
                    stopped = Some(bound);
                    break;
                }
                Ok(Some(mut collected)) => {
                    early.keep(&mut collected);
                    candidates.append(&mut collected.candidates);
                }
                collected => _ = collected?,
            }
            place += 1;
        }
        if stopped.is_some() {
            break;
        }
    }
    read(page, scan, (file, &blocks), candidates, early)?;
    Ok(stopped)
}

/// How many blocks are judged before it is looked whether there is enough, after so many.
fn at_once(before: usize) -> usize {
    match before {
        0..8 => 1,
        8..64 => 8,
        _ => 32,
    }
}

fn collect(hit: &Hit<'_>, place: usize, early_bytes: &AtomicUsize) -> Result<Collected, QueryError> {
    let times = hit.opened.times()?;
    let mut collected = Collected::default();
    if hit.rows.count() <= FEW && early_bytes.load(Relaxed) <= EARLY_BYTES {
        collected.entries = hit.opened.entries(&hit.rows.iter().collect::<Vec<_>>())?;
        early_bytes.fetch_add(collected.entries.iter().map(Entry::bytes).sum(), Relaxed);
    }
    collected.candidates.extend(hit.rows.iter().filter_map(|row| Some((*times.get(row)?, place, row))));
    Ok(collected)
}

/// Reads the entries that have a place on the page, some at a time: it may be full before it has as many as were asked for.
fn read(
    page: &mut Page,
    scan: &mut Scan<'_>,
    from: (&DayFile, &[Block]),
    mut candidates: Vec<Candidate>,
    mut early: Early,
) -> Result<(), QueryError> {
    page.cut(&mut candidates);
    candidates.sort_unstable_by_key(|candidate| Reverse(*candidate));
    let mut rest = &mut candidates[..];
    while !rest.is_empty() && !page.is_full() {
        // Of one time all, since they have no order yet.
        let at_least = rest.len().min(AT_ONCE);
        let last = rest[at_least - 1].0;
        let (some, others) = rest.split_at_mut(rest.partition_point(|(time, ..)| *time >= last));
        page.add(read_some(scan, from, some, &mut early)?);
        rest = others;
    }
    Ok(())
}

/// Reads entries, each block once.
fn read_some(
    scan: &mut Scan<'_>,
    (file, blocks): (&DayFile, &[Block]),
    some: &mut [Candidate],
    early: &mut Early,
) -> Result<Vec<Entry>, QueryError> {
    some.sort_unstable_by_key(|(_, place, row)| (*place, *row));
    let mut entries = Vec::with_capacity(some.len());
    for of_block in some.chunk_by(|one, next| one.1 == next.1) {
        let rows: Vec<_> = of_block.iter().map(|(.., row)| *row).collect();
        let place = of_block[0].1;
        match early.take(place, &rows) {
            Some(known) => entries.extend(known),
            None => entries.extend(scan.entries(file, &blocks[place], &rows)?),
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests;
