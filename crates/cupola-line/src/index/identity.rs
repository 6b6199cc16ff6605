//! Which file an index describes.

use std::io::{self, Read, Seek, SeekFrom};

use xxhash_rust::xxh3::xxh3_64;

/// A file as it is stored: its length, and what stands at its ends.
///
/// An index whose identity is not that of the file beside it describes another file, or an older state of this one. Log files grow at
/// their ends and are renamed and compressed as a whole; a change in the middle alone is not seen.
///
/// ```
/// use cupola_line::index::Identity;
///
/// let file = b"some\nlines\n";
/// let identity = Identity::of(file.len() as u64, file, file);
/// assert_ne!(identity, Identity::of(file.len() as u64, file, b"other\n"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Identity {
    /// How many bytes it has.
    pub length: u64,
    pub(super) head: u64,
    pub(super) tail: u64,
}

impl Identity {
    /// How many bytes of each end are looked at.
    pub const EDGE: usize = 4096;

    /// The identity of a file of this length that begins with `head` and ends with `tail`. Both are to have [`EDGE`](Self::EDGE) bytes,
    /// or all that there are; of more, only those at the file's ends count.
    pub fn of(length: u64, head: &[u8], tail: &[u8]) -> Self {
        let head = &head[..head.len().min(Self::EDGE)];
        let tail = &tail[tail.len().saturating_sub(Self::EDGE)..];
        Self { length, head: xxh3_64(head), tail: xxh3_64(tail) }
    }

    /// The identity of a file as it is now; where it is read on from is left open.
    pub fn read(file: &mut (impl Read + Seek)) -> io::Result<Self> {
        let mut edge = |from| {
            let (at, mut bytes) = (file.seek(from)?, Vec::with_capacity(Self::EDGE));
            file.by_ref().take(Self::EDGE as u64).read_to_end(&mut bytes)?;
            Ok::<_, io::Error>((at, bytes))
        };
        let (length, _) = edge(SeekFrom::End(0))?;
        let (_, head) = edge(SeekFrom::Start(0))?;
        let (_, tail) = edge(SeekFrom::Start(length.saturating_sub(Self::EDGE as u64)))?;
        Ok(Self::of(length, &head, &tail))
    }
}
