//! The writer of one line.

use std::fmt;

use crate::buffer::LineBuffer;
use crate::formatted::Ending;
use crate::key::Key;
use crate::keys;
use crate::known::{self, KnownFields, KnownKeys};
use crate::out::Out;
use crate::scratch::Scratch;
use crate::timestamp::TimestampText;
use crate::value::{self, FieldValue};
use crate::{EncodedFields, decimal, escape};

/// A line longer than this, in bytes, leaves fields out and counts them.
pub const MAX_LINE_BYTES: usize = 256 * 1024;

/// What the longest message can take: each byte escaped as `\u00xx`, its mark, and the quotes.
const MESSAGE_ROOM: usize = 6 * value::MAX_VALUE_BYTES + 64;
/// `,"dropped_fields":4294967295}` and the newline.
const TAIL_ROOM: usize = 64;
/// Only small fields go into the last part of a long line: the ids still fit beside giants.
const SMALL_FIELDS_ROOM: usize = 16 * 1024;
const SMALL_FIELD: usize = 1024;
const FIELDS_LIMIT: usize = MAX_LINE_BYTES - SMALL_FIELDS_ROOM - TAIL_ROOM;
/// Level, target and category are code, not data: far shorter than this.
const MAX_ENVELOPE_TEXT: usize = 1024;

/// What each line of one callsite begins with, after its time.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`.
    pub level: &'a str,
    /// The module or subsystem that speaks.
    pub target: &'a str,
    /// The kind of entry.
    pub category: &'a str,
}

/// An [`Envelope`] in its encoded form: made once per callsite, written with one copy.
///
/// ```
/// use cupola_line::{EncodedEnvelope, Envelope, LineBuffer, LineWriter, Scratch, Timestamp};
///
/// let envelope = EncodedEnvelope::new(&Envelope { level: "WARN", target: "app::db", category: "general" });
/// let (mut buf, mut scratch, mut time) = (LineBuffer::new(), Scratch::new(), Timestamp::new());
/// let mut line = LineWriter::begin_encoded(&mut buf, &mut scratch, time.unix_micros(0), &envelope);
/// line.message("slow");
/// line.end();
/// assert!(buf.ends_with(br#""level":"WARN","target":"app::db","category":"general","message":"slow"}
/// "#));
/// ```
#[derive(Clone, Debug)]
pub struct EncodedEnvelope(Box<[u8]>);

impl EncodedEnvelope {
    /// Encodes an envelope.
    pub fn new(envelope: &Envelope<'_>) -> Self {
        let mut encoded = Vec::new();
        let mut out = Out::new(&mut encoded);
        push_envelope(&mut out, envelope);
        out.finish();
        Self(encoded.into_boxed_slice())
    }
}

/// An [`Envelope`] and a message in their encoded form: all that a line says before its first field.
///
/// For lines of which there are many with the same message: see [`LineWriter::begin_known`].
#[derive(Clone, Debug)]
pub struct EncodedHead(Box<[u8]>);

impl EncodedHead {
    /// Encodes an envelope and a message.
    pub fn new(envelope: &Envelope<'_>, message: &str) -> Self {
        let mut encoded = Vec::new();
        let mut out = Out::new(&mut encoded);
        push_envelope(&mut out, envelope);
        push_bounded(&mut out, message);
        out.array(b"\"");
        out.finish();
        Self(encoded.into_boxed_slice())
    }
}

