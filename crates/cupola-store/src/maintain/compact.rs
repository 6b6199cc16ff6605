//! Makes files smaller: small blocks become large ones, and files of days that are over lose the room that nothing is in.

use crate::block::Sealer;
use crate::day::Day;
use crate::file::{DayFile, Durability};
use crate::layout;
use crate::maintain::{Held, MaintainError, Step};
use crate::sealing::{merge_small, sizes};
use crate::writer::now;

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
        let sizes = || sizes(&self.dir).map_err(|error| MaintainError::io(&self.dir, error));
        let (mut compacted, mut sealer, today) = (Compacted::default(), Sealer::new(), Day::of(now()));
        for ((signal, day), bytes) in sizes()? {
            let path = layout::day_file(&self.dir, signal, day);
            let done = DayFile::write(&path, Durability::Process).and_then(|file| {
                let merged = merge_small(&file, signal, &mut sealer)?;
                if day < today {
                    file.shrink()?;
                }
                Ok(merged)
            });
            let (merged, damaged) = done.map_err(|error| MaintainError::file(&path, error))?;
            compacted.files += 1;
            compacted.merged_blocks += merged;
            compacted.damaged_blocks += damaged;
            compacted.bytes_before += bytes;
            step(bytes);
        }
        compacted.bytes_after = sizes()?.iter().map(|(_, bytes)| bytes).sum();
        Ok(compacted)
    }
}
