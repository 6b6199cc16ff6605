//! `cupola stats`: what a log comes to, in figures.

mod stored;

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;
use cupola_redact::KeyPolicy;
use cupola_store::language::Expression;
use jiff::tz::TimeZone;

use crate::Failure;
use crate::figures::told::Told;
use crate::figures::{By, Report, Survey, show};
use crate::log::filter::Filter;
use crate::log::input::{self, Input};
use crate::options::select::{Select, files_and_expressions};
use crate::options::stored::FromStore;
use crate::options::{FOLDER, Looks, service_inputs};
use crate::terminal;

/// Counts lines: by level, status, error type and time; durations by route; the slowest requests, the busiest clients and users.
///
/// Files may be rotated, compressed, and of other JSON loggers, as in cupola view. Without any, api.log in LOG_DIR is counted, else in
/// ./logs, and what was closed of it. Quantiles are within 0.4 % of the exact ones; those of a store within one per cent.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Stats {
    /// Files, folders, `-` for standard input; and expressions that lines must match, such as status=5xx
    #[arg(value_name = "FILE|EXPRESSION")]
    what: Vec<String>,

    #[command(flatten)]
    from: FromStore,

    #[command(flatten)]
    select: Select,

    #[command(flatten)]
    figures: Choice,

    #[command(flatten)]
    looks: Looks,

    /// Where the files are, if none are named
    #[arg(long, value_name = "DIR", env = "LOG_DIR")]
    log_dir: Option<PathBuf>,
}

/// Which figures are wanted.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Which figures")]
struct Choice {
    /// Groups lines by any field rather than requests by route; by several: method,status
    #[arg(long, value_name = "FIELD", value_delimiter = ',')]
    by: Vec<String>,

    /// So many rows of each table
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    top: usize,

    /// Prints one JSON object
    #[arg(long)]
    json: bool,

    /// Masks passwords, tokens, keys and the like before anything is counted
    #[arg(long)]
    redact: bool,
}

const EXAMPLES: &str = "\
Examples:
  cupola stats                                       api.log in ./logs
  cupola stats api.log --hours 24 route=/vms/*
  cupola stats logs/ --status 5xx --by error_type
  cupola stats api.log --by method,route -n 30
  cupola stats api.log --json | jq '.groups[] | [.values.route, .duration_ms.p99]'
  kubectl logs api | cupola stats -
  cupola stats --store data --hours 24               of a store

Expressions and the names of fields are those of cupola view. A request is a line with a duration, a method and a status. With --by
all lines are grouped that have the field; durations are those of lines that have one.

JSON: lines, entries, not_counted, first, last, by_level, by_status_class, by_status, by_error_type, rate, requests, by, groups, slowest,
clients, users. Where there are more clients, users or groups than are remembered, at_most_too_high says what a count may be too high by. Of a store there are no files, lines, not_counted and slowest, which not_told says, and --by takes one field.

Exit codes: 0 something was counted, 1 nothing matched, 2 an error.";

impl Stats {
    /// Shows the figures; returns the exit code, as grep's is.
    pub(crate) fn run(self) -> Result<i32, Failure> {
        let zone = self.looks.zone().map_err(Failure::Usage)?;
        let now = jiff::Timestamp::now().to_zoned(zone.clone());
        let (paths, expressions) = files_and_expressions(&self.what).map_err(Failure::Usage)?;
        let expression = self.select.expression(&expressions, None, &now).map_err(Failure::Usage)?;
        let by = if self.figures.by.is_empty() { By::Route } else { By::Fields(self.figures.by.clone()) };
        if let Some(dir) = &self.from.store {
            return self.of_store(dir, &paths, expression, &by, zone);
        }
        let inputs = self.inputs(&paths).map_err(Failure::Usage)?;
        let redact = self.figures.redact.then(KeyPolicy::default);
        let survey = Survey { filter: Filter::new(expression), by, slowest: self.figures.top, redact };
        let figures = survey.read(&inputs);
        let report = self.report(&survey.by, inputs.len(), zone);
        show(&figures, &report, self.figures.json).map_err(|error| Failure::Work(error.into()))
    }

    fn of_store(
        &self,
        dir: &Path,
        paths: &[PathBuf],
        expression: Option<Expression>,
        by: &By,
        zone: TimeZone,
    ) -> Result<i32, Failure> {
        let told = self.ask(dir, paths, expression, by).map_err(Failure::Usage)?;
        let report = self.report(by, 0, zone);
        told.show(&report, self.figures.json).map_err(|error| Failure::Work(error.into()))
    }

    fn ask(&self, dir: &Path, paths: &[PathBuf], expression: Option<Expression>, by: &By) -> anyhow::Result<Told> {
        if let Some(path) = paths.first() {
            bail!("{}: either files are counted or a store", path.display());
        }
        if self.figures.redact {
            bail!("--redact: what a store has was masked on its way in");
        }
        stored::told(dir, expression, by, self.figures.top)
    }

    fn report<'a>(&self, by: &'a By, files: usize, zone: TimeZone) -> Report<'a> {
        Report {
            by,
            rows: self.figures.top,
            files,
            color: self.looks.color.colors(),
            columns: terminal::columns(),
            zone,
        }
    }

    fn inputs(&self, paths: &[PathBuf]) -> anyhow::Result<Vec<Input>> {
        if !paths.is_empty() {
            return Ok(input::expand(paths)?);
        }
        let folder = self.log_dir.clone().unwrap_or_else(|| PathBuf::from(FOLDER));
        service_inputs(&folder)
    }
}
