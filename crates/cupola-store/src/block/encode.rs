//! Writes the values of a column, each kind in its way.
//!
//! `encoding(1) presence values`. Presence: 0 all entries have one; 1 a bitmap of entries; 2 a count and their numbers, two bytes each.

use rustc_hash::FxHashMap;

use crate::batch::Kind;
use crate::block::gather::{Gathered, Kinds};
use crate::block::reader::{put_bytes, put_varint};
use crate::block::{ids, ints};

pub(crate) const DICTIONARY: u8 = 0;
pub(crate) const TEXTS: u8 = 1;
pub(crate) const JSONS: u8 = 2;
pub(crate) const INTS: u8 = 3;
pub(crate) const DECIMALS: u8 = 4;
pub(crate) const FLOATS: u8 = 5;
pub(crate) const BOOLS: u8 = 6;
pub(crate) const IDS: u8 = 7;
pub(crate) const HEX_TEXTS: u8 = 8;
pub(crate) const UUID_TEXTS: u8 = 9;
pub(crate) const MIXED: u8 = 10;

pub(crate) const ALL: u8 = 0;
pub(crate) const BITMAP: u8 = 1;
pub(crate) const LIST: u8 = 2;

/// So many different texts fit into a dictionary.
const MAX_TEXTS: usize = 255;
/// More digits after the point than this are no decimal.
const MAX_DIGITS: i32 = 9;

/// Appends the column; `word` is told of each text that it has, at least once.
pub(crate) fn put(out: &mut Vec<u8>, column: &Gathered<'_>, rows: usize, word: &mut dyn FnMut(&[u8])) {
    let values = &column.values;
    let start = out.len();
    out.push(MIXED);
    put_presence(out, &column.rows, rows);
    out[start] = match &column.kinds {
        Kinds::None => MIXED,
        Kinds::All(Kind::Text) => put_texts(out, values, word),
        Kinds::All(Kind::Json) => {
            values.iter().for_each(|json| word(json));
            put_long(out, values, JSONS)
        }
        Kinds::All(Kind::Int) => {
            ints::put(out, &values.iter().map(|number| i64::from_le_bytes(eight(number))).collect::<Vec<_>>());
            INTS
        }
        Kinds::All(Kind::Float) => put_floats(out, values),
        Kinds::All(Kind::Bool) => {
            out.extend(values.iter().map(|is| is[0]));
            BOOLS
        }
        Kinds::All(Kind::Id) => put_ids(out, values),
        Kinds::Each(kinds) => put_mixed(out, kinds, values, word),
    };
}

fn put_presence(out: &mut Vec<u8>, present: &[u32], rows: usize) {
    if present.len() == rows {
        out.push(ALL);
    } else if 2 * present.len() < rows / 8 {
        out.push(LIST);
        put_varint(out, present.len() as u64);
        present.iter().for_each(|row| out.extend_from_slice(&row.to_le_bytes()[..2]));
    } else {
        out.push(BITMAP);
        let start = out.len();
        out.resize(start + rows.div_ceil(8), 0);
        present.iter().for_each(|row| out[start + *row as usize / 8] |= 1 << (row % 8));
    }
}

fn put_texts(out: &mut Vec<u8>, values: &[&[u8]], word: &mut dyn FnMut(&[u8])) -> u8 {
    if let Some((texts, codes)) = dictionary(values) {
        put_varint(out, texts.len() as u64);
        for text in texts {
            word(text);
            put_bytes(out, text);
        }
        out.extend_from_slice(&codes);
        return DICTIONARY;
    }
    values.iter().for_each(|text| word(text));
    if ids::put_hex(out, values) {
        HEX_TEXTS
    } else if ids::put_uuids(out, values) {
        UUID_TEXTS
    } else {
        put_long(out, values, TEXTS)
    }
}

