//! What can be done to take care of a store, and how that is told.

use std::error::Error;

use cupola_store::maintain::{self, MaintainError, Problem, Prune};
use cupola_store::{FileStats, Upkeep};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Failure, Outcome};

/// So many problems and files are told of.
const MOST: usize = 1_000;

/// What can be done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work {
    Verify,
    Prune { prune: Prune, dry_run: bool },
    Compact,
    Backup,
}

impl Work {
    /// In a word.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Prune { .. } => "prune",
            Self::Compact => "compact",
            Self::Backup => "backup",
        }
    }

    /// What is noted of it before it is done.
    pub(super) fn about(self) -> Value {
        match self {
            Self::Prune { prune, dry_run } => {
                let before = prune.before.and_then(|time| jiff::Timestamp::from_nanosecond(time.into()).ok());
                json!({ "before": before.map(|time| time.to_string()), "max_bytes": prune.max_bytes, "dry_run": dry_run })
            }
            Self::Verify | Self::Compact | Self::Backup => json!({}),
        }
    }

    pub(super) fn run(self, upkeep: &dyn Upkeep) -> Outcome {
        let done = match self {
            Self::Verify => told(&Verified::from(upkeep.verify()?)),
            Self::Prune { prune, dry_run } => told(&Pruned::of(&upkeep.prune(&prune, dry_run)?, dry_run)),
            Self::Compact => told(&Compacted::from(upkeep.compact()?)),
            Self::Backup => {
                let (name, made) = upkeep.backup()?;
                told(&BackedUp { name, files: made.files, bytes: made.bytes })
            }
        };
        Ok(done)
    }
}

/// What was found.
#[derive(Serialize, ToSchema)]
#[schema(as = StoreVerified)]
pub(crate) struct Verified {
    /// How many files were looked at.
    files: u64,
    /// How many blocks.
    blocks: u64,
    /// How many entries.
    entries: u64,
    /// How many records of the journal.
    records: u64,
    /// How many problems there are.
    problems: usize,
    /// The first thousand of them.
    first_problems: Vec<Trouble>,
}

/// What is wrong in a file.
#[derive(Serialize, ToSchema)]
#[schema(as = StoreProblem)]
struct Trouble {
    /// Which file.
    file: String,
    /// Which block of it.
    block: Option<i64>,
    /// What is wrong.
    what: String,
}

/// What went, or would go.
#[derive(Serialize, ToSchema)]
#[schema(as = StorePruned)]
pub(crate) struct Pruned {
    /// Whether it only would go.
    dry_run: bool,
    /// How many files.
    files: usize,
    /// How many bytes.
    bytes: u64,
    /// The first thousand of them.
    first_files: Vec<File>,
}

/// A file of the store.
#[derive(Serialize, ToSchema)]
#[schema(as = StoreFile)]
struct File {
    /// `logs`, `spans` or `metrics`.
    signal: String,
    /// Which day: 2026-11-21.
    day: String,
    /// How large it is.
    bytes: u64,
}

/// What was made smaller.
#[derive(Serialize, ToSchema)]
#[schema(as = StoreCompacted)]
pub(crate) struct Compacted {
    /// How many files.
    files: u64,
    /// How many small blocks are in larger ones now.
    merged_blocks: u64,
    /// How many blocks could not be read, and are as they were.
    damaged_blocks: u64,
    /// How large the files were.
    bytes_before: u64,
    /// How large they are.
    bytes_after: u64,
}

/// A backup that was made.
#[derive(Serialize, ToSchema)]
#[schema(as = StoreBackup)]
pub(crate) struct BackedUp {
    /// Its name, where the server has them.
    name: String,
    /// How many files.
    files: u64,
    /// How many bytes.
    bytes: u64,
}

impl From<maintain::Verified> for Verified {
    fn from(found: maintain::Verified) -> Self {
        let trouble = |problem: &Problem| Trouble {
            file: problem.file.to_string_lossy().into_owned(),
            block: problem.block,
            what: problem.what.clone(),
        };
        Self {
            files: found.files,
            blocks: found.blocks,
            entries: found.entries,
            records: found.records,
            problems: found.problems.len(),
            first_problems: found.problems.iter().take(MOST).map(trouble).collect(),
        }
    }
}

impl Pruned {
    fn of(gone: &[FileStats], dry_run: bool) -> Self {
        let file =
            |file: &FileStats| File { signal: file.signal.to_string(), day: file.day.clone(), bytes: file.bytes };
        let bytes = gone.iter().map(|file| file.bytes).sum();
        Self { dry_run, files: gone.len(), bytes, first_files: gone.iter().take(MOST).map(file).collect() }
    }
}

impl From<maintain::Compacted> for Compacted {
    fn from(done: maintain::Compacted) -> Self {
        Self {
            files: done.files,
            merged_blocks: done.merged_blocks,
            damaged_blocks: done.damaged_blocks,
            bytes_before: done.bytes_before,
            bytes_after: done.bytes_after,
        }
    }
}

fn told(done: &impl Serialize) -> Value {
    // It has no keys but texts, so that it is always JSON.
    serde_json::to_value(done).unwrap_or_default()
}

/// Without what is only for who asked.
pub(super) fn shortened(done: &Value) -> Value {
    let mut done = done.clone();
    if let Some(fields) = done.as_object_mut() {
        fields.retain(|name, _| !name.starts_with("first_"));
    }
    done
}

impl From<MaintainError> for Failure {
    fn from(error: MaintainError) -> Self {
        let mut why = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            why = format!("{why}: {error}");
            source = error.source();
        }
        Self { why, has_no_place: error.has_no_place() }
    }
}
