//! Text as the contents of a JSON string: canonical, and harmless on a terminal.
//!
//! Printable text goes out as it came. What is escaped is what JSON asks for, and what could move a cursor, forge a line or
//! turn text around for the person who reads it: C0, DEL, C1, line and paragraph separators, bidi controls and zero-width
//! characters. Nothing else is, so that a search for the bytes of a text finds it.
//!
//! ```
//! let mut out = Vec::new();
//! cupola_line::escape_str(&mut out, "caf\u{e9} \"\u{1b}[31m\"\n");
//! assert_eq!(out, "caf\u{e9} \\\"\\u001b[31m\\\"\\n".as_bytes());
//! ```

use crate::out::Out;
use crate::swar;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// What stands for a byte sequence that is not UTF-8.
const REPLACEMENT: &[u8; 6] = b"\\ufffd";

/// Appends `text` as the contents of a JSON string, without the quotes around it.
pub fn escape_str(out: &mut Vec<u8>, text: &str) {
    if next_special(text.as_bytes(), 0) == text.len() {
        return out.extend_from_slice(text.as_bytes());
    }
    let mut out = Out::new(out);
    push_str(&mut out, text);
    out.finish();
}

/// Appends `bytes` as the contents of a JSON string; what is not UTF-8 becomes `\ufffd`.
pub fn escape_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut out = Out::new(out);
    push_bytes(&mut out, bytes);
    out.finish();
}

/// Appends `bytes` for a terminal: quotes and backslashes stay as they are, everything else as in [`escape_bytes`].
pub(crate) fn escape_for_terminal(out: &mut Vec<u8>, bytes: &[u8]) {
    if is_ascii_text(bytes) {
        return out.extend_from_slice(bytes);
    }
    let mut out = Out::new(out);
    for chunk in bytes.utf8_chunks() {
        push_special::<false>(&mut out, chunk.valid().as_bytes());
        if !chunk.invalid().is_empty() {
            out.array(REPLACEMENT);
        }
    }
    out.finish();
}

/// Appends bytes that may not be UTF-8.
pub(crate) fn push_bytes(out: &mut Out<'_>, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        push_str(out, chunk.valid());
        if !chunk.invalid().is_empty() {
            out.array(REPLACEMENT);
        }
    }
}

/// Appends text: stored while it is looked at, in blocks, up to the first that holds anything but plain ASCII.
#[inline]
pub(crate) fn push_str(out: &mut Out<'_>, text: &str) {
    let text = text.as_bytes();
    let clean = copy_clean(out.room(text.len()), text);
    out.advance(clean);
    if clean < text.len() {
        push_special::<true>(out, &text[clean..]);
    }
}

/// Stores the beginning of `text` in `room`, and says how much of it needs no look. Both have the same length.
#[inline(always)]
pub(crate) fn copy_clean(room: &mut [u8], text: &[u8]) -> usize {
    if text.len() > 16 { copy_clean_blocks(room, text) } else { copy_clean_few(room, text) }
}

/// For text of more than one block: the last block overlaps the one before, so that there is no rest.
#[inline(always)]
fn copy_clean_blocks(room: &mut [u8], text: &[u8]) -> usize {
    let mut clean = 0;
    for (block, place) in text.chunks_exact(16).zip(room.chunks_exact_mut(16)) {
        let Some(block) = block.first_chunk() else { break };
        place.copy_from_slice(block);
        if swar::block_needs_a_look(block) {
            return clean;
        }
        clean += 16;
    }
    match (text.last_chunk(), room.last_chunk_mut()) {
        (Some(block), Some(place)) if !swar::block_needs_a_look(block) => {
            *place = *block;
            text.len()
        }
        _ => clean,
    }
}

/// For text of at most one block: two halves that overlap.
#[inline(always)]
fn copy_clean_few(room: &mut [u8], text: &[u8]) -> usize {
    let len = text.len();
    if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        room[..8].copy_from_slice(first);
        room[len - 8..].copy_from_slice(last);
        let dirty = swar::either_needs_a_look(u64::from_le_bytes(*first), u64::from_le_bytes(*last));
        return if dirty { 0 } else { len };
    }
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        room[..4].copy_from_slice(first);
        room[len - 4..].copy_from_slice(last);
        let word = u64::from(u32::from_le_bytes(*first)) | (u64::from(u32::from_le_bytes(*last)) << 32);
        return if swar::needs_a_look(word) { 0 } else { len };
    }
    if let (Some(first), Some(last)) = (text.first(), text.last()) {
        let middle = text[len / 2];
        (room[0], room[len / 2], room[len - 1]) = (*first, middle, *last);
        let clean = [*first, middle, *last].iter().all(|byte| CLASS[usize::from(*byte)] == PLAIN);
        return if clean { len } else { 0 };
    }
    0
}

