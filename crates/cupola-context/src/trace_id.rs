//! Trace and span ids: never all zeros.

use std::fmt;
use std::ops::Deref;

use crate::hex;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $digits:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// The id of these bytes; `None` for all zeros, which W3C calls invalid.
            pub fn from_bytes(bytes: [u8; $bytes]) -> Option<Self> {
                (bytes != [0; $bytes]).then_some(Self(bytes))
            }

            /// The id of random bytes; all zeros, should they ever come, become one.
            pub fn from_random(mut bytes: [u8; $bytes]) -> Self {
                if bytes == [0; $bytes] {
                    bytes[$bytes - 1] = 1;
                }
                Self(bytes)
            }

            /// Reads lower-case hexadecimal digits.
            pub fn from_hex(text: &[u8]) -> Option<Self> {
                hex::decode(text).and_then(Self::from_bytes)
            }

            /// The id's bytes, most significant first.
            pub const fn to_bytes(self) -> [u8; $bytes] {
                self.0
            }

            /// The id's digits in lower case, ASCII.
            pub fn to_hex(self) -> [u8; $digits] {
                let mut out = [0; $digits];
                hex::encode(&self.0, &mut out);
                out
            }

            /// The digits as text, held inline.
            pub fn text(self) -> IdText {
                IdText::of(&self.to_hex())
            }

            /// Writes the digits into `buffer` and gives them as text.
            pub fn encode(self, buffer: &mut [u8; $digits]) -> &str {
                hex::encode(&self.0, buffer);
                hex::ascii(buffer)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(hex::ascii(&self.to_hex()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    };
}

id! {
    /// The id of a trace: 16 bytes, 32 digits.
    TraceId, 16, 32
}

id! {
    /// The id of a span: 8 bytes, 16 digits.
    SpanId, 8, 16
}

const LONGEST: usize = 32;

/// The digits of an id, held inline. It reads as text, and costs less where bytes will do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IdText {
    digits: [u8; LONGEST],
    len: u8,
}

impl IdText {
    #[inline]
    pub(crate) fn of<const N: usize>(text: &[u8; N]) -> Self {
        const { assert!(N <= LONGEST, "no id has more digits than a trace's") };
        let mut digits = [0; LONGEST];
        digits[..N].copy_from_slice(text);
        Self { digits, len: N as u8 }
    }

    /// The digits, ASCII.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.digits[..usize::from(self.len)]
    }

    /// The digits as text.
    #[inline]
    pub fn as_str(&self) -> &str {
        hex::ascii(self.as_bytes())
    }
}

impl Deref for IdText {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for IdText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for IdText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdText({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_go_both_ways_and_zeros_are_refused() {
        let id = SpanId::from_hex(b"00f067aa0ba902b7").unwrap();
        assert_eq!(id.to_string(), "00f067aa0ba902b7");
        assert_eq!(SpanId::from_hex(&id.to_hex()), Some(id));
        assert_eq!(SpanId::from_hex(b"0000000000000000"), None);
        assert_eq!(SpanId::from_hex(b"00F067AA0BA902B7"), None);
        assert_eq!(SpanId::from_hex(b"00f067aa0ba902b"), None);
        assert_eq!(SpanId::from_random([0; 8]).to_bytes()[7], 1);
    }
}
