//! What a line's head says, as far as it decides into which files the line goes.

use cupola_line::{Value, keys, scan};

/// Level and category of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head<'l> {
    pub(super) is_error: bool,
    /// As it stands in the line.
    pub(super) category: &'l [u8],
}

/// Our own lines begin alike, up to where the target ends.
const LEVEL: &[u8] = br#"","level":""#;
const LEVEL_AT: usize = r#"{"timestamp":"2026-11-21T03:46:02.123456Z"#.len();
const TARGET: &[u8] = br#"","target":""#;
const CATEGORY: &[u8] = br#"","category":""#;

pub(super) fn of(line: &[u8]) -> Head<'_> {
    quick(line).unwrap_or_else(|| slow(line))
}

fn quick(line: &[u8]) -> Option<Head<'_>> {
    let level = line.get(LEVEL_AT..)?.strip_prefix(LEVEL)?;
    let (level, rest) = text(level)?;
    let (_, rest) = text(rest.strip_prefix(TARGET)?)?;
    let (category, _) = text(rest.strip_prefix(CATEGORY)?)?;
    Some(Head { is_error: level == b"ERROR", category })
}

/// A text up to its quotation mark, and what begins with that; `None` where something is escaped.
fn text(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr2(b'"', b'\\', rest).filter(|end| rest[*end] == b'"')?;
    Some(rest.split_at(end))
}

fn slow(line: &[u8]) -> Head<'_> {
    let mut head = Head::default();
    for (key, value) in scan(line).map_while(Result::ok) {
        match value {
            Value::Str(level) if key.is(keys::LEVEL) => head.is_error = level.is("ERROR"),
            Value::Str(category) if key.is(keys::CATEGORY) => head.category = category.raw(),
            _ => {}
        }
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_quickly_or_slowly_and_alike() {
        let check = |line: &str, is_quick, is_error, category: &str| {
            let expected = Head { is_error, category: category.as_bytes() };
            assert_eq!((quick(line.as_bytes()).is_some(), of(line.as_bytes())), (is_quick, expected), "{line}");
            assert_eq!(slow(line.as_bytes()), expected, "{line}");
        };
        let time = r#""timestamp":"2026-11-21T03:46:02.123456Z""#;
        check(
            &format!(r#"{{{time},"level":"INFO","target":"app","category":"api","message":"m"}}"#),
            true,
            false,
            "api",
        );
        check(&format!(r#"{{{time},"level":"ERROR","target":"a","category":"x y"}}"#), true, true, "x y");
        check(&format!(r#"{{{time},"level":"ERROR","target":"a\"b","category":"api"}}"#), false, true, "api");
        check(r#"{"level":"ERROR","category":"errors"}"#, false, true, "errors");
        check("no line at all", false, false, "");
        check("", false, false, "");
    }
}