/// Whether `bytes` are nothing but printable ASCII without quotes and backslashes, so that there is nothing to do.
#[inline]
pub(crate) fn is_ascii_text(bytes: &[u8]) -> bool {
    let words = bytes.chunks_exact(8);
    let rest_is_text =
        words.remainder().iter().all(|byte| (0x20..0x7f).contains(byte) && CLASS[usize::from(*byte)] == PLAIN);
    rest_is_text
        && words
            .into_iter()
            .all(|word| word.first_chunk().is_some_and(|word| !swar::needs_a_look(u64::from_le_bytes(*word))))
}

/// Whether `text` goes into a JSON string unchanged.
pub(crate) const fn is_plain(text: &[u8]) -> bool {
    let mut at = 0;
    while at < text.len() {
        if CLASS[text[at] as usize] != PLAIN {
            return false;
        }
        at += 1;
    }
    true
}

/// The slow half: finds what needs escaping, quotes and backslashes or not, and copies the runs between.
#[cold]
fn push_special<const QUOTES: bool>(out: &mut Out<'_>, bytes: &[u8]) {
    let (mut copied, mut at) = (0, next_special(bytes, 0));
    while at < bytes.len() {
        let is_left = !QUOTES && matches!(bytes[at], b'"' | b'\\');
        let length = if is_left { 0 } else { special_length(&bytes[at..]) };
        if length > 0 {
            out.extend(&bytes[copied..at]);
            push_escape(out, &bytes[at..at + length]);
            copied = at + length;
        }
        at = next_special(bytes, at + length.max(1));
    }
    out.extend(&bytes[copied..]);
}

/// The index of the next byte at or after `from` that may need escaping, else the length.
#[inline]
fn next_special(bytes: &[u8], from: usize) -> usize {
    let mut rest = &bytes[from..];
    while let Some((word, tail)) = rest.split_first_chunk::<8>() {
        if swar::needs_a_look(u64::from_le_bytes(*word)) {
            if let Some(at) = position(word) {
                return bytes.len() - rest.len() + at;
            }
        }
        rest = tail;
    }
    bytes.len() - rest.len() + position(rest).unwrap_or(rest.len())
}

#[inline]
fn position(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| CLASS[usize::from(*byte)] != PLAIN)
}

const PLAIN: u8 = 0;
const ASCII: u8 = 1;
/// The first byte of a sequence that holds escaped characters among harmless ones.
const LEAD: u8 = 2;

const CLASS: [u8; 256] = {
    let mut table = [PLAIN; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = ASCII;
        byte += 1;
    }
    table[b'"' as usize] = ASCII;
    table[b'\\' as usize] = ASCII;
    table[0x7f] = ASCII;
    table[0xc2] = LEAD;
    table[0xd8] = LEAD;
    table[0xe2] = LEAD;
    table[0xef] = LEAD;
    table
};

/// The length in bytes of the character that must be escaped at the start of `rest`, or 0 if it need not be.
fn special_length(rest: &[u8]) -> usize {
    match rest {
        // C1.
        [0xc2, 0x80..=0x9f, ..] => 2,
        // U+061C, the Arabic letter mark.
        [0xd8, 0x9c, ..] => 2,
        // U+200B..=U+200F zero-width and direction marks, U+2028 and U+2029 separators, U+202A..=U+202E bidi embedding.
        [0xe2, 0x80, 0x8b..=0x8f | 0xa8..=0xae, ..] => 3,
        // U+2066..=U+2069, bidi isolates.
        [0xe2, 0x81, 0xa6..=0xa9, ..] => 3,
        // U+FEFF.
        [0xef, 0xbb, 0xbf, ..] => 3,
        [byte, ..] if CLASS[usize::from(*byte)] == ASCII => 1,
        _ => 0,
    }
}

