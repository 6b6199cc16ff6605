//! What models cost. What is not known is not nothing.

use super::show;

/// Millionths of a dollar, as prices are told: `$0.0042`, `$1.23`, `$1,234`.
pub(super) fn money(micros: f64) -> String {
    let dollars = micros / 1e6;
    match dollars.abs() {
        zero if zero <= 0.0 || !zero.is_finite() => "$0".to_owned(),
        tiny if tiny < 0.000_1 => "<$0.0001".to_owned(),
        little if little < 0.1 => format!("${dollars:.4}"),
        some if some < 999.995 => format!("${dollars:.2}"),
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "nothing costs less than nothing")]
        _ => format!("${}", show::grouped(dollars.max(0.0).round() as u64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_money_has_more_digits() {
        let check = |micros: f64, expected: &str| assert_eq!(money(micros), expected);
        check(0.0, "$0");
        check(50.0, "<$0.0001");
        check(4_210.0, "$0.0042");
        check(123_456.0, "$0.12");
        check(1_234_567.0, "$1.23");
        check(1_234_567_890.0, "$1,235");
    }
}