/// The different texts and which of them each value is, if they are few, and fewer than the values where those are many.
fn dictionary<'a>(values: &[&'a [u8]]) -> Option<(Vec<&'a [u8]>, Vec<u8>)> {
    let most = if values.len() < 64 { values.len() } else { MAX_TEXTS.min(values.len() / 2) };
    let (mut texts, mut numbers) = (Vec::new(), FxHashMap::default());
    let mut codes = Vec::with_capacity(values.len());
    let mut last: (&[u8], u8) = (&[], 0);
    for value in values {
        if texts.is_empty() || last.0 != *value {
            let code = *numbers.entry(*value).or_insert_with(|| {
                texts.push(*value);
                texts.len() - 1
            });
            if texts.len() > most {
                return None;
            }
            last = (value, u8::try_from(code).ok()?);
        }
        codes.push(last.1);
    }
    Some((texts, codes))
}

/// The lengths, then the texts one behind the other.
fn put_long(out: &mut Vec<u8>, values: &[&[u8]], encoding: u8) -> u8 {
    let lengths: Vec<i64> = values.iter().map(|text| i64::try_from(text.len()).expect("lengths are small")).collect();
    ints::put(out, &lengths);
    values.iter().for_each(|text| out.extend_from_slice(text));
    encoding
}

fn put_floats(out: &mut Vec<u8>, values: &[&[u8]]) -> u8 {
    let numbers: Vec<f64> = values.iter().map(|number| f64::from_le_bytes(eight(number))).collect();
    if let Some((digits, whole)) = decimals(&numbers) {
        out.push(digits);
        ints::put(out, &whole);
        return DECIMALS;
    }
    for plane in 0..8 {
        out.extend(values.iter().map(|number| number[plane]));
    }
    FLOATS
}

/// The numbers as whole ones and how many of their digits stand after the point, if that says each of them exactly.
fn decimals(numbers: &[f64]) -> Option<(u8, Vec<i64>)> {
    let mut digits = 0;
    for number in numbers {
        while !is_whole(*number, digits)? {
            digits += 1;
        }
    }
    let whole = numbers.iter().map(|number| is_whole(*number, digits)?.then(|| scaled(*number, digits)));
    Some((u8::try_from(digits).ok()?, whole.collect::<Option<_>>()?))
}

/// Whether so many digits after the point say the number exactly; `None` where no number of digits will.
fn is_whole(number: f64, digits: i32) -> Option<bool> {
    const EXACT: f64 = (1_u64 << 53) as f64;
    if digits > MAX_DIGITS || !number.is_finite() || (number * 10_f64.powi(digits)).abs() >= EXACT {
        return None;
    }
    Some(unscaled(scaled(number, digits), digits).to_bits() == number.to_bits())
}

#[allow(clippy::cast_possible_truncation, reason = "whoever asks compares with what comes back")]
fn scaled(number: f64, digits: i32) -> i64 {
    (number * 10_f64.powi(digits)).round() as i64
}

/// The number that has these digits.
#[allow(clippy::cast_precision_loss, reason = "below 2^53")]
pub(crate) fn unscaled(whole: i64, digits: i32) -> f64 {
    whole as f64 / 10_f64.powi(digits)
}

fn put_ids(out: &mut Vec<u8>, values: &[&[u8]]) -> u8 {
    let width = values[0].len();
    if width == 0 || values.iter().any(|id| id.len() != width) {
        return put_mixed(out, &vec![Kind::Id; values.len()], values, &mut |_| {});
    }
    put_varint(out, width as u64);
    values.iter().for_each(|id| out.extend_from_slice(id));
    IDS
}

fn put_mixed(out: &mut Vec<u8>, kinds: &[Kind], values: &[&[u8]], word: &mut dyn FnMut(&[u8])) -> u8 {
    out.extend(kinds.iter().map(|kind| code(*kind)));
    for (kind, value) in kinds.iter().zip(values) {
        if matches!(kind, Kind::Text | Kind::Json) {
            word(value);
        }
        put_bytes(out, value);
    }
    MIXED
}

/// The number of a kind.
pub(crate) fn code(kind: Kind) -> u8 {
    match kind {
        Kind::Text => 0,
        Kind::Int => 1,
        Kind::Float => 2,
        Kind::Bool => 3,
        Kind::Json => 4,
        Kind::Id => 5,
    }
}

fn eight(bytes: &[u8]) -> [u8; 8] {
    bytes.try_into().expect("a batch writes numbers in eight bytes")
}
