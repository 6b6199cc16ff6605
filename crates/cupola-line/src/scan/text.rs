//! Text as it stands in a line, and what it says.

use std::borrow::Cow;

/// A JSON string in a line: a name or a value.
///
/// ```
/// use cupola_line::scan;
///
/// let line = br#"{"caf\u00e9":"\ud83d\ude00"}"#;
/// let (key, value) = scan(line).next().expect("the line has a member")?;
/// assert!(key.is("café") && key.has_escapes() && key.raw() == br"caf\u00e9");
/// assert_eq!(value.as_text().map(|text| text.unescape()).as_deref(), Some("😀"));
/// # Ok::<(), cupola_line::ScanError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// With its quotes.
    json: &'a [u8],
    escaped: bool,
}

impl<'a> Text<'a> {
    #[inline]
    pub(crate) fn new(json: &'a [u8], escaped: bool) -> Self {
        Self { json, escaped }
    }

    /// The text as JSON, with its quotes.
    #[inline]
    pub fn json(&self) -> &'a [u8] {
        self.json
    }

    /// What stands between the quotes, escapes as they are.
    #[inline]
    pub fn raw(&self) -> &'a [u8] {
        &self.json[1..self.json.len() - 1]
    }

    /// Whether there is a backslash, so that [`raw`](Self::raw) is not yet what the text says.
    #[inline]
    pub fn has_escapes(&self) -> bool {
        self.escaped
    }

    /// Whether the text says this.
    #[inline]
    pub fn is(&self, text: &str) -> bool {
        if self.escaped { self.unescape() == text } else { self.raw() == text.as_bytes() }
    }

    /// What the text says; what is not UTF-8, or half a surrogate pair, becomes U+FFFD. Allocates only where it must.
    pub fn unescape(&self) -> Cow<'a, str> {
        if !self.escaped {
            return String::from_utf8_lossy(self.raw());
        }
        let mut bytes = Vec::with_capacity(self.raw().len());
        self.unescape_into(&mut bytes);
        Cow::Owned(
            String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
        )
    }

    /// Appends what the text says. What is not UTF-8 in the line is not UTF-8 here.
    pub fn unescape_into(&self, out: &mut Vec<u8>) {
        let mut rest = self.raw();
        while let Some(at) = memchr::memchr(b'\\', rest) {
            out.extend_from_slice(&rest[..at]);
            rest = push_unescaped(out, &rest[at..]);
        }
        out.extend_from_slice(rest);
    }
}

/// Appends what the escape at the start of `rest` stands for, and returns what follows it. What is no escape stays.
fn push_unescaped<'a>(out: &mut Vec<u8>, rest: &'a [u8]) -> &'a [u8] {
    let byte = match rest.get(1) {
        Some(b'u') => return push_unicode(out, rest),
        Some(b'n') => b'\n',
        Some(b't') => b'\t',
        Some(b'r') => b'\r',
        Some(b'b') => 8,
        Some(b'f') => 12,
        Some(mark @ (b'"' | b'\\' | b'/')) => *mark,
        _ => {
            out.push(b'\\');
            return &rest[1..];
        }
    };
    out.push(byte);
    &rest[2..]
}

fn push_unicode<'a>(out: &mut Vec<u8>, rest: &'a [u8]) -> &'a [u8] {
    let Some(unit) = unicode_unit(rest) else {
        out.push(b'\\');
        return &rest[1..];
    };
    let low = unicode_unit(&rest[6..]).filter(|low| (0xdc00..0xe000).contains(low));
    let (code, length) = match (unit, low) {
        (0xd800..=0xdbff, Some(low)) => (0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00), 12),
        _ => (unit, 6),
    };
    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    &rest[length..]
}

/// The number of a `\uhhhh` at the start of `rest`.
fn unicode_unit(rest: &[u8]) -> Option<u32> {
    let (head, tail) = rest.split_first_chunk::<6>().map(|(head, _)| (&head[..2], &head[2..]))?;
    let digits = tail.iter().map(|byte| char::from(*byte).to_digit(16));
    if head == b"\\u" { digits.into_iter().try_fold(0, |sum, digit| Some(sum * 16 + digit?)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unescaped(raw: &str) -> String {
        Text::new(format!("\"{raw}\"").as_bytes(), raw.contains('\\')).unescape().into_owned()
    }

    #[test]
    fn table() {
        let check = |raw: &str, expected: &str| assert_eq!(unescaped(raw), expected, "{raw}");
        check("", "");
        check("plain", "plain");
        check(r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t");
        check(r"\u0041\u00e9\u20AC", "Aé€");
        check(r"\ud83d\ude00!", "😀!");
        check(r"\ud83d!", "\u{fffd}!");
        check(r"\ud83d\u0041", "\u{fffd}A");
        check(r"\ude00\ud83d", "\u{fffd}\u{fffd}");
        check(r"\x \u12 \u12g4 \", "\\x \\u12 \\u12g4 \\");
        check(r"\u+123", "\\u+123");
    }

    #[test]
    fn invalid_utf8_is_replaced() {
        assert_eq!(Text::new(b"\"a\xffb\"", false).unescape(), "a\u{fffd}b");
        assert_eq!(Text::new(b"\"a\xff\\n\"", true).unescape(), "a\u{fffd}\n");
    }

    #[test]
    fn what_was_escaped_reads_back() {
        for c in (0..0x1_1000).filter_map(char::from_u32) {
            let mut raw = Vec::new();
            crate::escape_str(&mut raw, &format!("<{c}>"));
            assert_eq!(unescaped(std::str::from_utf8(&raw).unwrap()), format!("<{c}>"));
        }
    }
}
