//! Reading a line back, strictly.

use std::collections::BTreeMap;
use std::fmt;

use cupola_line::{Envelope, LineBuffer, LineWriter, Scratch, Timestamp, Written};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;

/// A JSON object in which each name may be only once.
#[derive(Debug)]
pub(crate) struct Object(pub(crate) BTreeMap<String, Value>);

impl Object {
    pub(crate) fn parse(line: &str) -> Self {
        assert!(line.ends_with('\n') && line.matches('\n').count() == 1, "one line");
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line:.400}"))
    }

    pub(crate) fn get(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or_else(|| panic!("no {name:?}"))
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).as_str().unwrap_or_else(|| panic!("{name:?} is no text"))
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if members.insert(name.clone(), value).is_some() {
                return Err(A::Error::custom(format!("{name:?} twice")));
            }
        }
        Ok(Object(members))
    }
}

/// A line and what became of it.
pub(crate) fn written(write: impl FnOnce(&mut LineWriter<'_>)) -> (String, Written) {
    let (mut buf, mut scratch, mut time) = (LineBuffer::new(), Scratch::new(), Timestamp::new());
    let envelope = Envelope { level: "INFO", target: "app::tests", category: "general" };
    let mut line = LineWriter::begin(&mut buf, &mut scratch, time.unix_micros(1_795_232_762_123_456), &envelope);
    write(&mut line);
    let done = line.end();
    (String::from_utf8(buf.to_vec()).expect("a line is UTF-8"), done)
}

/// A line, read back.
pub(crate) fn line(write: impl FnOnce(&mut LineWriter<'_>)) -> Object {
    Object::parse(&written(write).0)
}
