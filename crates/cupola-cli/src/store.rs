//! Opening a store, as every subcommand does that writes to one.

use std::path::Path;

use anyhow::Context;
use cupola_redact::KeyPolicy;
use cupola_store::{Batch, DecodeError, Settings, Store, ingest};

/// The store in this directory, to be written to. `policy` masks what an earlier `cupola serve` was promised to keep.
pub(crate) fn open(dir: &Path, settings: &Settings, policy: Option<&KeyPolicy>) -> anyhow::Result<Store> {
    std::fs::create_dir_all(dir).with_context(|| format!("{} cannot be made", dir.display()))?;
    let progress = ingest::Progress::open(dir)?;
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
