//! `cupola search`: entries of a store.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use cupola_line::{LineBuffer, Look, Scratch, Style};
use cupola_store::{Entry, MAX_PAGE, Partial, Selection};
use jiff::tz::TimeZone;

use crate::Failure;
use crate::clock::Clock;
use crate::log::filter::time_of;
use crate::options::Looks;
use crate::options::select::Select;
use crate::options::stored::{Searched, Source, complain_of};
use crate::remote::Server;

const FOUND: i32 = 0;
const NOTHING: i32 = 1;

/// Searches a store or a server: the newest entries that match, in the order of time.
///
/// On a terminal they are shown as cupola view shows lines; elsewhere they are JSON lines.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Search {
    /// What entries must match: words, "texts", status=5xx, level>=warn, -healthz
    #[arg(value_name = "EXPRESSION")]
    expressions: Vec<String>,

    /// The store's directory; wins over a server
    #[arg(long, value_name = "DIR", env = "CUPOLA_STORE")]
    store: Option<PathBuf>,

    #[command(flatten)]
    server: Server,

    /// What is searched
    #[arg(long, value_enum, value_name = "SIGNAL", default_value_t)]
    signal: Searched,

    #[command(flatten)]
    select: Select,

    /// The newest so many that match
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    lines: usize,

    /// For at most so many seconds; what has been found by then is shown
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    timeout: u64,

    /// JSON lines, on a terminal too
    #[arg(long, conflicts_with = "pretty")]
    json: bool,

    /// As on a terminal, elsewhere too
    #[arg(long)]
    pretty: bool,

    /// Fields too that are seldom worth their room: system, span ids, user agent, ...
    #[arg(short, long)]
    all_fields: bool,

    #[command(flatten)]
    looks: Looks,
}

const EXAMPLES: &str = "\
Examples:
  cupola search --store data refused                           the word, in small letters or capitals
  cupola search --store data '\"connection ref\" -healthz'       the text as it stands, and not the word
  cupola search --store data 'status=5xx route=/vms/*' --hours 24 -n 200
  cupola search --store data level=error --json | jq .message
  CUPOLA_READ_TOKEN=… cupola search --server https://logs.example.com level=error

Expressions are those of cupola view, but that a bare word is found as a whole word in either case.

Exit codes: 0 something was found, 1 nothing was, 2 an error.";

impl Search {
    /// Shows what is found; returns the exit code, as grep's is.
    pub(crate) fn run(self) -> Result<i32, Failure> {
        let zone = self.looks.zone().map_err(Failure::Usage)?;
        let (entries, partial) = self.find(&zone).map_err(Failure::Usage)?;
        complain_of(partial);
        self.print(&entries, zone).map_err(|error| Failure::Work(error.into()))?;
        Ok(if entries.is_empty() { NOTHING } else { FOUND })
    }

    /// The newest first.
    fn find(&self, zone: &TimeZone) -> anyhow::Result<(Vec<Entry>, Option<Partial>)> {
        let now = jiff::Timestamp::now().to_zoned(zone.clone());
        let source = Source::of(self.store.as_deref(), &self.server)?;
        let source =
            source.context("nothing to search: name a store with --store DIR, or a server with --server URL")?;
        let selection = Selection {
            expression: self.select.expression(&self.expressions, None, &now)?,
            deadline: Duration::from_secs(self.timeout),
            ..Selection::of(self.signal.signal())
        };
        let mut search = cupola_store::Search { selection, limit: 0, cursor: None };
        let mut entries = Vec::new();
        loop {
            search.limit = (self.lines - entries.len()).min(MAX_PAGE);
            let found = source.search(&search)?;
            entries.extend(found.entries);
            search.cursor = found.cursor;
            if entries.len() >= self.lines || search.cursor.is_none() || found.partial.is_some() {
                return Ok((entries, found.partial));
            }
        }
    }

    fn print(&self, entries: &[Entry], zone: TimeZone) -> io::Result<()> {
        let is_terminal = io::stdout().is_terminal();
        let is_pretty = self.pretty || (is_terminal && !self.json);
        let now = jiff::Timestamp::now().to_zoned(zone.clone());
        let mut clock = Clock::new(zone, &now);
        let style = Style::new().color(self.looks.color.colors()).all_fields(self.all_fields);
        let mut out = BufWriter::new(io::stdout().lock());
        let (mut line, mut scratch, mut shown) = (LineBuffer::new(), Scratch::new(), Vec::new());
        for entry in entries.iter().rev() {
            line.clear();
            shown.clear();
            // What had to be cut says so itself.
            let _ = entry.line(&mut line, &mut scratch);
            match cupola_line::Entry::read(line.trim_ascii_end()) {
                Ok(read) if is_pretty => {
                    let mut time = Vec::new();
                    time_of(&read).into_iter().for_each(|micros| clock.text(micros, &mut time));
                    Look::new(style).time(&time).entry(&mut shown, &read);
                }
                _ if is_terminal => Look::new(Style::new()).plain(&mut shown, line.trim_ascii_end()),
                _ => shown.extend_from_slice(&line),
            }
            out.write_all(&shown)?;
        }
        out.flush()
    }
}
