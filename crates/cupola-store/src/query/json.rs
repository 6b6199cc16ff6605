//! What stands inside a field that is an object.

use std::borrow::Cow;

use cupola_line::{Value, scan};

use crate::language::{Operand, Relation};

/// What is found under a path of names that are joined by dots, which may themselves hold dots.
pub(super) fn within<'a>(json: &'a str, path: &str) -> Option<Value<'a>> {
    descend(json.as_bytes(), path)
}

fn descend<'a>(json: &'a [u8], path: &str) -> Option<Value<'a>> {
    let members = || scan(json).map_while(Result::ok);
    if let Some((_, found)) = members().filter(|(key, _)| key.is(path)).last() {
        return Some(found);
    }
    let (head, rest) = path.split_once('.')?;
    match members().filter(|(key, _)| key.is(head)).last()? {
        (_, Value::Object(inner)) => descend(inner, rest),
        _ => None,
    }
}

/// Whether a value stands so to the one that is asked for.
pub(super) fn stands(wanted: &Operand, relation: Relation, found: &Value<'_>) -> bool {
    match (found, found.as_f64()) {
        (Value::Number(_), Some(number)) => wanted.stands_to_number(relation, number, || text(found)),
        _ => wanted.stands_to_text(relation, &text(found)),
    }
}

/// Whether it is there, and says something.
pub(super) fn is_something(found: &Value<'_>) -> bool {
    *found != Value::Null && found.json() != b"\"\""
}

/// As text.
pub(super) fn text<'a>(found: &Value<'a>) -> Cow<'a, str> {
    match found {
        Value::Str(text) => text.unescape(),
        other => String::from_utf8_lossy(other.json()),
    }
}
