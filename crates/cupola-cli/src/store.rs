//! Opening a store, as every subcommand does that writes to one; and `cupola store`, which takes care of one.

mod backup;
mod compact;
mod export;
mod prune;
mod restore;
mod verify;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use cupola_redact::KeyPolicy;
use cupola_store::maintain::{Held, is_store};
use cupola_store::{Batch, DecodeError, Settings, Store, ingest};

use crate::Failure;
use crate::terminal::progress::Progress;

/// Takes care of a store: verifies it, takes entries out, makes it smaller, copies it and makes it again of a copy.
#[derive(Debug, Args)]
pub struct Maintain {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Verify(verify::Verify),
    Export(Box<export::Export>),
    Prune(prune::Prune),
    Compact(compact::Compact),
    Backup(backup::Backup),
    Restore(restore::Restore),
}

/// Which store, and whether its keeper is told how far it has come.
#[derive(Debug, Args)]
struct Of {
    /// The store's directory
    #[arg(long, value_name = "DIR", env = "CUPOLA_STORE")]
    store: PathBuf,

    /// Tells of nothing but failures
    #[arg(short, long)]
    quiet: bool,
}

impl Maintain {
    /// Does what was asked for; returns the exit code.
    pub(crate) fn run(self) -> Result<i32, Failure> {
        match self.what {
            What::Verify(verify) => verify.run(),
            What::Export(export) => export.run(),
            What::Prune(prune) => prune.run(),
            What::Compact(compact) => compact.run(),
            What::Backup(backup) => backup.run(),
            What::Restore(restore) => restore.run(),
        }
        .map_err(Failure::Usage)
    }
}

impl Of {
    /// What shows how much of the store is done.
    fn progress(&self) -> anyhow::Result<Progress> {
        Ok(Progress::of_bytes(cupola_store::maintain::bytes(&self.store)?, self.quiet))
    }

    /// Holds the store, with all sealed that a process which died has left in the journal, and nothing expired.
    fn hold(&self) -> anyhow::Result<Held> {
        if !is_store(&self.store) {
            bail!("no store in {}", self.store.display());
        }
        let forever = Settings::default().retention(Duration::MAX).max_bytes(u64::MAX);
        // What `cupola serve` was sent and has not sealed is masked as it masks it.
        open(&self.store, &forever, Some(&KeyPolicy::default()))?.close()?;
        Ok(Held::open(&self.store)?)
    }

    fn say(&self, sentence: &str) -> anyhow::Result<()> {
        use std::io::Write as _;
        if !self.quiet {
            writeln!(std::io::stdout().lock(), "{sentence}")?;
        }
        Ok(())
    }
}

/// `1,234 bytes`, `12.3 MB`.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} bytes", crate::terminal::grouped(bytes)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// The store in this directory, to be written to. `policy` masks what an earlier `cupola serve` was promised to keep.
pub(crate) fn open(dir: &Path, settings: &Settings, policy: Option<&KeyPolicy>) -> anyhow::Result<Store> {
    let progress = ingest::Progress::open(dir).with_context(|| format!("{} cannot be a store", dir.display()))?;
    Ok(Store::open(dir, settings, &|kind, raw| decode(kind, raw, &progress, policy))?)
}

/// The entries of what an earlier process was promised to keep.
fn decode(
    kind: u8,
    raw: &[u8],
    progress: &ingest::Progress,
    policy: Option<&KeyPolicy>,
) -> Result<Vec<Batch>, DecodeError> {
    match kind {
        ingest::LINES => Ok(vec![ingest::replay(raw, progress)?]),
        other => cupola_dashboard::replay_with(policy, other, raw),
    }
}
