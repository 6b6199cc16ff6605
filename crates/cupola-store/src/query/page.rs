//! A page of entries: which have a place on it, and in which order.
//!
//! The newest come first, and those of one time in the order of their digests. So each entry has its place whatever block it is in, and
//! a page begins where the one before ended though blocks were merged in between.

use std::cmp::Reverse;

use super::cursor::Cursor;
use super::entry::Entry;
use super::search::Candidate;

/// A page with more than this is full.
const MAX_BYTES: usize = 16 << 20;

/// A page on its way to be filled.
#[derive(Debug)]
pub(super) struct Page {
    limit: usize,
    begin: Option<Cursor>,
    entries: Vec<Entry>,
    bytes: usize,
    /// How many of the last entry have been given, on this page and those before.
    given: u64,
}

impl Page {
    pub(super) fn new(limit: usize, begin: Option<Cursor>) -> Self {
        Self { limit, begin, entries: Vec::new(), bytes: 0, given: 0 }
    }

    pub(super) fn is_full(&self) -> bool {
        self.entries.len() >= self.limit || self.bytes >= MAX_BYTES
    }

    /// Where it ends; where it begins if nothing is on it.
    pub(super) fn end(&self) -> Option<Cursor> {
        match self.entries.last() {
            Some(last) => Some(Cursor { time: last.time(), digest: last.digest(), given: self.given }),
            None => self.begin,
        }
    }

    pub(super) fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    /// Whether what is newer than a time will fill it. Candidates that have no place on it anyway are let go.
    pub(super) fn can_be_filled(&self, candidates: &mut Vec<Candidate>, bound: i64) -> bool {
        if candidates.len() > 2 * self.limit + 10_000 {
            self.cut(candidates);
        }
        let newer = candidates.iter().filter(|(time, ..)| *time > bound && !self.is_at_begin(*time));
        newer.count() >= self.room()
    }

    /// Leaves those that may have a place on it: of one time all or none, since which come first is not known yet.
    pub(super) fn cut(&self, candidates: &mut Vec<Candidate>) {
        let at_begin = candidates.iter().filter(|(time, ..)| self.is_at_begin(*time)).count();
        let most = self.room() + at_begin;
        if most == 0 {
            candidates.clear();
        } else if candidates.len() > most {
            let (_, (last, ..), _) = candidates.select_nth_unstable_by_key(most - 1, |(time, ..)| Reverse(*time));
            let last = *last;
            candidates.retain(|(time, ..)| *time >= last);
        }
    }

    /// Adds those that have a place; all are older than what is on it.
    pub(super) fn add(&mut self, entries: Vec<Entry>) {
        let mut ordered: Vec<_> =
            entries.into_iter().map(|entry| (Reverse(entry.time()), entry.digest(), entry)).collect();
        ordered.sort_by_key(|(time, digest, _)| (*time, *digest));
        let mut before = 0;
        let mut last = None;
        for (Reverse(time), digest, entry) in ordered {
            let mut given = if last == Some((time, digest)) { self.given } else { 0 };
            if let Some(begin) = self.begin.filter(|begin| begin.time == time) {
                if digest < begin.digest {
                    continue;
                }
                if digest == begin.digest {
                    before += 1;
                    if before <= begin.given {
                        continue;
                    }
                    given = given.max(begin.given);
                }
            }
            if self.is_full() {
                return;
            }
            self.given = given + 1;
            last = Some((time, digest));
            self.bytes += entry.bytes();
            self.entries.push(entry);
        }
    }

    fn room(&self) -> usize {
        self.limit.saturating_sub(self.entries.len())
    }

    fn is_at_begin(&self, time: i64) -> bool {
        self.begin.is_some_and(|begin| begin.time == time)
    }
}
