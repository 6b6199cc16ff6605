//! Texts with gaps: `{{ value }}`, `{{ labels.service }}`.

use std::collections::BTreeMap;

use crate::Severity;

/// What may stand in a gap.
pub(super) const ACCEPTED: &str =
    "{{ value }}, {{ threshold }}, {{ unit }}, {{ rule }}, {{ severity }} and {{ labels.NAME }} are accepted";

/// What gaps are filled with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filling<'a> {
    pub(crate) rule: &'a str,
    pub(crate) severity: Severity,
    pub(crate) labels: &'a BTreeMap<String, String>,
    pub(crate) value: Option<f64>,
    pub(crate) threshold: Option<f64>,
    pub(crate) unit: &'a str,
}

enum Part<'a> {
    Text(&'a str),
    Gap(&'a str),
}

/// The parts of a text; where a gap has no end, what follows is text, too.
fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(gap) = rest.strip_prefix("{{")
            && let Some(end) = gap.find("}}")
        {
            rest = &gap[end + 2..];
            return Some(Part::Gap(gap[..end].trim()));
        }
        let from = rest.chars().next().map_or(0, char::len_utf8);
        let end = rest[from..].find("{{").map_or(rest.len(), |at| at + from);
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Part::Text(text))
    })
}

/// The first gap that nothing would fill.
pub(super) fn unknown(text: &str) -> Option<&str> {
    let is_known = |gap: &str| {
        matches!(gap, "value" | "threshold" | "unit" | "rule" | "severity")
            || gap.strip_prefix("labels.").is_some_and(|name| !name.is_empty())
    };
    parts(text).find_map(|part| match part {
        Part::Gap(gap) => (!is_known(gap)).then_some(gap),
        Part::Text(_) => None,
    })
}

/// Fills the gaps. It always gives a text: a gap that nothing fills stays as it is, and a label that is not there is `-`.
pub(crate) fn fill(text: &str, with: &Filling<'_>) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for part in parts(text) {
        let gap = match part {
            Part::Text(text) => {
                out.push_str(text);
                continue;
            }
            Part::Gap(gap) => gap,
        };
        match gap {
            "value" => out.push_str(&with.value.map_or_else(|| "-".to_owned(), number)),
            "threshold" => out.push_str(&with.threshold.map_or_else(|| "-".to_owned(), number)),
            "unit" => out.push_str(with.unit),
            "rule" => out.push_str(with.rule),
            "severity" => out.push_str(with.severity.as_str()),
            _ => match gap.strip_prefix("labels.") {
                Some(name) => out.push_str(with.labels.get(name).map_or("-", String::as_str)),
                None => {
                    out.push_str("{{ ");
                    out.push_str(gap);
                    out.push_str(" }}");
                }
            },
        }
    }
    out
}

/// A number for people: at most three digits behind the point, and fewer of large ones.
pub(crate) fn number(number: f64) -> String {
    let digits = match number.abs() {
        size if size >= 1_000.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{number:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_filled_and_never_fail() {
        let labels = BTreeMap::from([("service".to_owned(), "shop {{ value }}".to_owned())]);
        let with = Filling {
            rule: "errors",
            severity: Severity::Critical,
            labels: &labels,
            value: Some(12.345),
            threshold: Some(10.0),
            unit: "%",
        };
        let check = |text: &str, expected: &str| assert_eq!(fill(text, &with), expected);
        check("{{ value }}{{unit}} > {{ threshold }}", "12.3% > 10");
        check("{{ labels.service }}: {{ rule }}", "shop {{ value }}: errors");
        check("{{ labels.route }}", "-");
        check("{{ nothing }} {{ severity }}", "{{ nothing }} critical");
        check("open {{ value", "open {{ value");
        check("{{{ value }}}", "{{ { value }}}");
        check("ä{{ value }}ö", "ä12.3ö");
        check("{{}}", "{{  }}");
        check("", "");
        let none = Filling { value: None, threshold: None, ..with };
        assert_eq!(fill("{{ value }} {{ threshold }}", &none), "- -");
    }

    #[test]
    fn what_nothing_fills_is_known_beforehand() {
        let check = |text: &str, expected| assert_eq!(unknown(text), expected, "{text}");
        check("{{ value }} {{ labels.a }}", None);
        check("{{ $value }}", Some("$value"));
        check("{{ labels. }}", Some("labels."));
        check("{{ value", None);
    }

    #[test]
    fn numbers_are_for_people() {
        let check = |given, expected: &str| assert_eq!(number(given), expected);
        check(12_345.678, "12346");
        check(5_000.0, "5000");
        check(85.0, "85");
        check(1.005, "1");
        check(0.1234, "0.123");
        check(-0.5, "-0.5");
        check(f64::INFINITY, "inf");
    }
}
