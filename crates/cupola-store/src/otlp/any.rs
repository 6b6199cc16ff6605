//! `AnyValue` and `KeyValue`: what an attribute or a body is, whatever encoding it comes in.

use std::borrow::Cow;

use cupola_line::escape_str;
use serde::Deserialize;

use super::error::Flaw;
use super::json::values;
use super::wire::{END, Fields, bytes_key, fixed64_key, text, varint_key};

/// So deep values are in each other at most; what is deeper is shown as [`TOO_DEEP`].
pub(super) const MAX_DEPTH: u32 = 32;

/// Stands for what is nested too deeply.
pub(super) const TOO_DEEP: &str = "[nested too deeply]";

/// A value.
#[derive(Debug, Default)]
pub(super) enum Any<'a> {
    #[default]
    Absent,
    /// A text as protobuf has it: not yet known to be UTF-8.
    Raw(&'a [u8]),
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
    /// As it is sent: few are different, so that it is seldom looked at whether they are UTF-8.
    #[serde(borrow, deserialize_with = "values::text_bytes")]
    pub(super) key: Cow<'a, [u8]>,
    #[serde(borrow)]
    pub(super) value: Any<'a>,
}

impl<'a> Pair<'a> {
    #[inline]
    pub(super) fn from_protobuf(bytes: &'a [u8]) -> Result<Self, Flaw> {
        let mut pair = Self::default();
        if let Some((key, value)) = usual_pair(bytes) {
            pair.key = Cow::Borrowed(key);
            pair.value.merge(value)?;
            return Ok(pair);
        }
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => pair.key = Cow::Borrowed(value.bytes()?),
                2 => pair.value.merge(value.bytes()?)?,
                _ => {}
            }
        }
        Ok(pair)
    }

    pub(super) fn name(&self) -> Cow<'_, str> {
        text(&self.key)
    }
}

/// A short key and a short value, in this order and nothing else: what nearly all attributes are.
#[inline]
fn usual_pair(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let [KEY, key_length @ ..0x80, rest @ ..] = bytes else { return None };
    let (key, rest) = rest.split_at_checked(usize::from(*key_length))?;
    let [VALUE, value_length @ ..0x80, value @ ..] = rest else { return None };
    (value.len() == usize::from(*value_length)).then_some((key, value))
}

/// The first bytes of fields: their numbers, and that bytes follow.
const KEY: u8 = 1 << 3 | 2;
const VALUE: u8 = 2 << 3 | 2;
const STRING_VALUE: u8 = 1 << 3 | 2;

const STRING: u64 = bytes_key(1);
const BOOL: u64 = varint_key(2);
const INT: u64 = varint_key(3);
const DOUBLE: u64 = fixed64_key(4);
const ARRAY: u64 = bytes_key(5);
const LIST: u64 = bytes_key(6);
const BYTES: u64 = bytes_key(7);

impl<'a> Any<'a> {
    /// Reads a message; of several values the last one counts.
    #[inline]
    pub(super) fn merge(&mut self, bytes: &'a [u8]) -> Result<(), Flaw> {
        // A short text and nothing else is what nearly all are.
        if let [STRING_VALUE, length @ ..0x80, string @ ..] = bytes
            && string.len() == usize::from(*length)
        {
            *self = Self::Raw(string);
            return Ok(());
        }
        self.merge_fields(bytes)
    }

    fn merge_fields(&mut self, bytes: &'a [u8]) -> Result<(), Flaw> {
        const KNOWN: u32 = 0b1111_1110;
        let mut fields = Fields::new(bytes);
        loop {
            *self = match fields.key()? {
                END => return Ok(()),
                STRING => Self::Raw(fields.bytes()?),
                BOOL => Self::Bool(fields.varint()? != 0),
                INT => Self::Int(fields.varint()?.cast_signed()),
                DOUBLE => Self::Double(f64::from_bits(fields.fixed64()?)),
                ARRAY => Self::json(fields.bytes()?, write_array)?,
                LIST => Self::json(fields.bytes()?, write_list)?,
                BYTES => Self::Text(Cow::Owned(hex(fields.bytes()?))),
                other => {
                    fields.pass_over(other, KNOWN)?;
                    continue;
                }
            }
        }
    }

    fn json(bytes: &[u8], write: impl Fn(&[u8], u32, &mut Vec<u8>) -> Result<(), Flaw>) -> Result<Self, Flaw> {
        let mut out = Vec::new();
        write(bytes, 1, &mut out)?;
        Ok(Self::Json(String::from_utf8(out).unwrap_or_default()))
    }

    /// Writes it as JSON.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Absent => out.extend_from_slice(b"null"),
            Self::Raw(bytes) => write_text(&text(bytes), out),
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
        write_text(&pair.name(), out);
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
