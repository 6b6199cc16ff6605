//! Undoes the escapes that names hide behind; only names are decoded, never what is written out.

/// Undoes percent escapes, however often they were applied, and `+`.
pub(crate) fn percent(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut index = 0;
    while index < name.len() {
        let (byte, width, _) = percent_at(name, index);
        out.push(if byte == b'+' { b' ' } else { byte });
        index += width;
    }
    out
}

/// The byte at `index` with its percent escapes undone, how many bytes it takes, and how often it was escaped.
#[inline]
pub(crate) fn percent_at(bytes: &[u8], index: usize) -> (u8, usize, u32) {
    let byte = bytes[index];
    if byte != b'%' {
        return (byte, 1, 0);
    }
    escape_at(bytes, index)
}

fn escape_at(bytes: &[u8], index: usize) -> (u8, usize, u32) {
    let mut at = index + 1;
    let mut level = 1;
    while bytes[at..].starts_with(b"25") {
        at += 2;
        level += 1;
    }
    match hex(&bytes[at.min(bytes.len())..], 2) {
        Some(value) => (value as u8, at + 2 - index, level),
        // `%25` followed by no digits is a percent sign.
        None if level > 1 => (b'%', at - index, level - 1),
        None => (b'%', 1, 0),
    }
}

/// Undoes the escapes of JSON strings in a piece of text, whatever their nesting: `\"`, `\\\"` and `\u0022`
/// all become a quote.
pub(crate) fn json(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut index = 0;
    while index < text.len() {
        if text[index] == b'\\' {
            index += json_escape(&text[index..], &mut out);
        } else {
            out.push(text[index]);
            index += 1;
        }
    }
    out
}

/// Decodes one run of backslashes with what follows it; returns how many bytes that took.
fn json_escape(text: &[u8], out: &mut Vec<u8>) -> usize {
    let run = text.iter().take_while(|&&byte| byte == b'\\').count();
    let Some(&byte) = text.get(run) else { return run };
    match byte {
        b'u' => match hex(&text[run + 1..], 4) {
            Some(code) => {
                push_code(code, out);
                return run + 5;
            }
            None => out.push(b'u'),
        },
        b'n' | b'r' => out.push(b'\n'),
        b't' | b'b' | b'f' => out.push(b' '),
        other => out.push(other),
    }
    run + 1
}

fn push_code(code: u32, out: &mut Vec<u8>) {
    // Halves of surrogate pairs are no letters of any rule: any separator will do.
    let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// The value of the first `digits` hexadecimal digits.
pub(crate) fn hex(bytes: &[u8], digits: usize) -> Option<u32> {
    let mut value = 0;
    for &byte in bytes.get(..digits)? {
        value = value << 4 | char::from(byte).to_digit(16)?;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_escapes_of_every_depth_are_undone() {
        for (input, expected) in [
            ("passw%6Frd", "password"),
            ("passw%256frd", "password"),
            ("passw%25256Frd", "password"),
            ("a+b", "a b"),
            ("100%", "100%"),
            ("100%25", "100%"),
            ("%zz", "%zz"),
            ("%2", "%2"),
        ] {
            assert_eq!(percent(input.as_bytes()), expected.as_bytes(), "{input}");
        }
    }

    #[test]
    fn json_escapes_of_every_depth_are_undone() {
        for (input, expected) in [
            (r"pass\u0077ord", "password"),
            (r#"\"a\""#, "\"a\""),
            (r#"\\\"a\\\""#, "\"a\""),
            (r"\u0022a\\u0022", "\"a\""),
            (r"\u00", "u00"),
            ("\\", ""),
            (r"\ud83d", "\u{FFFD}"),
        ] {
            assert_eq!(json(input.as_bytes()), expected.as_bytes(), "{input}");
        }
    }
}
