//! Protobuf's wire format: fields one after the other, borrowed from the message.

use std::borrow::Cow;

use super::error::Flaw;

/// So deep groups are in each other at most; nobody has sent any for a long time.
const MAX_GROUPS: u32 = 32;

/// The fields of a message that are yet to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(&'a [u8]);

/// A field's value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
    /// Of a kind that no field of ours has.
    Other,
}

const CUT: &str = "it ends in the middle of a field";
const OTHER_KIND: &str = "a field is of another kind than it should be";

impl<'a> Fields<'a> {
    pub(super) const fn new(message: &'a [u8]) -> Self {
        Self(message)
    }

    /// The next field's number and value; `None` where there are no more.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<(u64, Wire<'a>)>, Flaw> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => Wire::Bytes(self.bytes()?),
            5 => Wire::Fixed32(u32::from_le_bytes(self.array()?)),
            3 => {
                self.group(key >> 3, 0)?;
                Wire::Other
            }
            _ => return Err(Flaw::new("this is not protobuf")),
        };
        Ok(Some((key >> 3, value)))
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Flaw> {
        if let [byte @ ..0x80, rest @ ..] = self.0 {
            self.0 = rest;
            return Ok(u64::from(*byte));
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Result<u64, Flaw> {
        let mut number = 0;
        for (place, byte) in self.0.iter().take(10).enumerate() {
            number |= u64::from(byte & 0x7f) << (7 * place);
            if *byte < 0x80 {
                self.0 = &self.0[place + 1..];
                return Ok(number);
            }
        }
        Err(Flaw::new(if self.0.len() < 10 { CUT } else { "a number has no end" }))
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Flaw> {
        let (array, rest) = self.0.split_first_chunk().ok_or_else(|| Flaw::new(CUT))?;
        self.0 = rest;
        Ok(*array)
    }

    #[inline]
    fn bytes(&mut self) -> Result<&'a [u8], Flaw> {
        let length = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
        let (bytes, rest) = self.0.split_at_checked(length).ok_or_else(|| Flaw::new(CUT))?;
        self.0 = rest;
        Ok(bytes)
    }

    /// Passes over a group to its end.
    #[cold]
    fn group(&mut self, number: u64, depth: u32) -> Result<(), Flaw> {
        if depth == MAX_GROUPS {
            return Err(Flaw::new("groups are in groups too deeply"));
        }
        loop {
            let key = self.varint()?;
            match key & 7 {
                0 => _ = self.varint()?,
                1 => _ = self.array::<8>()?,
                2 => _ = self.bytes()?,
                5 => _ = self.array::<4>()?,
                3 => self.group(key >> 3, depth + 1)?,
                4 if key >> 3 == number => return Ok(()),
                _ => return Err(Flaw::new("this is not protobuf")),
            }
        }
    }
}

impl<'a> Wire<'a> {
    #[inline]
    pub(super) fn bytes(self) -> Result<&'a [u8], Flaw> {
        if let Self::Bytes(bytes) = self { Ok(bytes) } else { Err(Flaw::new(OTHER_KIND)) }
    }

    /// What is not UTF-8 becomes U+FFFD: one bad text does not cost a message.
    #[inline]
    pub(super) fn text(self) -> Result<Cow<'a, str>, Flaw> {
        Ok(String::from_utf8_lossy(self.bytes()?))
    }

    #[inline]
    pub(super) fn varint(self) -> Result<u64, Flaw> {
        if let Self::Varint(number) = self { Ok(number) } else { Err(Flaw::new(OTHER_KIND)) }
    }

    /// As the smaller type does it: what is too much falls off.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "protobuf says that what is too much falls off")]
    pub(super) fn varint32(self) -> Result<u32, Flaw> {
        Ok(self.varint()? as u32)
    }

    #[inline]
    pub(super) fn sint32(self) -> Result<i32, Flaw> {
        let number = self.varint32()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    #[inline]
    pub(super) fn fixed64(self) -> Result<u64, Flaw> {
        if let Self::Fixed64(number) = self { Ok(number) } else { Err(Flaw::new(OTHER_KIND)) }
    }

    #[inline]
    pub(super) fn double(self) -> Result<f64, Flaw> {
        Ok(f64::from_bits(self.fixed64()?))
    }

    #[inline]
    pub(super) fn fixed32(self) -> Result<u32, Flaw> {
        if let Self::Fixed32(number) = self { Ok(number) } else { Err(Flaw::new(OTHER_KIND)) }
    }

    /// A repeated number of eight bytes, packed or alone.
    pub(super) fn each_fixed64(self, mut take: impl FnMut(u64)) -> Result<(), Flaw> {
        let bytes = match self {
            Self::Bytes(bytes) => bytes,
            alone => {
                take(alone.fixed64()?);
                return Ok(());
            }
        };
        let (numbers, rest) = bytes.as_chunks();
        numbers.iter().for_each(|number| take(u64::from_le_bytes(*number)));
        if rest.is_empty() { Ok(()) } else { Err(Flaw::new(CUT)) }
    }

    /// A repeated number of variable length, packed or alone.
    pub(super) fn each_varint(self, mut take: impl FnMut(u64)) -> Result<(), Flaw> {
        let mut packed = match self {
            Self::Bytes(bytes) => Fields(bytes),
            alone => {
                take(alone.varint()?);
                return Ok(());
            }
        };
        while !packed.0.is_empty() {
            take(packed.varint()?);
        }
        Ok(())
    }
}