fn push_escape(out: &mut Out<'_>, character: &[u8]) {
    match *character {
        [b'"'] => out.array(b"\\\""),
        [b'\\'] => out.array(b"\\\\"),
        [b'\n'] => out.array(b"\\n"),
        [b'\r'] => out.array(b"\\r"),
        [b'\t'] => out.array(b"\\t"),
        [one] => push_unicode(out, u16::from(one)),
        [a, b] => push_unicode(out, (u16::from(a & 0x1f) << 6) | u16::from(b & 0x3f)),
        [a, b, c] => push_unicode(out, (u16::from(a & 0x0f) << 12) | (u16::from(b & 0x3f) << 6) | u16::from(c & 0x3f)),
        _ => {}
    }
}

fn push_unicode(out: &mut Out<'_>, unit: u16) {
    let digit = |shift: u16| HEX[usize::from((unit >> shift) & 0xf)];
    out.array(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut out = Vec::new();
        escape_str(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    fn dangerous(c: char) -> bool {
        matches!(c, '\0'..='\u{1f}' | '"' | '\\' | '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    }

    #[test]
    fn table() {
        let check = |text, expected: &str| assert_eq!(escaped(text), expected, "{text:?}");
        check("", "");
        check("plain", "plain");
        check("exactly8", "exactly8");
        check("a long text without anything special", "a long text without anything special");
        check("say \"hi\" \\ bye", "say \\\"hi\\\" \\\\ bye");
        check("\n\r\t\u{8}\u{c}\u{0}", "\\n\\r\\t\\u0008\\u000c\\u0000");
        check("\u{7f}\u{80}\u{9f}\u{a0}", "\\u007f\\u0080\\u009f\u{a0}");
        check("дом über 家 😀", "дом über 家 😀");
        check(
            "\u{2028}\u{202e}\u{2066}\u{200b}\u{200d}\u{feff}\u{61c}",
            "\\u2028\\u202e\\u2066\\u200b\\u200d\\ufeff\\u061c",
        );
        check("</script>/é", "</script>/é");
    }

    /// Every character of the basic plane and some above, at every offset within a word.
    #[test]
    fn every_character_reads_back_and_only_dangerous_ones_are_escaped() {
        let samples = (0..0x1_0000).chain([0x1_f600, 0xe_0001, 0x10_ffff]).filter_map(char::from_u32);
        for (number, c) in samples.enumerate() {
            let text = format!("{}{c}{}", &"abcdefghijk"[..number % 9], &"0123456789"[..number % 11]);
            let written = escaped(&text);
            assert_eq!(serde_json::from_str::<String>(&format!("\"{written}\"")).unwrap(), text);
            assert_eq!(written != text, dangerous(c), "{c:?} {written}");
            assert!(!written.chars().any(|c| dangerous(c) && c != '"' && c != '\\'), "{c:?} {written}");
        }
    }

    #[test]
    fn invalid_utf8_is_replaced() {
        let check = |bytes: &[u8], expected: &str| {
            let mut out = Vec::new();
            escape_bytes(&mut out, bytes);
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{bytes:x?}");
        };
        check(b"ok", "ok");
        check(b"a\xffb", "a\\ufffdb");
        check(b"\xc2", "\\ufffd");
        check(b"\xe2\x80", "\\ufffd");
        check(b"\xed\xa0\x80x", "\\ufffd\\ufffd\\ufffdx");
        check("\u{fffd}".as_bytes(), "\u{fffd}");
    }

    #[test]
    fn terminal_keeps_quotes() {
        let mut out = Vec::new();
        escape_for_terminal(&mut out, b"a \"b\" \\ \x1b[0m \xc2\x9b\xff");
        assert_eq!(String::from_utf8(out).unwrap(), "a \"b\" \\ \\u001b[0m \\u009b\\ufffd");
    }

    #[test]
    fn ascii_text_needs_nothing() {
        let check = |text: &str, expected| assert_eq!(is_ascii_text(text.as_bytes()), expected, "{text:?}");
        check("", true);
        check("/api/v1/vms/{id}", true);
        check("abc\n", false);
        check("é", false);
        check("twelve chars\u{7f}", false);
    }

    #[test]
    fn plainness_is_the_absence_of_special_bytes() {
        let check = |text: &str, expected| assert_eq!(is_plain(text.as_bytes()), expected, "{text:?}");
        check("request_id", true);
        check("путь", true);
        check("a\"b", false);
        check("\u{7f}", false);
    }
}
