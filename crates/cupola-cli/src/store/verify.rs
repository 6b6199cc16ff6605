//! `cupola store verify`: whether all of a store can be read.

use std::io::Write as _;

use clap::Args;
use cupola_store::maintain;

use super::Of;
use crate::terminal::{counted, safe};

/// Reads every block of every file and the journal, and says what cannot be read: which file, which block, what is wrong.
///
/// It only reads, and goes on beside whoever writes.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Verify {
    #[command(flatten)]
    of: Of,
}

const EXAMPLES: &str = "\
Examples:
  cupola store verify --store /var/lib/cupola
  cupola store verify --store /mnt/backups/monday --quiet

Exit codes: 0 all can be read, 1 something cannot, 2 an error.";

impl Verify {
    pub(super) fn run(&self) -> anyhow::Result<i32> {
        let progress = self.of.progress()?;
        let verified = maintain::verify(&self.of.store, &|bytes| progress.add(bytes))?;
        progress.clear();
        let mut out = std::io::stdout().lock();
        for problem in &verified.problems {
            writeln!(out, "{}", safe(&problem.to_string()))?;
        }
        drop(out);
        let wrong = match verified.problems.len() as u64 {
            0 => "all can be read".to_owned(),
            count => counted(count, "problem"),
        };
        self.of.say(&format!(
            "{} in {} of {}, {} of the journal: {wrong}",
            counted(verified.entries, "entry"),
            counted(verified.blocks, "block"),
            counted(verified.files, "file"),
            counted(verified.records, "record"),
        ))?;
        Ok(i32::from(!verified.problems.is_empty()))
    }
}
