//! Entries of several batches as one table: the values of one field, in a block's order.

use rustc_hash::FxHashMap;

use crate::batch::{Batch, Kind, value};
use crate::signal::Signal;
use crate::value::Value;

/// An entry of one of several batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) batch: u32,
    pub(crate) row: u32,
}

/// Batches, and which fields they have together.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    batches: Vec<&'a Batch>,
    fields: Vec<Field<'a>>,
    /// How many entries lie before each batch.
    before: Vec<usize>,
    rows: usize,
}

#[derive(Debug)]
struct Field<'a> {
    name: &'a str,
    /// Which column of each batch has it.
    columns: Vec<Option<u32>>,
    values: usize,
}

/// The values of one field, of those entries of a block that have it.
#[derive(Debug)]
pub(crate) struct Gathered<'a> {
    pub(crate) name: &'a str,
    /// Which entries of the block, ascending.
    pub(crate) rows: Vec<u32>,
    pub(crate) values: Vec<&'a [u8]>,
    pub(crate) kinds: Kinds,
}

/// Of which kinds values are.
#[derive(Debug)]
pub(crate) enum Kinds {
    None,
    All(Kind),
    Each(Vec<Kind>),
}

impl<'a> Table<'a> {
    pub(crate) fn new(batches: Vec<&'a Batch>) -> Self {
        let mut fields: Vec<Field<'a>> = Vec::new();
        let mut places: FxHashMap<&'a str, usize> = FxHashMap::default();
        for (batch, columns) in batches.iter().map(|batch| &batch.columns).enumerate() {
            for (number, column) in (0..).zip(columns) {
                let place = *places.entry(&column.name).or_insert_with(|| {
                    fields.push(Field { name: &column.name, columns: vec![None; batches.len()], values: 0 });
                    fields.len() - 1
                });
                fields[place].columns[batch] = Some(number);
                fields[place].values += column.rows.len();
            }
        }
        let mut rows = 0;
        let mut before = Vec::with_capacity(batches.len());
        for batch in &batches {
            before.push(rows);
            rows += batch.rows();
        }
        Self { batches, fields, before, rows }
    }

    pub(crate) fn signal(&self) -> Signal {
        self.batches.first().map_or(Signal::Logs, |batch| batch.signal)
    }

    /// All entries, in the order in which they came.
    pub(crate) fn places(&self) -> Vec<Place> {
        let of = |(batch, rows): (u32, &&Batch)| (0..).take(rows.rows()).map(move |row| Place { batch, row });
        (0..).zip(&self.batches).flat_map(of).collect()
    }

    pub(crate) fn time(&self, place: Place) -> i64 {
        self.batches[place.batch as usize].times[place.row as usize]
    }

    /// The fields that these entries have, one after the other.
    pub(crate) fn gather(&self, order: &[Place]) -> Vec<Gathered<'a>> {
        let mut positions = Vec::new();
        let of = |field: &Field<'a>| {
            if 4 * field.values < order.len() {
                if positions.is_empty() {
                    positions = self.positions(order);
                }
                self.gather_rare(field, &positions)
            } else {
                self.gather_common(field, order)
            }
        };
        self.fields.iter().map(of).filter(|gathered| !gathered.rows.is_empty()).collect()
    }

    fn gather_common(&self, field: &Field<'a>, order: &[Place]) -> Gathered<'a> {
        let mut gathered = Gathered::new(field.name, order.len());
        let mut hints = vec![0; self.batches.len()];
        for (position, place) in (0..).zip(order) {
            let batch = place.batch as usize;
            let Some(column) = field.columns[batch] else { continue };
            let column = &self.batches[batch].columns[column as usize];
            if let Some(at) = column.find(place.row, &mut hints[batch]) {
                let (kind, value) = column.get(at);
                gathered.push(position, kind, value);
            }
        }
        gathered
    }

    /// Looks at the values that there are, and not at each entry: a thousand fields that few entries have cost little.
    fn gather_rare(&self, field: &Field<'a>, positions: &[u32]) -> Gathered<'a> {
        let mut found = Vec::new();
        for (batch, column) in field.columns.iter().enumerate().filter_map(|(batch, column)| Some((batch, (*column)?)))
        {
            let column = &self.batches[batch].columns[column as usize];
            for (at, row) in column.rows.iter().enumerate() {
                match positions[self.before[batch] + *row as usize] {
                    u32::MAX => {}
                    position => found.push((position, column.get(at))),
                }
            }
        }
        found.sort_unstable_by_key(|(position, _)| *position);
        let mut gathered = Gathered::new(field.name, found.len());
        found.into_iter().for_each(|(position, (kind, value))| gathered.push(position, kind, value));
        gathered
    }

    /// Where each entry of the batches stands in the order.
    fn positions(&self, order: &[Place]) -> Vec<u32> {
        let mut positions = vec![u32::MAX; self.rows];
        for (position, place) in (0..).zip(order) {
            positions[self.before[place.batch as usize] + place.row as usize] = position;
        }
        positions
    }
}

impl<'a> Gathered<'a> {
    fn new(name: &'a str, room: usize) -> Self {
        Self { name, rows: Vec::with_capacity(room), values: Vec::with_capacity(room), kinds: Kinds::None }
    }

    /// The value at this place among those that there are.
    pub(crate) fn get(&self, place: usize) -> (Kind, &'a [u8]) {
        let kind = match &self.kinds {
            Kinds::Each(kinds) => kinds[place],
            Kinds::All(kind) => *kind,
            Kinds::None => Kind::Text,
        };
        (kind, self.values[place])
    }

    /// The same as a value.
    pub(crate) fn value_at(&self, place: usize) -> Option<Value<'a>> {
        let (kind, bytes) = self.get(place);
        value(kind, bytes)
    }

    /// The value of an entry of the block.
    pub(crate) fn value(&self, row: u32) -> Option<Value<'a>> {
        self.value_at(self.rows.binary_search(&row).ok()?)
    }

    fn push(&mut self, position: u32, kind: Kind, value: &'a [u8]) {
        match &mut self.kinds {
            Kinds::None => self.kinds = Kinds::All(kind),
            Kinds::All(all) if *all == kind => {}
            Kinds::All(all) => {
                let mut each = vec![*all; self.values.len()];
                each.push(kind);
                self.kinds = Kinds::Each(each);
            }
            Kinds::Each(each) => each.push(kind),
        }
        self.rows.push(position);
        self.values.push(value);
    }
}
