//! Makes a store of a backup.

use std::path::Path;

use crate::maintain::backup::{clear, copy_file, is_free};
use crate::maintain::manifest::{self, Files};
use crate::maintain::{MaintainError, Problem, Step, Verified, verify};
use crate::store::{lock, make_folders};

/// A store that was made of a backup.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Restored {
    /// Files that were copied.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Entries that can be read of them, without those that wait in the journal.
    pub entries: u64,
    /// What is damaged, where it was restored all the same.
    pub problems: Vec<Problem>,
}

/// Copies a backup to a directory that is empty or not there, and holds it locked meanwhile. The backup is verified before anything is copied,
/// and the copy before it may be used. `damaged_too` takes one that is damaged: what of it can be read will be.
///
/// # Errors
/// There is no backup, or it is not whole or damaged; the target is not empty; something cannot be read or written. What was copied is
/// deleted then.
pub fn restore(from: &Path, to: &Path, damaged_too: bool, step: Step<'_>) -> Result<Restored, MaintainError> {
    let files = manifest::read(from)?;
    if !is_free(to)? {
        return Err(MaintainError::not_empty(to));
    }
    of(from, damaged_too, &|_| {})?;
    make_folders(to).map_err(|error| MaintainError::io(to, error))?;
    let _lock = lock(to).map_err(|error| MaintainError::locked(to, error))?;
    let copied = copy(from, to, &files, step).and_then(|()| of(to, damaged_too, &|_| {}));
    let copied = copied.inspect_err(|_| clear(to))?;
    let bytes = files.iter().map(|(_, bytes)| bytes).sum();
    Ok(Restored { files: files.len() as u64, bytes, entries: copied.entries, problems: copied.problems })
}

fn of(dir: &Path, damaged_too: bool, step: Step<'_>) -> Result<Verified, MaintainError> {
    let verified = verify(dir, step)?;
    if verified.problems.is_empty() || damaged_too {
        Ok(verified)
    } else {
        Err(MaintainError::damaged(dir, verified.problems))
    }
}

fn copy(from: &Path, to: &Path, files: &Files, step: Step<'_>) -> Result<(), MaintainError> {
    let mut copied = Files::new();
    for (name, bytes) in files {
        copy_file(from, to, name, &mut copied)?;
        step(*bytes);
    }
    if copied == *files {
        Ok(())
    } else {
        Err(MaintainError::missing(from, "it was changed while it was copied".to_owned()))
    }
}
