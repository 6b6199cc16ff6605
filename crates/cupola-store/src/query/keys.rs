//! Values of a field, each with a number, in bounded memory.

use std::ops::Range;
use std::rc::Rc;

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

/// What the keys of values that were taken over have become.
#[derive(Debug, Default)]
pub(super) struct Adopted(Vec<Key>);

impl Adopted {
    pub(super) fn key(&self, key: Key) -> Key {
        match key {
            Key::Known(number) => self.0.get(number as usize).copied().unwrap_or(Key::Beyond),
            Key::None | Key::Beyond => key,
        }
    }
}

/// Which values the entries of a block have.
#[derive(Debug)]
pub(super) struct Few {
    pub(super) keys: Vec<Key>,
    /// For each entry, which of them.
    pub(super) of_rows: Vec<u16>,
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

    /// Calls `count` with the values that the entries of a block have, how many have each, and the number of the part: a step and its rows.
    pub(super) fn count(
        &mut self,
        opened: &Opened<'_>,
        rows: &Rows,
        parts: &[(usize, Range<usize>)],
        mut count: impl FnMut(Key, usize, u64),
    ) -> Result<(), QueryError> {
        if let Some(column) = self.coded(opened)?
            && let Values::Dictionary { texts, codes } = &column.values
        {
            self.count_codes((&column, texts, codes), rows, parts, count);
            return Ok(());
        }
        let keys = self.of_block(opened, rows)?;
        for (step, range) in parts {
            rows.iter_from(range.start).take_while(|row| *row < range.end).for_each(|row| count(keys[row], *step, 1));
        }
        Ok(())
    }

    /// Which value each of these entries of a block has.
    pub(super) fn few(&mut self, opened: &Opened<'_>, rows: &Rows) -> Result<Few, QueryError> {
        if let Some(column) = self.coded(opened)?
            && let Values::Dictionary { texts, codes } = &column.values
        {
            let mut keys: Vec<Key> = texts.iter().map(|text| self.key(text)).collect();
            let none = u16::try_from(keys.len()).expect("a code is a byte");
            keys.push(Key::None);
            let mut of_rows = vec![none; rows.len()];
            column.each_row(|row, place| of_rows[row] = codes[place].into());
            return Ok(Few { keys, of_rows });
        }
        let (mut keys, mut numbers) = (Vec::new(), FxHashMap::default());
        let number = |key: Key| {
            *numbers.entry(key).or_insert_with(|| {
                keys.push(key);
                u16::try_from(keys.len() - 1).expect("a block has fewer entries")
            })
        };
        let of_rows = self.of_block(opened, rows)?.into_iter().map(number).collect();
        Ok(Few { keys, of_rows })
    }

    /// The one column that has the field, where it has few different texts.
    pub(super) fn coded(&self, opened: &Opened<'_>) -> Result<Option<Rc<Column>>, QueryError> {
        let mut found = None;
        let inside = self.place.inside.as_ref().map(|(head, _)| head.as_str());
        for name in self.place.names().chain(inside) {
            if let Some(column) = opened.column(name)?
                && found.replace(column).is_some()
            {
                return Ok(None);
            }
        }
        Ok(found.filter(|column| matches!(column.values, Values::Dictionary { .. })))
    }

    fn count_codes(
        &mut self,
        (column, texts, codes): (&Column, &[Box<str>], &[u8]),
        rows: &Rows,
        parts: &[(usize, Range<usize>)],
        mut count: impl FnMut(Key, usize, u64),
    ) {
        let are_all = rows.count() == rows.len();
        let mut keys: Vec<Option<Key>> = vec![None; texts.len()];
        for (step, range) in parts {
            let mut found = [0_u32; 256];
            let places = column.places(range);
            if are_all {
                codes[places].iter().for_each(|code| found[usize::from(*code)] += 1);
            } else {
                let is_wanted = |place: &usize| column.row(*place).is_some_and(|row| rows.has(row));
                places.filter(is_wanted).for_each(|place| found[usize::from(codes[place])] += 1);
            }
            let mut without = rows.count_within(range) as u64;
            for ((text, key), entries) in texts.iter().zip(&mut keys).zip(found).filter(|(_, entries)| *entries > 0) {
                without -= u64::from(entries);
                count(*key.get_or_insert_with(|| self.key(text)), *step, u64::from(entries));
            }
            if without > 0 {
                count(Key::None, *step, without);
            }
        }
    }

    /// Takes the values of another one over, in their order.
    pub(super) fn adopt(&mut self, other: &Self) -> Adopted {
        Adopted(other.texts.iter().map(|text| self.key(text)).collect())
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