/// Writes one canonical JSON object and a newline into a buffer: unique keys, envelope first, bounded, always valid.
///
/// The first writer of a name wins and later ones are skipped, so write the nearest first: the event's fields, then the
/// spans' from the innermost out, then the context. The message may come at any time; it is written at its place. A writer
/// that is dropped without [`end`](Self::end) leaves nothing behind.
///
/// ```
/// use cupola_line::{Envelope, Key, LineBuffer, LineWriter, Scratch, Timestamp};
///
/// let (mut buf, mut scratch, mut time) = (LineBuffer::new(), Scratch::new(), Timestamp::new());
/// let envelope = Envelope { level: "INFO", target: "app", category: "api" };
/// let mut line = LineWriter::begin(&mut buf, &mut scratch, time.unix_micros(0), &envelope);
/// line.u64(Key::new("status"), 200);
/// line.message("request \"done\"");
/// line.str(Key::new("request_id"), "01JD3");
/// line.u64(Key::new("status"), 500); // Somebody was here before.
/// line.end();
/// assert_eq!(
///     String::from_utf8_lossy(&buf),
///     concat!(
///         r#"{"timestamp":"1970-01-01T00:00:00.000000Z","level":"INFO","target":"app","category":"api","#,
///         r#""message":"request \"done\"","status":200,"request_id":"01JD3"}"#,
///         "\n"
///     )
/// );
/// ```
#[derive(Debug)]
pub struct LineWriter<'a> {
    out: Out<'a>,
    /// How long the buffer is before this line.
    len: &'a mut usize,
    scratch: &'a mut Scratch,
    /// Where the message's text belongs.
    message_at: usize,
    /// Whether the message is there.
    placed: bool,
    /// How long the buffer may become before it matters how large the last field is.
    limit: usize,
    /// The known fields that the table of names has not been told of yet.
    known: Option<(&'a KnownKeys, u64)>,
    cut_values: u32,
    dropped_fields: u32,
}

/// What became of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a line that was cut should be counted somewhere"]
pub struct Written {
    /// The line's length, its newline included.
    pub bytes: usize,
    /// How many values, the message among them, were cut at [`MAX_VALUE_BYTES`](crate::MAX_VALUE_BYTES) or marked because their formatter failed.
    pub cut_values: u32,
    /// How many fields were left out because the line was full.
    pub dropped_fields: u32,
}

impl<'a> LineWriter<'a> {
    /// Begins a line at the end of `buf`.
    pub fn begin(
        buf: &'a mut LineBuffer,
        scratch: &'a mut Scratch,
        timestamp: &TimestampText,
        envelope: &Envelope<'_>,
    ) -> Self {
        let (mut out, len) = buf.open();
        push_timestamp(&mut out, timestamp);
        push_envelope(&mut out, envelope);
        Self::awaiting_message(out, len, scratch)
    }

    /// Begins a line at the end of `buf`, with an envelope that was encoded before.
    #[inline]
    pub fn begin_encoded(
        buf: &'a mut LineBuffer,
        scratch: &'a mut Scratch,
        timestamp: &TimestampText,
        envelope: &EncodedEnvelope,
    ) -> Self {
        let (mut out, len) = buf.open();
        push_timestamp(&mut out, timestamp);
        out.extend(&envelope.0);
        Self::awaiting_message(out, len, scratch)
    }

    #[inline]
    fn awaiting_message(out: Out<'a>, len: &'a mut usize, scratch: &'a mut Scratch) -> Self {
        scratch.reset();
        let (message_at, limit) = (out.len(), *len + FIELDS_LIMIT - MESSAGE_ROOM);
        let (known, cut_values, dropped_fields) = (None, 0, 0);
        Self { out, len, scratch, message_at, placed: false, limit, known, cut_values, dropped_fields }
    }

