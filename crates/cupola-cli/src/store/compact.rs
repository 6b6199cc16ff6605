//! `cupola store compact`: makes a store's files smaller.

use clap::Args;

use super::{Of, size};
use crate::terminal::counted;

/// Makes large blocks of small ones, and gives back the room in the files of past days that nothing is in.
///
/// It needs as much room on the disk as the largest file takes.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Compact {
    #[command(flatten)]
    of: Of,
}

const EXAMPLES: &str = "\
Examples:
  cupola store compact --store data

A store has one writer at a time: while `cupola serve` or a service has it open, this is refused, and says who has.

Exit codes: 0 done, 2 an error.";

impl Compact {
    pub(super) fn run(&self) -> anyhow::Result<i32> {
        let held = self.of.hold()?;
        let progress = self.of.progress()?;
        let compacted = held.compact(&|bytes| progress.add(bytes));
        progress.clear();
        let compacted = compacted?;
        self.of.say(&format!(
            "{}: {} merged, {} are now {}",
            counted(compacted.files, "file"),
            counted(compacted.merged_blocks, "small block"),
            size(compacted.bytes_before),
            size(compacted.bytes_after),
        ))?;
        if compacted.damaged_blocks > 0 {
            self.of.say(&format!("{} damaged, and left alone", counted(compacted.damaged_blocks, "block")))?;
        }
        Ok(crate::DONE)
    }
}
