//! The value of a field.

use std::borrow::Cow;
use std::fmt::Write as _;

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
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
