//! One entry by itself.

use xxhash_rust::xxh3::Xxh3Default;

use super::json;
use super::wanted::{Place, Wanted, is_level, is_something, stands};
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
        let found = self.get(&place.name).or_else(|| self.get(place.ours.as_deref()?));
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
