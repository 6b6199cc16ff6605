//! `cupola index`: the indexes of closed log files, made and held against what the files say.

mod build;
mod write;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::anyhow;
use clap::Args;
use cupola_line::index::Index as BlockIndex;

use crate::Failure;
use crate::log::input::{self, Input};
use crate::log::pool::workers;
use crate::terminal::counted;
use crate::terminal::progress::Progress;

/// Makes the index beside a log file, by which view, trace and errors find lines without reading the whole file.
///
/// Services leave one beside each file that they close. This makes it for files that have none, or one that is not of the file as it is:
/// FILE.idx, about 1 % of what the file says unpacked. What a service is writing to is left out where a folder is named.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Index {
    /// Files and folders; rotated and compressed files too
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Writes nothing: holds each index against what its file says, and fails where one is missing, old or wrong
    #[arg(long, conflicts_with = "force")]
    check: bool,

    /// Makes indexes anew that fit
    #[arg(long)]
    force: bool,

    /// Tells of nothing but failures
    #[arg(short, long)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  cupola index logs/                              what has none
  cupola index big.jsonl && cupola view big.jsonl --request 0193f2a4-0719-79ca-a8d8-0ff831a7272b
  cupola index --check logs/

Exit codes: 0 every file has an index that fits, 1 one has none, 2 an error.";

const FIT: i32 = 0;
const UNFIT: i32 = 1;

/// What has become of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Made(String),
    Fits,
    /// A service writes to it.
    Left,
    Unfit(&'static str),
}

impl Index {
    /// Does what was asked for; returns the exit code.
    pub(crate) fn run(self) -> Result<i32, Failure> {
        let inputs = self.inputs().map_err(Failure::Usage)?;
        let (code, next) = (Mutex::new(FIT), AtomicUsize::new(0));
        let progress = Progress::new(&inputs, self.quiet);
        let work = || {
            while let Some(input) = inputs.get(next.fetch_add(1, Ordering::Relaxed)) {
                let found = self.one(input, &progress);
                progress.clear();
                let said = self.say(input, found);
                let mut code = code.lock().expect("nobody panics while the code is held");
                *code = said.max(*code);
            }
        };
        thread::scope(|scope| {
            for _ in 1..workers().min(inputs.len()) {
                scope.spawn(work);
            }
            work();
        });
        Ok(code.into_inner().expect("nobody panics while the code is held"))
    }

    fn inputs(&self) -> anyhow::Result<Vec<Input>> {
        let inputs = input::expand(&self.files)?;
        if inputs.iter().any(|input| input.path.is_none()) {
            return Err(anyhow!("standard input has no index"));
        }
        Ok(inputs)
    }

    fn one(&self, input: &Input, progress: &Progress) -> io::Result<Outcome> {
        let Some((path, beside)) = input.path.as_ref().zip(input.index()) else { return Ok(Outcome::Left) };
        let mut file = build::open(path)?;
        if !self.files.contains(path) && build::is_written_to(&file) {
            return Ok(Outcome::Left);
        }
        let bytes = std::fs::read(&beside);
        let stored = bytes.as_ref().ok().and_then(|bytes| BlockIndex::read(bytes).ok());
        let fits = match &stored {
            Some(index) => cupola_line::index::Identity::read(&mut file)? == index.identity(),
            None => false,
        };
        if self.check {
            return Ok(match stored {
                None if bytes.is_err() => Outcome::Unfit("it has no index"),
                None => Outcome::Unfit("its index is damaged"),
                Some(_) if !fits => Outcome::Unfit("its index is not of the file as it is"),
                Some(index) if says_the_same(&index, &build::build(file, progress)?) => Outcome::Fits,
                Some(_) => Outcome::Unfit("its index does not say what the file says"),
            });
        }
        if fits && !self.force {
            return Ok(Outcome::Fits);
        }
        let modified = file.metadata()?.modified()?;
        let index = build::build(file, progress)?;
        write::write(&index, &beside, modified)?;
        let lines = index.blocks().iter().map(|block| block.lines).sum();
        Ok(Outcome::Made(format!("{} in {}", counted(lines, "line"), counted(index.blocks().len() as u64, "block"))))
    }

    /// Tells what has become of a file; returns the exit code.
    fn say(&self, input: &Input, found: io::Result<Outcome>) -> i32 {
        let name = input.name();
        match found {
            Ok(Outcome::Unfit(why)) => crate::complain(&anyhow!("{name}: {why}"), UNFIT),
            Err(error) => crate::complain(&anyhow!("{name}: {error}"), crate::USAGE),
            Ok(_) if self.quiet => FIT,
            Ok(Outcome::Made(what)) => tell(&format!("{name}: {what}")),
            Ok(Outcome::Fits) => tell(&format!("{name}: its index fits")),
            Ok(Outcome::Left) => tell(&format!("{name}: left out, it is being written to")),
        }
    }
}

fn tell(text: &str) -> i32 {
    // Where standard output is gone there is nobody to tell.
    let _ = writeln!(io::stdout().lock(), "{text}");
    FIT
}

/// Frames are where the packer has put them; a file that was packed in one piece has none.
fn says_the_same(stored: &BlockIndex<'_>, made: &BlockIndex<'_>) -> bool {
    let is_sealed = stored.blocks().iter().all(|block| block.frame.is_none());
    let made = if is_sealed { made.clone().sealed(made.identity()) } else { made.clone() };
    *stored == made
}
