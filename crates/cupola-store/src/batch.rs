//! Entries on their way into the store: columns that grow.

mod replace;

use std::fmt;

use rustc_hash::FxHashMap;

pub use replace::{Instead, Judge, Values};

use crate::column::Column;
use crate::signal::Signal;
use crate::value::Value;

/// So many names of fields have a column of their own while a batch grows; fields with other names are dropped, and counted.
pub const MAX_NAMES: usize = 16_384;

/// Entries of one signal, a column for each field.
///
/// ```
/// use cupola_store::{Batch, Signal, Value};
///
/// let mut batch = Batch::new(Signal::Logs);
/// batch.row(1_795_232_762_123_456_000).set("level", Value::Text("INFO")).set("message", Value::Text("machine is up"));
/// assert_eq!(batch.rows(), 1);
/// ```
#[derive(Debug)]
pub struct Batch {
    pub(crate) signal: Signal,
    /// Nanoseconds since 1970, in the order in which the entries came.
    pub(crate) times: Vec<i64>,
    pub(crate) columns: Vec<Growing>,
    places: FxHashMap<Box<str>, usize>,
    /// Where the next field is looked for first: entries that follow each other have their fields in one order.
    next: usize,
    pub(crate) dropped_fields: u64,
}

/// The values of one field, of those entries that have it.
pub(crate) struct Growing {
    pub(crate) name: Box<str>,
    /// Which entries, ascending.
    pub(crate) rows: Vec<u32>,
    pub(crate) kinds: Vec<Kind>,
    /// Where each value's bytes end.
    pub(crate) ends: Vec<u32>,
    /// Texts and JSON as they are, ids as they are, numbers in eight bytes little-endian, `Bool` in one.
    pub(crate) bytes: Vec<u8>,
}

/// What the bytes of a value are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Int,
    Float,
    Bool,
    Json,
    Id,
}

/// One entry, to be given its fields.
#[derive(Debug)]
pub struct Row<'a> {
    batch: &'a mut Batch,
    row: u32,
}

impl Batch {
    /// One without entries.
    pub fn new(signal: Signal) -> Self {
        Self {
            signal,
            times: Vec::new(),
            columns: Vec::new(),
            places: FxHashMap::default(),
            next: 0,
            dropped_fields: 0,
        }
    }

    /// What its entries are.
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// How many entries it has.
    pub fn rows(&self) -> usize {
        self.times.len()
    }

    /// Fields that were left out because there were too many names.
    pub fn dropped_fields(&self) -> u64 {
        self.dropped_fields
    }

    /// Begins another entry; its time is in nanoseconds since 1970.
    pub fn row(&mut self, time: i64) -> Row<'_> {
        let row =
            u32::try_from(self.times.len()).expect("a batch of four thousand million entries does not fit into memory");
        self.times.push(time);
        self.next = 0;
        Row { batch: self, row }
    }

    /// Takes the entries of a block.
    pub(crate) fn extend(&mut self, times: &[i64], columns: &[(Box<str>, Column)]) {
        let first =
            u32::try_from(self.times.len()).expect("a batch of four thousand million entries does not fit into memory");
        self.times.extend_from_slice(times);
        for (name, column) in columns {
            let Some(place) = self.place(name) else {
                self.dropped_fields += 1;
                continue;
            };
            let rows = (0..times.len()).filter_map(|row| Some((u32::try_from(row).ok()?, column.value(row)?)));
            rows.for_each(|(row, value)| self.columns[place].push(first + row, value));
        }
    }

    /// About how much memory it takes, in bytes.
    pub fn bytes(&self) -> usize {
        let of_columns = self.columns.iter().map(|column| 9 * column.rows.len() + column.bytes.len());
        8 * self.times.len() + of_columns.sum::<usize>()
    }

    /// Which column a field has; it stays the same. `None` where there are too many names.
    pub(crate) fn place(&mut self, name: &str) -> Option<usize> {
        if self.columns.get(self.next).is_some_and(|column| *column.name == *name) {
            return Some(self.next);
        }
        if let Some(place) = self.places.get(name) {
            return Some(*place);
        }
        if self.columns.len() == MAX_NAMES {
            return None;
        }
        self.columns.push(Growing::new(name));
        self.places.insert(name.into(), self.columns.len() - 1);
        Some(self.columns.len() - 1)
    }
}

