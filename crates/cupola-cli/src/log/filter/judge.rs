//! Whether an entry is what an expression asks for.

use std::borrow::Cow;

use cupola_line::{Entry, Value, keys, parse_timestamp, scan};
use cupola_store::Level;
use cupola_store::language::{Expression, Operand, Relation, Test};

use crate::log::dialect;

/// What is judged.
#[derive(Debug, Clone, Copy)]
struct Subject<'a> {
    /// `None` for a line that is no entry.
    entry: Option<&'a Entry<'a>>,
    /// As it stands in the file.
    line: &'a [u8],
}

/// Whether an entry, and the line that it stands in, is what is asked for.
pub(super) fn accepts(expression: &Expression, entry: &Entry<'_>, line: &[u8]) -> bool {
    holds(expression, &Subject { entry: Some(entry), line })
}

/// Whether a line that is no entry has the text that is asked for.
pub(super) fn accepts_text(expression: &Expression, line: &[u8]) -> bool {
    holds(expression, &Subject { entry: None, line })
}

/// Whether nothing but text is asked for.
pub(super) fn is_text_only(expression: &Expression) -> bool {
    match expression {
        Expression::All(parts) | Expression::Any(parts) => parts.iter().all(is_text_only),
        Expression::Not(part) => is_text_only(part),
        Expression::Test(test) => matches!(test, Test::Text(_) | Test::Regex(_)),
    }
}

fn holds(expression: &Expression, subject: &Subject<'_>) -> bool {
    match expression {
        Expression::All(parts) => parts.iter().all(|part| holds(part, subject)),
        Expression::Any(parts) => parts.iter().any(|part| holds(part, subject)),
        Expression::Not(part) => !holds(part, subject),
        Expression::Test(Test::Text(text)) => text.is_in_json(subject.line) || says(subject, |part| text.is_in(part)),
        Expression::Test(Test::Regex(pattern)) => {
            pattern.is_match(subject.line) || says(subject, |part| pattern.is_match(part))
        }
        Expression::Test(test) => subject.entry.is_some_and(|entry| holds_for(test, entry)),
    }
}

fn holds_for(test: &Test, entry: &Entry<'_>) -> bool {
    match test {
        Test::Level(relation, level) => {
            let found = entry.level.and_then(|text| Level::parse(&text.unescape()));
            found.is_some_and(|found| relation.holds(found.cmp(level)))
        }
        Test::Since(time) => time_of(entry).is_some_and(|found| found >= *time),
        Test::Until(time) => time_of(entry).is_some_and(|found| found < *time),
        Test::Has(name) => lookup(entry, name).is_some_and(|value| value != Value::Null && value.json() != b"\"\""),
        Test::Field { name, relation, value } => {
            lookup(entry, name).is_some_and(|found| stands(value, *relation, &found))
        }
        Test::Text(_) | Test::Regex(_) => false,
    }
}

/// Whether a value stands so to the one that is asked for.
pub(super) fn stands(wanted: &Operand, relation: Relation, found: &Value<'_>) -> bool {
    match (found, found.as_f64()) {
        (Value::Number(_), Some(number)) => wanted.stands_to_number(relation, number, || text_of(found)),
        _ => wanted.stands_to_text(relation, &text_of(found)),
    }
}

/// When an entry was said.
pub(crate) fn time_of(entry: &Entry<'_>) -> Option<i64> {
    parse_timestamp(entry.timestamp?.raw())
}

/// What any text with escapes in it says: where there are none, the line has been looked at already.
fn says(subject: &Subject<'_>, mut found: impl FnMut(&[u8]) -> bool) -> bool {
    let Some(entry) = subject.entry.filter(|_| memchr::memchr(b'\\', subject.line).is_some()) else { return false };
    let envelope = [entry.message, entry.target, entry.category];
    let fields = entry.fields.iter().filter_map(|(_, value)| value.as_text());
    let mut texts = envelope.into_iter().flatten().chain(fields);
    texts.any(|text| text.has_escapes() && found(text.unescape().as_bytes()))
}

/// A field by its name, by the name that other loggers have for it, or by a path into objects.
pub(crate) fn lookup<'a>(entry: &Entry<'a>, name: &str) -> Option<Value<'a>> {
    if let Some(found) = direct(entry, name) {
        return Some(found);
    }
    if let Some(found) = dialect::canonical_key(name).and_then(|key| direct(entry, key)) {
        return Some(found);
    }
    let (head, path) = name.split_once('.')?;
    descend(*entry.field(head)?, path)
}

fn direct<'a>(entry: &Entry<'a>, name: &str) -> Option<Value<'a>> {
    let envelope = match name {
        keys::MESSAGE => entry.message,
        keys::TARGET => entry.target,
        keys::CATEGORY => entry.category,
        keys::TIMESTAMP => entry.timestamp,
        keys::LEVEL => entry.level,
        _ => None,
    };
    envelope.map(Value::Str).or_else(|| entry.field(name).copied())
}

fn descend<'a>(value: Value<'a>, path: &str) -> Option<Value<'a>> {
    let Value::Object(json) = value else { return None };
    let members = || scan(json).map_while(Result::ok);
    if let Some((_, found)) = members().filter(|(key, _)| key.is(path)).last() {
        return Some(found);
    }
    let (head, rest) = path.split_once('.')?;
    let (_, inner) = members().filter(|(key, _)| key.is(head)).last()?;
    descend(inner, rest)
}

/// What a value says.
pub(crate) fn text_of<'a>(value: &Value<'a>) -> Cow<'a, str> {
    match value {
        Value::Str(text) => text.unescape(),
        other => String::from_utf8_lossy(other.json()),
    }
}