    /// Begins a line at the end of `buf`, with its message and with fields whose names are known to differ.
    ///
    /// ```
    /// use cupola_line::{EncodedHead, Envelope, Key, KnownKeys, LineBuffer, LineWriter, Scratch, Timestamp};
    ///
    /// let head = EncodedHead::new(&Envelope { level: "INFO", target: "app", category: "api" }, "done");
    /// let keys = KnownKeys::new(&["method", "status"]);
    /// let (mut buf, mut scratch, mut time) = (LineBuffer::new(), Scratch::new(), Timestamp::new());
    /// let mut line = LineWriter::begin_known(&mut buf, &mut scratch, time.unix_micros(0), &head, &keys, |known| {
    ///     known.str(0, br#","method":"#, "GET");
    ///     known.u64(1, br#","status":"#, 200);
    /// });
    /// line.u64(Key::new("status"), 500); // Somebody was here before.
    /// line.end();
    /// assert!(buf.ends_with(br#""message":"done","method":"GET","status":200}
    /// "#));
    /// ```
    #[inline]
    pub fn begin_known(
        buf: &'a mut LineBuffer,
        scratch: &'a mut Scratch,
        timestamp: &TimestampText,
        head: &EncodedHead,
        keys: &'a KnownKeys,
        write: impl Fn(&mut KnownFields<'_, 'a>),
    ) -> Self {
        let (mut out, len) = buf.open();
        push_timestamp(&mut out, timestamp);
        out.extend(&head.0);
        let mut line = Self::awaiting_message(out, len, scratch);
        (line.placed, line.limit) = (true, *line.len + FIELDS_LIMIT);
        let mut fields = KnownFields::within(line.out.room(known::ROOM), &mut line.scratch.spare);
        write(&mut fields);
        match fields.finish() {
            Some((len, written)) => {
                line.out.advance(len);
                line.known = Some((keys, written));
            }
            None => line.begin_checked(keys, write),
        }
        line
    }

    /// Writes the known fields with a look at how long the line becomes.
    #[cold]
    fn begin_checked(&mut self, keys: &'a KnownKeys, write: impl Fn(&mut KnownFields<'_, 'a>)) {
        let mut fields = KnownFields::checked(self);
        write(&mut fields);
        self.known = fields.finish().map(|(_, written)| (keys, written));
    }

    /// Writes a known field, and says whether there was room for it.
    pub(crate) fn push_known(&mut self, name: &[u8], value: FieldValue<'_>) -> bool {
        let before = self.out.len();
        self.out.extend(name);
        let cut = value.encode(&mut self.out);
        self.keeps(before, cut)
    }

    /// Writes the message. A second one is written as the field `fields.message`.
    #[inline]
    pub fn message(&mut self, text: &str) {
        if self.placed {
            return self.str(SECOND_MESSAGE, text);
        }
        let before = self.out.len();
        self.cut_values += u32::from(value::push_text(&mut self.out, text));
        self.place(before);
    }

    /// Writes the message while it is formatted.
    #[inline]
    pub fn message_fmt(&mut self, text: fmt::Arguments<'_>) {
        if let Some(text) = text.as_str() {
            return self.message(text);
        }
        if self.placed {
            return self.display(SECOND_MESSAGE, &text);
        }
        let before = self.out.len();
        self.cut_values += u32::from(value::push_fmt(&mut self.out, text));
        self.place(before);
    }

    /// Writes a message of which some may be missing already.
    #[inline]
    pub fn message_text(&mut self, text: &str, ending: Ending) {
        if ending.is_whole() {
            return self.message(text);
        }
        if self.placed {
            return self.text(SECOND_MESSAGE, text, ending);
        }
        let before = self.out.len();
        self.cut_values += u32::from(ending.push(&mut self.out, text));
        self.place(before);
    }

    /// Closes the message that was written at `before`, and moves it ahead of fields that came before it.
    #[inline]
    fn place(&mut self, before: usize) {
        self.out.array(b"\"");
        if before > self.message_at {
            self.out.move_to(self.message_at, before);
        }
        self.placed = true;
        self.limit = *self.len + FIELDS_LIMIT;
    }

    /// Writes a field, unless its name was written before.
    pub fn field(&mut self, key: Key<'_>, value: FieldValue<'_>) {
        self.write(key, |out| {
            key.write(out);
            value.encode(out)
        });
    }

