//! What was promised and is not sealed yet: records, one behind the other, in segments.
//!
//! A segment begins with `cupolajr`, its version(4), the run that writes it(8) and the number of its first record(8). A record is
//! `length(4) check(8) kind(1) body`; the check is the body's XXH3, seeded with the record's number and kind. Each opening of the store is a run
//! of its own, so that a number is never given twice; the runs' numbers rise. All numbers are little-endian.

mod replay;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use xxhash_rust::xxh3::xxh3_64_with_seed;

pub(crate) use replay::{Damage, Record, Replay, is_ours, read};

use crate::file::Durability;
use crate::sealing::clock;

const MAGIC: &[u8; 8] = b"cupolajr";
/// Version 1.0, the major one in the upper half.
const VERSION: u32 = 1 << 16;
const HEAD: usize = 28;
const RECORD_HEAD: usize = 13;
/// A longer body is not kept.
pub(crate) const MAX_BODY: usize = 256 << 20;
/// A segment that is longer is followed by another.
const SEGMENT: u64 = 64 << 20;
/// One that is older too: what was sent stands in it as it came, and is not to stay much longer than it has to.
const STAYS: Duration = Duration::from_secs(10);

/// The journal of this run.
#[derive(Debug)]
pub(crate) struct Journal {
    dir: PathBuf,
    durability: Durability,
    stays: Duration,
    run: u64,
    /// The number that the next record has; the first has 1.
    next: u64,
    /// The last of `segments`, where one is open.
    open: Option<Open>,
    /// Number of the first record, and where.
    segments: VecDeque<(u64, PathBuf)>,
}

#[derive(Debug)]
struct Open {
    file: File,
    len: u64,
    since: Instant,
}

impl Journal {
    /// A journal in this folder, whose run is a later one than all of which there are segments. Nothing is written yet.
    pub(crate) fn new(dir: &Path, run: u64, durability: Durability) -> Self {
        Self { dir: dir.to_owned(), durability, stays: STAYS, run, next: 1, open: None, segments: VecDeque::new() }
    }

    /// Which run it is.
    pub(crate) fn run(&self) -> u64 {
        self.run
    }

    /// Writes a record, and says its number. On an error nothing of it is left.
    pub(crate) fn append(&mut self, kind: u8, body: &[u8]) -> io::Result<u64> {
        if self.open.as_ref().is_none_or(|open| open.len >= SEGMENT || open.since.elapsed() >= self.stays) {
            self.begin()?;
        }
        let Some(open) = &mut self.open else { return Err(io::ErrorKind::NotFound.into()) };
        let written = open.write(&head(self.next, kind, body), body, self.durability);
        if let Err(error) = written {
            // What was written of it goes away, or nothing comes behind it.
            if open.file.set_len(open.len).is_err() {
                self.open = None;
            }
            return Err(error);
        }
        self.next += 1;
        Ok(self.next - 1)
    }

    fn begin(&mut self) -> io::Result<()> {
        self.open = None;
        let path = self.dir.join(format!("{:020}-{:012}.journal", self.run, self.next));
        let mut file = OpenOptions::new().append(true).create(true).open(&path)?;
        // It may be there, when its beginning could not be written.
        file.set_len(0)?;
        file.write_all(&segment_head(self.run, self.next))?;
        if self.durability == Durability::Power {
            file.sync_all()?;
            File::open(&self.dir)?.sync_all()?;
        }
        if self.segments.back().is_none_or(|(first, _)| *first != self.next) {
            self.segments.push_back((self.next, path));
        }
        self.open = Some(Open { file, len: HEAD as u64, since: clock() });
        Ok(())
    }

    /// Takes those segments out of which each record is sealed, up to this one. They are for the caller to delete.
    #[must_use]
    pub(crate) fn release(&mut self, sealed: u64) -> Vec<PathBuf> {
        let mut released = Vec::new();
        while let Some((_, path)) = self.segments.front() {
            let after = self.segments.get(1).map_or(self.next, |(first, _)| *first);
            let is_last = self.segments.len() == 1;
            if after > sealed.saturating_add(1) || (is_last && !self.is_worn()) {
                break;
            }
            released.push(path.clone());
            self.segments.pop_front();
            if is_last {
                self.open = None;
            }
        }
        released
    }

    /// Whether the open segment has become so long, or so old, that it goes when it can.
    fn is_worn(&self) -> bool {
        self.open.as_ref().is_none_or(|open| open.len >= SEGMENT / 4 || open.since.elapsed() >= self.stays)
    }

    /// Nothing comes at the moment: where each record is sealed up to this one, and there is no other, no segment stays.
    pub(crate) fn rest(&mut self, sealed: u64) {
        if self.next == sealed + 1 {
            self.close(sealed);
        }
    }

    /// Ends it: where each record is sealed up to this one, and there is no other, no segment is left.
    pub(crate) fn close(&mut self, sealed: u64) {
        self.open = None;
        delete(&self.release(sealed));
    }
}

impl Open {
    fn write(&mut self, head: &[u8], body: &[u8], durability: Durability) -> io::Result<()> {
        self.file.write_all(head)?;
        self.file.write_all(body)?;
        if durability == Durability::Power {
            self.file.sync_data()?;
        }
        self.len += (head.len() + body.len()) as u64;
        Ok(())
    }
}

/// Deletes segments; one that stays is read again and found to be sealed.
pub(crate) fn delete(paths: &[PathBuf]) {
    for path in paths {
        if let Err(error) = fs::remove_file(path) {
            tracing::warn!(target: "cupola::store", file = %path.display(), %error, "a sealed segment of the journal was not deleted");
        }
    }
}

fn segment_head(run: u64, first: u64) -> Vec<u8> {
    [&MAGIC[..], &VERSION.to_le_bytes(), &run.to_le_bytes(), &first.to_le_bytes()].concat()
}

fn head(number: u64, kind: u8, body: &[u8]) -> Vec<u8> {
    let len = u32::try_from(body.len()).expect("a body is shorter than MAX_BODY");
    [&len.to_le_bytes()[..], &check(number, kind, body).to_le_bytes(), &[kind]].concat()
}

fn check(number: u64, kind: u8, body: &[u8]) -> u64 {
    xxh3_64_with_seed(body, number << 8 | u64::from(kind))
}
