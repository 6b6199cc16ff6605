//! Field names, prepared once: the hash that keeps them unique, and their encoded form.

use crate::escape;
use crate::out::{Out, WINDOW};

/// A name longer than this is cut: names are made of code, and a long one is an accident or an attack.
pub const MAX_KEY_BYTES: usize = 256;

/// The name of a field, with its hash, ready to be written.
///
/// A name of the envelope is never overridden: `level` becomes `fields.level` here, so nothing of the user's is lost.
/// Making a key costs one pass over the name; for a name that is known at compile time it costs nothing.
///
/// ```
/// use cupola_line::Key;
///
/// const STATUS: Key<'static> = Key::new("status");
/// let (mut buf, mut scratch, mut time) = (cupola_line::LineBuffer::new(), cupola_line::Scratch::new(), cupola_line::Timestamp::new());
/// let envelope = cupola_line::Envelope { level: "INFO", target: "app", category: "general" };
/// let mut line = cupola_line::LineWriter::begin(&mut buf, &mut scratch, time.unix_micros(0), &envelope);
/// line.message("");
/// line.u64(STATUS, 200);
/// line.str(Key::new("level"), "of the user");
/// line.end();
/// assert!(buf.ends_with(b",\"status\":200,\"fields.level\":\"of the user\"}\n"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    hash: u64,
    form: Form<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Form<'a> {
    /// The encoded form, `,"name":`, of so many bytes.
    Short(&'a [u8; WINDOW], usize),
    /// An encoded form that is longer.
    Long(&'a [u8]),
    /// A name in which nothing needs escaping.
    Plain(&'a [u8]),
    /// A name that must be escaped.
    Special(&'a [u8]),
    /// The beginning of a name that was too long by so many bytes.
    Cut(&'a [u8], usize),
}

impl<'a> Key<'a> {
    /// Makes a key from a field's name.
    #[inline]
    pub const fn new(name: &'a str) -> Self {
        let name = unreserved(name.as_bytes());
        if name.len() > MAX_KEY_BYTES {
            return Self::cut(name);
        }
        let form = if escape::is_plain(name) { Form::Plain(name) } else { Form::Special(name) };
        Self { hash: hash(name, 0), form }
    }

    #[cold]
    const fn cut(name: &'a [u8]) -> Self {
        let mut end = MAX_KEY_BYTES;
        while name[end] & 0xc0 == 0x80 {
            end -= 1;
        }
        let left_out = name.len() - end;
        let (text, _) = name.split_at(end);
        // The hash covers what is written, and no more: two names that look the same when cut must be the same key.
        Self { hash: hash(text, left_out as u64), form: Form::Cut(text, left_out) }
    }

    /// A key for a name that only the line itself may write.
    pub(crate) const fn reserved(name: &'a str) -> Self {
        Self { hash: hash(name.as_bytes(), 0), form: Form::Plain(name.as_bytes()) }
    }

    #[inline]
    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    /// Whether the line has this name as it is.
    pub(crate) fn is_written_as(&self, name: &str) -> bool {
        matches!(self.form, Form::Plain(form) if form == name.as_bytes())
    }

    /// The encoded form in a window, and its length there, where it fits into one.
    #[inline]
    pub(crate) fn short(&self) -> Option<(&'a [u8; WINDOW], usize)> {
        match self.form {
            Form::Short(window, len) => Some((window, len)),
            _ => None,
        }
    }

    /// Appends `,"name":`.
    pub(crate) fn write(&self, out: &mut Out<'_>) {
        match self.form {
            Form::Short(window, len) => out.window(window, len),
            Form::Long(encoded) => out.extend(encoded),
            Form::Plain(name) => {
                out.array(b",\"");
                out.extend(name);
                out.array(b"\":");
            }
            Form::Special(name) => write_escaped(out, name, 0),
            Form::Cut(name, left_out) => write_escaped(out, name, left_out),
        }
    }
}

#[cold]
fn write_escaped(out: &mut Out<'_>, name: &[u8], left_out: usize) {
    out.array(b",\"");
    escape::push_bytes(out, name);
    if left_out > 0 {
        crate::value::push_cut_mark(out, left_out, "");
    }
    out.array(b"\":");
}

impl<'a> From<&'a str> for Key<'a> {
    fn from(name: &'a str) -> Self {
        Self::new(name)
    }
}

/// A [`Key`] that owns its encoded form, `,"name":`: made once per callsite, written with one copy.
///
/// ```
/// let key = cupola_line::EncodedKey::new("duration_ms");
/// let (mut buf, mut scratch, mut time) = (cupola_line::LineBuffer::new(), cupola_line::Scratch::new(), cupola_line::Timestamp::new());
/// let envelope = cupola_line::Envelope { level: "INFO", target: "app", category: "general" };
/// let mut line = cupola_line::LineWriter::begin(&mut buf, &mut scratch, time.unix_micros(0), &envelope);
/// line.f64(key.key(), 1.25);
/// line.end();
/// assert!(buf.ends_with(b",\"message\":\"\",\"duration_ms\":1.25}\n"));
/// ```
#[derive(Clone, Debug)]
pub struct EncodedKey {
    hash: u64,
    encoded: Encoded,
}

#[derive(Clone, Debug)]
enum Encoded {
    Short([u8; WINDOW], usize),
    Long(Box<[u8]>),
}

impl EncodedKey {
    /// Encodes a field's name.
    pub fn new(name: &str) -> Self {
        let key = Key::new(name);
        let mut encoded = Vec::new();
        let mut out = Out::new(&mut encoded);
        key.write(&mut out);
        out.finish();
        Self { hash: key.hash, encoded: Encoded::new(&encoded) }
    }

    /// The key, to be given to a writer.
    #[inline]
    pub fn key(&self) -> Key<'_> {
        let form = match &self.encoded {
            Encoded::Short(window, len) => Form::Short(window, *len),
            Encoded::Long(encoded) => Form::Long(encoded),
        };
        Key { hash: self.hash, form }
    }
}

impl Encoded {
    fn new(encoded: &[u8]) -> Self {
        let mut window = [0; WINDOW];
        match window.get_mut(..encoded.len()) {
            Some(place) => place.copy_from_slice(encoded),
            None => return Self::Long(encoded.into()),
        }
        Self::Short(window, encoded.len())
    }
}

/// The name under which a field may be written: names that the line itself uses get a prefix.
#[inline]
const fn unreserved(name: &[u8]) -> &[u8] {
    match name {
        b"timestamp" => b"fields.timestamp",
        b"level" => b"fields.level",
        b"target" => b"fields.target",
        b"category" => b"fields.category",
        b"message" => b"fields.message",
        b"system" => b"fields.system",
        b"dropped_fields" => b"fields.dropped_fields",
        other => other,
    }
}

/// A quick 64-bit hash, one folded multiplication for eight bytes.
///
/// Two names with one hash would cost the later field its place in the line, never the line its validity; so the hash need
/// not withstand an attacker, who could as well send the name itself.
#[inline]
const fn hash(name: &[u8], salt: u64) -> u64 {
    let mut state = FACTOR ^ name.len() as u64 ^ (salt << 32);
    let mut rest = name;
    while let Some((word, tail)) = rest.split_first_chunk::<8>() {
        state = fold(state ^ u64::from_le_bytes(*word));
        rest = tail;
    }
    let (mut last, mut at) = (0, 0);
    while at < rest.len() {
        last = (last << 8) | rest[at] as u64;
        at += 1;
    }
    fold(fold(state ^ last))
}

/// The golden ratio's digits: bits without a pattern that text could have.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Both halves of the product together: each bit of the result hangs on each bit of the word.
#[inline]
const fn fold(word: u64) -> u64 {
    let product = (word ^ 0x2545_f491_4f6c_dd1d) as u128 * FACTOR as u128;
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn written(key: Key<'_>) -> String {
        let mut bytes = Vec::new();
        let mut out = Out::new(&mut bytes);
        key.write(&mut out);
        out.finish();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn names() {
        let check = |name, expected: &str| {
            assert_eq!(written(Key::new(name)), expected);
            assert_eq!(written(EncodedKey::new(name).key()), expected);
            assert_eq!(EncodedKey::new(name).hash, Key::new(name).hash);
        };
        check("status", ",\"status\":");
        check("", ",\"\":");
        check("level", ",\"fields.level\":");
        check("message", ",\"fields.message\":");
        check("a\"b\n", ",\"a\\\"b\\n\":");
        check("a_name_of_28_characters_here", ",\"a_name_of_28_characters_here\":");
        check("a_name_of_29_characters_here_", ",\"a_name_of_29_characters_here_\":");
        check("größe", ",\"größe\":");
        assert_eq!(Key::new("level").hash, Key::new("fields.level").hash);
    }

    #[test]
    fn long_names_are_cut_on_a_character() {
        let long = "é".repeat(300);
        assert_eq!(written(Key::new(&long)), format!(",\"{}…[+344 bytes]\":", "é".repeat(128)));
        let odd = format!("x{long}");
        assert_eq!(written(Key::new(&odd)), format!(",\"x{}…[+346 bytes]\":", "é".repeat(127)));
    }

    #[test]
    fn names_that_look_the_same_are_the_same_key() {
        let (one, two) = (format!("{}one", "k".repeat(256)), format!("{}two", "k".repeat(256)));
        assert_eq!(written(Key::new(&one)), written(EncodedKey::new(&two).key()));
        assert_eq!(Key::new(&one).hash, Key::new(&two).hash);
    }

    #[test]
    fn different_names_have_different_hashes() {
        let characters = (0..0x1_0000).filter_map(char::from_u32).map(String::from);
        let numbered = (0..200_000).map(|n| format!("field_{n}"));
        let mut seen = HashMap::new();
        for name in characters.chain(numbered).chain((1..300).map(|n| "a".repeat(n))).filter(|n| n != "field_a") {
            let other = seen.insert(Key::new(&name).hash, name.clone());
            assert!(other.is_none() || other.as_ref() == Some(&name), "{name:?} and {other:?}");
        }
    }
}
