//! The way into a store.

mod parts;
mod queue;

use std::error::Error;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fmt, io};

pub use parts::Refused;
pub(crate) use parts::{FileKey, Part, Parts};
pub(crate) use queue::{Item, NoRoom, Queue, Work};

use crate::batch::Batch;
use crate::counters::Counters;
use crate::journal::{Journal, MAX_BODY};
use crate::query::{Cancel, Tails};
use crate::sealing::Aside;

/// Entries of a later time than this ahead are refused: whoever sent them has a wrong clock, and their file would outlive all others.
const AHEAD: Duration = Duration::from_hours(24);

/// Brings entries into a store, from any thread; a clone is another handle on the same.
#[derive(Clone, Debug)]
pub struct Writer {
    pub(crate) shared: Arc<Shared>,
}

/// What those who bring and the one who seals have together.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) queue: Queue,
    pub(crate) journal: Mutex<Journal>,
    pub(crate) counters: Counters,
    pub(crate) retention: Duration,
    /// Those who watch what comes in.
    pub(crate) tails: Tails,
    /// The files of today alone take more than all may.
    pub(crate) full: std::sync::atomic::AtomicBool,
    /// What others work on.
    pub(crate) aside: Aside,
    /// Stops those who work on files when the store is closed.
    pub(crate) ending: Cancel,
}

/// Whoever keeps entries: the store here, or another in its place.
pub trait Write: fmt::Debug + Send + Sync {
    /// Keeps entries, as [`Writer::keep`] says.
    ///
    /// # Errors
    /// Nothing was kept: there is no room, or it could not be written.
    fn keep(&self, kind: u8, raw: &[u8], batches: Vec<Batch>) -> Result<Kept, KeepError>;

    /// Waits, no longer than this, until there is room for a batch, as [`Writer::wait_for_room`] says; one that always has room need not.
    fn wait_for_room(&self, _batch: &Batch, _wait: Duration) {}
}

impl Write for Writer {
    fn keep(&self, kind: u8, raw: &[u8], batches: Vec<Batch>) -> Result<Kept, KeepError> {
        Self::keep(self, kind, raw, batches)
    }

    fn wait_for_room(&self, batch: &Batch, wait: Duration) {
        Self::wait_for_room(self, batch, wait);
    }
}

/// What was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Kept {
    /// So many entries are kept.
    pub accepted: u64,
    /// So many are not, and never will be.
    pub refused: Refused,
}

/// Why nothing was kept.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeepError {
    /// Too much waits to be sealed: try again in a moment.
    Busy,
    /// The files of today alone take more than all may: try again later.
    Full,
    /// No store takes so much at once.
    TooLarge,
    /// The store is closed.
    Closed,
    /// The journal was not written.
    Journal(io::Error),
}

impl Writer {
    /// Brings entries that need not outlive the process. Never waits for the disk; what finds no room is dropped, and counted.
    pub fn offer(&self, batch: Batch) {
        let shared = &*self.shared;
        Counters::add(&shared.counters.dropped_fields, batch.dropped_fields);
        let parts = Parts::of(vec![batch], &shared.kept());
        shared.counters.refuse(parts.refused);
        if parts.rows == 0 {
            return;
        }
        if shared.is_full() || parts.bytes > MAX_BODY || shared.queue.reserve(parts.bytes).is_err() {
            Counters::add(&shared.counters.dropped, parts.rows);
        } else {
            Counters::add(&shared.counters.accepted, parts.rows);
            shared.tails.offer_parts(&parts.parts);
            shared.queue.push(Item::Entries(parts, None));
        }
    }

    /// Waits, no longer than this, until there is room for a batch: for those who read faster than is sealed, and may wait. Others may take
    /// the room first.
    pub fn wait_for_room(&self, batch: &Batch, wait: Duration) {
        self.shared.queue.wait_for_room(batch.bytes(), wait);
    }

    /// Keeps entries: once this has returned, they outlive the process. `raw` is what they were made of and `kind` says how; that is what the
    /// journal has, and what the decoder that opened the store is handed if they have to be made again.
    ///
    /// # Errors
    /// Nothing was kept: there is no room, or the journal was not written.
    pub fn keep(&self, kind: u8, raw: &[u8], batches: Vec<Batch>) -> Result<Kept, KeepError> {
        let shared = &*self.shared;
        let dropped_fields = batches.iter().map(Batch::dropped_fields).sum();
        let parts = Parts::of(batches, &shared.kept());
        let kept = Kept { accepted: parts.rows, refused: parts.refused };
        if parts.rows > 0 {
            shared.enter(kind, raw, parts)?;
        }
        shared.counters.refuse(kept.refused);
        Counters::add(&shared.counters.dropped_fields, dropped_fields);
        Ok(kept)
    }
}

impl Shared {
    /// The times of entries that are kept now, in nanoseconds since 1970.
    pub(crate) fn kept(&self) -> RangeInclusive<i64> {
        let now = now();
        now.saturating_sub(nanoseconds(self.retention))..=now.saturating_add(nanoseconds(AHEAD))
    }

    fn is_full(&self) -> bool {
        self.full.load(std::sync::atomic::Ordering::Relaxed)
    }

    fn enter(&self, kind: u8, raw: &[u8], parts: Parts) -> Result<(), KeepError> {
        if parts.bytes > MAX_BODY || raw.len() > MAX_BODY {
            return Err(KeepError::TooLarge);
        }
        if self.is_full() {
            return Err(KeepError::Full);
        }
        self.queue.reserve(parts.bytes).map_err(|none| self.no_room(none))?;
        let (rows, bytes) = (parts.rows, parts.bytes);
        let shown = if self.tails.is_empty() { Vec::new() } else { parts.parts.clone() };
        // Both under one lock: they are sealed in the order in which the journal has them.
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        match journal.append(kind, raw) {
            Ok(number) => {
                self.queue.push(Item::Entries(parts, Some(number)));
                drop(journal);
                Counters::add(&self.counters.accepted, rows);
                self.tails.offer_parts(&shown);
                Ok(())
            }
            Err(error) => {
                self.queue.release(bytes);
                Err(KeepError::Journal(error))
            }
        }
    }

    fn no_room(&self, none: NoRoom) -> KeepError {
        match none {
            NoRoom::Closed => KeepError::Closed,
            NoRoom::Full => {
                Counters::add(&self.counters.busy, 1);
                KeepError::Busy
            }
        }
    }
}

/// Nanoseconds since 1970.
pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, nanoseconds)
}

fn nanoseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

impl KeepError {
    /// Whether the same may be kept a little later.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Busy | Self::Full | Self::Journal(_))
    }
}

impl fmt::Display for KeepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "too much waits to be stored",
            Self::Full => "the store has as many bytes as it may, and all are of today",
            Self::TooLarge => "it is too large to be stored at once",
            Self::Closed => "the store is closed",
            Self::Journal(_) => "the store's journal was not written",
        })
    }
}

impl Error for KeepError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Journal(error) => Some(error),
            _ => None,
        }
    }
}
