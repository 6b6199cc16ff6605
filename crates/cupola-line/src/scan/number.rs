//! The grammar of JSON numbers.

/// The length of the number at the start of `bytes`, else the index at which a digit is missing.
#[inline]
pub(super) fn length(bytes: &[u8]) -> Result<usize, usize> {
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    // A number may not begin with 0 and go on: what follows is then no part of it.
    at = if bytes.get(at) == Some(&b'0') { at + 1 } else { digits(bytes, at)? };
    if bytes.get(at) == Some(&b'.') {
        at = digits(bytes, at + 1)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let signed = matches!(bytes.get(at + 1), Some(b'+' | b'-'));
        at = digits(bytes, at + 1 + usize::from(signed))?;
    }
    Ok(at)
}

/// The index behind the digits at `from`, of which there must be one.
#[inline]
fn digits(bytes: &[u8], from: usize) -> Result<usize, usize> {
    let mut at = from;
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    if at == from { Err(at) } else { Ok(at) }
}

/// The powers of ten that a short number has behind its point.
const POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// The value of a number of at most 15 digits without an exponent: digits and power are exact, and so their quotient is as close as a
/// double comes. `None` for every other.
#[inline]
pub(super) fn short_decimal(text: &[u8]) -> Option<f64> {
    let (digits, is_negative) = match text.strip_prefix(b"-") {
        Some(digits) => (digits, true),
        None => (text, false),
    };
    let (mut value, mut behind, mut has_point) = (0_u64, 0, false);
    if digits.len() > 16 || !digits.first()?.is_ascii_digit() || !digits.last()?.is_ascii_digit() {
        return None;
    }
    for byte in digits {
        match byte {
            b'0'..=b'9' => {
                value = value * 10 + u64::from(byte - b'0');
                behind += usize::from(has_point);
            }
            b'.' if !has_point => has_point = true,
            _ => return None,
        }
    }
    if digits.len() - usize::from(has_point) > 15 {
        return None;
    }
    let value = value as f64 / POWERS[behind];
    Some(if is_negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_are_what_the_library_reads() {
        let check = |text: &str| {
            let found = short_decimal(text.as_bytes()).map(f64::to_bits);
            assert_eq!(found, text.parse::<f64>().ok().map(f64::to_bits), "{text}");
        };
        for text in ["0", "-0", "0.1", "-0.5", "12.34", "812.5", "999999999999999", "0.00000000000001"] {
            check(text);
        }
        let mut seed = 1_u64;
        for _ in 0..100_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (number, point) = (seed >> 15, (seed % 14) as usize + 1);
            let digits = format!("{:015}", number % 1_000_000_000_000_000);
            check(&format!("{}.{}", &digits[..point], &digits[point..]));
        }
        for other in ["", "-", ".", "1.", ".5", "1e5", "1.2.3", "5-", "+1", "1234567890123456", "1.234567890123456"] {
            assert_eq!(short_decimal(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn table() {
        let check = |text: &str, expected| assert_eq!(length(text.as_bytes()), expected, "{text}");
        check("0", Ok(1));
        check("-0", Ok(2));
        check("10,", Ok(2));
        check("01", Ok(1));
        check("1.50}", Ok(4));
        check("1e9", Ok(3));
        check("-1.5E-07 ", Ok(8));
        check("-", Err(1));
        check("1.", Err(2));
        check("1.e5", Err(2));
        check("1e", Err(2));
        check("1e+", Err(3));
    }
}
