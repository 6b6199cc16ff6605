//! The last lines of a file, read from its end: as quick on a large file as on a small one.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::merge::Batch;
use super::render::Render;
use crate::log::block::{Block, MAX_LINE_BYTES};
use crate::log::tally::Tally;

/// How much is read at first, and at most at once.
const FIRST_BYTES: u64 = 64 << 10;
const LARGEST_BYTES: u64 = 1 << 20;

/// The end of a file.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    /// In the order of the file.
    pub(crate) batches: Vec<Batch>,
    pub(crate) tally: Tally,
    /// Behind the last line that is whole.
    pub(crate) end: u64,
}

impl Tail {
    pub(crate) fn items(&self) -> usize {
        self.batches.iter().map(|batch| batch.items.len()).sum()
    }
}

/// Whether a file can be read from its end: it is one, and is not compressed.
pub(crate) fn is_seekable(path: &Path) -> io::Result<bool> {
    if !path.metadata()?.is_file() {
        return Ok(false);
    }
    let mut head = Vec::new();
    File::open(path)?.take(4).read_to_end(&mut head)?;
    Ok(!crate::log::open::is_packed(&head))
}

/// Reads from the end of a file until `wanted` items are found, and what else stands in the same blocks. Where the file is being
/// followed, a last line without a newline is left to come.
pub(crate) fn last(path: &Path, input: usize, wanted: usize, followed: bool, render: &Render) -> io::Result<Tail> {
    let mut file = File::open(path)?;
    let length = file.seek(SeekFrom::End(0))?;
    let mut tail = Tail { end: length, ..Tail::default() };
    // What is read, and not yet shown: the end of a line whose beginning stands before it.
    let (mut rest, mut at, mut size) = (Vec::new(), length, FIRST_BYTES);
    if followed {
        tail.end = behind_last_newline(&mut file, length)?;
        at = tail.end;
    }
    while at > 0 && tail.items() < wanted {
        let from = at.saturating_sub(size);
        let mut bytes = vec![0; (at - from) as usize];
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(&mut bytes)?;
        bytes.append(&mut rest);
        (at, size) = (from, (size * 2).min(LARGEST_BYTES));
        // A newline at the very end of the block ends its last line.
        let start =
            if from == 0 { 0 } else { memchr::memchr(b'\n', &bytes).map_or(bytes.len(), |newline| newline + 1) };
        if start < bytes.len() {
            let (batch, tally) = render.block(Block { input, bytes: &bytes[start..], ..Block::default() });
            tail.batches.push(batch);
            tail.tally.add(&tally);
        }
        bytes.truncate(start);
        rest = bytes;
        if rest.len() > MAX_LINE_BYTES {
            tail.tally.too_long += 1;
            tail.tally.lines += 1;
            rest.clear();
            at = behind_last_newline(&mut file, at)?;
        }
    }
    tail.batches.reverse();
    Ok(tail)
}

/// Where the last line that is whole ends.
fn behind_last_newline(file: &mut File, length: u64) -> io::Result<u64> {
    let mut at = length;
    let mut bytes = Vec::new();
    while at > 0 {
        let from = at.saturating_sub(FIRST_BYTES);
        bytes.resize((at - from) as usize, 0);
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(&mut bytes)?;
        if let Some(newline) = memchr::memrchr(b'\n', &bytes) {
            return Ok(from + newline as u64 + 1);
        }
        at = from;
    }
    Ok(0)
}
