//! Blocks of whole lines.

use std::io::{self, Read};

use super::open::Opened;

/// A line over this length is passed over, and counted.
pub(crate) const MAX_LINE_BYTES: usize = 8 << 20;

/// The first block is small, so that there is something to see at once.
const FIRST_BYTES: usize = 64 << 10;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Some whole lines of an input.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Block<'a> {
    /// Which of the inputs.
    pub(crate) input: usize,
    pub(crate) bytes: &'a [u8],
    /// Where in what the input says, unpacked, the block ends; in bytes.
    pub(crate) end: u64,
    /// How many lines of the input were passed over, because its index says that they do not match.
    pub(crate) passed: u64,
}

/// One line, without its line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawLine<'a> {
    /// Where it begins within its block.
    pub(crate) at: usize,
    pub(crate) bytes: &'a [u8],
    /// Whether its line end is missing, as only the last one's may be.
    pub(crate) open: bool,
}

impl<'a> Block<'a> {
    /// The lines in their order.
    pub(crate) fn lines(&self) -> Lines<'a> {
        Lines { bytes: self.bytes, at: 0, newlines: memchr::memchr_iter(b'\n', self.bytes) }
    }
}

/// The lines of a block.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    newlines: memchr::Memchr<'a>,
}

impl<'a> Iterator for Lines<'a> {
    type Item = RawLine<'a>;

    #[inline]
    fn next(&mut self) -> Option<RawLine<'a>> {
        let at = self.at;
        if at >= self.bytes.len() {
            return None;
        }
        let newline = self.newlines.next();
        let end = newline.unwrap_or(self.bytes.len());
        self.at = end + 1;
        let bytes = &self.bytes[at..end];
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        Some(RawLine { at, bytes, open: newline.is_none() })
    }
}

/// Where lines end, a block after the other.
pub(crate) struct Cutter {
    input: Opened,
    /// What was read behind the last block's end.
    carry: Vec<u8>,
    /// How many bytes were read.
    read: u64,
    /// Whether anything was given out, or passed over.
    begun: bool,
    /// How large the next block is to be, and how large blocks may grow.
    size: usize,
    largest: usize,
    ended: bool,
    /// Within a line that is too long.
    skipping: bool,
    too_long: u64,
}

/// A block's memory, which is used again for another one.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
    /// Where in what the input says they end.
    pub(crate) end: u64,
    /// How many lines before or within it were passed over as too long.
    pub(crate) too_long: u64,
}

impl Buffer {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }

    pub(crate) fn clear(&mut self) {
        (self.filled, self.too_long) = (0, 0);
    }

    fn room(&mut self, size: usize) -> &mut [u8] {
        if self.bytes.len() < size {
            self.bytes.resize(size, 0);
        }
        &mut self.bytes[self.filled..size]
    }

    fn append(&mut self, bytes: &[u8]) {
        self.room(self.filled + bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.filled += bytes.len();
    }
}

impl Cutter {
    pub(crate) fn new(input: Opened, largest: usize) -> Self {
        let size = FIRST_BYTES.min(largest);
        Self {
            input,
            carry: Vec::new(),
            read: 0,
            begun: false,
            size,
            largest,
            ended: false,
            skipping: false,
            too_long: 0,
        }
    }

    /// Reads the next block; `false` where there is none.
    pub(crate) fn next(&mut self, buffer: &mut Buffer) -> io::Result<bool> {
        buffer.filled = 0;
        let carry = std::mem::take(&mut self.carry);
        buffer.append(&carry);
        self.carry = carry;
        self.carry.clear();
        let found = self.fill(buffer);
        buffer.too_long = std::mem::take(&mut self.too_long);
        buffer.end = self.read - self.carry.len() as u64;
        self.begun |= buffer.filled > 0;
        self.size = (self.size * 2).min(self.largest);
        found
    }

    fn fill(&mut self, buffer: &mut Buffer) -> io::Result<bool> {
        let mut size = self.size.max(buffer.filled + 1);
        loop {
            let mut unseen = buffer.filled;
            self.read(buffer, size)?;
            if self.skipping {
                self.skip(buffer);
                unseen = 0;
            }
            if self.ended {
                return Ok(self.cut(buffer, buffer.filled));
            }
            if let Some(newline) = memchr::memrchr(b'\n', &buffer.bytes()[unseen..]) {
                return Ok(self.cut(buffer, unseen + newline + 1));
            }
            if buffer.filled > MAX_LINE_BYTES {
                self.give_up(buffer);
            }
            size = buffer.filled + self.largest;
        }
    }

    /// Passes over the line that fills the whole buffer.
    fn give_up(&mut self, buffer: &mut Buffer) {
        (self.skipping, self.too_long) = (true, self.too_long + 1);
        self.begun = true;
        buffer.filled = 0;
    }

    /// Drops what belongs to a line that is passed over.
    fn skip(&mut self, buffer: &mut Buffer) {
        let newline = memchr::memchr(b'\n', buffer.bytes());
        self.skipping = newline.is_none();
        let end = newline.map_or(buffer.filled, |newline| newline + 1);
        buffer.bytes.copy_within(end..buffer.filled, 0);
        buffer.filled -= end;
    }

