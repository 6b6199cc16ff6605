//! Durations as people write them.

/// A number and a unit, `1.5s`, in milliseconds: Go's and Rust's way to show a duration, of one unit.
pub fn milliseconds(text: &str) -> Option<f64> {
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let number: f64 = text[..at].parse().ok()?;
    let factor = match &text[at..] {
        "ns" => 1e-6,
        "us" | "µs" | "μs" => 1e-3,
        "ms" => 1.0,
        "s" => 1e3,
        "m" => 6e4,
        "h" => 3.6e6,
        _ => return None,
    };
    // To nanoseconds, so that a change of unit leaves no digits behind.
    let milliseconds = (number * factor * 1e6).round() / 1e6;
    milliseconds.is_finite().then_some(milliseconds)
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    #[test]
    fn table() {
        let check = |text: &str, expected| assert_eq!(milliseconds(text), expected, "{text}");
        check("850µs", Some(0.85));
        check("1.5s", Some(1_500.0));
        check("2h", Some(7_200_000.0));
        check("12", None);
        check("s", None);
        check("1.2.3s", None);
        check("12 s", None);
    }
}
