//! `cupola ingest`: log files, taken into a store.

mod piece;
mod source;

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Args;
use cupola_redact::KeyPolicy;
use cupola_store::{Refused, Settings, Store, Writer, ingest};

use crate::Failure;
use crate::log::input::{self, Input};
use crate::log::pool::{Done, each_block};
use crate::terminal::counted;
use crate::terminal::progress::Progress;
use piece::{Bad, Reading, Taken};

/// Takes JSON log files into a store: rotated and compressed ones, and those of other loggers, too.
///
/// A file that was taken in before goes on where that ended, also where it was renamed or compressed since; what was stopped is begun
/// where it stopped. Lines that cannot be read are told by their numbers. What other loggers wrote is masked: passwords, tokens, keys.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Ingest {
    /// Files, folders, `-` for standard input. In a folder with an api.log errors.log and the categories' files are left out: it has their lines
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// The store's directory, which is made if it is not there
    #[arg(long, value_name = "DIR", env = "CUPOLA_STORE")]
    store: PathBuf,

    /// The service that wrote the files, where their lines do not say it
    #[arg(long, value_name = "NAME", env = "OTEL_SERVICE_NAME")]
    service: Option<String>,

    /// Refuses entries that are older than so many days; files of days that ended longer ago are deleted, as in every store
    #[arg(long, value_name = "DAYS", default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=36500))]
    retention: u32,

    /// Masks what our own writer wrote, too
    #[arg(long)]
    redact: bool,

    /// Tells of nothing but failures
    #[arg(short, long)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  cupola ingest logs/ --store /var/lib/cupola --service billing
  cupola ingest api.log.*.gz --store store --retention 400
  kubectl logs api | cupola ingest - --store store --service api
  cupola search --store store level>=warn

A store has one writer at a time: while `cupola serve` has it open, send to that, or stop it.

Exit codes: 0 every line was taken in, 1 some were not, 2 an error.";

/// Of each file so many lines that cannot be read are told one by one.
const TOLD: u64 = 20;

/// Whoever has sealed nothing for so long will not.
const PATIENCE: Duration = Duration::from_secs(60);

/// What has become of all files.
#[derive(Debug, Default)]
struct Account {
    entries: u64,
    bad: u64,
    refused: Refused,
    failed: u64,
}

/// What has become of one file.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    lines: u64,
    bad: u64,
}

impl Ingest {
    /// Does what was asked for; returns the exit code.
    pub(crate) fn run(self) -> Result<i32, Failure> {
        let (inputs, twins) = self.inputs().map_err(Failure::Usage)?;
        let (store, done) = self.open().map_err(Failure::Usage)?;
        let account = self.take(&inputs, &store, &done).map_err(Failure::Usage)?;
        store
            .close()
            .context("what was taken in is kept, and sealed when the store is opened again")
            .map_err(Failure::Usage)?;
        self.say(&account, &inputs, twins).map_err(|error| Failure::Work(error.into()))?;
        Ok(account.code())
    }

    /// What is read, and how many files are left out because another one has the same lines.
    fn inputs(&self) -> anyhow::Result<(Vec<Input>, u64)> {
        let (mut inputs, mut twins) = (Vec::new(), 0);
        for path in &self.files {
            let found = input::expand(std::slice::from_ref(path))?;
            let all = found.len();
            inputs.extend(if path.is_dir() { without_twins(path, found)? } else { found });
            twins += all as u64;
        }
        twins -= inputs.len() as u64;
        Ok((inputs, twins))
    }

    fn open(&self) -> anyhow::Result<(Store, ingest::Progress)> {
        let settings = Settings::default().retention(Duration::from_hours(24 * u64::from(self.retention)));
        let store = crate::store::open(&self.store, &settings, Some(&KeyPolicy::default()))?;
        // What a crash has left was noted while it was opened.
        let done = ingest::Progress::open(&self.store)?;
        Ok((store, done))
    }

