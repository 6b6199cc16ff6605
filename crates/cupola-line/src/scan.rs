//! Reading a line without building a tree: names and values in their order, each as it stands in the line.
//!
//! ```
//! use cupola_line::{Value, scan};
//!
//! let line = br#"{"level":"INFO","status":200,"route":"/vms/{id}","note":"a \"b\""}"#;
//! for member in scan(line) {
//!     match member? {
//!         (key, Value::Number(digits)) => assert!(key.is("status") && digits == b"200"),
//!         (key, Value::Str(text)) if key.is("note") => assert_eq!(text.unescape(), "a \"b\""),
//!         _ => {}
//!     }
//! }
//! # Ok::<(), cupola_line::ScanError>(())
//! ```

mod members;
mod number;
mod text;

use std::fmt;

pub use members::{Member, Members, Quotes};
pub use text::Text;

use crate::swar;

/// Objects and arrays within values may be nested so deep; a line has no use for more.
const MAX_DEPTH: u32 = 128;

/// Reads the members of a flat JSON object. See [`Scanner`].
#[inline]
pub fn scan(line: &[u8]) -> Scanner<'_> {
    Scanner { line, at: 0, state: State::Start }
}

/// The members of one JSON object, read as they are asked for.
///
/// White space is skipped, and so is a line end after the object. What is checked is what finding the members needs: who stops
/// early pays for nothing behind, escapes are looked at when a text is unescaped, and of a nested value only its brackets and
/// strings are followed. Names come as often as the line has them. After an error there is nothing more.
#[derive(Clone, Debug)]
pub struct Scanner<'a> {
    line: &'a [u8],
    at: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    Inside,
    Done,
}

/// A value as it stands in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Text, not yet unescaped.
    Str(Text<'a>),
    /// A number's digits.
    Number(&'a [u8]),
    /// True or false.
    Bool(bool),
    /// Nothing.
    Null,
    /// An object, brackets included.
    Object(&'a [u8]),
    /// An array, brackets included.
    Array(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The value as JSON.
    pub fn json(&self) -> &'a [u8] {
        match self {
            Value::Str(text) => text.json(),
            Value::Number(json) | Value::Object(json) | Value::Array(json) => json,
            Value::Bool(true) => b"true",
            Value::Bool(false) => b"false",
            Value::Null => b"null",
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<Text<'a>> {
        match self {
            Value::Str(text) => Some(*text),
            _ => None,
        }
    }

    /// The number, if it is one that fits.
    pub fn as_u64(&self) -> Option<u64> {
        self.digits()?.parse().ok()
    }

    /// The number, if it is one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.digits()?.parse().ok()
    }

    /// The number, if it is one, as close as a double comes.
    pub fn as_f64(&self) -> Option<f64> {
        let Value::Number(digits) = self else { return None };
        number::short_decimal(digits).or_else(|| std::str::from_utf8(digits).ok()?.parse().ok())
    }

    fn digits(&self) -> Option<&'a str> {
        match self {
            Value::Number(digits) => std::str::from_utf8(digits).ok(),
            _ => None,
        }
    }
}

/// What a line has where it should have something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanError {
    offset: usize,
    expected: &'static str,
}

impl ScanError {
    /// The offset in bytes at which the line stops being a JSON object.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for ScanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} at byte {}", self.expected, self.offset)
    }
}

impl std::error::Error for ScanError {}

impl<'a> Iterator for Scanner<'a> {
    type Item = Result<(Text<'a>, Value<'a>), ScanError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let member = match self.state {
            State::Start => self.first(),
            State::Inside => self.following(),
            State::Done => return None,
        };
        if !matches!(member, Ok(Some(_))) {
            self.state = State::Done;
        }
        member.transpose()
    }
}

impl std::iter::FusedIterator for Scanner<'_> {}

type Pair<'a> = (Text<'a>, Value<'a>);

impl<'a> Scanner<'a> {
    /// How many bytes have been read: behind the last member, or behind the whole line at its end.
    pub fn offset(&self) -> usize {
        self.at
    }

