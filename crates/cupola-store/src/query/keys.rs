//! Values of a field, each with a number, in bounded memory.

use rustc_hash::FxHashMap;

use super::error::QueryError;
use super::json;
use super::opened::Opened;
use super::rows::Rows;
use super::wanted::Place;
use crate::column::{Column, Values};
use crate::value::Value;

/// So many bytes all values together may have.
const MAX_BYTES: usize = 16 << 20;

/// Which value an entry has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Key {
    /// It does not have the field.
    None,
    Known(u32),
    /// There were too many values before.
    Beyond,
}

/// Values that have a number.
#[derive(Debug)]
pub(super) struct Keys {
    place: Place,
    numbers: FxHashMap<Box<str>, u32>,
    texts: Vec<Box<str>>,
    bytes: usize,
    most: usize,
}

impl Keys {
    /// Of a field, at most so many.
    pub(super) fn new(field: &str, most: usize) -> Self {
        Self { place: Place::of(field), numbers: FxHashMap::default(), texts: Vec::new(), bytes: 0, most }
    }

    /// The value that has a number.
    pub(super) fn text(&self, key: Key) -> Option<&str> {
        match key {
            Key::Known(number) => self.texts.get(number as usize).map(|text| &**text),
            Key::None | Key::Beyond => None,
        }
    }

    /// Whether this is the field.
    pub(super) fn is_of(&self, field: &str) -> bool {
        self.place.name == field
    }

    /// The keys of these entries of a block.
    pub(super) fn of_block(&mut self, opened: &Opened<'_>, rows: &Rows) -> Result<Vec<Key>, QueryError> {
        let mut keys = vec![Key::None; rows.len()];
        let mut left = rows.clone();
        let place = self.place.clone();
        for name in place.names() {
            if let Some(column) = opened.column(name)? {
                self.of_column(&column, &mut left, &mut keys);
            }
        }
        if let Some((head, path)) = place.inside.as_ref().filter(|_| !left.is_empty())
            && let Some(column) = opened.column(head)?
        {
            column.each_row(|row, at| {
                if let (true, Some(Value::Json(json))) = (left.has(row), column.values.get(at))
                    && let Some(found) = json::within(json, path)
                {
                    keys[row] = self.key(&json::text(&found));
                }
            });
        }
        Ok(keys)
    }

    fn of_column(&mut self, column: &Column, left: &mut Rows, keys: &mut [Key]) {
        let mut of_codes: Vec<Option<Key>> = match &column.values {
            Values::Dictionary { texts, .. } => vec![None; texts.len()],
            _ => Vec::new(),
        };
        column.each_row(|row, at| {
            if !left.has(row) {
                return;
            }
            left.remove(row);
            keys[row] = match &column.values {
                Values::Dictionary { texts, codes } => {
                    let code = usize::from(codes[at]);
                    *of_codes[code].get_or_insert_with(|| self.key(&texts[code]))
                }
                values => values.get(at).map_or(Key::None, |value| self.key(&value.text())),
            };
        });
    }

    /// The key of a value.
    pub(super) fn key(&mut self, text: &str) -> Key {
        if let Some(number) = self.numbers.get(text) {
            return Key::Known(*number);
        }
        if self.texts.len() >= self.most || self.bytes + text.len() > MAX_BYTES {
            return Key::Beyond;
        }
        let number = u32::try_from(self.texts.len()).expect("there are far fewer");
        self.bytes += text.len();
        self.numbers.insert(text.into(), number);
        self.texts.push(text.into());
        Key::Known(number)
    }
}
