//! What a store says of itself.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::sealing::sizes;
use crate::signal::Signal;
use crate::store::Store;
use crate::writer::{FileKey, Refused};

/// Counts since the store was opened, and what lies in its directory now.
///
/// `accepted` is `sealed` and what waits.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Entries that were taken, those of an earlier process' journal too.
    pub accepted: u64,
    /// Entries that are in files.
    pub sealed: u64,
    /// Entries that were refused for their times.
    pub refused: Refused,
    /// Entries that were offered and found no room.
    pub dropped: u64,
    /// Fields that were left out, because there were too many names.
    pub dropped_fields: u64,
    /// How often something was to be kept and found no room.
    pub busy: u64,
    /// Entries that an earlier process had promised to keep, and this one has sealed.
    pub replayed: u64,
    /// Bytes of memory that waiting entries take.
    pub waiting_bytes: u64,
    /// Small blocks that were made into larger ones.
    pub merged_blocks: u64,
    /// Blocks that are damaged, and left alone.
    pub quarantined_blocks: u64,
    /// Files that are damaged, and put aside.
    pub quarantined_files: u64,
    /// Records of the journal that are damaged, and put aside.
    pub quarantined_records: u64,
    /// Files that were deleted because of their age, or of the bytes of all.
    pub expired_files: u64,
    /// Attempts to seal that failed. Nothing is lost by one: it is tried again.
    pub failed_seals: u64,
    /// Why nothing can be sealed at present.
    pub trouble: Option<String>,
    /// Bytes of all files.
    pub bytes: u64,
    /// The files, the oldest day first.
    pub files: Vec<FileStats>,
}

/// A file of a store.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FileStats {
    /// What it holds.
    pub signal: Signal,
    /// Of which day, in UTC: `2026-11-27`.
    pub day: String,
    /// How many bytes it takes on the disk.
    pub bytes: u64,
}

impl From<(FileKey, u64)> for FileStats {
    fn from(((signal, day), bytes): (FileKey, u64)) -> Self {
        Self { signal, day: day.to_string(), bytes }
    }
}

impl Store {
    /// What it says of itself. Files that cannot be listed are not there.
    pub fn stats(&self) -> Stats {
        let counters = &self.shared.counters;
        let of = |counter: &AtomicU64| counter.load(Relaxed);
        let sizes = sizes(&self.dir).unwrap_or_default();
        Stats {
            // Read first: what is sealed meanwhile is not more than what was accepted.
            sealed: of(&counters.sealed),
            accepted: of(&counters.accepted),
            refused: Refused { future: of(&counters.future), too_old: of(&counters.too_old) },
            dropped: of(&counters.dropped),
            dropped_fields: of(&counters.dropped_fields),
            busy: of(&counters.busy),
            replayed: of(&counters.replayed),
            waiting_bytes: self.shared.queue.bytes() as u64,
            merged_blocks: of(&counters.merged_blocks),
            quarantined_blocks: of(&counters.quarantined_blocks),
            quarantined_files: of(&counters.quarantined_files),
            quarantined_records: of(&counters.quarantined_records),
            expired_files: of(&counters.expired_files),
            failed_seals: of(&counters.failed_seals),
            trouble: counters.trouble(),
            bytes: sizes.iter().map(|(_, bytes)| bytes).sum(),
            files: sizes.into_iter().map(FileStats::from).collect(),
        }
    }
}
