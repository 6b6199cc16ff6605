//! The memory that lines are written into.

use std::ops::Deref;

use crate::out::Out;

/// Lines, one behind the other, and room for more. It reads as the bytes of the lines.
///
/// Its memory stays in use when it is cleared, so that it is set up once and not for each line.
///
/// ```
/// let mut buf = cupola_line::LineBuffer::new();
/// # let (mut scratch, mut time) = (cupola_line::Scratch::new(), cupola_line::Timestamp::new());
/// # let envelope = cupola_line::Envelope { level: "INFO", target: "app", category: "general" };
/// cupola_line::LineWriter::begin(&mut buf, &mut scratch, time.unix_micros(0), &envelope).end();
/// assert!(buf.ends_with(b"}\n"));
/// buf.clear();
/// assert!(buf.is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct LineBuffer {
    /// Longer than what is written, see [`Out`].
    bytes: Vec<u8>,
    len: usize,
}

impl LineBuffer {
    /// Makes an empty buffer; it grows with the first lines.
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), len: 0 }
    }

    /// Forgets the lines, and keeps their memory.
    #[inline]
    pub const fn clear(&mut self) {
        self.len = 0;
    }

    /// How many bytes it can hold before it takes more memory.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Writes behind the lines that are there; the second part is where their length belongs.
    #[inline]
    pub(crate) fn open(&mut self) -> (Out<'_>, &mut usize) {
        (Out::behind(&mut self.bytes, self.len), &mut self.len)
    }
}

impl Deref for LineBuffer {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}
