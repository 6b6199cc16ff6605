//! Options that several subcommands have: where the logs are, which lines are wanted, and how they look.

pub(crate) mod select;
pub(crate) mod stored;

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::{Args, ValueEnum};
use cupola_store::language::{Expression, Test, moment};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Zoned};

use crate::log::input::{self, Input};

/// The folder that is read where nobody names one.
pub(crate) const FOLDER: &str = "logs";

/// Which files are read.
#[derive(Debug, Args)]
pub(crate) struct Sources {
    /// Files, folders, `-` for standard input; rotated and compressed ones too. Without any, those in LOG_DIR, else in ./logs
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Where the files are, if none are named
    #[arg(long, value_name = "DIR", env = "LOG_DIR")]
    log_dir: Option<PathBuf>,
}

impl Sources {
    pub(crate) fn inputs(&self) -> anyhow::Result<Vec<Input>> {
        if !self.files.is_empty() {
            return Ok(input::expand(&self.files)?);
        }
        let folder = self.log_dir.clone().unwrap_or_else(|| PathBuf::from(FOLDER));
        if !folder.exists() {
            bail!("there is no {}: name files, or set LOG_DIR", folder.display());
        }
        Ok(input::expand(&[folder])?)
    }
}

/// The log of a service that has every line, and what was closed of it; where there is none, all that is in the folder.
pub(crate) fn service_inputs(folder: &Path) -> anyhow::Result<Vec<Input>> {
    let inputs = input::with_older(folder, "api.log")
        .with_context(|| format!("cannot read {}: name files, or set LOG_DIR", folder.display()))?;
    Ok(if inputs.is_empty() { input::expand(&[folder.to_owned()])? } else { inputs })
}

/// Of which time lines are wanted.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Which lines")]
pub(crate) struct Span {
    /// From this time on: 2026-11-21T03:46:02Z, 2026-11-21, "2026-11-21 03:46", 03:46, "10m ago", yesterday
    #[arg(long, value_name = "TIME")]
    since: Option<String>,

    /// Up to this time; a day, an hour or a minute is meant to its end
    #[arg(long, value_name = "TIME")]
    until: Option<String>,

    /// Of the last so many hours
    #[arg(long, value_name = "N")]
    hours: Option<f64>,
}

impl Span {
    /// Whether it says where to begin.
    pub(crate) const fn has_start(&self) -> bool {
        self.hours.is_some() || self.since.is_some()
    }

    /// What a line's time has to be.
    pub(crate) fn tests(&self, now: &Zoned) -> anyhow::Result<Vec<Expression>> {
        let time = |text: &str| moment(text, now).map_err(|error| anyhow!(error));
        let mut tests = Vec::new();
        if let Some(since) = &self.since {
            tests.push(Test::Since(time(since).context("--since")?.start).into());
        }
        if let Some(until) = &self.until {
            tests.push(Test::Until(time(until).context("--until")?.end).into());
        }
        if let Some(hours) = self.hours {
            let span = SignedDuration::try_from_secs_f64(hours * 3600.0)
                .map_err(|_| anyhow!("--hours {hours}: a number of hours"))?;
            let since = now.checked_sub(span).map_err(|_| anyhow!("--hours {hours}: too long ago"))?;
            tests.push(Test::Since(since.timestamp().as_microsecond()).into());
        }
        Ok(tests)
    }
}

/// When something is done that `auto` does on a terminal only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    #[default]
    Auto,
    Always,
    Never,
}

impl When {
    /// Whether there are colours.
    pub(crate) fn colors(self) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => crate::terminal::wants_color(),
        }
    }
}

/// How times and colours are shown.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "How they look")]
pub(crate) struct Looks {
    /// Colours; `auto` is on a terminal, unless NO_COLOR is set
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub(crate) color: When,

    /// Times in UTC rather than in local time
    #[arg(long)]
    utc: bool,

    /// Times in this zone: Europe/Berlin, local, UTC
    #[arg(long, value_name = "ZONE", conflicts_with = "utc")]
    time_zone: Option<String>,
}

impl Looks {
    pub(crate) fn zone(&self) -> anyhow::Result<TimeZone> {
        match self.time_zone.as_deref() {
            _ if self.utc => Ok(TimeZone::UTC),
            None | Some("local") => Ok(TimeZone::try_system().unwrap_or(TimeZone::UTC)),
            Some(name) if name.eq_ignore_ascii_case("utc") => Ok(TimeZone::UTC),
            Some(name) => Ok(TimeZone::get(name)?),
        }
    }
}
