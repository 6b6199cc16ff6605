//! Texts that are ids: hexadecimal of 16 or 32 digits and UUIDs, kept in half the bytes and given back digit for digit.

use crate::block::torn::Torn;

/// Where a UUID has its dashes.
const DASHES: [usize; 4] = [8, 13, 18, 23];
const UUID: usize = 36;

/// Appends `digits(1)` and the bytes, if all texts are lower-case hexadecimal of one of the two lengths.
pub(crate) fn put_hex(out: &mut Vec<u8>, texts: &[&[u8]]) -> bool {
    let digits = texts.first().map_or(0, |text| text.len());
    if (digits != 16 && digits != 32) || texts.iter().any(|text| text.len() != digits) {
        return false;
    }
    let start = out.len();
    out.push(if digits == 16 { 16 } else { 32 });
    undo_unless(out, start, |out| texts.iter().all(|text| put_digits(out, text)))
}

/// Appends the bytes, if all texts are lower-case UUIDs.
pub(crate) fn put_uuids(out: &mut Vec<u8>, texts: &[&[u8]]) -> bool {
    let start = out.len();
    undo_unless(out, start, |out| texts.iter().all(|text| put_uuid(out, text)))
}

fn undo_unless(out: &mut Vec<u8>, start: usize, put: impl FnOnce(&mut Vec<u8>) -> bool) -> bool {
    let done = put(out);
    if !done {
        out.truncate(start);
    }
    done
}

fn put_uuid(out: &mut Vec<u8>, text: &[u8]) -> bool {
    text.len() == UUID
        && DASHES.iter().all(|dash| text[*dash] == b'-')
        && [&text[..8], &text[9..13], &text[14..18], &text[19..23], &text[24..]]
            .into_iter()
            .all(|part| put_digits(out, part))
}

fn put_digits(out: &mut Vec<u8>, text: &[u8]) -> bool {
    text.as_chunks::<2>().0.iter().all(|[high, low]| match (digit(*high), digit(*low)) {
        (Some(high), Some(low)) => {
            out.push(high << 4 | low);
            true
        }
        _ => false,
    })
}

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// The sixteen bytes that a trace's id in hexadecimal stands for.
pub(crate) fn trace_id(text: &[u8]) -> Option<[u8; 16]> {
    let mut out = Vec::with_capacity(16);
    (text.len() == 32 && put_digits(&mut out, text)).then(|| out.try_into().ok()).flatten()
}

/// The texts one behind the other, and where each ends.
pub(crate) fn hex_texts(bytes: &[u8], digits: usize, count: usize) -> Result<(Vec<u32>, String), Torn> {
    if bytes.len() != count * digits / 2 || (digits != 16 && digits != 32) {
        return Err(Torn("ids of another length"));
    }
    let mut text = String::with_capacity(2 * bytes.len());
    bytes.iter().for_each(|byte| push(&mut text, *byte));
    Ok((ends(digits, count), text))
}

/// The texts one behind the other, and where each ends.
pub(crate) fn uuid_texts(bytes: &[u8], count: usize) -> Result<(Vec<u32>, String), Torn> {
    let (uuids, rest) = bytes.as_chunks::<16>();
    if uuids.len() != count || !rest.is_empty() {
        return Err(Torn("ids of another length"));
    }
    let mut text = String::with_capacity(UUID * count);
    for uuid in uuids {
        for (place, byte) in uuid.iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            push(&mut text, *byte);
        }
    }
    Ok((ends(UUID, count), text))
}

fn push(text: &mut String, byte: u8) {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    text.push(char::from(DIGITS[usize::from(byte >> 4)]));
    text.push(char::from(DIGITS[usize::from(byte & 15)]));
}

fn ends(width: usize, count: usize) -> Vec<u32> {
    (1..=count).map(|number| u32::try_from(number * width).expect("a block has few entries")).collect()
}
