//! Lower-case hexadecimal, both ways, without allocation.

/// The two digits of each byte.
const PAIRS: [[u8; 2]; 256] = pairs();
const fn pairs() -> [[u8; 2]; 256] {
    let digits = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    pairs
}

/// Writes `bytes` as lower-case digits into `out`, which is twice as long.
#[inline]
pub(crate) fn encode(bytes: &[u8], out: &mut [u8]) {
    for (pair, byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&PAIRS[usize::from(*byte)]);
    }
}

/// Reads lower-case digits only: W3C forbids the others. Whole words of eight digits; `N` is 4, 8 or 16.
#[inline]
pub(crate) fn decode<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let (mut out, mut wrong) = ([0; N], 0);
    if text.len() != 2 * N || N % 4 != 0 {
        return None;
    }
    // Judged at the end, once for all: seldom is any wrong.
    for (bytes, digits) in out.chunks_exact_mut(4).zip(text.chunks_exact(8)) {
        let (number, differs) = word(*digits.first_chunk()?);
        bytes.copy_from_slice(&number.to_be_bytes());
        wrong |= differs;
    }
    (wrong == 0).then_some(out)
}

/// Reads the two digits of one byte.
#[inline]
pub(crate) fn byte(digits: [u8; 2]) -> Option<u8> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    Some(value(digits[0])? << 4 | value(digits[1])?)
}

/// Eight digits at once: their values are computed as if all were right, and are right if they give the same digits back,
/// of which the second number is zero.
#[inline]
fn word(digits: [u8; 8]) -> (u32, u64) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let text = u64::from_be_bytes(digits);
    let letters = (text >> 6) & ONES;
    let values = (text & (0x0f * ONES)) + letters * 9;
    let above_nine = ((values + 0x06 * ONES) >> 4) & ONES;
    let again = values + 0x30 * ONES + above_nine * 0x27;
    let wrong = (again ^ text) | values & (0xf0 * ONES);
    let pairs = (values | values >> 4) & 0x00ff_00ff_00ff_00ff;
    let quads = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    ((quads | quads >> 16) as u32, wrong)
}

/// Text of a byte buffer that only this module's digits (and other ASCII) were written to.
pub(crate) fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("only ASCII was written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_at_each_place_is_a_digit_or_refused() {
        for place in 0..8 {
            for byte in 0..=255_u8 {
                let mut digits = *b"0123cdef";
                digits[place] = byte;
                let plain = || {
                    let text = std::str::from_utf8(&digits).ok().filter(|text| !text.contains(['+', '-']))?;
                    let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
                    u32::from_str_radix(text, 16).ok().filter(|_| lower)
                };
                let (number, wrong) = word(digits);
                assert_eq!((wrong == 0).then_some(number), plain(), "{byte:#x} at {place}");
            }
        }
    }

    #[test]
    fn digits_go_both_ways() {
        let bytes: [u8; 16] = std::array::from_fn(|index| (index * 37) as u8);
        let mut digits = [0; 32];
        encode(&bytes, &mut digits);
        assert_eq!(decode::<16>(&digits), Some(bytes));
        assert_eq!(decode::<16>(&digits[1..]), None);
        digits[3] = b'G';
        assert_eq!(decode::<16>(&digits), None);
        assert_eq!((byte(*b"ff"), byte(*b"0g")), (Some(255), None));
    }
}
