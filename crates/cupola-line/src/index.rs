//! The index of a log file that is closed: what each of its blocks may hold, so that whoever looks for something need not read them
//! all.
//!
//! It stands beside the file, under its name and `.idx`. A block is some 256 KiB of whole lines; of each the index knows the place, the
//! times, how many lines there are of each level, class of status and route, and, by a small Bloom filter, which ids do *not* occur.
//!
//! ```
//! use cupola_line::index::{Index, IndexBuilder, id_hash};
//!
//! let line = br#"{"timestamp":"2026-11-21T03:46:02.123456Z","level":"INFO","target":"a","message":"up","request_id":"r-7"}"#;
//! let mut builder = IndexBuilder::new();
//! builder.push(line);
//! builder.push(b"\n");
//! let bytes = builder.finish().to_bytes();
//!
//! let index = Index::read(&bytes)?;
//! let block = &index.blocks()[0];
//! assert_eq!((block.lines, block.times), (1, Some((1_795_232_762_123_456, 1_795_232_762_123_456))));
//! assert!(index.may_hold(block, id_hash(b"r-7")) && !index.may_hold(block, id_hash(b"r-8")));
//! # Ok::<(), cupola_line::index::IndexError>(())
//! ```
//!
//! # What follows from it
//!
//! A block whose [`is_canonical`](IndexBlock::is_canonical) is false may hold anything. In one where it is true each line is whole, is as
//! [`LineWriter`](crate::LineWriter) begins it, and has no second level, time, status or route; so what the index says of it is what
//! reading it would say. Whether the index is that of the file as it is now, its [`Identity`] tells.
//!
//! # The file
//!
//! Numbers of the header are little-endian; those of the summary are LEB128.
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | `CUPOLIDX` |
//! | 8..10, 10..12 | major and minor version; another major is not read, a larger minor has more at the summary's end |
//! | 12..16 | nothing yet |
//! | 16..24, 24..32 | length of the whole, and of the summary |
//! | 32..40 | XXH3 of the summary, seeded with that of bytes 0..32 |
//! | 40..48 | XXH3 of the filters |
//! | 48.. | the summary, and then the filters |

mod answers;
mod builder;
mod codec;
mod error;
mod filter;
mod identity;
mod line;

use std::borrow::Cow;
use std::ops::Range;

pub use answers::Answers;
pub use builder::{BLOCK_BYTES, IndexBuilder};
pub use error::IndexError;
pub use filter::id_hash;
pub use identity::Identity;

/// The levels in the order in which an index counts them.
pub const LEVELS: [&str; 5] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"];

/// What is known of the blocks of a file. The module has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index<'a> {
    identity: Identity,
    blocks: Vec<IndexBlock>,
    routes: Vec<String>,
    /// How many lines of which route; blocks hold ranges of it.
    route_lines: Vec<(u32, u64)>,
    /// The blocks' filters, one behind the other.
    filters: Cow<'a, [u8]>,
}

/// What is known of one block.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndexBlock {
    /// Where it begins in what the file says when unpacked.
    pub offset: u64,
    /// How many bytes it has, unpacked.
    pub length: u64,
    /// Where in the file the frame is that holds this block and nothing else; `None` where the file is not compressed, or not so.
    pub frame: Option<Range<u64>>,
    /// How many lines it has.
    pub lines: u64,
    /// The first and the last time, in microseconds since 1970; `None` if no line has one.
    pub times: Option<(i64, i64)>,
    /// Whether no line is older than one before it.
    pub is_ordered: bool,
    /// Whether all of this is what the lines say; see the module.
    pub is_canonical: bool,
    /// How many lines there are of each of [`LEVELS`].
    pub levels: [u64; 5],
    /// How many lines have a status of 1xx, 2xx, and so on.
    pub statuses: [u64; 5],
    /// Whether all its routes are known.
    has_routes: bool,
    routes: Range<usize>,
    filter: Range<usize>,
}

impl<'a> Index<'a> {
    /// Reads an index. Whatever the bytes are, it takes no more memory than a few times theirs.
    pub fn read(bytes: &'a [u8]) -> Result<Self, IndexError> {
        codec::read(bytes)
    }

    /// The bytes of the file that it is kept in.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::write(self)
    }

    /// Which file it describes, as it is stored.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// The blocks, in their order: they hold the whole file.
    pub fn blocks(&self) -> &[IndexBlock] {
        &self.blocks
    }

    /// The routes of a block and how many lines each has; `None` where not all are known.
    pub fn routes(&self, block: &IndexBlock) -> Option<impl Iterator<Item = (&str, u64)>> {
        let lines = self.route_lines.get(block.routes.clone()).filter(|_| block.has_routes)?;
        Some(lines.iter().map(|(route, lines)| (self.routes[*route as usize].as_str(), *lines)))
    }

    /// Whether a block may hold an id, as the value of any name that [`is_id`](Self::is_id). `false` is certain if the block is canonical.
    pub fn may_hold(&self, block: &IndexBlock, id: u64) -> bool {
        filter::may_hold(self.filters.get(block.filter.clone()).unwrap_or_default(), id)
    }

    /// Whether values of this name are in the filters: all that end in `_id`, but for those of spans, which are too many.
    pub fn is_id(name: &str) -> bool {
        line::is_id(name.as_bytes())
    }

    /// The index of the same lines in a compressed file: block after block in a frame of its own, and `ends` are the ends of those
    /// frames. `None` if there are not as many as blocks, or they are not in order, or lie outside of the file.
    #[must_use]
    pub fn packed(self, identity: Identity, ends: &[u64]) -> Option<Self> {
        let mut blocks = self.blocks;
        if ends.len() != blocks.len() || !ends.is_sorted() || ends.last().is_some_and(|end| *end > identity.length) {
            return None;
        }
        let starts = std::iter::once(0).chain(ends.iter().copied());
        for (block, (start, end)) in blocks.iter_mut().zip(starts.zip(ends)) {
            block.frame = Some(start..*end);
        }
        Some(Self { identity, blocks, ..self })
    }

    /// The index of the same lines in a file that is compressed in one piece.
    #[must_use]
    pub fn sealed(mut self, identity: Identity) -> Self {
        self.blocks.iter_mut().for_each(|block| block.frame = None);
        Self { identity, ..self }
    }
}

#[cfg(test)]
mod tests;
