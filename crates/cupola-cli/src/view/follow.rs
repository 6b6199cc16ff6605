//! What is written to files while one looks, through rotation and truncation.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::merge::Merge;
use super::render::Render;
use super::run::{Outcome, Sink, give};
use crate::log::block::{Block, MAX_LINE_BYTES};
use crate::log::input::Input;
use crate::log::tally::Tally;

/// How long nothing is looked at: people do not see less.
const PAUSE: Duration = Duration::from_millis(100);
const PIECE: usize = 256 << 10;

/// Goes on from where files were read up to; ends where nobody reads any more.
pub(super) fn follow(
    inputs: &[Input],
    ends: &[u64],
    render: &Render,
    sink: &mut Sink,
    outcome: &mut Outcome,
) -> io::Result<()> {
    sink.output.flush()?;
    // What was closed is not written to.
    let open = |input: &Input| input.path.clone().filter(|_| !input.is_older);
    let place = |(input, end): (&Input, &u64)| Some(Followed::new(open(input)?, *end));
    let mut files: Vec<_> = inputs.iter().zip(ends).map(place).collect();
    if files.iter().all(Option::is_none) {
        return Ok(());
    }
    let mut merge = Merge::new(inputs);
    loop {
        let mut is_idle = true;
        for (number, file) in files.iter_mut().enumerate() {
            let Some(file) = file else {
                merge.end(number);
                continue;
            };
            let bytes = file.more();
            is_idle &= bytes.is_empty();
            let (batch, tally) = render.block(Block { input: number, bytes: &bytes, ..Block::default() });
            outcome.tally.add(&Tally { shown: 0, ..tally });
            merge.push(number, batch);
            // Nobody knows how long the others are silent: what is there is shown.
            merge.end(number);
        }
        give(&mut merge, sink, outcome)?;
        outcome.tally.shown = sink.shown;
        sink.output.flush()?;
        if is_idle {
            thread::sleep(PAUSE);
        }
    }
}

/// A path, and the file that is or was there.
struct Followed {
    path: PathBuf,
    file: Option<File>,
    id: Option<Id>,
    at: u64,
    /// The beginning of a line.
    open: Vec<u8>,
}

/// Which file it is, whatever it is called.
type Id = (u64, u64);

#[cfg(unix)]
fn id_of(found: &fs::Metadata) -> Id {
    use std::os::unix::fs::MetadataExt;
    (found.dev(), found.ino())
}

#[cfg(not(unix))]
fn id_of(found: &fs::Metadata) -> Id {
    let created = found.created().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    (0, created.map_or(0, |time| time.as_nanos() as u64))
}

impl Followed {
    fn new(path: PathBuf, at: u64) -> Self {
        let mut followed = Self { path, file: None, id: None, at, open: Vec::new() };
        followed.open_file(at);
        followed
    }

    fn open_file(&mut self, at: u64) {
        self.file = None;
        let Ok(file) = File::open(&self.path) else { return };
        self.id = file.metadata().ok().map(|found| id_of(&found));
        (self.file, self.at) = (Some(file), at);
    }

    /// Whole lines that have come since; of a file that was renamed first what is left of it, then the new one.
    fn more(&mut self) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.open);
        let is_another = fs::metadata(&self.path).ok().map(|found| id_of(&found)) != self.id;
        let had_more = self.read(&mut bytes);
        if is_another && !had_more && self.is_there() {
            // The renamed file's last line is over, with a line end or without.
            if !bytes.is_empty() && bytes.last() != Some(&b'\n') {
                bytes.push(b'\n');
            }
            self.open_file(0);
            self.read(&mut bytes);
        }
        let end = memchr::memrchr(b'\n', &bytes).map_or(0, |newline| newline + 1);
        self.open = bytes.split_off(end);
        if self.open.len() > MAX_LINE_BYTES {
            self.open.clear();
        }
        bytes
    }

    fn is_there(&self) -> bool {
        Path::new(&self.path).exists()
    }

    /// Whether there was anything.
    fn read(&mut self, bytes: &mut Vec<u8>) -> bool {
        let Some(file) = &mut self.file else { return false };
        let length = file.metadata().map_or(0, |found| found.len());
        if length < self.at {
            // Truncated: whatever was begun will not be ended.
            (self.at, _) = (0, bytes.clear());
        }
        let before = bytes.len();
        let found = file.seek(SeekFrom::Start(self.at)).and_then(|_| file.take(PIECE as u64).read_to_end(bytes));
        self.at += (bytes.len() - before) as u64;
        found.is_ok_and(|length| length > 0)
    }
}
