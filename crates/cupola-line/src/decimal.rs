//! Numbers with few decimals, the form of most that are measured: cheaper than the general way, and the same text.

/// Room for the twenty digits of any number, a point, and three more.
pub(crate) const LEN: usize = 24;

/// Where the general way would begin to differ, or thousandths are no longer exact.
const LIMIT: f64 = 1e12;

/// The text of a number that is whole thousandths; `None` for any other.
#[inline]
pub(crate) fn thousandths(number: f64, buffer: &mut [u8; LEN]) -> Option<&[u8]> {
    if !(0.0..LIMIT).contains(&number) || number.is_sign_negative() {
        return None;
    }
    let count = (number * 1000.0 + 0.5) as u64;
    // Fewer than sixteen digits name exactly one double: if they name this one, they are its shortest text.
    if count as f64 / 1000.0 != number {
        return None;
    }
    Some(text(count, buffer))
}

/// The text of so many thousandths.
#[inline]
pub(crate) fn text(count: u64, buffer: &mut [u8; LEN]) -> &[u8] {
    let mut whole = itoa::Buffer::new();
    let whole = whole.format(count / 1000).as_bytes();
    buffer[..whole.len()].copy_from_slice(whole);
    let digit = |divisor: u64| b'0' + (count / divisor % 10) as u8;
    buffer[whole.len()..whole.len() + 4].copy_from_slice(&[b'.', digit(100), digit(10), digit(1)]);
    let zeros = if count % 10 != 0 {
        0
    } else if count % 100 != 0 {
        1
    } else {
        2
    };
    &buffer[..whole.len() + 4 - zeros]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_that_of_the_general_way() {
        let check = |number: f64| {
            let general = zmij::Buffer::new().format_finite(number).to_owned();
            let text = thousandths(number, &mut [0; LEN]).map(|text| String::from_utf8(text.to_vec()).unwrap());
            assert!(text.is_none_or(|text| text == general), "{number}");
        };
        for count in (0..2_000_000_u64).chain((0..200_000).map(|step| step * 4_999_999_937 % 999_999_999_999_999)) {
            let number = count as f64 / 1000.0;
            assert!(thousandths(number, &mut [0; LEN]).is_some() || number >= LIMIT);
            check(number);
            check(number + number * f64::EPSILON);
        }
        for number in [-1.0, -0.0, 0.0005, 1e12, 1e300, f64::MIN_POSITIVE, 0.1 + 0.2] {
            check(number);
        }
        assert_eq!(thousandths(0.1 + 0.2, &mut [0; LEN]), None);
    }
}
