//! Values of a batch that are replaced before it is kept: secrets, by who knows them.

use super::{Batch, Growing, Kind};
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

impl Batch {
    /// Replaces values. `judge` is asked once for each name, however many entries have it, and gives what judges the values: `None` where one
    /// stays. A value that is the same as the one before it is not judged again.
    ///
    /// ```
    /// use cupola_store::{Batch, Instead, Signal, Value};
    ///
    /// let mut batch = Batch::new(Signal::Logs);
    /// batch.row(1_795_232_762_123_456_000).set("pin", Value::Int(1234)).set("message", Value::Text("machine is up"));
    /// batch.replace(|name| {
    ///     let is_secret = name == "pin";
    ///     move |_| is_secret.then(|| Instead::Text("[REDACTED]".to_owned()))
    /// });
    /// ```
    pub fn replace<V: FnMut(Value<'_>) -> Option<Instead>>(&mut self, mut judge: impl FnMut(&str) -> V) {
        for column in &mut self.columns {
            let judge = judge(&column.name);
            column.replace(judge);
        }
    }
}

impl Growing {
    fn replace(&mut self, mut judge: impl FnMut(Value<'_>) -> Option<Instead>) {
        let (mut replaced, mut instead): (Option<Self>, _) = (None, None);
        for place in 0..self.rows.len() {
            let (kind, bytes) = self.get(place);
            if place == 0 || self.get(place - 1) != (kind, bytes) {
                instead = value(kind, bytes).and_then(&mut judge);
            }
            if replaced.is_none() && instead.is_some() {
                replaced = Some(self.before(place));
            }
            if let Some(column) = &mut replaced {
                let kind = match &instead {
                    Some(Instead::Text(text)) => column.append(text.as_bytes(), Kind::Text),
                    Some(Instead::Json(text)) => column.append(text.as_bytes(), Kind::Json),
                    None => column.append(bytes, kind),
                };
                column.end(self.rows[place], kind);
            }
        }
        if let Some(column) = replaced {
            *self = column;
        }
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

fn value(kind: Kind, bytes: &[u8]) -> Option<Value<'_>> {
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
            move |value| {
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
