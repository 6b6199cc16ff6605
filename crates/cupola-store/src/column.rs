//! A column of a block, read back.

use std::ops::Range;

use crate::value::Value;

/// The values of one field, of those entries of a block that have it.
#[derive(Debug)]
pub(crate) struct Column {
    /// Which entries have a value, ascending; `None` where all have one.
    pub(crate) rows: Option<Vec<u32>>,
    pub(crate) values: Values,
}

/// Values, one for each entry that has one.
#[derive(Debug)]
pub(crate) enum Values {
    /// Few different texts; each entry has the number of its own.
    Dictionary {
        texts: Vec<Box<str>>,
        codes: Vec<u8>,
    },
    /// Texts one behind the other, and where each ends.
    Texts {
        ends: Vec<u32>,
        text: String,
    },
    Ints(Vec<i64>),
    Floats(Vec<f64>),
    Bools(Vec<bool>),
    /// Ids of so many bytes each, shown as hexadecimal.
    Ids {
        width: usize,
        bytes: Vec<u8>,
    },
    /// JSON texts, laid out as `Texts` are.
    Jsons {
        ends: Vec<u32>,
        text: String,
    },
    /// Values of several kinds.
    Mixed(Vec<Owned>),
}

/// A value on its own.
#[derive(Clone, Debug)]
pub(crate) enum Owned {
    Text(Box<str>),
    Int(i64),
    Float(f64),
    Bool(bool),
    Json(Box<str>),
    Id(Box<[u8]>),
}

impl Column {
    /// The value of an entry of the block.
    pub(crate) fn value(&self, row: usize) -> Option<Value<'_>> {
        let place = match &self.rows {
            None => row,
            Some(rows) => rows.binary_search(&u32::try_from(row).ok()?).ok()?,
        };
        self.values.get(place)
    }

    /// The places of the values that these entries have.
    pub(crate) fn places(&self, rows: &Range<usize>) -> Range<usize> {
        match &self.rows {
            None => rows.clone(),
            Some(all) => {
                let place = |end: usize| all.partition_point(|row| (*row as usize) < end);
                place(rows.start)..place(rows.end)
            }
        }
    }

    /// The entry that the value at this place belongs to.
    pub(crate) fn row(&self, place: usize) -> Option<usize> {
        match &self.rows {
            None => Some(place),
            Some(rows) => rows.get(place).map(|row| *row as usize),
        }
    }

    /// Calls `each` with every entry that has a value, and the value's place.
    pub(crate) fn each_row(&self, mut each: impl FnMut(usize, usize)) {
        match &self.rows {
            None => (0..self.values.len()).for_each(|place| each(place, place)),
            Some(rows) => rows.iter().enumerate().for_each(|(place, row)| each(*row as usize, place)),
        }
    }
}

impl Values {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Dictionary { codes, .. } => codes.len(),
            Self::Texts { ends, .. } | Self::Jsons { ends, .. } => ends.len(),
            Self::Ints(numbers) => numbers.len(),
            Self::Floats(numbers) => numbers.len(),
            Self::Bools(bools) => bools.len(),
            Self::Ids { width, bytes } => bytes.len() / (*width).max(1),
            Self::Mixed(values) => values.len(),
        }
    }

    /// The value at this place among those that there are.
    pub(crate) fn get(&self, place: usize) -> Option<Value<'_>> {
        Some(match self {
            Self::Dictionary { texts, codes } => Value::Text(texts.get(usize::from(*codes.get(place)?))?),
            Self::Texts { ends, text } => Value::Text(slice(ends, text, place)?),
            Self::Jsons { ends, text } => Value::Json(slice(ends, text, place)?),
            Self::Ints(numbers) => Value::Int(*numbers.get(place)?),
            Self::Floats(numbers) => Value::Float(*numbers.get(place)?),
            Self::Bools(bools) => Value::Bool(*bools.get(place)?),
            Self::Ids { width, bytes } => Value::Id(bytes.get(place * width..(place + 1) * width)?),
            Self::Mixed(values) => values.get(place)?.borrow(),
        })
    }
}

impl From<Value<'_>> for Owned {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Text(text) => Self::Text(text.into()),
            Value::Int(number) => Self::Int(number),
            Value::Float(number) => Self::Float(number),
            Value::Bool(is) => Self::Bool(is),
            Value::Json(text) => Self::Json(text.into()),
            Value::Id(bytes) => Self::Id(bytes.into()),
        }
    }
}

fn slice<'a>(ends: &[u32], text: &'a str, place: usize) -> Option<&'a str> {
    let start = if place == 0 { 0 } else { *ends.get(place - 1)? };
    text.get(start as usize..*ends.get(place)? as usize)
}

impl Owned {
    pub(crate) fn borrow(&self) -> Value<'_> {
        match self {
            Self::Text(text) => Value::Text(text),
            Self::Int(number) => Value::Int(*number),
            Self::Float(number) => Value::Float(*number),
            Self::Bool(is) => Value::Bool(*is),
            Self::Json(text) => Value::Json(text),
            Self::Id(bytes) => Value::Id(bytes),
        }
    }
}
