//! Values of a batch that are replaced before it is kept: secrets, by who knows them.

use std::hash::Hasher as _;
use std::rc::Rc;

use rustc_hash::FxHasher;

use super::{Batch, Growing, Kind, value};
use crate::value::Value;

/// What is kept instead of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Instead {
    /// A text.
    Text(String),
    /// An array or an object, as JSON text.
    Json(String),
}

/// What judges the values of one field. A closure that judges one value is one.
pub trait Judge {
    /// The places of those values that may have to be replaced, ascending; all others stay without a further look. All, unless it knows better.
    fn suspects(&mut self, values: &Values<'_>) -> Vec<u32> {
        (0..).take(values.len()).collect()
    }

    /// What is kept instead of a value; `None` where it stays.
    fn instead(&mut self, value: Value<'_>) -> Option<Instead>;
}

impl<F: FnMut(Value<'_>) -> Option<Instead>> Judge for F {
    fn instead(&mut self, value: Value<'_>) -> Option<Instead> {
        self(value)
    }
}

/// The values of one field, of those entries that have it.
#[derive(Debug)]
pub struct Values<'a>(&'a Growing);

impl<'a> Values<'a> {
    /// How many there are.
    #[allow(clippy::len_without_is_empty, reason = "there is no field without values")]
    pub fn len(&self) -> usize {
        self.0.kinds.len()
    }

    /// All values one behind the other, and where each ends; `None` unless all are texts.
    pub fn texts(&self) -> Option<(&'a [u8], &'a [u32])> {
        self.0.kinds.iter().all(|kind| *kind == Kind::Text).then_some((&self.0.bytes, &self.0.ends))
    }

    /// Whether any of them is a text, an array or an object.
    pub fn speak(&self) -> bool {
        self.0.kinds.iter().any(|kind| matches!(kind, Kind::Text | Kind::Json))
    }
}

impl Batch {
    /// Replaces values. `judge` is asked once for each name, however many entries have it, and gives what judges the values. A value that is
    /// the same as the one before it, or as another one of late, is not judged again.
    ///
    /// ```
    /// use cupola_store::{Batch, Instead, Signal, Value};
    ///
    /// let mut batch = Batch::new(Signal::Logs);
    /// batch.row(1_795_232_762_123_456_000).set("pin", Value::Int(1234)).set("message", Value::Text("machine is up"));
    /// batch.replace(|name| {
    ///     let is_secret = name == "pin";
    ///     move |_: Value<'_>| is_secret.then(|| Instead::Text("[REDACTED]".to_owned()))
    /// });
    /// ```
    pub fn replace<J: Judge>(&mut self, mut judge: impl FnMut(&str) -> J) {
        for column in &mut self.columns {
            let judge = judge(&column.name);
            column.replace(judge);
        }
    }
}

impl Growing {
    fn replace(&mut self, mut judge: impl Judge) {
        let suspects = judge.suspects(&Values(self));
        let mut seen = Seen::default();
        let mut replaced: Vec<(usize, Rc<Instead>)> = Vec::new();
        for place in suspects.into_iter().map(|place| place as usize).take_while(|place| *place < self.rows.len()) {
            let instead = match seen.find(self, place) {
                Some(instead) => instead,
                None => {
                    let (kind, bytes) = self.get(place);
                    let instead = value(kind, bytes).and_then(|value| judge.instead(value)).map(Rc::new);
                    seen.keep(self, place, instead.clone());
                    instead
                }
            };
            replaced.extend(instead.map(|instead| (place, instead)));
        }
        if let Some((first, _)) = replaced.first() {
            *self = self.with(*first, &replaced);
        }
    }

