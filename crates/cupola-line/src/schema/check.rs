//! A line, held to the schema.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use super::{FIELDS, Field, Part, field};
use crate::keys;
use crate::scan::{ScanError, Text, Value, scan};

const REDACTED: &str = "[REDACTED]";

/// What is wrong with a line: the first thing that is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// It is not UTF-8.
    NotUtf8,
    /// It is no JSON object.
    NotJson(ScanError),
    /// The envelope's keys are not all there, first, and in their order: this one is not at its place.
    Envelope(&'static str),
    /// A name stands there twice.
    Twice(String),
    /// A field is not what the schema says.
    Kind(&'static Field),
    /// `system` is not the last one.
    SystemNotLast,
}

impl Flaw {
    /// The field that is at fault, where one is.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::NotUtf8 | Self::NotJson(_) => None,
            Self::Envelope(name) => Some(name),
            Self::Twice(name) => Some(name),
            Self::Kind(field) => Some(field.name),
            Self::SystemNotLast => Some(keys::SYSTEM),
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 => f.write_str("not UTF-8"),
            Self::NotJson(error) => write!(f, "no JSON object: {error}"),
            Self::Envelope(name) => write!(f, "`{name}` is not at its place: {} come first", keys::ENVELOPE.join(", ")),
            Self::Twice(name) => write!(f, "`{name}` stands there twice"),
            Self::Kind(field) if field.name == keys::LEVEL => {
                f.write_str("`level` is no level: ERROR, WARN, INFO, DEBUG or TRACE")
            }
            Self::Kind(field) => write!(f, "`{}` is not what it should be: {}", field.name, field.kind),
            Self::SystemNotLast => f.write_str("`system` is not the last field"),
        }
    }
}

impl std::error::Error for Flaw {}

/// Holds one line to the schema.
///
/// Keys have to be unique at the top; what a nested object holds is not looked at.
pub fn check(line: &[u8]) -> Result<(), Flaw> {
    std::str::from_utf8(line).map_err(|_| Flaw::NotUtf8)?;
    let mut checker = Checker::default();
    for member in scan(line) {
        let (name, value) = member.map_err(Flaw::NotJson)?;
        checker.member(name, value)?;
    }
    keys::ENVELOPE.get(checker.seen.len()).map_or(Ok(()), |missing| Err(Flaw::Envelope(missing)))
}

#[derive(Default)]
struct Checker<'l> {
    seen: HashSet<Cow<'l, str>>,
    target: Cow<'l, str>,
    system: bool,
}

impl<'l> Checker<'l> {
    fn member(&mut self, name: Text<'l>, value: Value<'l>) -> Result<(), Flaw> {
        if let Some(expected) = keys::ENVELOPE.get(self.seen.len()).filter(|key| !name.is(key)) {
            return Err(Flaw::Envelope(expected));
        }
        if self.system {
            return Err(Flaw::SystemNotLast);
        }
        let name = name.unescape();
        if name == keys::TARGET {
            self.target = value.as_text().map(|text| text.unescape()).unwrap_or_default();
        }
        self.system = name == keys::SYSTEM;
        match field(&self.target, &name).filter(|field| !is_right(field, &value)) {
            Some(field) => Err(Flaw::Kind(field)),
            None if !self.seen.insert(name.clone()) => Err(Flaw::Twice(name.into_owned())),
            None => Ok(()),
        }
    }
}

fn is_right(field: &Field, value: &Value<'_>) -> bool {
    let is_masked = || field.part != Part::Envelope && value.as_text().is_some_and(|text| text.is(REDACTED));
    field.kind.allows(value) || is_masked()
}

const _: () = assert!(!FIELDS.is_empty(), "there is a schema");

#[cfg(test)]
mod tests {
    use super::*;

    /// A line without its end.
    fn head(target: &str) -> String {
        let time = r#"{"timestamp":"2026-11-21T03:46:02.123456Z""#;
        format!(r#"{time},"level":"INFO","target":"{target}","category":"general","message":"up""#)
    }

    #[test]
    fn lines_and_their_flaws() {
        let check = |target: &str, rest: &str, expected: Option<&str>| {
            let line = format!("{}{rest}}}\n", head(target));
            let flaw = check(line.as_bytes()).err().map(|flaw| flaw.to_string());
            assert_eq!(flaw.as_deref(), expected, "{line}");
        };
        check("app", "", None);
        check("app", r#","any":[1],"status":"up","duration_ms":"long""#, None);
        check("app", r#","a":1,"\u0061":2"#, Some("`a` stands there twice"));
        check("app", r#","trace_id":"x""#, Some("`trace_id` is not what it should be: 32 hex digits"));
        check("app", r#","system":{}"#, None);
        check("app", r#","system":{},"x":1"#, Some("`system` is not the last field"));
        check("app", r#","system":1"#, Some("`system` is not what it should be: object"));
        check("cupola::http", r#","status":200,"user_agent":"[REDACTED]""#, None);
        check("cupola::http", r#","status":"up""#, Some("`status` is not what it should be: whole number"));
        check("cupola::operations", r#","status":"success""#, None);
        check("cupola::operations", r#","duration_ms":"long""#, Some("`duration_ms` is not what it should be: number"));
    }

    #[test]
    fn what_is_no_line() {
        let check = |line: &str, expected: &str| {
            assert_eq!(check(line.as_bytes()).unwrap_err().to_string(), expected, "{line}");
        };
        check("plain text", "no JSON object: expected `{` at byte 0");
        check("{}", "`timestamp` is not at its place: timestamp, level, target, category, message come first");
        check(
            r#"{"level":"INFO"}"#,
            "`timestamp` is not at its place: timestamp, level, target, category, message come first",
        );
        let torn = head("app");
        check(&torn, &format!("no JSON object: expected `,` or `}}` at byte {}", torn.len()));
        let bytes = super::check(b"{\"timestamp\":\"\xff\"}");
        assert_eq!(bytes, Err(Flaw::NotUtf8));
    }
}
