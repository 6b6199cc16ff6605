//! Numbers as the text formats write them.

use crate::encoder::{Digits, Number};

pub(super) fn push(out: &mut String, number: Number) {
    match number.0 {
        Digits::Unsigned(number) => push_whole(out, number),
        Digits::Signed(number) => out.push_str(itoa::Buffer::new().format(number)),
        Digits::Float(number) => push_float(out, number),
    }
}

pub(super) fn push_whole(out: &mut String, number: u64) {
    out.push_str(itoa::Buffer::new().format(number));
}

pub(super) fn push_float(out: &mut String, number: f64) {
    let mut buffer = zmij::Buffer::new();
    let text = full(number, &mut buffer);
    out.push_str(text.strip_suffix(".0").unwrap_or(text));
}

/// The text that OpenMetrics asks of a bucket's bound: one that shows that it need not be whole.
pub(super) fn bound(number: f64) -> String {
    full(number, &mut zmij::Buffer::new()).to_owned()
}

fn full(number: f64, buffer: &mut zmij::Buffer) -> &str {
    match number {
        f64::INFINITY => "+Inf",
        f64::NEG_INFINITY => "-Inf",
        number if number.is_nan() => "NaN",
        number => buffer.format_finite(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_prometheus_reads_them() {
        let check = |number, expected: &str, bound_text: &str| {
            let mut out = String::new();
            push_float(&mut out, number);
            assert_eq!((out.as_str(), bound(number).as_str()), (expected, bound_text));
        };
        check(0.005, "0.005", "0.005");
        check(1.0, "1", "1.0");
        check(1e21, "1e+21", "1e+21");
        check(f64::INFINITY, "+Inf", "+Inf");
        check(f64::NEG_INFINITY, "-Inf", "-Inf");
    }
}
