//! One entry by itself.

mod line;

use xxhash_rust::xxh3::Xxh3Default;

use super::json;
use super::wanted::{Place, Wanted, is_level, is_something, stands};
use crate::batch::{Batch, Kind};
use crate::column::Owned;
use crate::value::Value;

/// An entry of the store: a time and named fields, in the order in which the store has them.
#[derive(Clone, Debug)]
pub struct Entry {
    time: i64,
    fields: Vec<(Box<str>, Owned)>,
}

impl Entry {
    pub(crate) fn new(time: i64) -> Self {
        Self { time, fields: Vec::new() }
    }

    /// Calls `each` with every entry of a batch and its number.
    pub(super) fn each_of(batch: &Batch, mut each: impl FnMut(u32, Self)) {
        let mut next = vec![0; batch.columns.len()];
        for (row, time) in (0..).zip(&batch.times) {
            let mut entry = Self::new(*time);
            for (column, next) in batch.columns.iter().zip(&mut next) {
                if column.rows.get(*next) == Some(&row) {
                    let (kind, bytes) = column.get(*next);
                    entry.fields.extend(owned(kind, bytes).map(|value| (column.name.clone(), value)));
                    *next += 1;
                }
            }
            each(row, entry);
        }
    }

    /// With no text that is longer than so many bytes.
    pub(super) fn cut(mut self, most: usize) -> Self {
        for (_, value) in &mut self.fields {
            match value {
                Owned::Text(text) | Owned::Json(text) if text.len() > most => {
                    *value = Owned::Text(text[..text.floor_char_boundary(most)].into());
                }
                _ => {}
            }
        }
        self
    }

    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let of_value = |value: &Owned| match value {
            Owned::Text(text) | Owned::Json(text) => text.len(),
            Owned::Id(id) => id.len(),
            Owned::Int(_) | Owned::Float(_) | Owned::Bool(_) => 0,
        };
        size_of::<Self>() + self.fields.iter().map(|(name, value)| 48 + name.len() + of_value(value)).sum::<usize>()
    }

    /// An entry that came from elsewhere: a time in nanoseconds since 1970, and fields, each name once.
    pub fn from_fields<'a>(time: i64, fields: impl IntoIterator<Item = (&'a str, Value<'a>)>) -> Self {
        let mut entry = Self::new(time);
        fields.into_iter().for_each(|(name, value)| entry.push(name, value.into()));
        entry
    }

    pub(crate) fn push(&mut self, name: &str, value: Owned) {
        self.fields.push((name.into(), value));
    }

    /// When it was said, in nanoseconds since 1970.
    pub fn time(&self) -> i64 {
        self.time
    }

    /// Its fields, each name once.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = (&str, Value<'_>)> {
        self.fields.iter().map(|(name, value)| (&**name, value.borrow()))
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<Value<'_>> {
        self.fields().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// A number that stands for what it says, whatever the order of its fields: the same for as long as it is kept.
    pub(super) fn digest(&self) -> u64 {
        let mut fields: Vec<_> = self.fields.iter().collect();
        fields.sort_unstable_by_key(|(name, _)| name);
        let mut said = Xxh3Default::new();
        for (name, value) in fields {
            said.update(name.as_bytes());
            match value {
                Owned::Text(text) => said.update(&[&[0xff, 0], text.as_bytes()].concat()),
                Owned::Json(text) => said.update(&[&[0xff, 1], text.as_bytes()].concat()),
                Owned::Id(id) => said.update(&[&[0xff, 2], &id[..]].concat()),
                Owned::Int(number) => said.update(&[&[0xff, 3], &number.to_le_bytes()[..]].concat()),
                Owned::Float(number) => said.update(&[&[0xff, 4], &number.to_le_bytes()[..]].concat()),
                Owned::Bool(is) => said.update(&[0xff, 5, u8::from(*is)]),
            }
            said.update(&[0xfe]);
        }
        said.digest()
    }

    /// Whether it is what is wanted.
    pub(crate) fn is(&self, wanted: &Wanted) -> bool {
        match wanted {
            Wanted::All(parts) => parts.iter().all(|part| self.is(part)),
            Wanted::Any(parts) => parts.iter().any(|part| self.is(part)),
            Wanted::Not(part) => !self.is(part),
            Wanted::Levels(levels) => self.get("level").is_some_and(|found| is_level(levels, &found)),
            Wanted::Since(time) => self.time >= *time,
            Wanted::Until(time) => self.time < *time,
            Wanted::Field(place, relation, value) => self.tells(
                place,
                |found| stands(value, *relation, found),
                |found| json::stands(value, *relation, found),
            ),
            Wanted::Has(place) => self.tells(place, is_something, json::is_something),
            Wanted::Text(text) => self.fields().any(|(name, value)| text.is_in_value(name, &value)),
        }
    }

    fn tells(
        &self,
        place: &Place,
        of_field: impl Fn(&Value<'_>) -> bool,
        of_json: impl Fn(&cupola_line::Value<'_>) -> bool,
    ) -> bool {
        let found = place.names().find_map(|name| self.get(name));
        match (found, &place.inside) {
            (Some(found), _) => of_field(&found),
            (None, Some((head, path))) => match self.get(head) {
                Some(Value::Json(json)) => json::within(json, path).is_some_and(|found| of_json(&found)),
                _ => false,
            },
            (None, None) => false,
        }
    }
}

fn owned(kind: Kind, bytes: &[u8]) -> Option<Owned> {
    let text = || std::str::from_utf8(bytes).ok().map(Box::from);
    Some(match kind {
        Kind::Text => Owned::Text(text()?),
        Kind::Json => Owned::Json(text()?),
        Kind::Int => Owned::Int(i64::from_le_bytes(bytes.try_into().ok()?)),
        Kind::Float => Owned::Float(f64::from_le_bytes(bytes.try_into().ok()?)),
        Kind::Bool => Owned::Bool(*bytes.first()? != 0),
        Kind::Id => Owned::Id(bytes.into()),
    })
}
