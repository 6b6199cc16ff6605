//! One test of one entry.

use std::borrow::Cow;
use std::cmp::Ordering;

use cupola_line::{Entry, Value, keys, parse_timestamp, scan};
use memchr::memmem::Finder;
use regex::bytes::Regex;

use crate::log::dialect;
use crate::log::level::Level;

/// What is tested.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    /// `None` for a line that is no entry.
    pub(super) entry: Option<&'a Entry<'a>>,
    /// As it stands in the file.
    pub(super) line: &'a [u8],
}

/// One test.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    Level(Relation, Level),
    /// From a time on, in microseconds since 1970.
    Since(i64),
    /// Before a time.
    Until(i64),
    Field {
        name: String,
        relation: Relation,
        value: Operand,
    },
    /// Whether a field is there, and not empty.
    Has(String),
    Text(Box<TextTest>),
    Regex(Regex),
}

/// How a field's value stands to the one that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// The pattern is found in it.
    Matches,
}

impl Relation {
    pub(super) fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Matches => false,
        }
    }
}

/// What a field is compared with.
#[derive(Clone, Debug)]
pub(crate) enum Operand {
    /// A text, and the number that it is, if it is one.
    Plain(String, Option<f64>),
    /// `5xx`.
    StatusClass(u64),
    /// A text with `*` in it, or a regular expression.
    Pattern(Regex),
}

/// A text anywhere in a line.
#[derive(Clone, Debug)]
pub(crate) struct TextTest {
    pub(super) text: String,
    plain: Finder<'static>,
    escaped: Finder<'static>,
}

impl TextTest {
    pub(crate) fn new(text: &str) -> Box<Self> {
        let mut escaped = Vec::new();
        cupola_line::escape_str(&mut escaped, text);
        Box::new(Self {
            text: text.to_owned(),
            plain: Finder::new(text).into_owned(),
            escaped: Finder::new(&escaped).into_owned(),
        })
    }

    fn is_in(&self, line: &[u8]) -> bool {
        self.plain.find(line).is_some() || self.escaped.find(line).is_some()
    }
}

impl Test {
    pub(super) fn holds(&self, subject: &Subject<'_>) -> bool {
        match self {
            Self::Text(text) => text.is_in(subject.line) || says(subject, |part| text.plain.find(part).is_some()),
            Self::Regex(pattern) => pattern.is_match(subject.line) || says(subject, |part| pattern.is_match(part)),
            _ => subject.entry.is_some_and(|entry| self.holds_for(entry)),
        }
    }

    pub(super) fn is_text(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Regex(_))
    }

    fn holds_for(&self, entry: &Entry<'_>) -> bool {
        match self {
            Self::Level(relation, level) => {
                let found = entry.level.and_then(|text| Level::parse(&text.unescape()));
                found.is_some_and(|found| relation.holds(found.cmp(level)))
            }
            Self::Since(time) => time_of(entry).is_some_and(|found| found >= *time),
            Self::Until(time) => time_of(entry).is_some_and(|found| found < *time),
            Self::Has(name) => lookup(entry, name).is_some_and(|value| value != Value::Null && value.json() != b"\"\""),
            Self::Field { name, relation, value } => {
                lookup(entry, name).is_some_and(|found| value.stands(*relation, &found))
            }
            Self::Text(_) | Self::Regex(_) => false,
        }
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

impl Operand {
    /// A text as it stands. One with more digits than a double holds is an id, and no number.
    pub(crate) fn plain(text: &str) -> Self {
        let is_number = text.len() <= 15 && text.starts_with(|c: char| c.is_ascii_digit() || "-.".contains(c));
        let number = text.parse().ok().filter(|number: &f64| is_number && number.is_finite());
        Self::Plain(text.to_owned(), number)
    }

    /// Whether a text stands so to this one, which is no number.
    pub(super) fn stands_to_text(&self, relation: Relation, found: &str) -> bool {
        match self {
            Self::Pattern(pattern) => pattern.is_match(found.as_bytes()),
            Self::Plain(text, _) => relation.holds(found.cmp(text.as_str())),
            Self::StatusClass(_) => false,
        }
    }

    /// Whether a value stands so to this one.
    pub(super) fn stands(&self, relation: Relation, found: &Value<'_>) -> bool {
        match self {
            Self::Pattern(pattern) => pattern.is_match(text_of(found).as_bytes()),
            Self::StatusClass(class) => {
                number_of(found).is_some_and(|status| (status / 100.0).floor() == *class as f64)
            }
            Self::Plain(text, number) => {
                let numbers = number.and_then(|number| number_of(found)?.partial_cmp(&number));
                match (numbers, found, relation) {
                    (_, Value::Str(found), Relation::Equal) => found.is(text),
                    (Some(ordering), ..) => relation.holds(ordering),
                    // A number is neither less nor more than a word.
                    (None, ..) if relation != Relation::Equal && number.is_some() => false,
                    (None, ..) => relation.holds(text_of(found).as_ref().cmp(text.as_str())),
                }
            }
        }
    }
}

fn number_of(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Str(text) => text.unescape().parse().ok(),
        other => other.as_f64(),
    }
}
