//! Opening a store, as every subcommand does that writes to one.

use std::path::Path;

use anyhow::Context;
use cupola_store::{Batch, DecodeError, Settings, Store, ingest};

/// The store in this directory, to be written to.
pub(crate) fn open(dir: &Path, settings: &Settings) -> anyhow::Result<Store> {
    std::fs::create_dir_all(dir).with_context(|| format!("{} cannot be made", dir.display()))?;
    let progress = ingest::Progress::open(dir)?;
    Ok(Store::open(dir, settings, &|kind, raw| decode(kind, raw, &progress))?)
}

/// The entries of what an earlier process was promised to keep.
fn decode(kind: u8, raw: &[u8], progress: &ingest::Progress) -> Result<Vec<Batch>, DecodeError> {
    match kind {
        ingest::LINES => Ok(vec![ingest::replay(raw, progress)?]),
        other => cupola_dashboard::replay(other, raw),
    }
}
