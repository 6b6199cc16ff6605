//! The index of a file, made by reading it.

use std::fs::{File, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use cupola_line::index::{Identity, Index, IndexBuilder};

use crate::log::open::{decoded, is_packed, is_zstd};
use crate::terminal::progress::Progress;

const PIECE: usize = 256 << 10;

pub(super) fn open(path: &Path) -> io::Result<File> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is no file, and has no index"));
    }
    File::open(path)
}

/// Whether a service has it open.
pub(super) fn is_written_to(file: &File) -> bool {
    let is_locked = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
    let _ = file.unlock();
    is_locked
}

/// Reads a file from its beginning to its end.
pub(super) fn build(mut file: File, progress: &Progress) -> io::Result<Index<'static>> {
    let identity = Identity::read(&mut file)?;
    file.rewind()?;
    let mut head = Vec::new();
    file.by_ref().take(4).read_to_end(&mut head)?;
    file.rewind()?;
    let mut making = Making { builder: IndexBuilder::new(), piece: vec![0; PIECE] };
    let counted = Counted { file, progress };
    if is_zstd(&head) {
        let ends = making.frames(counted)?;
        return Ok(packed(making.builder.finish(), identity, &ends));
    }
    if is_packed(&head) {
        // What is decoded outlives its input, and so does not count along.
        making.push(decoded(counted.file)?)?;
        return Ok(making.builder.finish().sealed(identity));
    }
    making.push(counted)?;
    let index = making.builder.finish();
    // It may have grown meanwhile, and what was read is not what it is.
    if index.identity() == identity { Ok(index) } else { Err(io::Error::other("it was changed while it was read")) }
}

/// With its frames, if each block is one.
fn packed(index: Index<'static>, identity: Identity, ends: &[(u64, u64)]) -> Index<'static> {
    let blocks = index.blocks();
    let is_framed = ends.len() == blocks.len()
        && blocks.iter().zip(ends).all(|(block, (_, unpacked))| block.offset + block.length == *unpacked);
    let ends: Vec<u64> = ends.iter().map(|(packed, _)| *packed).collect();
    let framed = if is_framed { index.clone().packed(identity, &ends) } else { None };
    framed.unwrap_or_else(|| index.sealed(identity))
}

struct Making {
    builder: IndexBuilder,
    piece: Vec<u8>,
}

impl Making {
    /// Returns how many bytes these were.
    fn push(&mut self, mut input: impl Read) -> io::Result<u64> {
        let mut total = 0;
        loop {
            match input.read(&mut self.piece) {
                Ok(0) => return Ok(total),
                Ok(length) => {
                    self.builder.push(&self.piece[..length]);
                    total += length as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Where each frame ends, in the file and in what it says.
    fn frames(&mut self, input: Counted<'_>) -> io::Result<Vec<(u64, u64)>> {
        let (mut input, mut ends, mut unpacked) = (BufReader::with_capacity(PIECE, input), Vec::new(), 0);
        loop {
            let mut frame = zstd::Decoder::with_buffer(input)?.single_frame();
            unpacked += self.push(&mut frame)?;
            input = frame.finish();
            ends.push((input.stream_position()?, unpacked));
            if input.fill_buf()?.is_empty() {
                return Ok(ends);
            }
        }
    }
}

/// A file that tells how far it has been read.
struct Counted<'p> {
    file: File,
    progress: &'p Progress,
}

impl Read for Counted<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(room)?;
        self.progress.add(length as u64);
        Ok(length)
    }
}

impl Seek for Counted<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
