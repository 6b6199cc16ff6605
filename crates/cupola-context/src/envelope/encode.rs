//! An envelope as text.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Envelope, MAX_ENVELOPE_BYTES};
use crate::fields::FieldValue;
use crate::hex;

/// What an envelope begins with: magic, version, and the item that is always there.
const HEAD: &str = "cupola/1 attempt=";

/// The room that an envelope has as a rule, so that its text is seldom moved.
const USUAL: usize = 320;

/// Room for the count of what was dropped, which is known last.
const DROPPED: usize = ";dropped=".len() + 20;

impl Envelope {
    /// The text that goes into the queue: at most [`MAX_ENVELOPE_BYTES`]. Fields, origin, trace state and baggage that do not fit are
    /// left out whole, and counted in the text.
    pub fn encode(&self) -> String {
        self.encode_within(MAX_ENVELOPE_BYTES)
    }

    pub(super) fn encode_within(&self, most: usize) -> String {
        let mut text = Text { text: String::with_capacity(USUAL), most: most - DROPPED, dropped: self.dropped() };
        let _ = write!(text.text, "{HEAD}{}", self.attempt);
        self.encode_ids(&mut text);
        self.encode_times(&mut text);
        text.item("origin", self.origin.as_deref());
        text.item("state", self.trace.as_ref().map(|trace| trace.state.as_str()).filter(|state| !state.is_empty()));
        for (name, value) in self.fields.list() {
            text.field(name, value);
        }
        text.item("baggage", (!self.baggage.is_empty()).then(|| self.baggage.to_string()).as_deref());
        text.finish()
    }

    fn encode_ids(&self, text: &mut Text) {
        if let Some(id) = &self.request_id {
            text.plain("request", id.as_bytes());
        }
        if let Some(trace) = &self.trace {
            text.plain("trace", trace.traceparent().as_bytes());
        }
    }

    fn encode_times(&self, text: &mut Text) {
        text.time("queued", self.queued);
        text.time("deadline", self.deadline);
    }
}

struct Text {
    text: String,
    most: usize,
    dropped: u64,
}

impl Text {
    /// An item of ASCII in which nothing needs escaping, and for which there is always room.
    fn plain(&mut self, key: &str, value: &[u8]) {
        self.begin(key);
        self.text.push_str(hex::ascii(value));
    }

    /// What is before 1970, or does not fit into 64 bits of microseconds, is not known.
    fn time(&mut self, key: &str, time: Option<SystemTime>) {
        let since = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        if let Some(micros) = since.and_then(|since| u64::try_from(since.as_micros()).ok()) {
            self.begin(key);
            let _ = write!(self.text, "{micros}");
        }
    }

    fn item(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.if_it_fits(|text| {
                text.begin(key);
                text.escaped(value);
            });
        }
    }

    fn field(&mut self, name: &str, value: &FieldValue) {
        self.if_it_fits(|text| {
            text.text.push_str(match value {
                FieldValue::Str(_) => ";s.",
                FieldValue::I64(_) => ";i.",
                FieldValue::U64(_) => ";u.",
                FieldValue::F64(_) => ";f.",
                FieldValue::Bool(_) => ";b.",
            });
            text.escaped_name(name);
            text.text.push('=');
            match value {
                FieldValue::Str(value) => text.escaped(value),
                // As Rust writes it in full: what is read again is the same number.
                FieldValue::F64(number) => _ = write!(text.text, "{number:?}"),
                other => _ = write!(text.text, "{other}"),
            }
        });
    }

    fn if_it_fits(&mut self, write: impl FnOnce(&mut Self)) {
        let before = self.text.len();
        write(self);
        if self.text.len() > self.most {
            self.text.truncate(before);
            self.dropped += 1;
        }
    }

    fn begin(&mut self, key: &str) {
        self.text.push(';');
        self.text.push_str(key);
        self.text.push('=');
    }

    fn escaped(&mut self, value: &str) {
        self.escape(value, |byte| PLAIN[usize::from(byte)]);
    }

    /// The first `=` ends a name.
    fn escaped_name(&mut self, name: &str) {
        self.escape(name, |byte| PLAIN[usize::from(byte)] && byte != b'=');
    }

    fn escape(&mut self, text: &str, plain: impl Fn(u8) -> bool) {
        if text.bytes().all(&plain) {
            return self.text.push_str(text);
        }
        for byte in text.bytes() {
            if plain(byte) {
                self.text.push(char::from(byte));
            } else {
                let mut digits = *b"%00";
                hex::encode(&[byte], &mut digits[1..]);
                self.text.push_str(hex::ascii(&digits));
            }
        }
    }

    fn finish(mut self) -> String {
        if self.dropped > 0 {
            let _ = write!(self.text, ";dropped={}", self.dropped);
        }
        self.text
    }
}

/// What stands for itself: printable ASCII, but for what ends an item, what escapes, and what JSON would escape once more.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0x21;
    while byte < 0x7f {
        plain[byte] = !matches!(byte as u8, b';' | b'%' | b'"' | b'\\');
        byte += 1;
    }
    plain
};

/// Whether this stands for itself in a value.
pub(super) const fn is_plain(byte: u8) -> bool {
    PLAIN[byte as usize]
}