    fn first(&mut self) -> Result<Option<Pair<'a>>, ScanError> {
        self.skip_space();
        self.expect(b'{', "`{`")?;
        self.state = State::Inside;
        self.skip_space();
        if self.peek() == Some(b'}') { self.finish() } else { self.member().map(Some) }
    }

    #[inline]
    fn following(&mut self) -> Result<Option<Pair<'a>>, ScanError> {
        self.skip_space();
        if self.peek() == Some(b'}') {
            return self.finish();
        }
        self.expect(b',', "`,` or `}`")?;
        self.skip_space();
        self.member().map(Some)
    }

    fn finish(&mut self) -> Result<Option<Pair<'a>>, ScanError> {
        self.at += 1;
        self.skip_space();
        if self.at == self.line.len() { Ok(None) } else { Err(self.error("the end of the line")) }
    }

    #[inline]
    fn member(&mut self) -> Result<Pair<'a>, ScanError> {
        let key = self.string("a name")?;
        self.skip_space();
        self.expect(b':', "`:`")?;
        self.skip_space();
        Ok((key, self.value()?))
    }

    #[inline]
    fn value(&mut self) -> Result<Value<'a>, ScanError> {
        match self.peek() {
            Some(b'"') => Ok(Value::Str(self.string("a value")?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'{') => Ok(Value::Object(self.nested()?)),
            Some(b'[') => Ok(Value::Array(self.nested()?)),
            Some(b't') => self.word(b"true", Value::Bool(true)),
            Some(b'f') => self.word(b"false", Value::Bool(false)),
            Some(b'n') => self.word(b"null", Value::Null),
            _ => Err(self.error("a value")),
        }
    }

    #[inline]
    fn string(&mut self, expected: &'static str) -> Result<Text<'a>, ScanError> {
        if self.peek() != Some(b'"') {
            return Err(self.error(expected));
        }
        let start = self.at;
        let (end, escaped) = string_end(self.line, start + 1)
            .ok_or(ScanError { offset: self.line.len(), expected: "a closing quote" })?;
        self.at = end;
        Ok(Text::new(&self.line[start..end], escaped))
    }

    #[inline]
    fn number(&mut self) -> Result<Value<'a>, ScanError> {
        let rest = &self.line[self.at..];
        let length = number::length(rest).map_err(|at| ScanError { offset: self.at + at, expected: "a digit" })?;
        self.at += length;
        Ok(Value::Number(&rest[..length]))
    }

    fn word(&mut self, word: &'static [u8], value: Value<'a>) -> Result<Value<'a>, ScanError> {
        if !self.line[self.at..].starts_with(word) {
            return Err(self.error("a value"));
        }
        self.at += word.len();
        Ok(value)
    }

    /// Passes over an object or an array. `open` holds one bit for each bracket that is open: 1 for an object's.
    fn nested(&mut self) -> Result<&'a [u8], ScanError> {
        let (start, mut open, mut depth) = (self.at, 0_u128, 0);
        loop {
            let Some(byte) = self.peek() else { return Err(self.error("a closing bracket")) };
            match byte {
                b'"' => {
                    self.string("a value")?;
                    continue;
                }
                b'{' | b'[' if depth == MAX_DEPTH => return Err(self.error("fewer brackets")),
                b'{' | b'[' => (open, depth) = ((open << 1) | u128::from(byte == b'{'), depth + 1),
                b'}' | b']' if (open & 1 == 1) != (byte == b'}') => return Err(self.error("the other bracket")),
                b'}' | b']' => (open, depth) = (open >> 1, depth - 1),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Ok(&self.line[start..self.at]);
            }
        }
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    #[inline]
    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), ScanError> {
        if self.peek() != Some(byte) {
            return Err(self.error(expected));
        }
        self.at += 1;
        Ok(())
    }

    #[inline]
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    #[cold]
    fn error(&self, expected: &'static str) -> ScanError {
        ScanError { offset: self.at, expected }
    }
}

/// The index behind the closing quote of a string whose contents begin at `from`, and whether it has escapes.
#[inline]
fn string_end(line: &[u8], from: usize) -> Option<(usize, bool)> {
    let (mut at, mut escaped) = (from, false);
    loop {
        at += next_mark(line.get(at..)?)?;
        if line[at] == b'"' {
            return Some((at + 1, escaped));
        }
        (at, escaped) = (at + 2, true);
    }
}

/// Most texts are short, and end before a call of a vectorised search would have begun.
const SHORT_WORDS: usize = 5;

