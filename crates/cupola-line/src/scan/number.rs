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

#[cfg(test)]
mod tests {
    use super::*;

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
