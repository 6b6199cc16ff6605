//! The value of a field.

use std::borrow::Cow;

/// A value, borrowed from whoever has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A text.
    Text(&'a str),
    /// A whole number.
    Int(i64),
    /// Any number.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// An array or an object, as JSON text.
    Json(&'a str),
    /// An id, whose text is lower-case hexadecimal: a trace's, a span's.
    Id(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The number that it is, if it is one.
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            #[allow(clippy::cast_precision_loss, reason = "whoever compares with doubles gets doubles")]
            Self::Int(number) => Some(number as f64),
            Self::Float(number) => Some(number),
            _ => None,
        }
    }

    /// As text: JSON's for what is no text.
    pub fn text(&self) -> Cow<'a, str> {
        match *self {
            Self::Text(text) | Self::Json(text) => Cow::Borrowed(text),
            Self::Int(number) => Cow::Owned(number.to_string()),
            Self::Float(number) => Cow::Owned(number.to_string()),
            Self::Bool(true) => Cow::Borrowed("true"),
            Self::Bool(false) => Cow::Borrowed("false"),
            Self::Id(bytes) => Cow::Owned(hex(bytes)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    bytes.iter().for_each(|byte| text.extend(digits(*byte)));
    text
}

/// Whether this is the text of an id.
pub(crate) fn is_hex_of(text: &str, id: &[u8]) -> bool {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    rest.is_empty()
        && pairs.len() == id.len()
        && pairs.iter().zip(id).all(|(pair, byte)| pair.map(char::from) == digits(*byte))
}

fn digits(byte: u8) -> [char; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [byte >> 4, byte & 15].map(|digit| char::from(DIGITS[usize::from(digit)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_its_text() {
        let id: Vec<u8> = (0..=255).collect();
        let text = Value::Id(&id).text();
        assert_eq!((&text[..8], &text[506..]), ("00010203", "fdfeff"));
        assert!(is_hex_of(&text, &id) && is_hex_of("", &[]));
        for other in ["0a", "0A0b", "0a0b0", "0a0b0c", "0a0é"] {
            assert!(!is_hex_of(other, &[10, 11]), "{other}");
        }
        assert!(is_hex_of("0a0b", &[10, 11]));
    }
}