    /// Lets `encode` write key and value, if the key is new, and says of the value whether it was cut.
    #[inline]
    fn write(&mut self, key: Key<'_>, encode: impl FnOnce(&mut Out<'a>) -> bool) {
        if !self.is_new(key.hash()) {
            return;
        }
        let before = self.out.len();
        let cut = encode(&mut self.out);
        if !self.keeps(before, cut) {
            self.scratch.keys.remove_last(key.hash());
        }
    }

    /// Notes a name, and says whether it is new to this line.
    #[inline]
    fn is_new(&mut self, hash: u64) -> bool {
        if let Some((keys, written)) = self.known.take() {
            self.note(keys, written);
        }
        self.scratch.keys.insert(hash)
    }

    #[inline(never)]
    fn note(&mut self, keys: &KnownKeys, written: u64) {
        for hash in keys.hashes(written) {
            self.scratch.keys.insert(hash);
        }
    }

    /// Whether what was written since `before` stays.
    #[inline]
    fn keeps(&mut self, before: usize, cut: bool) -> bool {
        self.cut_values += u32::from(cut);
        self.out.len() <= self.limit || self.reconsider(before, cut)
    }

    /// Writes a field of text.
    #[inline]
    pub fn str(&mut self, key: Key<'_>, value: &str) {
        self.write(key, |out| value::push_str_field(out, key, value));
    }

    /// Writes a field of ASCII that goes into a JSON string unchanged, as ids do; the caller answers for that.
    #[inline]
    pub fn plain(&mut self, key: Key<'_>, text: &[u8]) {
        self.write(key, |out| value::push_plain_field(out, key, text));
    }

    /// Writes a field of text of which some may be missing already.
    #[inline]
    pub fn text(&mut self, key: Key<'_>, text: &str, ending: Ending) {
        if ending.is_whole() {
            return self.str(key, text);
        }
        self.field(key, FieldValue::Text(text, ending));
    }

    /// Writes a field with an unsigned number.
    #[inline]
    pub fn u64(&mut self, key: Key<'_>, value: u64) {
        self.write(key, |out| value::push_number_field(out, key, itoa::Buffer::new().format(value).as_bytes()));
    }

    /// Writes a field with a signed number.
    #[inline]
    pub fn i64(&mut self, key: Key<'_>, value: i64) {
        self.write(key, |out| value::push_number_field(out, key, itoa::Buffer::new().format(value).as_bytes()));
    }

    /// Writes a field with an unsigned number; as text beyond 64 bits.
    #[inline]
    pub fn u128(&mut self, key: Key<'_>, value: u128) {
        self.field(key, FieldValue::U128(value));
    }

    /// Writes a field with a signed number; as text beyond 64 bits.
    #[inline]
    pub fn i128(&mut self, key: Key<'_>, value: i128) {
        self.field(key, FieldValue::I128(value));
    }

    /// Writes a field with a floating-point number; as text if it is not finite.
    #[inline]
    pub fn f64(&mut self, key: Key<'_>, value: f64) {
        if let Some(text) = decimal::thousandths(value, &mut [0; decimal::LEN]) {
            self.write(key, |out| value::push_number_field(out, key, text));
        } else if value.is_finite() {
            self.write(key, |out| {
                value::push_number_field(out, key, zmij::Buffer::new().format_finite(value).as_bytes())
            });
        } else {
            self.field(key, FieldValue::F64(value));
        }
    }

    /// Writes a field that is true or false.
    #[inline]
    pub fn bool(&mut self, key: Key<'_>, value: bool) {
        self.write(key, |out| value::push_number_field(out, key, if value { b"true" } else { b"false" }));
    }

    /// Writes a field of bytes, in hex.
    #[inline]
    pub fn bytes(&mut self, key: Key<'_>, value: &[u8]) {
        self.field(key, FieldValue::Bytes(value));
    }

    /// Writes a field while its value is formatted.
    #[inline]
    pub fn display(&mut self, key: Key<'_>, value: &dyn fmt::Display) {
        self.field(key, FieldValue::Display(value));
    }

    /// Writes a field while its value is formatted for debugging.
    #[inline]
    pub fn debug(&mut self, key: Key<'_>, value: &dyn fmt::Debug) {
        self.field(key, FieldValue::Debug(value));
    }

    /// Writes a field whose value is canonical JSON already; the caller answers for that.
    #[inline]
    pub fn raw(&mut self, key: Key<'_>, json: &[u8]) {
        self.field(key, FieldValue::Raw(json));
    }

    /// Writes a field whose value policy keeps out of the line.
    #[inline]
    pub fn redacted(&mut self, key: Key<'_>) {
        self.field(key, FieldValue::Redacted);
    }

    /// Writes fields that were encoded before, a span's for example; each unless its name was written before.
    pub fn fields(&mut self, fields: &EncodedFields) {
        for (hash, encoded) in fields.entries() {
            self.encoded(hash, encoded);
        }
        self.dropped_fields += fields.dropped();
    }

    #[inline]
    fn encoded(&mut self, hash: u64, encoded: &[u8]) {
        if !self.is_new(hash) {
            return;
        }
        let before = self.out.len();
        self.out.extend(encoded);
        if !self.keeps(before, false) {
            self.scratch.keys.remove_last(hash);
        }
    }

    /// The line is nearly full: a small field may still stay; what does not is taken back and counted.
    #[cold]
    fn reconsider(&mut self, before: usize, cut: bool) -> bool {
        let small = self.out.len() - before <= SMALL_FIELD;
        if small && self.out.len() <= self.limit + SMALL_FIELDS_ROOM {
            return true;
        }
        self.out.truncate(before);
        self.dropped_fields += 1;
        self.cut_values -= u32::from(cut);
        false
    }

    /// Writes the state of the host, an object that is canonical JSON already; call it last, and once.
    pub fn system(&mut self, json: &[u8]) {
        self.raw(SYSTEM, json);
    }

    /// The line as far as it is written, from its brace on and unclosed. A message that has not come by now is empty.
    pub fn so_far(&mut self) -> &[u8] {
        if !self.placed {
            self.place(self.out.len());
        }
        self.out.since(*self.len)
    }

    /// Closes the object, and ends the line.
    pub fn end(mut self) -> Written {
        if !self.placed {
            self.place(self.out.len());
        }
        if self.dropped_fields > 0 {
            DROPPED_FIELDS.write(&mut self.out);
            FieldValue::U64(u64::from(self.dropped_fields)).encode(&mut self.out);
        }
        self.out.array(b"}\n");
        let bytes = self.out.len() - *self.len;
        *self.len = self.out.len();
        Written { bytes, cut_values: self.cut_values, dropped_fields: self.dropped_fields }
    }
}

const SECOND_MESSAGE: Key<'static> = Key::new(keys::MESSAGE);
const DROPPED_FIELDS: Key<'static> = Key::reserved(keys::DROPPED_FIELDS);
const SYSTEM: Key<'static> = Key::reserved(keys::SYSTEM);

#[inline]
fn push_timestamp(out: &mut Out<'_>, timestamp: &TimestampText) {
    out.array(b"{\"timestamp\":\"");
    out.array(timestamp.as_bytes());
}

/// Appends everything from behind the timestamp's text up to the message's first quote.
fn push_envelope(out: &mut Out<'_>, envelope: &Envelope<'_>) {
    out.array(b"\",\"level\":\"");
    push_bounded(out, envelope.level);
    out.array(b"\",\"target\":\"");
    push_bounded(out, envelope.target);
    out.array(b"\",\"category\":\"");
    push_bounded(out, envelope.category);
    out.array(b"\",\"message\":\"");
}

#[inline]
fn push_bounded(out: &mut Out<'_>, text: &str) {
    if text.len() > MAX_ENVELOPE_TEXT {
        value::push_cut(out, text, MAX_ENVELOPE_TEXT);
    } else {
        escape::push_str(out, text);
    }
}