    fn cut(&mut self, buffer: &mut Buffer, end: usize) -> bool {
        self.carry.extend_from_slice(&buffer.bytes[end..buffer.filled]);
        buffer.filled = end;
        if !self.begun && buffer.bytes().starts_with(BYTE_ORDER_MARK) {
            buffer.bytes.copy_within(BYTE_ORDER_MARK.len()..end, 0);
            buffer.filled -= BYTE_ORDER_MARK.len();
        }
        self.drop_long(buffer);
        buffer.filled > 0 || self.too_long > 0
    }

    /// Passes over the first line if it is too long, however much of it was read at once; those behind it are not.
    fn drop_long(&mut self, buffer: &mut Buffer) {
        if buffer.filled <= MAX_LINE_BYTES {
            return;
        }
        let length = memchr::memchr(b'\n', buffer.bytes()).unwrap_or(buffer.filled);
        if length > MAX_LINE_BYTES {
            let end = buffer.filled.min(length + 1);
            buffer.bytes.copy_within(end..buffer.filled, 0);
            buffer.filled -= end;
            self.too_long += 1;
            self.begun = true;
        }
    }

    /// Reads until there are `size` bytes; of what is live, as much as there is.
    fn read(&mut self, buffer: &mut Buffer, size: usize) -> io::Result<()> {
        while buffer.filled < size && !self.ended {
            match self.input.reader.read(buffer.room(size)) {
                Ok(0) => self.ended = true,
                Ok(length) => {
                    buffer.filled += length;
                    self.read += length as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            if self.input.live {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time.
    struct Dribble(Vec<u8>, usize);

    impl Read for Dribble {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(room.len()).min(self.0.len());
            room[..length].copy_from_slice(&self.0[..length]);
            self.0.drain(..length);
            Ok(length)
        }
    }

    fn lines_of(text: &[u8], step: usize, largest: usize, live: bool) -> (Vec<(Vec<u8>, bool)>, u64) {
        let opened = Opened { reader: Box::new(Dribble(text.to_vec(), step)), live };
        let (mut cutter, mut buffer) = (Cutter::new(opened, largest), Buffer::default());
        let (mut found, mut too_long) = (Vec::new(), 0);
        while cutter.next(&mut buffer).unwrap() {
            too_long += buffer.too_long;
            let end = usize::try_from(buffer.end).unwrap();
            assert!(text[..end].ends_with(buffer.bytes()), "it says where it is");
            let block = Block { bytes: buffer.bytes(), ..Block::default() };
            found.extend(block.lines().map(|line| (line.bytes.to_vec(), line.open)));
        }
        (found, too_long)
    }

    #[test]
    fn lines_are_whole_however_they_come() {
        let text = b"one\ntwo\r\n\nfour is a longer line than most\nfive";
        let expected =
            [("one", false), ("two", false), ("", false), ("four is a longer line than most", false), ("five", true)];
        let expected: Vec<_> = expected.map(|(text, open)| (text.as_bytes().to_vec(), open)).into();
        for (step, largest, live) in
            [(1, 4, false), (3, 16, true), (1000, 64, false), (1000, 8, true), (7, 1 << 20, false)]
        {
            assert_eq!(lines_of(text, step, largest, live), (expected.clone(), 0), "{step} {largest} {live}");
        }
        assert_eq!(lines_of(b"", 9, 9, false), (Vec::new(), 0));
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_line() {
        let (lines, _) = lines_of(b"\xef\xbb\xbf{}\n\xef\xbb\xbf\n", 5, 64, false);
        assert_eq!(lines, [(b"{}".to_vec(), false), (b"\xef\xbb\xbf".to_vec(), false)]);
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_counted() {
        let long = vec![b'x'; MAX_LINE_BYTES + (3 << 20)];
        let text = [b"a\n", &long[..], b"\nb\n"].concat();
        let (lines, too_long) = lines_of(&text, 1 << 16, 1 << 20, false);
        assert_eq!(lines.iter().map(|line| &line.0[..]).collect::<Vec<_>>(), [b"a", b"b"]);
        assert_eq!(too_long, 1);
        let (lines, too_long) = lines_of(&text[..text.len() - 3], 1 << 16, 1 << 20, false);
        assert_eq!((lines.len(), too_long), (1, 1));
        let (lines, _) = lines_of(&[&long[..3 << 20], b"\n"].concat(), 1 << 16, 1 << 20, false);
        assert_eq!(lines[0].0.len(), 3 << 20);
        // Whether it is too long does not hang on how it was read.
        for (length, expected) in [(MAX_LINE_BYTES, (2, 0)), (MAX_LINE_BYTES + 1, (1, 1))] {
            for before in [0, 300_000, 900_000] {
                let before = [&long[..before], b"\n"].concat();
                let text = [&before[..], &long[..length], b"\n"].concat();
                let (lines, too_long) = lines_of(&text, 1 << 20, 1 << 20, false);
                assert_eq!((lines.len(), too_long), expected, "{length} {}", before.len());
            }
        }
    }
}