impl Row<'_> {
    /// Gives the entry a field. Where it has one of that name already, that stays.
    pub fn set(&mut self, name: &str, value: Value<'_>) -> &mut Self {
        self.column(name, |column, row| {
            if column.rows.last() != Some(&row) {
                column.push(row, value);
            }
        })
    }

    /// Gives the entry a field, instead of one of that name that it may have already.
    pub fn replace(&mut self, name: &str, value: Value<'_>) -> &mut Self {
        self.column(name, |column, row| {
            if column.rows.last() == Some(&row) {
                column.pop();
            }
            column.push(row, value);
        })
    }

    /// The same for a field whose column is known.
    #[cfg(feature = "otlp")]
    #[inline]
    pub(crate) fn set_at(&mut self, place: usize, value: Value<'_>) {
        let column = &mut self.batch.columns[place];
        if column.rows.last() != Some(&self.row) {
            column.push(self.row, value);
        }
    }

    /// The same for a text that is known to be ASCII.
    #[cfg(feature = "otlp")]
    #[inline]
    pub(crate) fn set_ascii_at(&mut self, place: usize, text: &[u8]) {
        debug_assert!(text.is_ascii(), "texts are UTF-8");
        let column = &mut self.batch.columns[place];
        if column.rows.last() != Some(&self.row) {
            let kind = column.append(text, Kind::Text);
            column.end(self.row, kind);
        }
    }

    /// Which column a field has, as [`Batch::place`] says; where it has none, the field is left out and counted.
    #[cfg(feature = "otlp")]
    pub(crate) fn place(&mut self, name: &str) -> Option<usize> {
        let place = self.batch.place(name);
        self.batch.dropped_fields += u64::from(place.is_none());
        place
    }

    fn column(&mut self, name: &str, give: impl FnOnce(&mut Growing, u32)) -> &mut Self {
        match self.batch.place(name) {
            Some(place) => {
                self.batch.next = place + 1;
                give(&mut self.batch.columns[place], self.row);
            }
            None => self.batch.dropped_fields += 1,
        }
        self
    }
}

impl Growing {
    fn new(name: &str) -> Self {
        Self { name: name.into(), rows: Vec::new(), kinds: Vec::new(), ends: Vec::new(), bytes: Vec::new() }
    }

    fn push(&mut self, row: u32, value: Value<'_>) {
        let kind = match value {
            Value::Text(text) => self.append(text.as_bytes(), Kind::Text),
            Value::Json(text) => self.append(text.as_bytes(), Kind::Json),
            Value::Int(number) => self.append(&number.to_le_bytes(), Kind::Int),
            Value::Float(number) => self.append(&number.to_le_bytes(), Kind::Float),
            Value::Bool(is) => self.append(&[u8::from(is)], Kind::Bool),
            Value::Id(id) => self.append(id, Kind::Id),
        };
        self.end(row, kind);
    }

    /// The value whose bytes have been appended is this entry's.
    #[inline]
    fn end(&mut self, row: u32, kind: Kind) {
        self.rows.push(row);
        self.kinds.push(kind);
        self.ends.push(u32::try_from(self.bytes.len()).expect("a batch is far smaller"));
    }

    /// The value at this place among those that there are.
    pub(crate) fn get(&self, place: usize) -> (Kind, &[u8]) {
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        (self.kinds[place], &self.bytes[start as usize..self.ends[place] as usize])
    }

    /// Where the entry's value is, if it has one. `hint` is where it is looked for first, and where the next entry's may be.
    pub(crate) fn find(&self, row: u32, hint: &mut usize) -> Option<usize> {
        let place = match self.rows.get(*hint) {
            Some(found) if *found == row => *hint,
            Some(found) if *found > row && (*hint == 0 || self.rows[*hint - 1] < row) => return None,
            _ => match self.rows.binary_search(&row) {
                Ok(place) => place,
                Err(next) => {
                    *hint = next;
                    return None;
                }
            },
        };
        *hint = place + 1;
        Some(place)
    }

    fn pop(&mut self) {
        self.rows.pop();
        self.kinds.pop();
        self.ends.pop();
        self.bytes.truncate(self.ends.last().map_or(0, |end| *end as usize));
    }

    fn append(&mut self, bytes: &[u8], kind: Kind) -> Kind {
        self.bytes.extend_from_slice(bytes);
        kind
    }
}

impl fmt::Debug for Growing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} entries", self.name, self.rows.len())
    }
}

/// What these bytes of a batch are; `None` where they are not of this kind.
pub(crate) fn value(kind: Kind, bytes: &[u8]) -> Option<Value<'_>> {
    let text = || std::str::from_utf8(bytes).ok();
    Some(match kind {
        Kind::Text => Value::Text(text()?),
        Kind::Json => Value::Json(text()?),
        Kind::Int => Value::Int(i64::from_le_bytes(bytes.try_into().ok()?)),
        Kind::Float => Value::Float(f64::from_le_bytes(bytes.try_into().ok()?)),
        Kind::Bool => Value::Bool(*bytes.first()? != 0),
        Kind::Id => Value::Id(bytes),
    })
}
