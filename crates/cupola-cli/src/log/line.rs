//! What kind of line a line is.

use cupola_line::Entry;
use cupola_store::Level;

use super::block::RawLine;
use super::dialect;

/// A line, read.
#[derive(Debug)]
pub(crate) enum Line<'a> {
    /// An entry, of our own writer or as it would have written it.
    Entry(Entry<'a>),
    Other(Why),
}

/// Why a line is no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// There is nothing in it.
    Blank,
    /// It is none of a JSON logger.
    Plain,
    /// It looks like an object, and is none.
    Broken,
    /// It is the beginning of an object.
    Torn,
}

/// Reads a line in full. `scratch` takes what another logger's line says.
pub(crate) fn read<'a>(line: RawLine<'a>, scratch: &'a mut Vec<u8>) -> Line<'a> {
    match canonical(line, scratch).and_then(|json| Entry::read(json).map_err(|_| why(line))) {
        Ok(entry) => Line::Entry(entry),
        Err(why) => Line::Other(why),
    }
}

/// The line as our own writer would have written it: itself if it did, which is then not yet known to be whole.
pub(crate) fn canonical<'a>(line: RawLine<'a>, scratch: &'a mut Vec<u8>) -> Result<&'a [u8], Why> {
    if Head::of(line.bytes).is_some() {
        return Ok(line.bytes);
    }
    let trimmed = line.bytes.trim_ascii_start();
    if trimmed.first() != Some(&b'{') {
        return Err(why(line));
    }
    scratch.clear();
    dialect::rewrite(trimmed, scratch).map_err(|_| why(line))?;
    Ok(scratch)
}

/// Why a line that cannot be read cannot be read.
#[cold]
pub(crate) fn why(line: RawLine<'_>) -> Why {
    match line.bytes.trim_ascii() {
        [] => Why::Blank,
        [b'{', .., b'}'] => Why::Broken,
        [b'{', ..] => Why::Torn,
        _ => Why::Plain,
    }
}

const TIMESTAMP: &[u8; 14] = br#"{"timestamp":""#;
const LEVEL: &[u8; 11] = br#"","level":""#;
const TARGET: &[u8; 12] = br#"","target":""#;
const TIME_END: usize = TIMESTAMP.len() + 27;
const LEVEL_START: usize = TIME_END + LEVEL.len();

/// How each line of our own writer begins: time, level and target stand where they always do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head<'a> {
    /// In its canonical form, so that texts compare as times do; whether it is a time that exists is not looked at.
    pub(crate) time: &'a [u8; 27],
    pub(crate) level: Level,
    /// Where the target's text begins.
    pub(crate) end: usize,
}

impl<'a> Head<'a> {
    /// Where the comma stands behind the level.
    #[inline]
    pub(crate) fn level_end(&self) -> usize {
        self.end - TARGET.len() + 1
    }

    #[inline]
    pub(crate) fn of(line: &'a [u8]) -> Option<Self> {
        let head = line.first_chunk::<{ LEVEL_START + 5 }>()?;
        if head[..TIMESTAMP.len()] != TIMESTAMP[..] || head[TIME_END..LEVEL_START] != LEVEL[..] {
            return None;
        }
        let time: &[u8; 27] = head[TIMESTAMP.len()..TIME_END].try_into().ok()?;
        let length = if matches!(head[LEVEL_START], b'I' | b'W') { 4 } else { 5 };
        let level = Level::canonical(&head[LEVEL_START..LEVEL_START + length])?;
        let end = LEVEL_START + length + TARGET.len();
        let is_canonical = time[26] == b'Z' && time[10] == b'T' && time[19] == b'.';
        (is_canonical && line.get(end - TARGET.len()..end) == Some(TARGET)).then_some(Self { time, level, end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(bytes: &[u8]) -> RawLine<'_> {
        RawLine { at: 0, bytes, open: false }
    }

    #[test]
    fn our_own_lines_are_known_by_their_head() {
        for level in Level::ALL {
            let line = format!(r#"{{"timestamp":"2026-11-21T03:46:02.123456Z","level":"{level}","target":"a"}}"#);
            let head = Head::of(line.as_bytes()).unwrap();
            assert_eq!((head.time, head.level), (b"2026-11-21T03:46:02.123456Z", level));
            assert_eq!(&line[head.end..], "a\"}");
        }
        let foreign = [
            r#"{"timestamp":"2026-11-21T03:46:02.123456Z","level":"INFO","fields":{"message":"up"},"target":"a"}"#,
            r#"{"timestamp": "2026-11-21T03:46:02.123456Z","level":"INFO","target":"a","message":"longer"}"#,
            r#"{"timestamp":"2026-11-21T03:46:02.123Z","level":"INFO","target":"a","message":"longer"}"#,
            r#"{"timestamp":"2026-11-21T03:46:02.123456Z","level":"info","target":"a"}"#,
            "",
        ];
        for line in foreign {
            assert_eq!(Head::of(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn what_is_no_entry_says_why() {
        let check = |line: &[u8], expected| {
            let mut scratch = Vec::new();
            let found = match read(raw(line), &mut scratch) {
                Line::Entry(_) => None,
                Line::Other(why) => Some(why),
            };
            assert_eq!(found, expected, "{}", String::from_utf8_lossy(line));
        };
        check(b"", Some(Why::Blank));
        check(b" \t", Some(Why::Blank));
        check(b"plain text", Some(Why::Plain));
        check(b"[1]", Some(Why::Plain));
        check(b"{\"a\":1", Some(Why::Torn));
        check(b"{\"a\":1,}", Some(Why::Broken));
        check(br#"{"timestamp":"2026-11-21T03:46:02.123456Z","level":"INFO","target":"a","me"#, Some(Why::Torn));
        check(b"  {\"a\":1} ", None);
        check(b"{}", None);
    }
}
