//! What can be done to take care of a store, and how that is told.

use std::error::Error;

use cupola_store::maintain::{MaintainError, Problem, Prune};
use cupola_store::{FileStats, Upkeep};
use serde_json::{Value, json};

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
        Ok(match self {
            Self::Verify => {
                let found = upkeep.verify()?;
                let problems = found.problems.iter().take(MOST).map(problem).collect::<Vec<_>>();
                json!({
                    "files": found.files, "blocks": found.blocks, "entries": found.entries, "records": found.records,
                    "problems": found.problems.len(), "first_problems": problems,
                })
            }
            Self::Prune { prune, dry_run } => {
                let gone = upkeep.prune(&prune, dry_run)?;
                let bytes: u64 = gone.iter().map(|file| file.bytes).sum();
                let files = gone.iter().take(MOST).map(file).collect::<Vec<_>>();
                json!({ "dry_run": dry_run, "files": gone.len(), "bytes": bytes, "first_files": files })
            }
            Self::Compact => {
                let done = upkeep.compact()?;
                json!({
                    "files": done.files, "merged_blocks": done.merged_blocks, "damaged_blocks": done.damaged_blocks,
                    "bytes_before": done.bytes_before, "bytes_after": done.bytes_after,
                })
            }
            Self::Backup => {
                let (name, made) = upkeep.backup()?;
                json!({ "name": name, "files": made.files, "bytes": made.bytes })
            }
        })
    }
}

/// Without what is only for who asked.
pub(super) fn shortened(done: &Value) -> Value {
    let mut done = done.clone();
    if let Some(fields) = done.as_object_mut() {
        fields.retain(|name, _| !name.starts_with("first_"));
    }
    done
}

fn problem(problem: &Problem) -> Value {
    json!({ "file": problem.file.to_string_lossy(), "block": problem.block, "what": problem.what })
}

fn file(file: &FileStats) -> Value {
    json!({ "signal": file.signal.to_string(), "day": file.day, "bytes": file.bytes })
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
