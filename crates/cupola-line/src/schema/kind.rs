//! What a value can be.

use std::fmt;

use crate::scan::{Text, Value};
use crate::timestamp::parse_timestamp;

const LEVELS: [&str; 5] = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"];

/// What a field's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// RFC 3339 in UTC: `2026-11-21T03:46:02.123456Z`.
    Time,
    /// One of the five levels.
    Level,
    /// Text.
    Text,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// So many lower-case hex digits.
    Hex(usize),
    /// A number of zero or more.
    Number,
    /// A whole number of zero or more.
    Whole,
    /// A whole number, also below zero.
    Signed,
    /// True or false.
    Flag,
    /// Text, a number, or true or false.
    Scalar,
    /// An object.
    Object,
}

impl Kind {
    /// Whether the value is of this kind.
    pub fn allows(self, value: &Value<'_>) -> bool {
        match (self, value) {
            (Self::Time, Value::Str(text)) => parse_timestamp(text.raw()).is_some(),
            (Self::Level, Value::Str(text)) => is_one_of(*text, &LEVELS),
            (Self::OneOf(words), Value::Str(text)) => is_one_of(*text, words),
            (Self::Hex(length), Value::Str(text)) => is_hex(text.raw(), length),
            (Self::Text | Self::Scalar, Value::Str(_)) => true,
            (Self::Number, Value::Number(digits)) => !digits.starts_with(b"-"),
            (Self::Whole, Value::Number(digits)) => digits.iter().all(u8::is_ascii_digit),
            (Self::Signed, Value::Number(digits)) => {
                digits.strip_prefix(b"-").unwrap_or(digits).iter().all(u8::is_ascii_digit)
            }
            (Self::Flag | Self::Scalar, Value::Bool(_)) | (Self::Scalar, Value::Number(_)) => true,
            (Self::Object, Value::Object(_)) => true,
            _ => false,
        }
    }

    /// The words of a closed set.
    pub const fn words(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Level => Some(&LEVELS),
            Self::OneOf(words) => Some(words),
            _ => None,
        }
    }
}

/// As a page of documentation has it.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time => f.write_str("time"),
            Self::Level => f.write_str("level"),
            Self::Text => f.write_str("text"),
            Self::OneOf(words) => write!(f, "`{}`", words.join(" ")),
            Self::Hex(length) => write!(f, "{length} hex digits"),
            Self::Number => f.write_str("number"),
            Self::Whole => f.write_str("whole number"),
            Self::Signed => f.write_str("whole number, also below zero"),
            Self::Flag => f.write_str("true or false"),
            Self::Scalar => f.write_str("text, number or flag"),
            Self::Object => f.write_str("object"),
        }
    }
}

fn is_one_of(text: Text<'_>, words: &[&str]) -> bool {
    words.iter().any(|word| text.is(word))
}

fn is_hex(digits: &[u8], length: usize) -> bool {
    digits.len() == length && digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::scan;

    #[test]
    fn values_are_of_their_kinds() {
        let check = |kind: Kind, json: &str, expected: bool| {
            let line = format!("{{\"x\":{json}}}");
            let (_, value) = scan(line.as_bytes()).next().unwrap().unwrap();
            assert_eq!(kind.allows(&value), expected, "{kind:?} {json}");
        };
        check(Kind::Time, r#""2026-11-21T03:46:02.123456Z""#, true);
        check(Kind::Time, r#""2026-11-21 03:46:02""#, false);
        check(Kind::Time, "1795232762", false);
        check(Kind::Level, r#""WARN""#, true);
        check(Kind::Level, r#""warn""#, false);
        check(Kind::OneOf(&["a", "b"]), r#""b""#, true);
        check(Kind::OneOf(&["a", "b"]), r#""c""#, false);
        check(Kind::Hex(4), r#""00af""#, true);
        check(Kind::Hex(4), r#""00AF""#, false);
        check(Kind::Hex(4), r#""00aff""#, false);
        check(Kind::Number, "1.5", true);
        check(Kind::Number, "1e400", true);
        check(Kind::Number, "-1", false);
        check(Kind::Whole, "18446744073709551615", true);
        check(Kind::Whole, "1.0", false);
        check(Kind::Signed, "-12", true);
        check(Kind::Signed, "-1.5", false);
        check(Kind::Flag, "true", true);
        check(Kind::Flag, "1", false);
        for json in ["-1.5", "true", r#""x""#] {
            check(Kind::Scalar, json, true);
        }
        check(Kind::Scalar, "null", false);
        check(Kind::Text, r#""""#, true);
        check(Kind::Object, "{}", true);
        check(Kind::Object, "[]", false);
    }
}
