//! Prometheus text, version 0.0.4.

use std::fmt::Write as _;

use crate::duration_histogram::Distribution;
use crate::encoder::{Digits, Number};
use crate::name;
use crate::snapshot::{FamilySamples, Snapshot, Value};

/// The `content-type` of [`crate::Registry::render`].
pub const TEXT_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes all families that have samples.
pub(crate) fn write(out: &mut String, snapshot: &Snapshot) {
    for (name, family) in snapshot.families() {
        write_header(out, name, family);
        for (labels, value) in &family.series {
            match value {
                Value::Number(number) => write_sample(out, name, labels, *number),
                Value::Distribution(distribution) => write_distribution(out, name, labels, distribution),
            }
        }
    }
}

/// Labels as they stand between braces, in the order given; those without text are left out.
///
/// `None` where two labels have the same name, or one the name of a bucket's bound.
pub(crate) fn labels(labels: &[(&str, &str)]) -> Option<String> {
    let mut out = String::new();
    let mut names = Vec::with_capacity(labels.len());
    for (label, value) in labels.iter().filter(|(_, value)| !value.is_empty()) {
        let label = name::label(label);
        if label == "le" || names.contains(&label) {
            return None;
        }
        push_label(&mut out, &label, value);
        names.push(label);
    }
    Some(out)
}

fn push_label(out: &mut String, name: &str, value: &str) {
    let separator = if out.is_empty() { "" } else { "," };
    push(out, format_args!("{separator}{name}=\""));
    escape(out, value, true);
    out.push('"');
}

fn write_header(out: &mut String, name: &str, family: &FamilySamples) {
    push(out, format_args!("# HELP {name} "));
    escape(out, family.help, false);
    push(out, format_args!("\n# TYPE {name} {}\n", family.kind.as_str()));
}

fn write_sample(out: &mut String, name: &str, labels: &str, number: Number) {
    let (open, close) = if labels.is_empty() { ("", "") } else { ("{", "}") };
    push(out, format_args!("{name}{open}{labels}{close} "));
    match number.0 {
        Digits::Unsigned(number) => push(out, format_args!("{number}")),
        Digits::Signed(number) => push(out, format_args!("{number}")),
        Digits::Float(number) => push_float(out, number),
    }
    out.push('\n');
}

fn write_distribution(out: &mut String, name: &str, labels: &str, distribution: &Distribution) {
    let separator = if labels.is_empty() { "" } else { "," };
    for (bound, count) in distribution.cumulative() {
        push(out, format_args!("{name}_bucket{{{labels}{separator}le=\""));
        push_float(out, bound);
        push(out, format_args!("\"}} {count}\n"));
    }
    write_sample(out, &format!("{name}_sum"), labels, distribution.seconds().into());
    write_sample(out, &format!("{name}_count"), labels, distribution.count().into());
}

fn push_float(out: &mut String, number: f64) {
    if number.is_infinite() {
        out.push_str(if number > 0.0 { "+Inf" } else { "-Inf" });
    } else {
        push(out, format_args!("{number}"));
    }
}

/// Escapes a backslash and a line feed, and in a label's value the quotation mark too.
fn escape(out: &mut String, text: &str, quoted: bool) {
    for char in text.chars() {
        match char {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if quoted => out.push_str("\\\""),
            other => out.push(other),
        }
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a String takes all");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped() {
        let text = labels(&[("a.b", "x\\y\n\"z\""), ("empty", ""), ("c", "ü}")]);
        assert_eq!(text.as_deref(), Some(r#"a_b="x\\y\n\"z\"",c="ü}""#));
    }

    #[test]
    fn two_labels_of_one_name_are_no_labels() {
        assert_eq!(labels(&[("a.b", "1"), ("a_b", "2")]), None);
        assert_eq!(labels(&[("le", "1")]), None);
    }

    #[test]
    fn floats_are_written_as_prometheus_reads_them() {
        let check = |number, expected: &str| {
            let mut out = String::new();
            push_float(&mut out, number);
            assert_eq!(out, expected);
        };
        check(0.005, "0.005");
        check(1.0, "1");
        check(f64::INFINITY, "+Inf");
        check(f64::NEG_INFINITY, "-Inf");
    }
}
