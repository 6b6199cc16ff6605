//! Reads numbers and slices from bytes that may be anything.

use crate::block::torn::Torn;

/// What is left to be read.
#[derive(Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], Torn> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Torn("it ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Torn> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Torn("it ends too early"))?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Torn> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Torn> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, Torn> {
        self.array().map(i64::from_le_bytes)
    }

    pub(crate) fn varint(&mut self) -> Result<u64, Torn> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Torn("a number without end"))
    }

    /// A length that memory has room for; that there are so many bytes is for `take` to find.
    pub(crate) fn len(&mut self) -> Result<usize, Torn> {
        usize::try_from(self.varint()?).map_err(|_| Torn("a length beyond memory"))
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Torn> {
        let len = self.len()?;
        text(self.take(len)?)
    }
}

/// Bytes that were a text.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, Torn> {
    std::str::from_utf8(bytes).map_err(|_| Torn("a text that is no UTF-8"))
}

/// Seven bits a byte, the lowest first.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

/// A length, then the bytes.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
