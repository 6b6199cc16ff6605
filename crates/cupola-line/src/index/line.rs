//! What an index takes from one line.

use crate::keys;
use crate::scan::{Members, Quotes, Value};
use crate::timestamp::parse_timestamp;

use super::filter::id_hash;

/// How a line of our own writer begins.
const TIMESTAMP: &[u8] = br#"{"timestamp":""#;
const LEVEL: &[u8] = br#"","level":""#;
const TARGET: &[u8] = br#"","target":""#;
const TIME_LENGTH: usize = 27;

/// What stands in a canonical line.
#[derive(Debug, Default)]
pub(super) struct Facts<'a> {
    pub(super) time: i64,
    /// The place in [`LEVELS`](super::LEVELS).
    pub(super) level: usize,
    /// The status' first digit.
    pub(super) class: Option<usize>,
    pub(super) route: Option<&'a str>,
}

/// Reads a line; `None` if it is not canonical. Ids are appended in either case.
#[inline]
pub(super) fn read<'a>(line: &'a [u8], quotes: &mut Quotes, ids: &mut Vec<u64>) -> Option<Facts<'a>> {
    let (mut facts, end) = head(line)?;
    let mut members = Members::behind(line, end, quotes);
    while let Some(member) = members.next() {
        if member.has_escaped_name() {
            return None;
        }
        facts.add(member.name(), || member.value(), ids)?;
    }
    for member in members.rest() {
        let (key, value) = member.ok()?;
        if key.has_escapes() {
            return None;
        }
        facts.add(key.raw(), || value, ids)?;
    }
    Some(facts)
}

/// The time and the level's place, and where the comma behind the level is.
#[inline]
fn head(line: &[u8]) -> Option<(Facts<'_>, usize)> {
    let rest = line.strip_prefix(TIMESTAMP)?;
    let (time, rest) = rest.split_at_checked(TIME_LENGTH)?;
    let rest = rest.strip_prefix(LEVEL)?;
    let (level, length) = match rest.first_chunk::<5>()? {
        [b'I', b'N', b'F', b'O', _] => (2, 4),
        [b'W', b'A', b'R', b'N', _] => (3, 4),
        b"ERROR" => (4, 5),
        b"DEBUG" => (1, 5),
        b"TRACE" => (0, 5),
        _ => return None,
    };
    if !rest[length..].starts_with(TARGET) {
        return None;
    }
    let facts = Facts { time: parse_timestamp(time)?, level, ..Facts::default() };
    Some((facts, TIMESTAMP.len() + TIME_LENGTH + LEVEL.len() + length + 1))
}

impl<'a> Facts<'a> {
    #[inline]
    fn add(&mut self, key: &'a [u8], value: impl FnOnce() -> Value<'a>, ids: &mut Vec<u64>) -> Option<()> {
        match key {
            b"status" => self.set_status(value()),
            b"route" => self.set_route(value()),
            // A second one: which of them counts is for whoever reads the line.
            _ if key == keys::TIMESTAMP.as_bytes() || key == keys::LEVEL.as_bytes() => None,
            _ if is_id(key) => {
                ids.push(hash_of(value())?);
                Some(())
            }
            _ => Some(()),
        }
    }

    /// A status is a number of three digits. Executions have words for theirs, which are of no class.
    fn set_status(&mut self, value: Value<'_>) -> Option<()> {
        match value {
            Value::Str(text) => text.unescape().parse::<f64>().is_err().then_some(()),
            Value::Number([class @ b'1'..=b'5', b'0'..=b'9', b'0'..=b'9']) if self.class.is_none() => {
                self.class = Some(usize::from(class - b'1'));
                Some(())
            }
            Value::Number(_) => None,
            _ => Some(()),
        }
    }

    fn set_route(&mut self, value: Value<'a>) -> Option<()> {
        let text = value.as_text().filter(|text| !text.has_escapes() && self.route.is_none())?;
        self.route = Some(std::str::from_utf8(text.raw()).ok()?);
        Some(())
    }
}

/// Whether a name is one of those whose values are in the filters.
#[inline]
pub(super) fn is_id(name: &[u8]) -> bool {
    name.ends_with(b"_id") && !name.ends_with(b"span_id")
}

/// An id by what it says. A number with a point or an exponent may be written in several ways, and is none.
#[inline]
fn hash_of(value: Value<'_>) -> Option<u64> {
    match value {
        Value::Str(text) if text.has_escapes() => Some(id_hash(text.unescape().as_bytes())),
        Value::Str(text) => Some(id_hash(text.raw())),
        Value::Number(digits) => {
            let is_whole = digits != b"-0" && digits.iter().all(|digit| matches!(digit, b'-' | b'0'..=b'9'));
            is_whole.then(|| id_hash(digits))
        }
        other => Some(id_hash(other.json())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Found = (i64, usize, Option<usize>, Option<String>, usize);

    fn facts(rest: &str) -> Option<Found> {
        let line = format!(r#"{{"timestamp":"1970-01-01T00:00:01.000000Z","level":"WARN","target":"a"{rest}"#);
        let mut ids = Vec::new();
        let found = read(line.as_bytes(), &mut Quotes::default(), &mut ids)?;
        Some((found.time, found.level, found.class, found.route.map(str::to_owned), ids.len()))
    }

    #[test]
    fn what_is_taken() {
        let check = |rest: &str, class, route: Option<&str>, ids| {
            assert_eq!(facts(rest), Some((1_000_000, 3, class, route.map(str::to_owned), ids)), "{rest}");
        };
        check("}", None, None, 0);
        check(r#","message":"x","route":"/vms/{id}","status":204}"#, Some(1), Some("/vms/{id}"), 0);
        check(r#","request_id":"r","trace_id":"t","span_id":"s","user_id":7,"job_id":null}"#, None, None, 4);
        check(r#","status":"completed"}"#, None, None, 0);
        check(r#","o":{"level":"x","status":1,"x_id":2}}"#, None, None, 0);
    }

    #[test]
    fn what_is_not_canonical() {
        let wrong = [
            "",
            r#","message":"x"#,
            r#","level":"INFO"}"#,
            r#","timestamp":"x"}"#,
            r#","st\u0061tus":500}"#,
            r#","status":500,"status":200}"#,
            r#","status":5000}"#,
            r#","status":"500"}"#,
            r#","status":2e2}"#,
            r#","route":"a","route":"b"}"#,
            r#","route":"a\u00e9"}"#,
            r#","route":7}"#,
            r#","user_id":1.0}"#,
            r#","user_id":-0}"#,
            "}}",
        ];
        for rest in wrong {
            assert_eq!(facts(rest), None, "{rest}");
        }
        let heads = [
            r#"{"timestamp":"1970-02-30T00:00:01.000000Z","level":"WARN","target":"a"}"#,
            r#"{"timestamp":"1970-01-01T00:00:01.000000Z","level":"warn","target":"a"}"#,
            r#"{ "timestamp":"1970-01-01T00:00:01.000000Z","level":"WARN","target":"a"}"#,
            r#"{"timestamp":"1970-01-01T00:00:01.000000Z","level":"WARN"}"#,
            r#"{"timestamp":"1970-01-01T00:00:01.000000Z","level":"WARN","target":7}"#,
            "plain",
            "",
        ];
        for line in heads {
            assert!(read(line.as_bytes(), &mut Quotes::default(), &mut Vec::new()).is_none(), "{line}");
        }
    }
}
