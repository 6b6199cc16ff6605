//! Copies a store, while it may be written.

use std::path::Path;
use std::{fs, io};

use crate::file::DayFile;
use crate::journal::Replay;
use crate::layout;
use crate::maintain::manifest::{self, Files};
use crate::maintain::{MaintainError, Step, going_on, is_store};
use crate::metadata::MetadataFile;
use crate::sealing::sizes;
use crate::signal::Signal;
use crate::store::make_folders;

/// A backup that was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backup {
    /// Files that it is made of.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Copies the store, and what people decided about it, to a directory that is empty or not there. Needs no lock. Whatever was kept before it
/// began is in it.
///
/// The journal is copied before the files of days: what is no longer in it when it is copied is in them by then, and what is in both is told
/// apart by the marks of the files when the backup is opened. How far files were taken in is copied before both: of what is taken in
/// meanwhile nothing is missing, though it may be taken in again from a file that has it.
///
/// # Errors
/// There is no store, the target is not empty, or something cannot be read or written; what was copied is deleted then.
pub fn backup(dir: &Path, to: &Path, step: Step<'_>) -> Result<Backup, MaintainError> {
    if !is_store(dir) {
        return Err(MaintainError::no_store(dir));
    }
    if !is_free(to)? {
        return Err(MaintainError::not_empty(to));
    }
    make_folders(to).map_err(|error| MaintainError::io(to, error))?;
    let made = copy(dir, to, step).and_then(|files| {
        manifest::write(to, &files).map_err(|error| MaintainError::io(to, error))?;
        Ok(files)
    });
    let files = made.inspect_err(|_| clear(to))?;
    Ok(Backup { files: files.len() as u64, bytes: files.iter().map(|(_, bytes)| bytes).sum() })
}

fn copy(dir: &Path, to: &Path, step: Step<'_>) -> Result<Files, MaintainError> {
    let mut files = Files::new();
    copy_file(dir, to, "ingested", &mut files)?;
    for path in segments(dir)? {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        copy_file(dir, to, &format!("journal/{name}"), &mut files)?;
    }
    for ((signal, day), bytes) in sizes(dir).map_err(|error| MaintainError::io(dir, error))? {
        copy_day(&layout::day_file(dir, signal, day), &layout::day_file(to, signal, day), to, &mut files)?;
        going_on(dir)?;
        step(bytes);
    }
    copy_metadata(dir, to, &mut files)?;
    for folder in Signal::ALL.map(|signal| to.join(signal.as_str())).into_iter().chain([layout::journal(to)]) {
        sync(&folder)?;
    }
    Ok(files)
}

fn segments(dir: &Path) -> Result<Vec<std::path::PathBuf>, MaintainError> {
    let folder = layout::journal(dir);
    match Replay::find(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        found => Ok(found.map_err(|error| MaintainError::io(&folder, error))?.segments),
    }
}

/// Copies a file byte by byte, if it is there.
pub(super) fn copy_file(dir: &Path, to: &Path, name: &str, files: &mut Files) -> Result<(), MaintainError> {
    let (from, to) = (dir.join(name), to.join(name));
    match fs::copy(&from, &to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !from.exists() => Ok(()),
        copied => {
            let bytes = copied.map_err(|error| MaintainError::io(&from, error))?;
            files.push((name.to_owned(), bytes));
            sync(&to)
        }
    }
}

/// Copies what a file of a day has at one moment.
fn copy_day(from: &Path, to: &Path, root: &Path, files: &mut Files) -> Result<(), MaintainError> {
    match DayFile::read(from).and_then(|file| file.copy_to(to)) {
        // It has expired since.
        Err(_) if !from.exists() => Ok(()),
        copied => {
            copied.map_err(|error| MaintainError::file(from, error))?;
            note(to, root, files)
        }
    }
}

fn copy_metadata(dir: &Path, root: &Path, files: &mut Files) -> Result<(), MaintainError> {
    let (from, to) = (MetadataFile::place(dir), MetadataFile::place(root));
    if from.exists() {
        MetadataFile::copy(&from, &to).map_err(|error| MaintainError::metadata(&from, error))?;
        note(&to, root, files)?;
    }
    Ok(())
}

/// Writes down what was copied, once the disk has it.
fn note(to: &Path, root: &Path, files: &mut Files) -> Result<(), MaintainError> {
    sync(to)?;
    let bytes = fs::metadata(to).map_err(|error| MaintainError::io(to, error))?.len();
    let name = to.strip_prefix(root).unwrap_or(to).to_string_lossy().into_owned();
    files.push((name, bytes));
    Ok(())
}

fn sync(path: &Path) -> Result<(), MaintainError> {
    let synced = fs::File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|error| MaintainError::io(path, error))
}

/// Whether nothing is in a directory, but what file systems put there themselves.
pub(super) fn is_free(dir: &Path) -> Result<bool, MaintainError> {
    match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        entries => {
            let mut entries = entries.map_err(|error| MaintainError::io(dir, error))?;
            Ok(entries.all(|entry| entry.is_ok_and(|entry| entry.file_name() == "lost+found")))
        }
    }
}

/// Deletes what was made in a directory that was free before.
pub(super) fn clear(dir: &Path) {
    for folder in Signal::ALL.map(Signal::as_str).into_iter().chain(["journal"]) {
        let _ = fs::remove_dir_all(dir.join(folder));
    }
    for file in ["ingested", "lock", "metadata.sqlite", "backup"] {
        let _ = fs::remove_file(dir.join(file));
    }
}
