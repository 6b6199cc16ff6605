//! The members of a line, sorted into envelope and fields.

use crate::keys;
use crate::scan::{Members, Quotes, ScanError, Text, Value};

const TIMESTAMP: &[u8] = keys::TIMESTAMP.as_bytes();
const LEVEL: &[u8] = keys::LEVEL.as_bytes();
const TARGET: &[u8] = keys::TARGET.as_bytes();
const CATEGORY: &[u8] = keys::CATEGORY.as_bytes();
const MESSAGE: &[u8] = keys::MESSAGE.as_bytes();

/// Room for so many fields is there at once: most lines have fewer, and allocators keep blocks of up to a kilobyte at hand.
const FIELDS: usize = 21;

/// What a line says: its envelope, and its fields in their order.
///
/// Our own writer never writes a name twice. Where somebody else did, the last one counts, as it does for most who read JSON; what
/// it overrode stays among the fields. A name of the envelope that holds no text is a field like any other.
///
/// ```
/// use cupola_line::Entry;
///
/// let entry = Entry::read(br#"{"level":"INFO","message":"up","status":200,"status":503}"#)?;
/// assert!(entry.message.is_some_and(|message| message.is("up")));
/// assert_eq!(entry.field("status").and_then(|status| status.as_u64()), Some(503));
/// # Ok::<(), cupola_line::ScanError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Entry<'a> {
    /// When it was said, as it stands there.
    pub timestamp: Option<Text<'a>>,
    /// How serious it is.
    pub level: Option<Text<'a>>,
    /// Who says it.
    pub target: Option<Text<'a>>,
    /// Which kind of entry it is.
    pub category: Option<Text<'a>>,
    /// The sentence for people.
    pub message: Option<Text<'a>>,
    /// Everything else.
    pub fields: Vec<(Text<'a>, Value<'a>)>,
}

impl<'a> Entry<'a> {
    /// Reads a line, with or without a newline at its end.
    pub fn read(line: &'a [u8]) -> Result<Self, ScanError> {
        let mut entry = Entry { fields: Vec::with_capacity(FIELDS), ..Entry::default() };
        let (mut quotes, end) = (Quotes::default(), entry.head(line).unwrap_or(0));
        let mut members = Members::behind(line, end, &mut quotes);
        while let Some(member) = members.next() {
            entry.push(member.key(), member.value());
        }
        for member in members.rest() {
            let (key, value) = member?;
            entry.push(key, value);
        }
        Ok(entry)
    }

    /// Takes time and level of a line that begins as our own writer's do, and says where the comma behind them is.
    #[inline]
    fn head(&mut self, line: &'a [u8]) -> Option<usize> {
        const TIME: usize = 13;
        const LEVEL: usize = TIME + 29 + 9;
        let head: &[u8; LEVEL + 7] = line.first_chunk()?;
        let (time, level) = (&line[TIME..TIME + 29], &head[LEVEL..]);
        let length = if matches!(level[1], b'I' | b'W') { 6 } else { 7 };
        let is_known = matches!(
            level,
            b"\"ERROR\""
                | b"\"DEBUG\""
                | b"\"TRACE\""
                | [b'"', b'I', b'N', b'F', b'O', b'"', _]
                | [b'"', b'W', b'A', b'R', b'N', b'"', _]
        );
        let is_plain = |byte: &u8| matches!(byte, b'-'..=b':' | b'T' | b'Z');
        let is_own = head[..TIME] == *b"{\"timestamp\":"
            && (head[TIME], head[TIME + 28]) == (b'"', b'"')
            && head[TIME + 1..TIME + 28].iter().fold(true, |plain, byte| plain & is_plain(byte))
            && head[TIME + 29..LEVEL] == *b",\"level\":"
            && is_known
            && line.get(LEVEL + length) == Some(&b',');
        if !is_own {
            return None;
        }
        self.timestamp = Some(Text::new(time, false));
        self.level = Some(Text::new(&line[LEVEL..LEVEL + length], false));
        Some(LEVEL + length)
    }

    #[inline]
    fn push(&mut self, key: Text<'a>, value: Value<'a>) {
        if let (Some(place), Value::Str(text)) = (self.place(key), value) {
            if let Some(overridden) = place.replace(text) {
                self.fields.push((key, Value::Str(overridden)));
            }
            return;
        }
        self.fields.push((key, value));
    }

    fn place(&mut self, key: Text<'_>) -> Option<&mut Option<Text<'a>>> {
        if key.has_escapes() {
            let plain = key.unescape();
            return self.place_of(plain.as_bytes());
        }
        self.place_of(key.raw())
    }

    #[inline]
    fn place_of(&mut self, key: &[u8]) -> Option<&mut Option<Text<'a>>> {
        // Few other names are of these lengths.
        if !matches!(key.len(), 5..=9) {
            return None;
        }
        match key {
            TIMESTAMP => Some(&mut self.timestamp),
            LEVEL => Some(&mut self.level),
            TARGET => Some(&mut self.target),
            CATEGORY => Some(&mut self.category),
            MESSAGE => Some(&mut self.message),
            _ => None,
        }
    }

    /// The value of the last field of this name; the envelope is none of the fields.
    pub fn field(&self, name: &str) -> Option<&Value<'a>> {
        self.fields.iter().rev().find(|(key, _)| key.is(name)).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_name_counts_and_what_it_overrode_is_kept() {
        let line = br#"{"level":"INFO","x":1,"lev\u0065l":"ERROR","x":2,"level":30}"#;
        let entry = Entry::read(line).unwrap();
        assert!(entry.level.unwrap().is("ERROR"));
        assert_eq!(entry.field("x").unwrap().as_u64(), Some(2));
        let fields: Vec<_> = entry.fields.iter().map(|(_, value)| value.json()).collect();
        assert_eq!(fields, [&b"1"[..], b"\"INFO\"", b"2", b"30"]);
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        assert!(Entry::read(b"plain").is_err() && Entry::read(b"{\"a\":1").is_err());
    }
}
