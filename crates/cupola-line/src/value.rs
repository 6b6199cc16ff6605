//! The values of fields, encoded straight into the line.

use std::fmt::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::escape;
use crate::formatted::Ending;
use crate::key::Key;
use crate::out::{Out, WINDOW, copy_few, copy_ids};

/// A text longer than this, in bytes before escaping, is cut and marked.
pub const MAX_VALUE_BYTES: usize = 16 * 1024;

/// A formatter that goes on for longer than this is stopped: nobody will read on, and the caller waits.
const MAX_FORMATTED_BYTES: usize = 64 * MAX_VALUE_BYTES;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// A value as code has it, before it is JSON.
///
/// ```
/// use cupola_line::{EncodedFields, FieldValue, Key};
///
/// let mut fields = EncodedFields::new();
/// fields.set(Key::new("ratio"), FieldValue::F64(f64::NAN));
/// fields.set(Key::new("digest"), FieldValue::Bytes(&[0xca, 0xfe]));
/// assert_eq!(fields.as_bytes(), br#","ratio":"NaN","digest":"cafe""#);
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum FieldValue<'a> {
    /// Text.
    Str(&'a str),
    /// Text of which some may be missing already.
    Text(&'a str, Ending),
    /// An unsigned number. It is written in full: who reads it as a double (JavaScript) rounds it beyond 2^53.
    U64(u64),
    /// A signed number; see [`U64`](Self::U64).
    I64(i64),
    /// An unsigned number; as text where it does not fit into 64 bits.
    U128(u128),
    /// A signed number; as text where it does not fit into 64 bits.
    I128(i128),
    /// A floating-point number; `"NaN"`, `"Infinity"` and `"-Infinity"` as text, since JSON has no such numbers.
    F64(f64),
    /// True or false.
    Bool(bool),
    /// Bytes, written as text in lower-case hex.
    Bytes(&'a [u8]),
    /// Whatever can be displayed, escaped while it is formatted.
    Display(&'a dyn fmt::Display),
    /// Whatever can be shown for debugging, escaped while it is formatted.
    Debug(&'a dyn fmt::Debug),
    /// A value that is canonical JSON already; the caller answers for that.
    Raw(&'a [u8]),
    /// A value that policy keeps out of the line: `"[REDACTED]"`.
    Redacted,
    /// Nothing: `null`.
    Null,
}

impl fmt::Debug for FieldValue<'_> {
    /// Shows the value as the line would.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut json = Vec::new();
        let mut out = Out::new(&mut json);
        self.encode(&mut out);
        out.finish();
        f.write_str(&String::from_utf8_lossy(&json))
    }
}

impl FieldValue<'_> {
    /// Appends the value as JSON, and says whether it had to be cut.
    #[inline]
    pub(crate) fn encode(self, out: &mut Out<'_>) -> bool {
        match self {
            Self::Str(text) => return encode_str(out, text),
            Self::Text(text, ending) => return encode_text(out, text, ending),
            Self::U64(number) => out.few(itoa::Buffer::new().format(number).as_bytes()),
            Self::I64(number) => out.few(itoa::Buffer::new().format(number).as_bytes()),
            Self::U128(number) => encode_u128(out, number),
            Self::I128(number) => encode_i128(out, number),
            Self::F64(number) => encode_f64(out, number),
            Self::Bool(true) => out.array(b"true"),
            Self::Bool(false) => out.array(b"false"),
            Self::Bytes(bytes) => return encode_hex(out, bytes),
            Self::Display(value) => return encode_fmt(out, format_args!("{value}")),
            Self::Debug(value) => return encode_fmt(out, format_args!("{value:?}")),
            Self::Raw(json) => out.extend(json),
            Self::Redacted => out.array(b"\"[REDACTED]\""),
            Self::Null => out.array(b"null"),
        }
        false
    }
}

/// Appends a key and a text. The fast path asks for room once, and leaves it to the general one as soon as anything is unusual.
#[inline]
pub(crate) fn push_str_field(out: &mut Out<'_>, key: Key<'_>, text: &str) -> bool {
    if let (Some((window, len)), true) = (key.short(), text.len() <= MAX_VALUE_BYTES) {
        let room = out.room(WINDOW + text.len() + 2);
        room[..WINDOW].copy_from_slice(window);
        room[len] = b'"';
        let body = &mut room[len + 1..][..text.len() + 1];
        let clean = escape::copy_clean(&mut body[..text.len()], text.as_bytes());
        if clean == text.len() {
            body[text.len()] = b'"';
            out.advance(len + text.len() + 2);
            return false;
        }
    }
    push_unusual_field(out, key, text)
}

/// Appends a key and ASCII that needs no look.
#[inline]
pub(crate) fn push_plain_field(out: &mut Out<'_>, key: Key<'_>, text: &[u8]) -> bool {
    debug_assert!(escape::is_ascii_text(text), "a plain text needs no escaping");
    let len = text.len();
    if len > MAX_VALUE_BYTES {
        return push_unusual_field(out, key, &String::from_utf8_lossy(text));
    }
    key.write(out);
    let room = out.room(len + 2);
    room[0] = b'"';
    copy_ids(&mut room[1..=len], text);
    room[len + 1] = b'"';
    out.advance(len + 2);
    false
}

#[cold]
fn push_unusual_field(out: &mut Out<'_>, key: Key<'_>, text: &str) -> bool {
    key.write(out);
    encode_str(out, text)
}

/// Appends a key and what needs neither quotes nor escaping.
#[inline]
pub(crate) fn push_number_field(out: &mut Out<'_>, key: Key<'_>, digits: &[u8]) -> bool {
    match key.short() {
        Some((window, len)) => {
            let room = out.room(WINDOW + digits.len());
            room[..WINDOW].copy_from_slice(window);
            copy_few(&mut room[len..][..digits.len()], digits);
            out.advance(len + digits.len());
        }
        None => {
            key.write(out);
            out.few(digits);
        }
    }
    false
}

fn encode_str(out: &mut Out<'_>, text: &str) -> bool {
    out.array(b"\"");
    let cut = push_text(out, text);
    out.array(b"\"");
    cut
}

fn encode_text(out: &mut Out<'_>, text: &str, ending: Ending) -> bool {
    out.array(b"\"");
    let cut = ending.push(out, text);
    out.array(b"\"");
    cut
}

/// Appends a text's contents without the quotes, cut where it is too long.
#[inline]
pub(crate) fn push_text(out: &mut Out<'_>, text: &str) -> bool {
    if text.len() > MAX_VALUE_BYTES {
        push_cut(out, text, MAX_VALUE_BYTES);
        return true;
    }
    escape::push_str(out, text);
    false
}

/// Appends the first `room` bytes of a longer text, and how much is missing.
#[cold]
pub(crate) fn push_cut(out: &mut Out<'_>, text: &str, room: usize) {
    let end = floor_char_boundary(text, room);
    escape::push_str(out, &text[..end]);
    push_cut_mark(out, text.len() - end, "");
}

#[cold]
pub(crate) fn push_cut_mark(out: &mut Out<'_>, left_out: usize, more: &str) {
    out.extend("…[+".as_bytes());
    out.few(itoa::Buffer::new().format(left_out).as_bytes());
    out.array(b" bytes");
    out.extend(more.as_bytes());
    out.array(b"]");
}

pub(crate) fn floor_char_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

fn encode_u128(out: &mut Out<'_>, number: u128) {
    match u64::try_from(number) {
        Ok(number) => out.few(itoa::Buffer::new().format(number).as_bytes()),
        Err(_) => encode_number_as_text(out, itoa::Buffer::new().format(number)),
    }
}

fn encode_i128(out: &mut Out<'_>, number: i128) {
    match (i64::try_from(number), u64::try_from(number)) {
        (Ok(number), _) => out.few(itoa::Buffer::new().format(number).as_bytes()),
        (_, Ok(number)) => out.few(itoa::Buffer::new().format(number).as_bytes()),
        _ => encode_number_as_text(out, itoa::Buffer::new().format(number)),
    }
}

fn encode_f64(out: &mut Out<'_>, number: f64) {
    if number.is_finite() {
        out.few(zmij::Buffer::new().format_finite(number).as_bytes());
    } else if number.is_nan() {
        out.array(b"\"NaN\"");
    } else {
        encode_number_as_text(out, if number > 0.0 { "Infinity" } else { "-Infinity" });
    }
}

fn encode_number_as_text(out: &mut Out<'_>, digits: &str) {
    out.array(b"\"");
    out.few(digits.as_bytes());
    out.array(b"\"");
}

fn encode_hex(out: &mut Out<'_>, bytes: &[u8]) -> bool {
    let shown = bytes.len().min(MAX_VALUE_BYTES / 2);
    out.array(b"\"");
    for byte in &bytes[..shown] {
        out.array(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 0xf)]]);
    }
    if shown < bytes.len() {
        push_cut_mark(out, bytes.len() - shown, "");
    }
    out.array(b"\"");
    shown < bytes.len()
}

