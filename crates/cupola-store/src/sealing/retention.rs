//! What goes, and when: whole files, the oldest first.

use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::{fs, io};

use crate::counters::Counters;
use crate::day::Day;
use crate::file::beside;
use crate::layout;
use crate::maintain::{self, MaintainError, Prune};
use crate::sealing::keeper::Keeper;
use crate::signal::Signal;
use crate::store::FileStats;
use crate::writer::{FileKey, now};

/// What stands beside a file while it is open.
const BESIDE: [&str; 3] = ["", "-wal", "-shm"];

/// All files with their bytes, the oldest day first.
pub(crate) fn sizes(dir: &Path) -> io::Result<Vec<(FileKey, u64)>> {
    let mut sizes = Vec::new();
    for signal in Signal::ALL {
        for day in layout::days(dir, signal)? {
            let path = layout::day_file(dir, signal, day);
            let bytes =
                BESIDE.iter().filter_map(|end| fs::metadata(beside(&path, end)).ok()).map(|found| found.len()).sum();
            sizes.push(((signal, day), bytes));
        }
    }
    sizes.sort_by_key(|((signal, day), _)| (*day, *signal));
    Ok(sizes)
}

/// Deletes a file, with what stands beside it.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    let deleted = fs::remove_file(path);
    for end in &BESIDE[1..] {
        let _ = fs::remove_file(beside(path, end));
    }
    deleted
}

impl Keeper {
    /// Deletes these files, and says which they were; those before one that cannot be deleted are gone.
    pub(crate) fn prune(&mut self, prune: &Prune) -> Result<Vec<FileStats>, MaintainError> {
        let chosen = maintain::chosen(&self.dir, prune)?;
        for ((signal, day), _) in &chosen {
            let path = layout::day_file(&self.dir, *signal, *day);
            self.delete((*signal, *day)).map_err(|error| MaintainError::io(&path, error))?;
        }
        self.expire();
        Ok(chosen.into_iter().map(FileStats::from).collect())
    }

    /// Deletes the files of days that ended before anything that is kept, and the oldest of the others while all are too large together.
    pub(crate) fn expire(&mut self) {
        let sizes = match sizes(&self.dir) {
            Ok(sizes) => sizes,
            Err(error) => {
                tracing::warn!(target: "cupola::store", dir = %self.dir.display(), %error, "the store's files cannot be listed");
                return;
            }
        };
        let (first, today) = (*self.shared.kept().start(), Day::of(now()));
        let mut bytes: u64 = sizes.iter().map(|(_, bytes)| bytes).sum();
        for ((signal, day), of_this) in sizes {
            let is_old = *day.times().end() < first;
            if (is_old || (bytes > self.max_bytes && day < today)) && self.delete((signal, day)).is_ok() {
                bytes -= of_this;
            }
        }
        self.shared.full.store(bytes > self.max_bytes, Relaxed);
    }

    /// Deletes a file, unless somebody works on it.
    pub(crate) fn delete(&mut self, key: FileKey) -> io::Result<()> {
        if self.shared.aside.is(key) {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        self.files.remove(&key);
        let path = layout::day_file(&self.dir, key.0, key.1);
        let deleted = remove(&path);
        match deleted {
            Ok(()) => {
                Counters::add(&self.shared.counters.expired_files, 1);
                tracing::info!(target: "cupola::store", file = %path.display(), "a day of the store has expired");
            }
            Err(ref error) => {
                tracing::warn!(target: "cupola::store", file = %path.display(), %error, "an expired file of the store was not deleted")
            }
        }
        deleted
    }
}
