//! The list of what a backup is made of; written last, so that a backup that has one is whole.

use std::fmt::Write as _;
use std::path::{Component, Path};
use std::{fs, io};

use crate::maintain::MaintainError;

/// What the list begins with: magic and version.
const HEAD: &str = "cupola-backup 1";
const NAME: &str = "backup";

/// Files, as they are called within the directory, with their bytes.
pub(super) type Files = Vec<(String, u64)>;

pub(super) fn write(dir: &Path, files: &Files) -> io::Result<()> {
    let mut text = format!("{HEAD}\n");
    for (name, bytes) in files {
        let _ = writeln!(text, "{bytes} {name}");
    }
    let path = dir.join(NAME);
    fs::write(&path, text)?;
    fs::File::open(&path)?.sync_all()?;
    fs::File::open(dir)?.sync_all()
}

/// The list of the backup in this directory, of which each file is there and as long as it was.
pub(super) fn read(dir: &Path) -> Result<Files, MaintainError> {
    let path = dir.join(NAME);
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(MaintainError::no_backup(dir)),
        text => text.map_err(|error| MaintainError::io(&path, error))?,
    };
    let mut lines = text.lines();
    match lines.next() {
        Some(HEAD) => {}
        Some(head) if head.starts_with("cupola-backup ") => return Err(MaintainError::newer(dir)),
        _ => return Err(MaintainError::no_backup(dir)),
    }
    let files: Option<Files> = lines.map(entry).collect();
    let files = files.ok_or_else(|| MaintainError::missing(dir, "its file `backup` cannot be read".to_owned()))?;
    for (name, bytes) in &files {
        match fs::metadata(dir.join(name)) {
            Ok(found) if found.len() == *bytes => {}
            Ok(found) => {
                let what = format!("{name} has {} bytes, not {bytes}", found.len());
                return Err(MaintainError::missing(dir, what));
            }
            Err(error) => return Err(MaintainError::missing(dir, format!("{name}: {error}"))),
        }
    }
    Ok(files)
}

/// A name that leads out of the directory is none.
fn entry(line: &str) -> Option<(String, u64)> {
    let (bytes, name) = line.split_once(' ')?;
    let is_within = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    is_within.then_some((name.to_owned(), bytes.parse().ok()?))
}
