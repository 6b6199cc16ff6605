//! The bytes of a column as they lie in a file: checked, and compressed where that helps.
//!
//! `how(1) length(4) check(4) data`: 0 as it is, 1 zstd; the length of what was compressed; the lower half of the data's XXH3.

use std::cell::RefCell;
use std::fmt;

use xxhash_rust::xxh3::xxh3_64;
use zstd::bulk::{Compressor, Decompressor};

use crate::block::reader::Reader;
use crate::block::torn::Torn;

const PLAIN: u8 = 0;
const ZSTD: u8 = 1;
/// More than this nothing that was written here unfolds to.
pub(crate) const MAX_BYTES: usize = 256 << 20;

/// Compresses one blob after the other.
pub(crate) struct Folder(Compressor<'static>);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(Compressor::new(1).expect("zstd has a level 1"))
    }

    pub(crate) fn fold(&mut self, bytes: &[u8]) -> Vec<u8> {
        match self.0.compress(bytes) {
            Ok(folded) if folded.len() + folded.len() / 32 < bytes.len() => blob(ZSTD, bytes.len(), &folded),
            _ => blob(PLAIN, bytes.len(), bytes),
        }
    }
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Folder")
    }
}

/// A blob of what does not compress.
pub(crate) fn plain(bytes: &[u8]) -> Vec<u8> {
    blob(PLAIN, bytes.len(), bytes)
}

fn blob(how: u8, len: usize, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(9 + data.len());
    out.push(how);
    out.extend_from_slice(&u32::try_from(len).expect("a block is cut far earlier").to_le_bytes());
    out.extend_from_slice(&check(data).to_le_bytes());
    out.extend_from_slice(data);
    out
}

/// What was folded.
pub(crate) fn unfold(blob: &[u8]) -> Result<Vec<u8>, Torn> {
    let mut from = Reader(blob);
    let (how, len, expected) = (from.byte()?, from.u32()? as usize, from.u32()?);
    if check(from.0) != expected {
        return Err(Torn("its check does not hold"));
    }
    if len > MAX_BYTES {
        return Err(Torn("it would unfold beyond all measure"));
    }
    let bytes = match how {
        PLAIN => from.0.to_vec(),
        ZSTD => unzstd(from.0, len)?,
        _ => return Err(Torn("an unknown way to compress")),
    };
    if bytes.len() == len { Ok(bytes) } else { Err(Torn("it has another length than it says")) }
}

thread_local! {
    /// To make one costs as much as to read a small blob with it.
    static UNFOLDER: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

fn unzstd(data: &[u8], len: usize) -> Result<Vec<u8>, Torn> {
    let unfolded = UNFOLDER.with_borrow_mut(|known| match known {
        Some(zstd) => zstd.decompress(data, len),
        None => known.insert(Decompressor::new()?).decompress(data, len),
    });
    unfolded.map_err(|_| Torn("what zstd does not read"))
}

fn check(data: &[u8]) -> u32 {
    #[allow(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    let low = xxh3_64(data) as u32;
    low
}
