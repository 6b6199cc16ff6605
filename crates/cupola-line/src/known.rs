//! Fields whose names are known when the program is compiled: written without a look at what the line has already.

use std::fmt;

use crate::key::Key;
use crate::line::LineWriter;
use crate::value::{self, FieldValue};

/// A word of one bit for each name.
const MAX_KEYS: usize = u64::BITS as usize;

/// Names of one kind of line that differ from each other.
///
/// A line that [begins with them](LineWriter::begin_known) need not ask of each whether it has it already: that they are
/// written is noted in one word, and looked up only if other fields follow.
#[derive(Clone, Debug)]
pub struct KnownKeys(Box<[u64]>);

impl KnownKeys {
    /// Knows these names. They are code, not data.
    ///
    /// # Panics
    /// If there are more than 64, if two are the same, or if one is a name of the envelope or needs escaping.
    pub fn new(names: &[&str]) -> Self {
        assert!(names.len() <= MAX_KEYS, "a line can begin with {MAX_KEYS} known fields, not {}", names.len());
        for (index, name) in names.iter().enumerate() {
            assert!(!names[..index].contains(name), "the known field `{name}` is named twice");
            assert!(Key::new(name).is_written_as(name), "the known field `{name}` would be written under another name");
        }
        Self(names.iter().map(|name| Key::new(name).hash()).collect())
    }

    /// The hashes of the keys whose bits are set.
    pub(crate) fn hashes(&self, written: u64) -> impl Iterator<Item = u64> {
        self.0.iter().enumerate().filter(move |(index, _)| written & (1 << index) != 0).map(|(_, hash)| *hash)
    }
}

/// Writes the known fields of one line, each at most once.
///
/// `index` counts in the names of the [`KnownKeys`], and `name` is that name as the line has it, `,"name":`; the caller
/// answers for both.
#[derive(Debug)]
pub struct KnownFields<'w, 'a> {
    line: &'w mut LineWriter<'a>,
    /// One bit for each name that is in the line.
    written: u64,
}

impl<'w, 'a> KnownFields<'w, 'a> {
    pub(crate) const fn new(line: &'w mut LineWriter<'a>) -> Self {
        Self { line, written: 0 }
    }

    pub(crate) const fn written(&self) -> u64 {
        self.written
    }

    /// Writes a field of text.
    #[inline(always)]
    pub fn str<const N: usize>(&mut self, index: usize, name: &[u8; N], text: &str) {
        let before = self.line.len();
        let cut = value::push_str_known(self.line.out(), name, text);
        self.wrote(index, before, cut);
    }

    /// Writes a field of ASCII that goes into a JSON string unchanged, as ids do; the caller answers for that too.
    #[inline(always)]
    pub fn plain<const N: usize>(&mut self, index: usize, name: &[u8; N], text: &[u8]) {
        let before = self.line.len();
        let cut = value::push_plain_known(self.line.out(), name, text);
        self.wrote(index, before, cut);
    }

    /// Writes a field with an unsigned number.
    #[inline(always)]
    pub fn u64<const N: usize>(&mut self, index: usize, name: &[u8; N], number: u64) {
        let before = self.line.len();
        let cut = value::push_u64_known(self.line.out(), name, number);
        self.wrote(index, before, cut);
    }

    /// Writes a field with thousandths of a unit, as [`LineWriter::f64`] writes their quotient.
    #[inline(always)]
    pub fn thousandths<const N: usize>(&mut self, index: usize, name: &[u8; N], count: u64) {
        let before = self.line.len();
        let cut = value::push_thousandths_known(self.line.out(), name, count);
        self.wrote(index, before, cut);
    }

    /// Writes a field that is true or false.
    #[inline]
    pub fn bool<const N: usize>(&mut self, index: usize, name: &[u8; N], flag: bool) {
        self.field(index, name, FieldValue::Bool(flag));
    }

    /// Writes a field while its value is formatted.
    #[inline]
    pub fn display<const N: usize>(&mut self, index: usize, name: &[u8; N], value: &dyn fmt::Display) {
        self.field(index, name, FieldValue::Display(value));
    }

    /// Writes a field whose value policy keeps out of the line.
    #[inline]
    pub fn redacted<const N: usize>(&mut self, index: usize, name: &[u8; N]) {
        self.field(index, name, FieldValue::Redacted);
    }

