//! Lines as a test reads them: valid JSON with unique keys, or the test fails.

use std::fmt;
use std::ops::Index;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;

/// One line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Line(Vec<(String, Value)>);

/// Reads a whole log.
///
/// # Panics
/// Where a line is no JSON object, or has a key twice.
pub fn lines(text: &str) -> Vec<Line> {
    // Only `\n` ends a line here, as for whoever reads a log byte by byte.
    text.split_terminator('\n').map(Line::read).collect()
}

/// The lines of a log that somebody has said, without those in which the log speaks of its losses.
pub fn said(text: &str) -> Vec<Line> {
    lines(text).into_iter().filter(|line| line["target"] != "cupola::log").collect()
}

impl Line {
    fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text:?}"))
    }

    /// A field of text.
    ///
    /// # Panics
    /// Where there is none.
    pub fn text(&self, field: &str) -> &str {
        self[field].as_str().unwrap_or_else(|| panic!("no text {field}: {self}"))
    }

    /// A field with a number.
    ///
    /// # Panics
    /// Where there is none.
    pub fn number(&self, field: &str) -> f64 {
        self[field].as_f64().unwrap_or_else(|| panic!("no number {field}: {self}"))
    }

    /// Whether the line has this field.
    pub fn has(&self, field: &str) -> bool {
        self.0.iter().any(|(key, _)| key == field)
    }

    /// The names of its fields, in their order.
    pub fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(key, _)| key.as_str()).collect()
    }

    /// Whether it is the line of an exchange.
    pub fn is_access(&self) -> bool {
        self["target"] == "cupola::http" && self.has("outcome")
    }
}

/// A field that is absent is null.
impl Index<&str> for Line {
    type Output = Value;

    fn index(&self, field: &str) -> &Value {
        self.0.iter().find(|(key, _)| key == field).map_or(&Value::Null, |(_, value)| value)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(key, value)| (key, value))).finish()
    }
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UniqueKeys)
    }
}

struct UniqueKeys;

impl<'de> Visitor<'de> for UniqueKeys {
    type Value = Line;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object whose keys are unique")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Line, A::Error> {
        let mut line = Line(Vec::new());
        while let Some((key, value)) = access.next_entry::<String, Value>()? {
            if line.has(&key) {
                return Err(A::Error::custom(format!("{key} stands there twice")));
            }
            line.0.push((key, value));
        }
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_stands_twice_is_found() {
        assert_eq!(lines("{\"a\":1,\"b\":{\"a\":1}}\n{\"a\":2}\n").len(), 2);
        assert!(serde_json::from_str::<Line>("{\"a\":1,\"a\":1}").is_err());
    }
}
