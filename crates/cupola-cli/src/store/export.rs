//! `cupola store export`: entries of a store in a file.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use cupola_line::{LineBuffer, Scratch};
use cupola_store::maintain::tables;
use cupola_store::{Entry, Selection};
use jiff::tz::TimeZone;

use super::Of;
use crate::options::select::Select;
use crate::options::stored::{Searched, complain_of, open};
use crate::terminal::counted;

/// Packs well enough, and as fast as entries are read.
const LEVEL: i32 = 3;

/// Writes entries to a file, the oldest first, as JSON log lines that cupola ingest takes in again.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Export {
    /// What entries must match, as in cupola search: status=5xx, level=error, "text"
    #[arg(value_name = "EXPRESSION")]
    expressions: Vec<String>,

    #[command(flatten)]
    of: Of,

    /// Where to: FILE.jsonl, FILE.jsonl.zst to have it packed, or FILE.sqlite for tables; it is not to be there yet
    #[arg(long, value_name = "FILE")]
    to: PathBuf,

    /// What is exported
    #[arg(long, value_enum, value_name = "SIGNAL", default_value_t)]
    signal: Searched,

    #[command(flatten)]
    select: Select,
}

const EXAMPLES: &str = "\
Examples:
  cupola store export --store data --to all.jsonl.zst
  cupola store export --store data --to errors.jsonl --level error --hours 24
  cupola store export --store data --to spans.jsonl --signal spans 'duration>1s'
  cupola store export --store data --to all.sqlite && sqlite3 all.sqlite 'SELECT level, count(*) FROM log_entries GROUP BY level'

In an SQLite file the tables are log_entries (what matches), api_metrics (requests by minute and route), app_metrics and system_metrics (points),
and alerts (what happened to them, and who was told).

It only reads, and goes on beside whoever writes. Times are cut to microseconds. Spans and metric points are lines too, and are log entries
if they are taken in again. Times of options are in UTC where they name no zone.

Exit codes: 0 done, 1 nothing matched, 2 an error: then the file is not there.";

impl Export {
    pub(super) fn run(&self) -> anyhow::Result<i32> {
        let name = self.to.to_string_lossy();
        if ![".jsonl", ".jsonl.zst", ".sqlite"].iter().any(|end| name.ends_with(end)) {
            bail!("--to {name}: a file is called something.jsonl, something.jsonl.zst or something.sqlite");
        }
        if self.to.exists() {
            bail!("--to {name}: it is there already; remove it, or choose another name");
        }
        let now = jiff::Timestamp::now().to_zoned(TimeZone::UTC);
        let selection = Selection {
            expression: self.select.expression(&self.expressions, None, &now)?,
            deadline: Duration::MAX,
            budget: u64::MAX,
            ..Selection::of(self.signal.signal())
        };
        // It has its name when it is whole.
        let unfinished = PathBuf::from(format!("{name}.{}.tmp", std::process::id()));
        let done = self.write_as(&name, &selection, &unfinished).and_then(|entries| {
            fs::rename(&unfinished, &self.to)?;
            Ok(entries)
        });
        let entries = done.inspect_err(|_| drop(fs::remove_file(&unfinished))).with_context(|| name.to_string())?;
        self.of.say(&format!("{} written to {name}", counted(entries, "entry")))?;
        Ok(i32::from(entries == 0))
    }

    fn write_as(&self, name: &str, selection: &Selection, path: &Path) -> anyhow::Result<u64> {
        if !name.ends_with(".sqlite") {
            return self.write(selection, path, name.ends_with(".zst"));
        }
        if self.signal != Searched::Logs {
            bail!("--signal: tables are of all signals");
        }
        open(&self.of.store)?;
        let tables = tables(&self.of.store, path, selection)?;
        complain_of(tables.partial);
        Ok(tables.log_entries + tables.api_metrics + tables.points + tables.alerts)
    }

    fn write(&self, selection: &Selection, path: &Path, is_packed: bool) -> anyhow::Result<u64> {
        let reader = open(&self.of.store)?;
        let file = File::options().write(true).create_new(true).open(path)?;
        let mut out = BufWriter::with_capacity(1 << 20, file);
        let mut lines = if is_packed { Lines::Packed(zstd::Encoder::new(out, LEVEL)?) } else { Lines::Plain(out) };
        let (mut line, mut scratch, mut failed) = (LineBuffer::new(), Scratch::new(), None);
        let walked = reader.walk(selection, &mut |entry: &Entry| {
            line.clear();
            // What had to be cut says so itself.
            let _ = entry.line(&mut line, &mut scratch);
            match lines.write_all(&line) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        failed.map_or(Ok(()), Err)?;
        out = lines.finish()?;
        out.flush()?;
        out.get_ref().sync_all()?;
        complain_of(walked.partial);
        Ok(walked.entries)
    }
}

enum Lines {
    Plain(BufWriter<File>),
    Packed(zstd::Encoder<'static, BufWriter<File>>),
}

impl Lines {
    fn write_all(&mut self, line: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.write_all(line),
            Self::Packed(out) => out.write_all(line),
        }
    }

    fn finish(self) -> io::Result<BufWriter<File>> {
        match self {
            Self::Plain(out) => Ok(out),
            Self::Packed(out) => out.finish(),
        }
    }
}
