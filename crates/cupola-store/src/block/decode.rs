//! Reads the values of a column back. Whatever the bytes are, it takes no more memory than they and the block's entries ask for.

use crate::block::encode::{
    ALL, BITMAP, BOOLS, DECIMALS, DICTIONARY, FLOATS, HEX_TEXTS, IDS, INTS, JSONS, LIST, MIXED, TEXTS, UUID_TEXTS,
    unscaled,
};
use crate::block::reader::{Reader, text};
use crate::block::torn::Torn;
use crate::block::{ids, ints};
use crate::column::{Column, Owned, Values};

/// The column that `encode::put` has written, of a block of so many entries.
pub(crate) fn column(bytes: &[u8], rows: usize) -> Result<Column, Torn> {
    let mut from = Reader(bytes);
    let encoding = from.byte()?;
    let present = presence(&mut from, rows)?;
    let values = values(encoding, &mut from, present.as_ref().map_or(rows, Vec::len))?;
    if from.0.is_empty() { Ok(Column { rows: present, values }) } else { Err(Torn("more than its values")) }
}

/// The column, unless it has nothing but numbers and the like, or, where those are not wanted, ids.
pub(crate) fn speaking(bytes: &[u8], rows: usize, with_ids: bool) -> Result<Option<Column>, Torn> {
    match bytes.first() {
        Some(&(INTS | DECIMALS | FLOATS | BOOLS)) => Ok(None),
        Some(&(IDS | HEX_TEXTS | UUID_TEXTS)) if !with_ids => Ok(None),
        _ => column(bytes, rows).map(Some),
    }
}

fn presence(from: &mut Reader<'_>, rows: usize) -> Result<Option<Vec<u32>>, Torn> {
    let last = u32::try_from(rows).map_err(|_| Torn("too many entries"))?;
    match from.byte()? {
        ALL => Ok(None),
        BITMAP => {
            let bits = from.take(rows.div_ceil(8))?;
            Ok(Some((0..last).filter(|row| bits[*row as usize / 8] >> (row % 8) & 1 == 1).collect()))
        }
        LIST => {
            let count = from.len()?;
            let bytes = from.take(count.checked_mul(2).ok_or(Torn("too many entries"))?)?;
            let list: Vec<u32> = bytes.as_chunks().0.iter().map(|two| u32::from(u16::from_le_bytes(*two))).collect();
            let rising = list.windows(2).all(|pair| pair[0] < pair[1]) && list.last().is_none_or(|row| *row < last);
            if rising { Ok(Some(list)) } else { Err(Torn("entries out of order")) }
        }
        _ => Err(Torn("an unknown presence")),
    }
}

fn values(encoding: u8, from: &mut Reader<'_>, count: usize) -> Result<Values, Torn> {
    Ok(match encoding {
        DICTIONARY => dictionary(from, count)?,
        TEXTS => long(from, count).map(|(ends, text)| Values::Texts { ends, text })?,
        JSONS => long(from, count).map(|(ends, text)| Values::Jsons { ends, text })?,
        INTS => Values::Ints(ints::get(from, count)?),
        DECIMALS => decimals(from, count)?,
        FLOATS => floats(from.take(8 * count)?, count),
        BOOLS => Values::Bools(from.take(count)?.iter().map(|byte| *byte != 0).collect()),
        IDS => {
            let width = from.len()?;
            let bytes = from.take(width.checked_mul(count).ok_or(Torn("ids beyond memory"))?)?;
            Values::Ids { width, bytes: bytes.to_vec() }
        }
        HEX_TEXTS => {
            let digits = usize::from(from.byte()?);
            let (ends, text) = ids::hex_texts(from.take(count * digits / 2)?, digits, count)?;
            Values::Texts { ends, text }
        }
        UUID_TEXTS => {
            ids::uuid_texts(from.take(16 * count)?, count).map(|(ends, text)| Values::Texts { ends, text })?
        }
        MIXED => Values::Mixed(mixed(from, count)?),
        _ => return Err(Torn("an unknown encoding")),
    })
}

fn dictionary(from: &mut Reader<'_>, count: usize) -> Result<Values, Torn> {
    let different = from.len()?;
    if different > count {
        return Err(Torn("more texts than entries"));
    }
    let texts = (0..different).map(|_| from.text().map(Box::from)).collect::<Result<Vec<Box<str>>, Torn>>()?;
    let codes = from.take(count)?.to_vec();
    if codes.iter().any(|code| usize::from(*code) >= texts.len()) {
        return Err(Torn("a text that there is not"));
    }
    Ok(Values::Dictionary { texts, codes })
}

fn long(from: &mut Reader<'_>, count: usize) -> Result<(Vec<u32>, String), Torn> {
    let lengths = ints::get(from, count)?;
    let mut ends = Vec::with_capacity(count);
    let mut end = 0_u32;
    for length in lengths {
        end = u32::try_from(length)
            .ok()
            .and_then(|length| end.checked_add(length))
            .ok_or(Torn("a length beyond memory"))?;
        ends.push(end);
    }
    let all = text(from.take(end as usize)?)?;
    if ends.iter().all(|end| all.is_char_boundary(*end as usize)) {
        Ok((ends, all.to_owned()))
    } else {
        Err(Torn("a text that is no UTF-8"))
    }
}

fn decimals(from: &mut Reader<'_>, count: usize) -> Result<Values, Torn> {
    let digits = i32::from(from.byte()?);
    Ok(Values::Floats(ints::get(from, count)?.into_iter().map(|whole| unscaled(whole, digits)).collect()))
}

fn floats(planes: &[u8], count: usize) -> Values {
    let number = |row: usize| f64::from_le_bytes(std::array::from_fn(|plane| planes[plane * count + row]));
    Values::Floats((0..count).map(number).collect())
}

fn mixed(from: &mut Reader<'_>, count: usize) -> Result<Vec<Owned>, Torn> {
    let kinds = from.take(count)?;
    kinds.iter().map(|kind| owned(*kind, from)).collect()
}

/// A value of the kind of this number, behind its length.
pub(crate) fn owned(kind: u8, from: &mut Reader<'_>) -> Result<Owned, Torn> {
    let len = from.len()?;
    let bytes = from.take(len)?;
    let eight = || bytes.try_into().map_err(|_| Torn("a number of another width"));
    Ok(match kind {
        0 => Owned::Text(text(bytes)?.into()),
        1 => Owned::Int(i64::from_le_bytes(eight()?)),
        2 => Owned::Float(f64::from_le_bytes(eight()?)),
        3 => Owned::Bool(bytes.first().is_some_and(|byte| *byte != 0)),
        4 => Owned::Json(text(bytes)?.into()),
        5 => Owned::Id(bytes.into()),
        _ => return Err(Torn("an unknown kind")),
    })
}
