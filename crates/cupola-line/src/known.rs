//! Fields whose names are known when the program is compiled: written without a look at what the line has already.

use crate::key::Key;
use crate::line::LineWriter;
use crate::out::{Out, copy_few, copy_ids};
use crate::value::FieldValue;
use crate::{decimal, escape};

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

/// How many bytes known fields have without a look at how long the line may become.
pub(crate) const ROOM: usize = 4096;

/// Writes the known fields of one line, each at most once.
///
/// `index` counts in the names of the [`KnownKeys`], and `name` is that name as the line has it, `,"name":`; the caller
/// answers for both.
#[derive(Debug)]
pub struct KnownFields<'w, 'a> {
    /// Where the fields go, as long as there is room.
    room: &'w mut [u8],
    at: usize,
    instead: Instead<'w, 'a>,
    /// One bit for each name that is in the line.
    written: u64,
    /// The room was too small: what was written counts for nothing.
    is_full: bool,
}

/// Where a field goes that the quick way does not take.
#[derive(Debug)]
enum Instead<'w, 'a> {
    /// Encoded into this memory, and copied from there if there is room.
    Spare(&'w mut Vec<u8>),
    /// There is no quick way, in a second attempt.
    Line(&'w mut LineWriter<'a>),
}

impl<'w, 'a> KnownFields<'w, 'a> {
    #[inline]
    pub(crate) const fn within(room: &'w mut [u8], spare: &'w mut Vec<u8>) -> Self {
        Self { room, at: 0, instead: Instead::Spare(spare), written: 0, is_full: false }
    }

    pub(crate) const fn checked(line: &'w mut LineWriter<'a>) -> Self {
        Self { room: &mut [], at: 0, instead: Instead::Line(line), written: 0, is_full: false }
    }

    /// How many bytes were written, and which names; `None` where there was not enough room.
    #[inline]
    pub(crate) fn finish(&self) -> Option<(usize, u64)> {
        (!self.is_full).then_some((self.at, self.written))
    }

    /// The name, and room for so many bytes behind it.
    #[inline(always)]
    fn begin<const N: usize>(&mut self, name: &[u8; N], len: usize) -> Option<&mut [u8]> {
        let (head, body) = self.room.get_mut(self.at..self.at + N + len)?.split_first_chunk_mut::<N>()?;
        *head = *name;
        Some(body)
    }

    #[inline(always)]
    fn wrote(&mut self, index: usize, len: usize) {
        debug_assert!(self.written & (1 << index) == 0, "a known field is written once");
        self.at += len;
        self.written |= 1 << index;
    }

    /// Writes a field of text.
    #[inline(always)]
    pub fn str<const N: usize>(&mut self, index: usize, name: &[u8; N], text: &str) {
        let len = text.len();
        if let Some([first, body @ .., last]) = self.begin(name, len + 2) {
            (*first, *last) = (b'"', b'"');
            if escape::copy_clean(body, text.as_bytes()) == len {
                return self.wrote(index, N + len + 2);
            }
        }
        self.other(index, name, FieldValue::Str(text));
    }

    /// Writes a field of ASCII that goes into a JSON string unchanged, as ids do; the caller answers for that too.
    #[inline(always)]
    pub fn plain<const N: usize>(&mut self, index: usize, name: &[u8; N], text: &[u8]) {
        debug_assert!(escape::is_ascii_text(text), "a plain text needs no escaping");
        let len = text.len();
        let Some([first, body @ .., last]) = self.begin(name, len + 2) else {
            return self.other(index, name, FieldValue::Str(&String::from_utf8_lossy(text)));
        };
        (*first, *last) = (b'"', b'"');
        copy_ids(body, text);
        self.wrote(index, N + len + 2);
    }

    /// Writes a field with an unsigned number.
    #[inline(always)]
    pub fn u64<const N: usize>(&mut self, index: usize, name: &[u8; N], number: u64) {
        match self.begin(name, 1) {
            Some([digit]) if number < 10 => {
                *digit = b'0' + number as u8;
                self.wrote(index, N + 1);
            }
            _ => self.digits(index, name, itoa::Buffer::new().format(number).as_bytes()),
        }
    }

    /// Writes a field with thousandths of a unit, as [`LineWriter::f64`] writes their quotient.
    #[inline(always)]
    pub fn thousandths<const N: usize>(&mut self, index: usize, name: &[u8; N], count: u64) {
        self.digits(index, name, decimal::text(count, &mut [0; decimal::LEN]));
    }

    #[inline(always)]
    fn digits<const N: usize>(&mut self, index: usize, name: &[u8; N], digits: &[u8]) {
        let Some(body) = self.begin(name, digits.len()) else {
            return self.other(index, name, FieldValue::Raw(digits));
        };
        copy_few(body, digits);
        self.wrote(index, N + digits.len());
    }

    /// Writes a field that is true or false.
    #[inline]
    pub fn bool<const N: usize>(&mut self, index: usize, name: &[u8; N], flag: bool) {
        self.digits(index, name, if flag { b"true" } else { b"false" });
    }

    /// Writes a field whose value policy keeps out of the line.
    #[inline]
    pub fn redacted<const N: usize>(&mut self, index: usize, name: &[u8; N]) {
        self.digits(index, name, b"\"[REDACTED]\"");
    }

    /// Writes a field that the quick way does not take: it needs escaping, or there is no room.
    #[cold]
    #[inline(never)]
    fn other(&mut self, index: usize, name: &[u8], value: FieldValue<'_>) {
        let stays = match &mut self.instead {
            Instead::Line(line) => line.push_known(name, value),
            Instead::Spare(spare) => {
                let mut out = Out::behind(spare, 0);
                out.extend(name);
                let (cut, len) = (value.encode(&mut out), out.len());
                self.fits(len, cut)
            }
        };
        self.written |= u64::from(stays) << index;
    }

    /// Copies what was encoded, if it is whole and there is room.
    fn fits(&mut self, len: usize, cut: bool) -> bool {
        let Instead::Spare(spare) = &self.instead else { return false };
        let Some(room) = self.room.get_mut(self.at..self.at + len).filter(|_| !cut) else {
            self.is_full = true;
            // So that nothing that comes is written either.
            self.room = &mut [];
            return false;
        };
        room.copy_from_slice(&spare[..len]);
        self.at += len;
        true
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        EncodedHead, Envelope, Key, KnownFields, KnownKeys, LineBuffer, LineWriter, MAX_LINE_BYTES, Scratch, Timestamp,
    };

    fn line(keys: &KnownKeys, known: impl Fn(&mut KnownFields<'_, '_>), others: &[&str]) -> String {
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
        let keys = KnownKeys::new(&["text", "id", "count", "absent", "ms", "on", "secret"]);
        let known = |fields: &mut KnownFields<'_, '_>| {
            fields.str(0, br#","text":"#, "a \"b\"");
            fields.plain(1, br#","id":"#, b"0af7651916cd43dd8448eb211c80319c");
            fields.u64(2, br#","count":"#, 7);
            fields.thousandths(4, br#","ms":"#, 12_340);
            fields.bool(5, br#","on":"#, true);
            fields.redacted(6, br#","secret":"#);
        };
        let expected = concat!(
            r#","text":"a \"b\"","id":"0af7651916cd43dd8448eb211c80319c","count":7,"ms":12.34,"on":true,"#,
            r#""secret":"[REDACTED]""#
        );
        assert_eq!(line(&keys, known, &[]), expected);
        let others = ["text", "id", "absent", "count", "absent", "ms", "on", "secret"];
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
