//! `AnyValue` and `KeyValue`: what an attribute or a body is, whatever encoding it comes in.

use std::borrow::Cow;

use cupola_line::escape_str;
use serde::Deserialize;

use super::error::Flaw;
use super::json::values;
use super::wire::{Fields, Wire};

/// So deep values are in each other at most; what is deeper is shown as [`TOO_DEEP`].
pub(super) const MAX_DEPTH: u32 = 32;

/// Stands for what is nested too deeply.
pub(super) const TOO_DEEP: &str = "[nested too deeply]";

/// A value.
#[derive(Debug, Default)]
pub(super) enum Any<'a> {
    #[default]
    Absent,
    Text(Cow<'a, str>),
    Bool(bool),
    Int(i64),
    Double(f64),
    /// An array or an object.
    Json(String),
}

/// An attribute.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pair<'a> {
    #[serde(borrow, deserialize_with = "values::text")]
    pub(super) key: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) value: Any<'a>,
}

impl<'a> Pair<'a> {
    #[inline]
    pub(super) fn from_protobuf(bytes: &'a [u8]) -> Result<Self, Flaw> {
        let mut pair = Self::default();
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => pair.key = value.text()?,
                2 => pair.value.merge(value.bytes()?)?,
                _ => {}
            }
        }
        Ok(pair)
    }
}

impl<'a> Any<'a> {
    pub(super) fn from_protobuf(bytes: &'a [u8]) -> Result<Self, Flaw> {
        let mut any = Self::Absent;
        any.merge(bytes)?;
        Ok(any)
    }

    /// Reads a message; of several values the last one counts.
    #[inline]
    pub(super) fn merge(&mut self, bytes: &'a [u8]) -> Result<(), Flaw> {
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => *self = Self::Text(value.text()?),
                2 => *self = Self::Bool(value.varint()? != 0),
                3 => *self = Self::Int(value.varint()?.cast_signed()),
                4 => *self = Self::Double(value.double()?),
                5..=7 => *self = Self::nested(number, value)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn nested(number: u64, value: Wire<'a>) -> Result<Self, Flaw> {
        let mut out = Vec::new();
        match number {
            5 => write_array(value.bytes()?, 1, &mut out)?,
            6 => write_list(value.bytes()?, 1, &mut out)?,
            _ => return Ok(Self::Text(Cow::Owned(hex(value.bytes()?)))),
        }
        Ok(Self::Json(String::from_utf8(out).unwrap_or_default()))
    }

    /// Writes it as JSON.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Absent => out.extend_from_slice(b"null"),
            Self::Text(text) => write_text(text, out),
            Self::Bool(is) => write_bool(*is, out),
            Self::Int(number) => write_number(*number, out),
            Self::Double(number) => write_double(*number, out),
            Self::Json(json) => out.extend_from_slice(json.as_bytes()),
        }
    }
}

/// Writes an `AnyValue` as JSON.
fn write_any(bytes: &[u8], depth: u32, out: &mut Vec<u8>) -> Result<(), Flaw> {
    let start = out.len();
    let mut fields = Fields::new(bytes);
    while let Some((number, value)) = fields.next()? {
        if let 1..=7 = number {
            out.truncate(start);
        }
        match number {
            1 => write_text(&value.text()?, out),
            2 => write_bool(value.varint()? != 0, out),
            3 => write_number(value.varint()?.cast_signed(), out),
            4 => write_double(value.double()?, out),
            5 | 6 if depth == MAX_DEPTH => write_text(TOO_DEEP, out),
            5 => write_array(value.bytes()?, depth + 1, out)?,
            6 => write_list(value.bytes()?, depth + 1, out)?,
            7 => write_text(&hex(value.bytes()?), out),
            _ => {}
        }
    }
    if out.len() == start {
        out.extend_from_slice(b"null");
    }
    Ok(())
}

/// Writes an `ArrayValue`.
fn write_array(bytes: &[u8], depth: u32, out: &mut Vec<u8>) -> Result<(), Flaw> {
    let mut fields = Fields::new(bytes);
    let mut commas = Commas::default();
    out.push(b'[');
    while let Some((number, value)) = fields.next()? {
        if number == 1 {
            commas.next(out);
            write_any(value.bytes()?, depth, out)?;
        }
    }
    out.push(b']');
    Ok(())
}

/// Writes a `KeyValueList`.
fn write_list(bytes: &[u8], depth: u32, out: &mut Vec<u8>) -> Result<(), Flaw> {
    let mut fields = Fields::new(bytes);
    let mut commas = Commas::default();
    out.push(b'{');
    while let Some((number, value)) = fields.next()? {
        if number == 1 {
            commas.next(out);
            write_pair(value.bytes()?, depth, out)?;
        }
    }
    out.push(b'}');
    Ok(())
}

fn write_pair(bytes: &[u8], depth: u32, out: &mut Vec<u8>) -> Result<(), Flaw> {
    let mut fields = Fields::new(bytes);
    let (mut key, mut any) = (Cow::Borrowed(""), &[][..]);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => key = value.text()?,
            2 => any = value.bytes()?,
            _ => {}
        }
    }
    write_text(&key, out);
    out.push(b':');
    write_any(any, depth, out)
}

/// Writes attributes as an object.
pub(super) fn write_pairs(pairs: &[Pair<'_>], out: &mut Vec<u8>) {
    let mut commas = Commas::default();
    out.push(b'{');
    for pair in pairs {
        commas.next(out);
        write_text(&pair.key, out);
        out.push(b':');
        pair.value.write(out);
    }
    out.push(b'}');
}

/// What stands between values.
#[derive(Debug, Default)]
pub(super) struct Commas(bool);

impl Commas {
    pub(super) fn next(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.0, true) {
            out.push(b',');
        }
    }
}

pub(super) fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    escape_str(out, text);
    out.push(b'"');
}

pub(super) fn write_bool(is: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if is { b"true" } else { b"false" });
}

pub(super) fn write_number(number: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// What JSON has no number for is text, as on lines.
pub(super) fn write_double(number: f64, out: &mut Vec<u8>) {
    if number.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
    } else {
        let name = if number.is_nan() {
            "NaN"
        } else if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        };
        write_text(name, out);
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
