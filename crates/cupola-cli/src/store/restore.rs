//! `cupola store restore`: a store made of a copy.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use cupola_store::maintain;

use super::{Of, size};
use crate::terminal::{counted, progress::Progress, safe};

/// Makes a store of a backup, which is verified before. The store's directory is to be empty, or not there yet.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Restore {
    #[command(flatten)]
    of: Of,

    /// What `cupola store backup` has made
    #[arg(long, value_name = "DIR")]
    from: PathBuf,

    /// Restores what is damaged, too; what of it can be read will be
    #[arg(long)]
    damaged_too: bool,
}

const EXAMPLES: &str = "\
Examples:
  cupola store restore --from /mnt/backups/2026-11-27 --store /var/lib/cupola

Exit codes: 0 done, 1 something is damaged and was restored with --damaged-too, 2 an error: then nothing was restored.";

impl Restore {
    pub(super) fn run(&self) -> anyhow::Result<i32> {
        let progress = Progress::of_bytes(maintain::bytes(&self.from)?, self.of.quiet);
        let restored = maintain::restore(&self.from, &self.of.store, self.damaged_too, &|bytes| progress.add(bytes));
        progress.clear();
        let restored = restored?;
        for problem in &restored.problems {
            crate::complain(&anyhow!("{}", safe(&problem.to_string())), 1);
        }
        let (files, entries) = (counted(restored.files, "file"), counted(restored.entries, "entry"));
        self.of.say(&format!("{files} with {} restored: {entries}", size(restored.bytes)))?;
        Ok(i32::from(!restored.problems.is_empty()))
    }
}
