//! Escapes inside a JSON string, which may be cut by the end of a chunk.

/// An escape that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    /// None has.
    None,
    Backslash,
    /// Behind an escaped backslash, which may begin an escape of a string within the string.
    Nested,
    Hex {
        digits: u8,
        code: u32,
    },
}

impl Escape {
    /// Whether the byte belongs to the escape. One that does not fit ends it and counts as itself, a quote above all.
    #[inline]
    pub(super) fn continues(self, byte: u8) -> bool {
        match self {
            Self::None => false,
            Self::Backslash => true,
            Self::Nested => byte == b'u',
            Self::Hex { .. } => byte.is_ascii_hexdigit(),
        }
    }

    /// Takes a byte that belongs to the escape; returns the code that a `\u` escape stands for when it is whole.
    pub(super) fn take(&mut self, byte: u8) -> Option<u32> {
        let (next, code) = match *self {
            Self::Backslash if byte == b'\\' => (Self::Nested, None),
            Self::Backslash | Self::Nested if byte == b'u' => (Self::Hex { digits: 0, code: 0 }, None),
            Self::Hex { digits, code } => {
                let code = code << 4 | char::from(byte).to_digit(16).unwrap_or(0);
                if digits < 3 { (Self::Hex { digits: digits + 1, code }, None) } else { (Self::None, Some(code)) }
            }
            _ => (Self::None, None),
        };
        *self = next;
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_at_both_levels() {
        for (text, expected) in
            [("u003d", Some(0x3D)), ("\\u003d", Some(0x3D)), ("n", None), ("\\", None), ("u00", None), ("\\n", None)]
        {
            let mut escape = Escape::Backslash;
            let mut codes =
                text.bytes().filter_map(|byte| if escape.continues(byte) { escape.take(byte) } else { None });
            assert_eq!(codes.next(), expected, "{text}");
        }
    }
}
