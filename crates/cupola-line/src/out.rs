//! A vector that is written through a cursor.
//!
//! Short pieces of bytes are what a line is made of, and a call of `memcpy` for each would cost more than the bytes. Here the
//! vector is kept longer than what is written, so that a piece can be stored in whole words, beyond its end too; the next
//! piece overwrites that, and [`Out::finish`] cuts it off.

/// How much room a piece may ask for without a length: a short key, a number, a quote.
pub(crate) const WINDOW: usize = 32;

const GROWTH: usize = 1024;

/// Writes at a cursor behind what the vector held.
#[derive(Debug)]
pub(crate) struct Out<'a> {
    vec: &'a mut Vec<u8>,
    at: usize,
}

impl<'a> Out<'a> {
    #[inline]
    pub(crate) fn new(vec: &'a mut Vec<u8>) -> Self {
        let at = vec.len();
        Self { vec, at }
    }

    /// Writes behind the first `at` bytes, over what else the vector holds.
    #[inline]
    pub(crate) fn behind(vec: &'a mut Vec<u8>, at: usize) -> Self {
        Self { vec, at }
    }

    /// The number of bytes in the vector, those included that were there before.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.at
    }

    /// What was written behind `start`.
    pub(crate) fn since(&self, start: usize) -> &[u8] {
        &self.vec[start..self.at]
    }

    /// Takes back what was written behind `len`.
    #[inline]
    pub(crate) fn truncate(&mut self, len: usize) {
        self.at = self.at.min(len);
    }

    /// Gives the vector the length of what was written.
    #[inline]
    pub(crate) fn finish(&mut self) {
        self.vec.truncate(self.at);
    }

    /// Moves what was written since `middle` to `start`, and what stood there behind it.
    pub(crate) fn move_to(&mut self, start: usize, middle: usize) {
        self.vec[start..self.at].rotate_right(self.at - middle);
    }

    /// Room for `len` bytes at the cursor, which stays where it is.
    #[inline]
    pub(crate) fn room(&mut self, len: usize) -> &mut [u8] {
        let end = self.at + len;
        if end > self.vec.len() {
            self.grow(len);
        }
        &mut self.vec[self.at..end]
    }

    /// Moves the cursor over bytes that were stored in the room behind it.
    #[inline]
    pub(crate) fn advance(&mut self, len: usize) {
        self.at += len;
        debug_assert!(self.at <= self.vec.len());
    }

    #[cold]
    fn grow(&mut self, len: usize) {
        self.vec.resize(self.at + len + GROWTH, 0);
    }

    /// Appends what is written to the vector in the usual way.
    pub(crate) fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.vec.truncate(self.at);
        write(self.vec);
        self.at = self.vec.len();
    }

    /// Appends bytes of any length.
    #[inline]
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.room(bytes.len()).copy_from_slice(bytes);
        self.at += bytes.len();
    }

    /// Appends the first `len` bytes of a window.
    #[inline]
    pub(crate) fn window(&mut self, window: &[u8; WINDOW], len: usize) {
        self.room(WINDOW).copy_from_slice(window);
        self.at += len;
    }

    /// Appends bytes whose number is known when this is compiled.
    #[inline]
    pub(crate) fn array<const N: usize>(&mut self, bytes: &[u8; N]) {
        self.room(N).copy_from_slice(bytes);
        self.at += N;
    }

    /// Appends bytes that are mostly few, such as digits.
    #[inline]
    pub(crate) fn few(&mut self, bytes: &[u8]) {
        copy_few(self.room(bytes.len()), bytes);
        self.at += bytes.len();
    }
}

/// Copies bytes that are mostly an id: 16 to 48, as one or two blocks and one that overlaps them. Both slices have the same
/// length.
#[inline(always)]
pub(crate) fn copy_ids(room: &mut [u8], bytes: &[u8]) {
    let (Some(last), Some(end), ..=48) = (bytes.last_chunk::<16>(), room.last_chunk_mut::<16>(), bytes.len()) else {
        return copy_any(room, bytes);
    };
    *end = *last;
    match (bytes.first_chunk::<32>(), room.first_chunk_mut::<32>()) {
        (Some(first), Some(place)) => *place = *first,
        _ => room[..16].copy_from_slice(&bytes[..16]),
    }
}

#[inline(never)]
fn copy_any(room: &mut [u8], bytes: &[u8]) {
    copy_few(room, bytes);
}

/// Copies bytes that are mostly few, as two halves that overlap. Both slices have the same length.
#[inline]
pub(crate) fn copy_few(room: &mut [u8], bytes: &[u8]) {
    let len = bytes.len();
    if len > 16 {
        room.copy_from_slice(bytes);
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        room[..8].copy_from_slice(first);
        room[len - 8..].copy_from_slice(last);
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        room[..4].copy_from_slice(first);
        room[len - 4..].copy_from_slice(last);
    } else if len > 0 {
        (room[0], room[len / 2], room[len - 1]) = (bytes[0], bytes[len / 2], bytes[len - 1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_every_length_follow_each_other() {
        let source: Vec<u8> = (0..=255).cycle().take(600).collect();
        let (mut vec, mut expected) = (b"before".to_vec(), b"before".to_vec());
        let mut out = Out::new(&mut vec);
        for len in (0..40).chain([600, 3]) {
            out.few(&source[..len]);
            out.extend(&source[len / 2..len]);
            out.array(b"x");
            out.window(source[..WINDOW].try_into().unwrap(), len.min(WINDOW));
            expected.extend_from_slice(&source[..len]);
            expected.extend_from_slice(&source[len / 2..len]);
            expected.push(b'x');
            expected.extend_from_slice(&source[..len.min(WINDOW)]);
        }
        out.finish();
        assert_eq!(vec, expected);
    }

    #[test]
    fn late_bytes_move_to_the_front() {
        let mut vec = b"head:".to_vec();
        let mut out = Out::new(&mut vec);
        out.extend(b"fields");
        let middle = out.len();
        out.extend(b"late ");
        out.move_to(5, middle);
        out.array(b"!");
        out.finish();
        assert_eq!(vec, b"head:late fields!");
    }
}
