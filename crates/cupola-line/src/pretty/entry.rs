//! The members of a line, sorted into envelope and fields.

use crate::keys;
use crate::scan::{Text, Value, scan};

const TIMESTAMP: &[u8] = keys::TIMESTAMP.as_bytes();
const LEVEL: &[u8] = keys::LEVEL.as_bytes();
const TARGET: &[u8] = keys::TARGET.as_bytes();
const CATEGORY: &[u8] = keys::CATEGORY.as_bytes();
const MESSAGE: &[u8] = keys::MESSAGE.as_bytes();

/// One line. A name of the envelope that comes twice, or that holds no text, is a field like any other.
#[derive(Debug, Default)]
pub(super) struct Entry<'a> {
    pub(super) timestamp: Option<Text<'a>>,
    pub(super) level: Option<Text<'a>>,
    pub(super) target: Option<Text<'a>>,
    pub(super) category: Option<Text<'a>>,
    pub(super) message: Option<Text<'a>>,
    pub(super) fields: Vec<(Text<'a>, Value<'a>)>,
}

impl<'a> Entry<'a> {
    /// Reads a line; `None` if it is not a JSON object.
    pub(super) fn read(line: &'a [u8]) -> Option<Self> {
        let mut entry = Entry { fields: Vec::with_capacity(24), ..Entry::default() };
        for member in scan(line) {
            let (key, value) = member.ok()?;
            match (entry.place(key), value) {
                (Some(place @ None), Value::Str(text)) => *place = Some(text),
                _ => entry.fields.push((key, value)),
            }
        }
        Some(entry)
    }

    fn place(&mut self, key: Text<'_>) -> Option<&mut Option<Text<'a>>> {
        match key.raw() {
            TIMESTAMP => Some(&mut self.timestamp),
            LEVEL => Some(&mut self.level),
            TARGET => Some(&mut self.target),
            CATEGORY => Some(&mut self.category),
            MESSAGE => Some(&mut self.message),
            _ => None,
        }
    }

    /// The value of a field's first occurrence.
    pub(super) fn field(&self, name: &str) -> Option<&Value<'a>> {
        self.fields.iter().find(|(key, _)| key.raw() == name.as_bytes()).map(|(_, value)| value)
    }
}