    #[inline(never)]
    fn field(&mut self, index: usize, name: &[u8], value: FieldValue<'_>) {
        let before = self.line.len();
        self.line.out().extend(name);
        let cut = value.encode(self.line.out());
        self.wrote(index, before, cut);
    }

    #[inline(always)]
    fn wrote(&mut self, index: usize, before: usize, cut: bool) {
        debug_assert!(self.written & (1 << index) == 0, "a known field is written once");
        if self.line.keeps(before, cut) {
            self.written |= 1 << index;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        EncodedHead, Envelope, Key, KnownFields, KnownKeys, LineBuffer, LineWriter, MAX_LINE_BYTES, Scratch, Timestamp,
    };

    fn line(keys: &KnownKeys, known: impl FnOnce(&mut KnownFields<'_, '_>), others: &[&str]) -> String {
        let (mut buf, mut scratch, mut time) = (LineBuffer::new(), Scratch::new(), Timestamp::new());
        let head = EncodedHead::new(&Envelope { level: "INFO", target: "t", category: "c" }, "m");
        let mut line = LineWriter::begin_known(&mut buf, &mut scratch, time.unix_micros(0), &head, keys, known);
        others.iter().for_each(|name| line.str(Key::new(name), "other"));
        let _ = line.end();
        let text = String::from_utf8(buf.to_vec()).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
        text.split_once(r#""message":"m""#).unwrap().1.trim_end_matches("}\n").to_owned()
    }

    #[test]
    fn what_is_known_wins_and_what_was_left_out_does_not() {
        let keys = KnownKeys::new(&["text", "id", "count", "absent", "ms", "on", "shown", "secret"]);
        let known = |fields: &mut KnownFields<'_, '_>| {
            fields.str(0, br#","text":"#, "a \"b\"");
            fields.plain(1, br#","id":"#, b"0af7651916cd43dd8448eb211c80319c");
            fields.u64(2, br#","count":"#, 7);
            fields.thousandths(4, br#","ms":"#, 12_340);
            fields.bool(5, br#","on":"#, true);
            fields.display(6, br#","shown":"#, &'"');
            fields.redacted(7, br#","secret":"#);
        };
        let expected = concat!(
            r#","text":"a \"b\"","id":"0af7651916cd43dd8448eb211c80319c","count":7,"ms":12.34,"on":true,"#,
            r#""shown":"\"","secret":"[REDACTED]""#
        );
        assert_eq!(line(&keys, known, &[]), expected);
        let others = ["text", "id", "absent", "count", "absent", "ms", "on", "shown", "secret"];
        assert_eq!(line(&keys, known, &others), format!(r#"{expected},"absent":"other""#));
    }

    #[test]
    fn texts_of_every_length() {
        let keys = KnownKeys::new(&["id", "text"]);
        let text: String = ('a'..='z').cycle().take(100).collect();
        for text in (0..text.len()).map(|len| &text[..len]) {
            let known = |fields: &mut KnownFields<'_, '_>| {
                fields.plain(0, br#","id":"#, text.as_bytes());
                fields.str(1, br#","text":"#, text);
            };
            assert_eq!(line(&keys, known, &[]), format!(r#","id":"{text}","text":"{text}""#));
        }
        let long = "x".repeat(17_000);
        let cut = line(&keys, |fields| fields.plain(0, br#","id":"#, long.as_bytes()), &[]);
        assert!(cut.ends_with("x…[+616 bytes]\""), "{cut}");
    }

    #[test]
    fn a_full_line_leaves_out_and_counts() {
        let names: Vec<String> = (10..50).map(|n| format!("k{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (keys, giant) = (KnownKeys::new(&names), "x".repeat(16 * 1024));
        let known = |fields: &mut KnownFields<'_, '_>| {
            for index in 0..40 {
                let name = format!(",\"k{}\":", index + 10);
                fields.str(index, name.as_bytes().first_chunk::<7>().unwrap(), &giant);
            }
        };
        let written = line(&keys, known, &["k49"]);
        assert!(written.len() < MAX_LINE_BYTES && written.contains(r#","k49":"other","dropped_fields":"#));
    }

    #[test]
    fn a_wrong_name_is_a_mistake_in_the_code() {
        for names in [&["a", "a"][..], &["level"], &["a\"b"], &["x"; 65]] {
            assert!(std::panic::catch_unwind(|| KnownKeys::new(names)).is_err(), "{names:?}");
        }
    }
}