#[inline]
fn encode_fmt(out: &mut Out<'_>, text: fmt::Arguments<'_>) -> bool {
    out.array(b"\"");
    let cut = push_fmt(out, text);
    out.array(b"\"");
    cut
}

/// Appends formatted text without the quotes. Whatever the formatter does, what it wrote so far stays, and is marked.
pub(crate) fn push_fmt(out: &mut Out<'_>, text: fmt::Arguments<'_>) -> bool {
    let mut writer = EscapingWriter { out, room: MAX_VALUE_BYTES, left_out: 0 };
    // A formatter that panics must not take the line with it. The writer is sound at every point where one could.
    let result = catch_unwind(AssertUnwindSafe(|| writer.write_fmt(text)));
    let left_out = writer.left_out;
    match result {
        Ok(Ok(())) if left_out == 0 => return false,
        Ok(_) if left_out > MAX_FORMATTED_BYTES => push_cut_mark(out, left_out, " and more"),
        _ if left_out > 0 => push_cut_mark(out, left_out, ""),
        Ok(_) => out.extend("…[formatter failed]".as_bytes()),
        Err(_) => out.extend("…[formatter panicked]".as_bytes()),
    }
    true
}

/// Escapes what a formatter writes, up to the limit, and counts the rest.
struct EscapingWriter<'a, 'b> {
    out: &'a mut Out<'b>,
    room: usize,
    left_out: usize,
}

