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
    /// Of a kind that no field of ours has.
    Other,
}

/// The key of no field.
pub(super) const END: u64 = 0;

/// The keys of a field of this number, by what follows.
pub(super) const fn varint_key(number: u64) -> u64 {
    number << 3
}
pub(super) const fn fixed64_key(number: u64) -> u64 {
    number << 3 | 1
}
pub(super) const fn bytes_key(number: u64) -> u64 {
    number << 3 | 2
}
pub(super) const fn fixed32_key(number: u64) -> u64 {
    number << 3 | 5
}

const NOT_PROTOBUF: &str = "this is not protobuf";
const CUT: &str = "it ends in the middle of a field";
const OTHER_KIND: &str = "a field is of another kind than it should be";

impl<'a> Fields<'a> {
    pub(super) const fn new(message: &'a [u8]) -> Self {
        Self(message)
    }

    /// The next field's number and value; `None` where there are no more.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Wire<'a>)>, Flaw> {
        let key = self.key()?;
        if key == END {
            return Ok(None);
        }
        let value = match key & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Fixed64(self.fixed64()?),
            2 => Wire::Bytes(self.bytes()?),
            5 => {
                self.fixed32()?;
                Wire::Other
            }
            3 => {
                self.group(key >> 3, 0)?;
                Wire::Other
            }
            _ => return Err(Flaw::new(NOT_PROTOBUF)),
        };
        Ok(Some((key >> 3, value)))
    }

    /// The next field's key, for what is read often: its value has to be read as the key's kind, or passed over. [`END`] where there
    /// are no more.
    #[inline(always)]
    pub(super) fn key(&mut self) -> Result<u64, Flaw> {
        match self.0 {
            [] => Ok(END),
            [byte @ 1..0x80, rest @ ..] => {
                self.0 = rest;
                Ok(u64::from(*byte))
            }
            _ => match self.long_varint()? {
                END => Err(Flaw::new(NOT_PROTOBUF)),
                key => Ok(key),
            },
        }
    }

    /// Passes over the value of this key, which nobody knows. `known` has a bit for each number of a field that is known, and is only
    /// of another kind.
    pub(super) fn pass_over(&mut self, key: u64, known: u32) -> Result<(), Flaw> {
        if matches!(key & 7, 4 | 6 | 7) {
            return Err(Flaw::new(NOT_PROTOBUF));
        }
        if key >> 3 < 32 && known >> (key >> 3) & 1 == 1 {
            return Err(Flaw::new(OTHER_KIND));
        }
        match key & 7 {
            0 => _ = self.varint()?,
            1 => _ = self.fixed64()?,
            2 => _ = self.bytes()?,
            5 => _ = self.fixed32()?,
            3 => self.group(key >> 3, 0)?,
            _ => return Err(Flaw::new(NOT_PROTOBUF)),
        }
        Ok(())
    }

    #[inline(always)]
    pub(super) fn fixed64(&mut self) -> Result<u64, Flaw> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    #[inline(always)]
    pub(super) fn fixed32(&mut self) -> Result<u32, Flaw> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// As the smaller type does it: what is too much falls off.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "protobuf says that what is too much falls off")]
    pub(super) fn varint32(&mut self) -> Result<u32, Flaw> {
        Ok(self.varint()? as u32)
    }

    #[inline(always)]
    pub(super) fn varint(&mut self) -> Result<u64, Flaw> {
        if let [byte @ ..0x80, rest @ ..] = self.0 {
            self.0 = rest;
            return Ok(u64::from(*byte));
        }
        self.long_varint()
    }

    #[cold]
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

    #[inline(always)]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Flaw> {
        let (array, rest) = self.0.split_first_chunk().ok_or_else(|| Flaw::new(CUT))?;
        self.0 = rest;
        Ok(*array)
    }

    #[inline(always)]
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Flaw> {
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
                _ => return Err(Flaw::new(NOT_PROTOBUF)),
            }
        }
    }
}

/// Bytes as text.
#[inline]
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    // What is right is seen faster so.
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

impl<'a> Wire<'a> {
    #[inline]
    pub(super) fn bytes(self) -> Result<&'a [u8], Flaw> {
        if let Self::Bytes(bytes) = self { Ok(bytes) } else { Err(Flaw::new(OTHER_KIND)) }
    }

    /// What is not UTF-8 becomes U+FFFD: one bad text does not cost a message.
    #[inline]
    pub(super) fn text(self) -> Result<Cow<'a, str>, Flaw> {
        Ok(text(self.bytes()?))
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
