//! Which file an index describes.

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
}