    fn take(&self, inputs: &[Input], store: &Store, done: &ingest::Progress) -> anyhow::Result<Account> {
        let sources = inputs.iter().map(source::of).collect::<Vec<_>>();
        let begins = sources.iter().map(|source| source.map_or(0, |source| done.of(source))).collect::<Vec<_>>();
        let policy = KeyPolicy::default();
        let reading = Reading { service: self.service.as_deref(), policy: &policy, masks_all: self.redact };
        let (writer, progress) = (store.writer(), Progress::new(inputs, self.quiet));
        let mut states = vec![State::default(); inputs.len()];
        let (mut account, mut stopped) = (Account::default(), None);
        each_block(
            inputs,
            |block| reading.read(block, sources[block.input].unwrap_or(0), begins[block.input]),
            |found, _| {
                let one = match found {
                    Done::Block { input, value, too_long } => {
                        progress.add(value.bytes);
                        progress.clear();
                        states[input].tell(&inputs[input], &value, too_long, &mut account);
                        keep(&writer, value, &mut account).and_then(|end| match sources[input].zip(end) {
                            Some((source, end)) => done.note(source, end).context("how far it came was not noted"),
                            None => Ok(()),
                        })
                    }
                    Done::Failed { input, error } => {
                        account.failed += 1;
                        crate::complain(&anyhow!("{}: {error}", inputs[input].name()), crate::USAGE);
                        Ok(())
                    }
                    Done::Ended { .. } => Ok(()),
                };
                match one {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(error) => {
                        stopped = Some(error);
                        ControlFlow::Break(())
                    }
                }
            },
        );
        progress.clear();
        stopped.map_or(Ok(account), Err)
    }

    fn say(&self, account: &Account, inputs: &[Input], twins: u64) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        let files = counted(inputs.len() as u64, "file");
        let mut said = format!("{} of {files}", counted(account.entries, "entry"));
        for (count, what) in [
            (account.bad, "cannot be read"),
            (account.refused.too_old, "too old for --retention"),
            (account.refused.future, "more than a day in the future"),
        ] {
            if count > 0 {
                said.push_str(&format!("; {} {what}", counted(count, "line")));
            }
        }
        if twins > 0 {
            said.push_str(&format!(
                "; {} left out: api.log has their lines, unless it was deleted before them",
                counted(twins, "file")
            ));
        }
        writeln!(io::stdout().lock(), "{said}")
    }
}

/// Beside an api.log, which has every line, our own writer leaves errors.log and a folder for each category with the same lines again.
fn without_twins(folder: &Path, mut found: Vec<Input>) -> io::Result<Vec<Input>> {
    if !input::with_older(folder, "api.log")?.is_empty() {
        let errors = input::with_older(folder, "errors.log")?;
        let is_error = |input: &Input| errors.iter().any(|error| error.path == input.path);
        let is_right_here = |input: &Input| input.path.as_ref().and_then(|path| path.parent()) == Some(folder);
        found.retain(|input| !is_error(input) && (is_right_here(input) || input.group != folder));
    }
    Ok(found)
}

/// Keeps what was read, and gives where it ends; waits while there is no room.
fn keep(writer: &Writer, taken: Taken, account: &mut Account) -> anyhow::Result<Option<u64>> {
    let Some((raw, batch)) = taken.piece else { return Ok(None) };
    // Nobody else writes to this store.
    writer.wait_for_room(&batch, PATIENCE);
    let kept = writer.keep(ingest::LINES, &raw, vec![batch])?;
    account.entries += kept.accepted;
    account.refused.future += kept.refused.future;
    account.refused.too_old += kept.refused.too_old;
    Ok(Some(taken.end))
}

impl State {
    /// Tells of the lines of a block that cannot be read.
    fn tell(&mut self, input: &Input, taken: &Taken, too_long: u64, account: &mut Account) {
        let before = self.lines + too_long;
        for Bad { line, why } in &taken.bad {
            self.bad += 1;
            if self.bad <= TOLD {
                crate::complain(&anyhow!("{}:{}: {why}", input.name(), before + line), 1);
            } else if self.bad == TOLD + 1 {
                crate::complain(&anyhow!("{}: there are more such lines", input.name()), 1);
            }
        }
        if too_long > 0 {
            crate::complain(&anyhow!("{}:{before}: a line of more than 8 MiB", input.name()), 1);
        }
        self.lines = before + taken.lines;
        account.bad += taken.bad.len() as u64 + too_long;
    }
}

impl Account {
    const fn code(&self) -> i32 {
        match (self.failed, self.bad + self.refused.too_old + self.refused.future) {
            (0, 0) => crate::DONE,
            (0, _) => 1,
            _ => 2,
        }
    }
}
