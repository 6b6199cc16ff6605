//! An index, asked for a few ids while it is read.

use std::io::{self, ErrorKind, Read};

use xxhash_rust::xxh3::Xxh3;

use super::codec::{HEADER, Header};
use super::{Identity, Index, IndexBlock, IndexError, filter};

/// A summary over this length is not read: it would be that of more than a hundred gigabytes of log.
const MAX_SUMMARY_BYTES: usize = 16 << 20;

const BUFFER_BYTES: usize = 256 << 10;

/// What an index says of its blocks, and whether each of a few ids may be in them. The filters, which are most of an index, are read
/// through, and not kept.
///
/// ```
/// use cupola_line::index::{Answers, IndexBuilder, id_hash};
///
/// let mut builder = IndexBuilder::new();
/// let line = br#"{"timestamp":"2026-11-21T03:46:02.123456Z","level":"INFO","target":"a","message":"up","request_id":"r-7"}"#;
/// builder.push(line);
/// let file = builder.finish().to_bytes();
///
/// let answers = Answers::read(&mut &file[..], &[id_hash(b"r-7"), id_hash(b"r-8")])?;
/// assert_eq!(answers.blocks()[0].lines, 1);
/// assert!(answers.may_hold(0, 0) && !answers.may_hold(0, 1));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Answers {
    index: Index<'static>,
    /// One bit for each id, of each block; empty where nothing was asked.
    held: Vec<u64>,
}

impl Answers {
    /// The most ids that can be asked for at once.
    pub const MAX_IDS: usize = 64;

    /// Reads an index to its end, or, without ids, up to its filters. What is no index, or is damaged, is an error of the kind
    /// [`InvalidData`](ErrorKind::InvalidData), with the [`IndexError`] in it; so are more ids than can be asked for.
    pub fn read(reader: &mut impl Read, ids: &[u64]) -> io::Result<Self> {
        if ids.len() > Self::MAX_IDS {
            return Err(io::Error::new(ErrorKind::InvalidData, "too many ids"));
        }
        let mut head = Vec::with_capacity(HEADER);
        reader.by_ref().take(HEADER as u64).read_to_end(&mut head)?;
        let header = Header::read(&head).map_err(invalid)?;
        if header.summary > MAX_SUMMARY_BYTES {
            return Err(invalid(IndexError::Damaged));
        }
        let mut summary = Vec::new();
        reader.by_ref().take(header.summary as u64).read_to_end(&mut summary)?;
        let index = header.index(&summary).map_err(invalid)?;
        let held = if ids.is_empty() { Vec::new() } else { ask(reader, &header, index.blocks(), ids)? };
        Ok(Self { index, held })
    }

    /// Which file it describes, as it is stored.
    pub fn identity(&self) -> Identity {
        self.index.identity()
    }

    /// The blocks, in their order: they hold the whole file.
    pub fn blocks(&self) -> &[IndexBlock] {
        self.index.blocks()
    }

    /// The routes of a block and how many lines each has; `None` where not all are known.
    pub fn routes(&self, block: &IndexBlock) -> Option<impl Iterator<Item = (&str, u64)>> {
        self.index.routes(block)
    }

    /// Whether a block may hold an id, both by their places. `false` is certain if the block is canonical.
    pub fn may_hold(&self, block: usize, id: usize) -> bool {
        self.held.get(block).is_none_or(|held| held & (1 << id) != 0)
    }
}

fn ask(reader: &mut impl Read, header: &Header, blocks: &[IndexBlock], ids: &[u64]) -> io::Result<Vec<u64>> {
    let mut filters = Filters { reader: reader.take(header.filters), buffer: Vec::new(), at: 0, hash: Xxh3::new() };
    let mut held = Vec::with_capacity(blocks.len());
    for block in blocks {
        let filter = filters.next(block.filter.len())?;
        let bit = |(number, id): (usize, &u64)| u64::from(filter::may_hold(filter, *id)) << number;
        held.push(ids.iter().enumerate().map(bit).fold(0, |held, bit| held | bit));
    }
    if filters.finish()? == header.filters_hash { Ok(held) } else { Err(invalid(IndexError::Damaged)) }
}

/// The filters, one after the other.
struct Filters<R> {
    reader: io::Take<R>,
    buffer: Vec<u8>,
    /// Where the next one begins.
    at: usize,
    hash: Xxh3,
}

impl<R: Read> Filters<R> {
    fn next(&mut self, length: usize) -> io::Result<&[u8]> {
        if self.buffer.len() - self.at < length {
            self.fill(length)?;
        }
        let start = self.at;
        self.at += length;
        Ok(&self.buffer[start..self.at])
    }

    /// Reads on until there is a filter of this length.
    fn fill(&mut self, length: usize) -> io::Result<()> {
        self.buffer.drain(..self.at);
        let left = self.buffer.len();
        self.at = 0;
        let wanted = BUFFER_BYTES.max(length) - left;
        self.reader.by_ref().take(wanted as u64).read_to_end(&mut self.buffer)?;
        self.hash.update(&self.buffer[left..]);
        if self.buffer.len() < length { Err(invalid(IndexError::Damaged)) } else { Ok(()) }
    }

    /// The hash of all of them, and of what else stands there.
    fn finish(mut self) -> io::Result<u64> {
        loop {
            self.at = self.buffer.len();
            self.fill(0)?;
            if self.buffer.is_empty() {
                return Ok(self.hash.digest());
            }
        }
    }
}

fn invalid(error: IndexError) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error)
}
