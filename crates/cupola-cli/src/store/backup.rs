//! `cupola store backup`: a copy of a store.

use std::path::PathBuf;

use clap::Args;
use cupola_store::maintain;

use super::{Of, size};
use crate::terminal::counted;

/// Copies a store while it may be written. All that was kept before it began is in the copy.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Backup {
    #[command(flatten)]
    of: Of,

    /// Where to: a directory that is empty, or not there yet
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  cupola store backup --store /var/lib/cupola --to /mnt/backups/2026-11-27
  cupola store verify --store /mnt/backups/2026-11-27
  cupola store restore --from /mnt/backups/2026-11-27 --store /var/lib/cupola

Exit codes: 0 done, 2 an error: then nothing is left of the copy.";

impl Backup {
    pub(super) fn run(&self) -> anyhow::Result<i32> {
        let progress = self.of.progress()?;
        let made = maintain::backup(&self.of.store, &self.to, &|bytes| progress.add(bytes));
        progress.clear();
        let made = made?;
        self.of.say(&format!("{} with {} copied", counted(made.files, "file"), size(made.bytes)))?;
        Ok(crate::DONE)
    }
}
