//! Work on a store's directory as a whole: verified, copied, made smaller, taken elsewhere.
//!
//! What reads needs no lock, and goes on beside whoever writes. What deletes or rewrites holds the store ([`Held`]), so that nobody writes
//! meanwhile.

mod backup;
mod compact;
mod error;
mod manifest;
mod prune;
mod restore;
mod tables;
#[cfg(test)]
mod tests;
mod verify;

use std::fs::File;
use std::path::{Path, PathBuf};

pub use backup::{Backup, backup};
pub use compact::Compacted;
pub(crate) use compact::compact;
pub use error::MaintainError;
pub(crate) use prune::chosen;
pub use prune::{Prune, to_prune};
pub use restore::{Restored, restore};
pub use tables::{Tables, tables};
pub use verify::{Problem, Verified, verify};

use crate::layout;
use crate::query::Cancel;
use crate::sealing::sizes;
use crate::signal::Signal;
use crate::store::{OpenError, lock};

/// Told how many more bytes of files are done.
pub type Step<'a> = &'a dyn Fn(u64);

/// Whether there is a store in this directory, whole or in part.
pub fn is_store(dir: &Path) -> bool {
    let folders = Signal::ALL.map(|signal| dir.join(signal.as_str()));
    folders.iter().any(|folder| folder.is_dir()) || layout::journal(dir).is_dir()
}

/// Bytes of all files of a store.
///
/// # Errors
/// A folder cannot be listed.
pub fn bytes(dir: &Path) -> Result<u64, MaintainError> {
    let sizes = sizes(dir).map_err(|error| MaintainError::io(dir, error))?;
    Ok(sizes.iter().map(|(_, bytes)| bytes).sum())
}

/// Goes on, unless whoever asked for it has stopped it.
fn going_on(dir: &Path) -> Result<(), MaintainError> {
    if Cancel::current().is_cancelled() { Err(MaintainError::stopped(dir)) } else { Ok(()) }
}

/// A store that nobody else writes to while this is there. What waits in its journal is sealed by who opens the store, and should be before.
#[derive(Debug)]
pub struct Held {
    dir: PathBuf,
    _lock: File,
}

impl Held {
    /// Holds the store in this directory.
    ///
    /// # Errors
    /// Another process writes it, which is named; the directory cannot be written.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        Ok(Self { dir: dir.to_owned(), _lock: lock(dir)? })
    }
}