impl fmt::Write for EscapingWriter<'_, '_> {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.len() > self.room {
            return self.overflow(text);
        }
        self.room -= text.len();
        escape::push_str(self.out, text);
        Ok(())
    }
}

impl EscapingWriter<'_, '_> {
    #[cold]
    fn overflow(&mut self, text: &str) -> fmt::Result {
        let end = floor_char_boundary(text, self.room);
        escape::push_str(self.out, &text[..end]);
        self.room = 0;
        self.left_out += text.len() - end;
        if self.left_out > MAX_FORMATTED_BYTES { Err(fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(value: FieldValue<'_>) -> String {
        format!("{value:?}")
    }

    #[test]
    fn table() {
        let check = |value: FieldValue<'_>, expected: &str| {
            let written = json(value);
            assert_eq!(written, expected);
            serde_json::from_str::<serde_json::Value>(&written).unwrap();
        };
        check(FieldValue::Str(""), "\"\"");
        check(FieldValue::Str("\"nested \\\"quotes\\\"\""), r#""\"nested \\\"quotes\\\"\"""#);
        check(FieldValue::U64(u64::MAX), "18446744073709551615");
        check(FieldValue::I64(i64::MIN), "-9223372036854775808");
        check(FieldValue::U128(7), "7");
        check(FieldValue::U128(u128::MAX), "\"340282366920938463463374607431768211455\"");
        check(FieldValue::I128(-7), "-7");
        check(FieldValue::I128(i128::from(u64::MAX)), "18446744073709551615");
        check(FieldValue::I128(i128::MIN), "\"-170141183460469231731687303715884105728\"");
        check(FieldValue::F64(1.5), "1.5");
        check(FieldValue::F64(-0.0), "-0.0");
        check(FieldValue::F64(f64::NAN), "\"NaN\"");
        check(FieldValue::F64(f64::INFINITY), "\"Infinity\"");
        check(FieldValue::F64(f64::NEG_INFINITY), "\"-Infinity\"");
        check(FieldValue::Bool(true), "true");
        check(FieldValue::Bool(false), "false");
        check(FieldValue::Bytes(&[0, 0x1f, 0xff]), "\"001fff\"");
        check(FieldValue::Display(&"a\nb"), r#""a\nb""#);
        check(FieldValue::Debug(&"a\nb"), r#""\"a\\nb\"""#);
        check(FieldValue::Raw(b"{\"a\":1}"), "{\"a\":1}");
        check(FieldValue::Redacted, "\"[REDACTED]\"");
        check(FieldValue::Null, "null");
    }

    #[test]
    fn floats_read_back() {
        for number in [f64::MAX, f64::MIN_POSITIVE, 5e-324, 1e21, 1e-7, 0.1, 123_456_789.125, 1e300, -2.0] {
            assert_eq!(
                serde_json::from_str::<f64>(&json(FieldValue::F64(number))).unwrap().to_bits(),
                number.to_bits()
            );
        }
    }

    #[test]
    fn long_text_is_cut_on_a_character_and_says_so() {
        let long = "é".repeat(MAX_VALUE_BYTES);
        let expected = format!("\"{}…[+{MAX_VALUE_BYTES} bytes]\"", "é".repeat(MAX_VALUE_BYTES / 2));
        assert_eq!(json(FieldValue::Str(&long)), expected);
        assert_eq!(json(FieldValue::Display(&long)), expected);
        let odd = format!("x{long}");
        let kept = MAX_VALUE_BYTES / 2 - 1;
        let expected = format!("\"x{}…[+{} bytes]\"", "é".repeat(kept), odd.len() - 1 - 2 * kept);
        assert_eq!(json(FieldValue::Str(&odd)), expected);
        assert_eq!(json(FieldValue::Bytes(&[0; MAX_VALUE_BYTES])).len(), MAX_VALUE_BYTES + "\"…[+8192 bytes]\"".len());
        assert_eq!(json(FieldValue::Str(&"x".repeat(MAX_VALUE_BYTES))).len(), MAX_VALUE_BYTES + 2);
    }

    struct Pieces(usize);

    impl fmt::Display for Pieces {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (0..self.0).try_for_each(|_| f.write_str("0123456789"))
        }
    }

    #[test]
    fn formatted_pieces_are_counted_and_an_endless_one_is_stopped() {
        let long = json(FieldValue::Display(&Pieces(2_000)));
        assert!(long.ends_with("0123…[+3616 bytes]\""), "{}", &long[long.len() - 40..]);
        let endless = json(FieldValue::Display(&Pieces(usize::MAX)));
        assert!(endless.ends_with(" bytes and more]\""));
    }

    struct Bad(bool);

    impl fmt::Debug for Bad {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("so far \"")?;
            if self.0 { Err(fmt::Error) } else { panic!("in a formatter, for the test") }
        }
    }

    #[test]
    fn a_bad_formatter_keeps_what_it_wrote() {
        assert_eq!(json(FieldValue::Debug(&Bad(true))), "\"so far \\\"…[formatter failed]\"");
        assert_eq!(json(FieldValue::Debug(&Bad(false))), "\"so far \\\"…[formatter panicked]\"");
    }
}
