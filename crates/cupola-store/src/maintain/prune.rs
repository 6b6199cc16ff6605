//! Deletes whole files, the oldest first.

use std::path::Path;

use crate::day::Day;
use crate::layout;
use crate::maintain::{Held, MaintainError, is_store};
use crate::sealing::{remove, sizes};
use crate::store::FileStats;
use crate::writer::{FileKey, now};

/// What is to go: whatever one of these says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Prune {
    /// Files of days that ended before this time, in nanoseconds since 1970.
    pub before: Option<i64>,
    /// Those of the oldest days, while all files together have more bytes than this; never those of today.
    pub max_bytes: Option<u64>,
}

/// The files that would be deleted, the oldest first.
///
/// # Errors
/// There is no store, or its folders cannot be listed.
pub fn to_prune(dir: &Path, prune: &Prune) -> Result<Vec<FileStats>, MaintainError> {
    Ok(chosen(dir, prune)?.into_iter().map(FileStats::from).collect())
}

impl Held {
    /// Deletes these files, and says which they were.
    ///
    /// # Errors
    /// One could not be deleted; those before it are.
    pub fn prune(&self, prune: &Prune) -> Result<Vec<FileStats>, MaintainError> {
        let chosen = chosen(&self.dir, prune)?;
        for ((signal, day), _) in &chosen {
            let path = layout::day_file(&self.dir, *signal, *day);
            remove(&path).map_err(|error| MaintainError::io(&path, error))?;
        }
        Ok(chosen.into_iter().map(FileStats::from).collect())
    }
}

pub(crate) fn chosen(dir: &Path, prune: &Prune) -> Result<Vec<(FileKey, u64)>, MaintainError> {
    if !is_store(dir) {
        return Err(MaintainError::no_store(dir));
    }
    let mut sizes = sizes(dir).map_err(|error| MaintainError::io(dir, error))?;
    let (today, mut left) = (Day::of(now()), sizes.iter().map(|(_, bytes)| bytes).sum::<u64>());
    sizes.retain(|((_, day), bytes)| {
        let is_old = prune.before.is_some_and(|before| *day.times().end() < before);
        let is_too_much = prune.max_bytes.is_some_and(|most| left > most) && *day < today;
        if is_old || is_too_much {
            left -= bytes;
        }
        is_old || is_too_much
    });
    Ok(sizes)
}