    /// The same with other values at these places, of which this is the first.
    fn with(&self, first: usize, replaced: &[(usize, Rc<Instead>)]) -> Self {
        let mut column = self.before(first);
        let mut replaced = replaced.iter().peekable();
        for place in first..self.rows.len() {
            let instead = replaced.next_if(|(at, _)| *at == place).map(|(_, instead)| &**instead);
            let kind = match instead {
                Some(Instead::Text(text)) => column.append(text.as_bytes(), Kind::Text),
                Some(Instead::Json(text)) => column.append(text.as_bytes(), Kind::Json),
                None => {
                    let (kind, bytes) = self.get(place);
                    column.append(bytes, kind)
                }
            };
            column.end(self.rows[place], kind);
        }
        column
    }

    /// What stands before this place.
    fn before(&self, place: usize) -> Self {
        let end = if place == 0 { 0 } else { self.ends[place - 1] as usize };
        Self {
            name: self.name.clone(),
            rows: self.rows[..place].to_vec(),
            kinds: self.kinds[..place].to_vec(),
            ends: self.ends[..place].to_vec(),
            bytes: self.bytes[..end].to_vec(),
        }
    }
}

/// What was judged of late: many fields have few different values.
#[derive(Debug, Default)]
struct Seen {
    places: Vec<Option<(usize, Option<Rc<Instead>>)>>,
}

impl Seen {
    const ROOM: usize = 64;

    /// What was judged of the same value.
    fn find(&self, column: &Growing, place: usize) -> Option<Option<Rc<Instead>>> {
        let value = column.get(place);
        let (other, instead) = self.places.get(Self::at(value.1))?.as_ref()?;
        (column.get(*other) == value).then(|| instead.clone())
    }

    fn keep(&mut self, column: &Growing, place: usize, instead: Option<Rc<Instead>>) {
        self.places.resize(Self::ROOM, None);
        self.places[Self::at(column.get(place).1)] = Some((place, instead));
    }

    fn at(bytes: &[u8]) -> usize {
        let mut hasher = FxHasher::default();
        hasher.write(bytes);
        hasher.finish() as usize % Self::ROOM
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Signal;

    #[test]
    fn values_are_replaced_and_all_others_stay_where_they_are() {
        let mut batch = Batch::new(Signal::Logs);
        batch.row(1).set("a", Value::Text("kept")).set("b", Value::Int(1));
        batch.row(2).set("a", Value::Text("secret")).set("c", Value::Json("[1]"));
        batch.row(3).set("b", Value::Bool(true));
        batch.row(4).set("a", Value::Text("secret")).set("b", Value::Float(0.5));
        batch.row(5).set("a", Value::Text("secret")).set("c", Value::Id(&[7]));
        batch.row(6).set("a", Value::Text("last"));
        let (mut names, mut judged) = (Vec::new(), std::cell::Cell::new(0));
        batch.replace(|name| {
            names.push(name.to_owned());
            let judged = &judged;
            move |value: Value<'_>| {
                judged.set(judged.get() + 1);
                match value {
                    Value::Text("secret") => Some(Instead::Text("a longer mask".to_owned())),
                    Value::Float(_) => Some(Instead::Text(String::new())),
                    Value::Json(json) => Some(Instead::Json(format!("[{json}]"))),
                    _ => None,
                }
            }
        });
        assert_eq!(
            (names, *judged.get_mut()),
            (["a", "b", "c"].map(str::to_owned).to_vec(), 8),
            "two are like the one before"
        );
        let found = batch.columns.iter().map(|column| {
            let value = |place| value(column.get(place).0, column.get(place).1).unwrap();
            (column.rows.clone(), (0..column.rows.len()).map(value).collect::<Vec<_>>())
        });
        let mask = Value::Text("a longer mask");
        let expected = [
            (vec![0, 1, 3, 4, 5], vec![Value::Text("kept"), mask, mask, mask, Value::Text("last")]),
            (vec![0, 2, 3], vec![Value::Int(1), Value::Bool(true), Value::Text("")]),
            (vec![1, 4], vec![Value::Json("[[1]]"), Value::Id(&[7])]),
        ];
        assert_eq!(found.collect::<Vec<_>>(), expected);
    }
}
