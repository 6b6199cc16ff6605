//! `cupola store prune`: deletes the oldest days of a store.

use anyhow::{Context, anyhow};
use clap::Args;
use cupola_store::language::moment;
use cupola_store::maintain;
use jiff::tz::TimeZone;

use super::{Of, size};
use crate::terminal::counted;

/// Deletes the files of whole days: of those before a time, or of the oldest while all are too large. Of today nothing goes for its size.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
#[group(id = "which", required = true, multiple = true, args = ["before", "days", "max_bytes"])]
pub(super) struct Prune {
    #[command(flatten)]
    of: Of,

    /// Days that ended before this time, in UTC: 2026-11-21, "30d ago", yesterday
    #[arg(long, value_name = "TIME")]
    before: Option<String>,

    /// Days that ended more than so many days ago
    #[arg(long, value_name = "N", conflicts_with = "before", value_parser = clap::value_parser!(u32).range(..=36_500))]
    days: Option<u32>,

    /// The oldest days, until all files together have no more bytes than this
    #[arg(long, value_name = "N")]
    max_bytes: Option<u64>,

    /// Says what would be deleted, and deletes nothing
    #[arg(long)]
    dry_run: bool,
}

const EXAMPLES: &str = "\
Examples:
  cupola store prune --store data --days 30 --dry-run
  cupola store prune --store data --before 2026-11-01
  cupola store prune --store data --max-bytes 10000000000

A store has one writer at a time: while `cupola serve` or a service has it open, this is refused, and says who has. With --dry-run it is not.

Exit codes: 0 done, 2 an error.";

impl Prune {
    pub(super) fn run(&self) -> anyhow::Result<i32> {
        let prune = maintain::Prune { before: self.before()?, max_bytes: self.max_bytes };
        let gone =
            if self.dry_run { maintain::to_prune(&self.of.store, &prune)? } else { self.of.hold()?.prune(&prune)? };
        let verb = if self.dry_run { "would be deleted" } else { "deleted" };
        for file in &gone {
            self.of.say(&format!("{} {}  {}", file.signal, file.day, size(file.bytes)))?;
        }
        let bytes = gone.iter().map(|file| file.bytes).sum();
        self.of.say(&format!("{} with {} {verb}", counted(gone.len() as u64, "file"), size(bytes)))?;
        Ok(crate::DONE)
    }

    /// In nanoseconds since 1970.
    fn before(&self) -> anyhow::Result<Option<i64>> {
        let now = jiff::Timestamp::now().to_zoned(TimeZone::UTC);
        let text = match (&self.before, self.days) {
            (Some(text), _) => text.clone(),
            (None, Some(days)) => format!("{days}d ago"),
            (None, None) => return Ok(None),
        };
        let moment = moment(&text, &now).map_err(|error| anyhow!(error)).context("--before")?;
        Ok(Some(moment.start.saturating_mul(1_000)))
    }
}
