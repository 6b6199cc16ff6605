//! Makes files smaller: small blocks become large ones, and files of days that are over lose the room that nothing is in.

use std::path::Path;

use crate::block::Sealer;
use crate::day::Day;
use crate::file::{DayFile, Durability};
use crate::layout;
use crate::maintain::{Held, MaintainError, Step, going_on};
use crate::sealing::{merge_small, sizes};
use crate::writer::{FileKey, now};

/// What was made smaller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compacted {
    /// Files that were looked at.
    pub files: u64,
    /// Small blocks that were made into larger ones.
    pub merged_blocks: u64,
    /// Blocks that are damaged, and left alone.
    pub damaged_blocks: u64,
    /// Bytes of all files before.
    pub bytes_before: u64,
    /// Bytes of all files now.
    pub bytes_after: u64,
}

impl Held {
    /// Merges small blocks, and gives the room back that nothing is in; of the files of today it stays, for what is still to come.
    ///
    /// # Errors
    /// A file cannot be read or written, or the disk has no room for it a second time; it is as it was then, and those before it are done.
    pub fn compact(&self, step: Step<'_>) -> Result<Compacted, MaintainError> {
        compact(&self.dir, step, |_| Ok(()))
    }
}

/// Goes through all files. Nobody writes to one while what `take` gave for it is there.
pub(crate) fn compact<T>(
    dir: &Path,
    step: Step<'_>,
    take: impl Fn(FileKey) -> Result<T, MaintainError>,
) -> Result<Compacted, MaintainError> {
    let sizes = || sizes(dir).map_err(|error| MaintainError::io(dir, error));
    let (mut compacted, mut sealer) = (Compacted::default(), Sealer::new());
    for (key, bytes) in sizes()? {
        let _taken = take(key)?;
        going_on(dir)?;
        compacted.file(dir, key, &mut sealer)?;
        compacted.bytes_before += bytes;
        step(bytes);
    }
    compacted.bytes_after = sizes()?.iter().map(|(_, bytes)| bytes).sum();
    Ok(compacted)
}

impl Compacted {
    fn file(&mut self, dir: &Path, (signal, day): FileKey, sealer: &mut Sealer) -> Result<(), MaintainError> {
        let path = layout::day_file(dir, signal, day);
        if !path.exists() {
            // It has expired since; opened, it would be made again.
            return Ok(());
        }
        let done = DayFile::write(&path, Durability::Process).and_then(|file| {
            let merged = merge_small(&file, signal, sealer)?;
            if day < Day::of(now()) {
                file.shrink()?;
            }
            Ok(merged)
        });
        let (merged, damaged) = done.map_err(|error| MaintainError::file(&path, error))?;
        self.files += 1;
        self.merged_blocks += merged;
        self.damaged_blocks += damaged;
        Ok(())
    }
}