/// The index of the first quote or backslash.
#[inline]
fn next_mark(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    for _ in 0..SHORT_WORDS {
        let Some((word, tail)) = rest.split_first_chunk::<8>() else { break };
        let found = swar::find_either(u64::from_le_bytes(*word), b'"', b'\\');
        if found != 0 {
            return Some(bytes.len() - rest.len() + (found.trailing_zeros() / 8) as usize);
        }
        rest = tail;
    }
    Some(bytes.len() - rest.len() + memchr::memchr2(b'"', b'\\', rest)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(line: &str) -> Result<Vec<(String, String)>, ScanError> {
        let show = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        scan(line.as_bytes()).map(|member| member.map(|(key, value)| (show(key.raw()), show(value.json())))).collect()
    }

    #[test]
    fn well_formed() {
        let check = |line: &str, expected: &[(&str, &str)]| {
            let found = members(line).unwrap();
            let found: Vec<_> = found.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            assert_eq!(found, expected, "{line}");
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        };
        check("{}", &[]);
        check(" { } \r\n", &[]);
        check(r#"{"a":1}"#, &[("a", "1")]);
        check(r#"{"a":1,"a":2}"#, &[("a", "1"), ("a", "2")]);
        check(
            r#" { "a" : "b" , "c" : [ 1 , { "d" : "]}" } ] } "#,
            &[("a", "\"b\""), ("c", r#"[ 1 , { "d" : "]}" } ]"#)],
        );
        check(r#"{"a":true,"b":false,"c":null}"#, &[("a", "true"), ("b", "false"), ("c", "null")]);
        check(r#"{"":"","x\"y":"\\"}"#, &[("", "\"\""), ("x\\\"y", "\"\\\\\"")]);
        check(r#"{"n":-0.5e+10,"m":0}"#, &[("n", "-0.5e+10"), ("m", "0")]);
        check(r#"{"o":{},"p":[]}"#, &[("o", "{}"), ("p", "[]")]);
    }

    #[test]
    fn malformed() {
        let check = |line: &str, expected: &str| {
            assert_eq!(members(line).unwrap_err().to_string(), expected, "{line}");
            assert!(serde_json::from_str::<serde_json::Value>(line).is_err());
        };
        check("", "expected `{` at byte 0");
        check("plain text", "expected `{` at byte 0");
        check("{", "expected a name at byte 1");
        check("{a:1}", "expected a name at byte 1");
        check("{\"a", "expected a closing quote at byte 3");
        check("{\"a\\", "expected a closing quote at byte 4");
        check("{\"a\\\"", "expected a closing quote at byte 5");
        check("{\"a\"}", "expected `:` at byte 4");
        check("{\"a\":}", "expected a value at byte 5");
        check("{\"a\":tru}", "expected a value at byte 5");
        check("{\"a\":1", "expected `,` or `}` at byte 6");
        check("{\"a\":1,}", "expected a name at byte 7");
        check("{\"a\":1 \"b\":2}", "expected `,` or `}` at byte 7");
        check("{\"a\":01}", "expected `,` or `}` at byte 6");
        check("{\"a\":-}", "expected a digit at byte 6");
        check("{\"a\":[1}", "expected the other bracket at byte 7");
        check("{\"a\":[1", "expected a closing bracket at byte 7");
        check("{\"a\":1}{", "expected the end of the line at byte 7");
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(members(&nested(128)).is_ok());
        assert_eq!(members(&nested(129)).unwrap_err().offset(), 5 + 128);
    }

    #[test]
    fn every_beginning_of_a_line_is_an_error() {
        let line = r#"{"timestamp":"2026","n":-1.5e3,"t":"a\"b\u0041","o":{"x":["}"]},"b":true,"z":null}"#;
        for end in (0..line.len()).filter(|end| line.is_char_boundary(*end)) {
            assert!(members(&line[..end]).unwrap_err().offset() <= end);
        }
    }

    #[test]
    fn strings_of_every_length_end_where_they_end() {
        for length in 0..80 {
            for (mark, escaped) in [("", false), ("\\\"", true), ("\\\\", true)] {
                let text = format!("{}{mark}{}", "x".repeat(length), "é".repeat(length % 7));
                let line = format!("{{\"k\":\"{text}\",\"next\":1}}");
                let mut scanner = scan(line.as_bytes());
                let (_, value) = scanner.next().unwrap().unwrap();
                let found = value.as_text().unwrap();
                assert_eq!((found.raw(), found.has_escapes()), (text.as_bytes(), escaped));
                assert!(scanner.next().unwrap().unwrap().0.is("next"));
                assert!(scanner.next().is_none() && scanner.offset() == line.len());
            }
        }
    }

    #[test]
    fn numbers_are_read() {
        let value = |digits: &'static str| Value::Number(digits.as_bytes());
        assert_eq!(value("18446744073709551615").as_u64(), Some(u64::MAX));
        assert_eq!(value("-5").as_i64(), Some(-5));
        assert_eq!(value("1.25").as_f64(), Some(1.25));
        assert_eq!((value("1.5").as_u64(), Value::Null.as_f64()), (None, None));
    }

    /// Any bytes at all: no panic, and what is found lies within the line.
    #[test]
    fn mutations_do_no_harm() {
        let line = br#"{"a":"x\"","n":-1.5e3,"o":{"x":["}"]},"b":true,"z":null}"#;
        for at in 0..line.len() {
            for byte in 0..=255 {
                let mut mutated = *line;
                mutated[at] = byte;
                let found: usize =
                    scan(&mutated).flatten().map(|(key, value)| key.raw().len() + value.json().len()).sum();
                assert!(found <= line.len());
                let valid = serde_json::from_slice::<serde_json::Value>(&mutated).is_ok();
                assert!(!valid || scan(&mutated).all(|member| member.is_ok()), "{at} {byte}");
            }
        }
    }
}
