//! The lines of one request that are held back, and the bound on those of all.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most that is held of one request.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

/// The most that is held of all requests.
pub(crate) const MAX_ALL_BYTES: usize = 16 * 1024 * 1024;

/// A request's first piece of memory; it doubles from there.
const LEAST_BYTES: usize = 2 * 1024;

/// The memory that all requests share.
#[derive(Debug)]
pub(crate) struct Pool {
    used: AtomicUsize,
    limit: usize,
}

impl Pool {
    pub(crate) const fn new(limit: usize) -> Self {
        Self { used: AtomicUsize::new(0), limit }
    }

    /// `false` where so much is not left.
    fn take(&self, bytes: usize) -> bool {
        let more = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= self.limit);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    fn give(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// What hangs on a request's context: its lines, until it ends.
pub(crate) struct Held(Mutex<Option<HeldBack>>);

/// Whole lines, oldest first. Where there is no room, the oldest go: the last ones before a failure tell the most.
pub(crate) struct HeldBack {
    pool: Arc<Pool>,
    lines: VecDeque<u8>,
    /// How much of the pool is taken.
    room: usize,
    missing: u64,
}

impl Held {
    pub(crate) const fn new(pool: Arc<Pool>) -> Self {
        Self(Mutex::new(Some(HeldBack { pool, lines: VecDeque::new(), room: 0, missing: 0 })))
    }

    /// Whether the request has not ended.
    pub(crate) fn is_open(&self) -> bool {
        self.state().is_some()
    }

    /// Keeps a whole line, its newline included.
    pub(crate) fn push(&self, line: &[u8]) {
        if let Some(held) = &mut *self.state() {
            held.push(line);
        }
    }

    /// The request ends: nothing is held any more.
    pub(crate) fn close(&self) -> Option<HeldBack> {
        self.state().take()
    }

    /// A panic while the lock was held leaves whole lines behind, so the poison says nothing.
    fn state(&self) -> MutexGuard<'_, Option<HeldBack>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HeldBack {
    /// How many lines found no room, or had to make some.
    pub(crate) const fn missing(&self) -> u64 {
        self.missing
    }

    /// The lines, oldest first, each with its newline.
    pub(crate) fn lines(&mut self) -> impl Iterator<Item = &[u8]> {
        self.lines.make_contiguous().split_inclusive(|byte| *byte == b'\n')
    }

    fn push(&mut self, line: &[u8]) {
        self.grow(self.lines.len() + line.len());
        if line.len() > self.room {
            self.missing += 1;
            return;
        }
        while self.lines.len() + line.len() > self.room {
            self.remove_oldest();
        }
        self.lines.extend(line);
    }

    /// Takes more memory, if need be and if there is some.
    fn grow(&mut self, wanted: usize) {
        let room = wanted.min(MAX_BYTES).next_power_of_two().max(LEAST_BYTES);
        if room > self.room && self.pool.take(room - self.room) {
            self.room = room;
            self.lines.reserve_exact(room - self.lines.len());
        }
    }

    fn remove_oldest(&mut self) {
        let end = self.lines.iter().position(|byte| *byte == b'\n');
        self.lines.drain(..end.map_or(self.lines.len(), |end| end + 1));
        self.missing += 1;
    }
}

impl Drop for HeldBack {
    fn drop(&mut self) {
        self.pool.give(self.room);
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("open", &self.is_open()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(held: &Held) -> (Vec<String>, u64) {
        let mut back = held.close().unwrap();
        let missing = back.missing();
        (back.lines().map(|line| String::from_utf8_lossy(line).trim_end().to_owned()).collect(), missing)
    }

    #[test]
    fn lines_come_back_in_order_and_none_after_the_end() {
        let pool = Arc::new(Pool::new(MAX_ALL_BYTES));
        let held = Held::new(pool.clone());
        held.push(b"one\n");
        held.push(b"two\n");
        assert_eq!((held.is_open(), pool.used.load(Ordering::Relaxed)), (true, LEAST_BYTES));
        assert_eq!(texts(&held), (vec!["one".to_owned(), "two".to_owned()], 0));
        held.push(b"three\n");
        assert!(!held.is_open() && held.close().is_none());
        assert_eq!(pool.used.load(Ordering::Relaxed), 0, "all is given back");
    }

    #[test]
    fn of_a_flood_the_last_lines_stay() {
        let pool = Arc::new(Pool::new(MAX_ALL_BYTES));
        let held = Held::new(pool.clone());
        for number in 0..10_000 {
            held.push(format!("{number:099}\n").as_bytes());
        }
        assert_eq!(pool.used.load(Ordering::Relaxed), MAX_BYTES);
        let (lines, missing) = texts(&held);
        assert_eq!((lines.len(), missing), (MAX_BYTES / 100, 10_000 - MAX_BYTES as u64 / 100));
        assert_eq!(lines.last().unwrap().trim_start_matches('0'), "9999");
        assert_eq!(lines[0].trim_start_matches('0'), (10_000 - lines.len()).to_string());
    }

    #[test]
    fn a_line_that_is_longer_than_all_room_is_missing_alone() {
        let held = Held::new(Arc::new(Pool::new(MAX_ALL_BYTES)));
        held.push(b"one\n");
        held.push(&[b'x'; MAX_BYTES + 1]);
        held.push(b"two\n");
        assert_eq!(texts(&held), (vec!["one".to_owned(), "two".to_owned()], 1));
    }

    #[test]
    fn where_all_requests_share_too_little_each_keeps_its_last_lines() {
        let pool = Arc::new(Pool::new(3 * LEAST_BYTES));
        let helds: Vec<Held> = (0..5).map(|_| Held::new(pool.clone())).collect();
        for number in 0..100 {
            helds.iter().for_each(|held| held.push(format!("{number:099}\n").as_bytes()));
        }
        assert!(pool.used.load(Ordering::Relaxed) <= 3 * LEAST_BYTES);
        let counts: Vec<(usize, u64)> =
            helds.iter().map(texts).map(|(lines, missing)| (lines.len(), missing)).collect();
        let each = LEAST_BYTES / 100;
        let (some, none) = ((each, 100 - each as u64), (0, 100));
        assert_eq!(counts, [some, some, some, none, none]);
        assert_eq!(pool.used.load(Ordering::Relaxed), 0);
    }
}
