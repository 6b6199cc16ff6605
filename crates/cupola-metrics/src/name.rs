//! Names: from OpenTelemetry's to Prometheus'.
//!
//! `http.server.request.duration` in `s` is `http_server_request_duration_seconds`; a counter ends in `_total`, a ratio
//! in `_ratio`; what a name may not hold becomes `_`. A gauge does not end in `_count`, which there is a histogram's:
//! `process.thread.count` is `process_thread`.

use std::collections::BTreeMap;

use crate::family::{Family, Kind};

/// The longest name of an instrument, in bytes.
const MAX_NAME: usize = 255;

/// Whether it is the name of an instrument by OpenTelemetry's syntax.
pub(crate) fn is_valid(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte);
    name.len() <= MAX_NAME && name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.bytes().all(inner)
}

/// The name of a family as Prometheus sees it.
pub(crate) fn exposed(family: &Family) -> String {
    let counter = family.kind == Kind::Counter;
    let mut name = label(family.name);
    if counter && name.ends_with("_total") {
        name.truncate(name.len() - "_total".len());
    }
    let gauge = matches!(family.kind, Kind::Gauge | Kind::UpDown);
    if gauge && name.ends_with("_count") {
        name.truncate(name.len() - "_count".len());
    }
    push_suffix(&mut name, &unit_word(family));
    match family.kind {
        Kind::Counter => name.push_str("_total"),
        Kind::Info => name.push_str("_info"),
        _ => {}
    }
    name
}

/// A label's name, or a metric's without its suffixes: letters, digits and single underscores.
pub(crate) fn label(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 16);
    for char in name.chars() {
        let char = if char.is_ascii_alphanumeric() { char } else { '_' };
        if !(char == '_' && out.ends_with('_')) {
            out.push(char);
        }
    }
    if !out.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        out.insert(0, '_');
    }
    out
}

/// Adds the unit, unless the name already ends in it.
fn push_suffix(name: &mut String, unit: &str) {
    let said = name.strip_suffix(unit).is_some_and(|rest| rest.is_empty() || rest.ends_with('_'));
    if !unit.is_empty() && !said {
        name.push('_');
        name.push_str(unit);
    }
}

/// The unit's word, where a family's name ends in it, as OpenMetrics wants it to.
pub(crate) fn unit(family: &Family, name: &str) -> Option<String> {
    let unit = unit_word(family);
    let said = name.strip_suffix(&unit).is_some_and(|rest| rest.ends_with('_'));
    (said && !unit.is_empty()).then_some(unit)
}

fn unit_word(family: &Family) -> String {
    match family.unit.split_once('/') {
        _ if family.unit == "1" && family.kind == Kind::Gauge => "ratio".to_owned(),
        _ if family.unit == "1" => String::new(),
        Some((what, per)) => format!("{}_per_{}", plural(what), singular(per)).trim_start_matches('_').to_owned(),
        None => plural(family.unit),
    }
}

/// The word of a unit; nothing for what stands in braces, and a unit that is not on the list as it is.
fn plural(unit: &str) -> String {
    let word = match unit {
        "d" => "days",
        "h" => "hours",
        "min" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "By" => "bytes",
        "kBy" => "kilobytes",
        "MBy" => "megabytes",
        "GBy" => "gigabytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "bit" => "bits",
        "%" => "percent",
        "Cel" => "celsius",
        "Hz" => "hertz",
        "J" => "joules",
        "W" => "watts",
        "V" => "volts",
        "A" => "amperes",
        "m" => "meters",
        "g" => "grams",
        "" => "",
        other if other.starts_with('{') => "",
        other => return label(other),
    };
    word.to_owned()
}

fn singular(unit: &str) -> String {
    let word = plural(unit);
    word.strip_suffix('s').map(str::to_owned).unwrap_or(word)
}

/// Which exposed names are taken, by which family. A histogram takes those of its samples too.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeMap<String, Owner>);

/// A family's name and type: the same name with another type is another family.
type Owner = (&'static str, Kind);

impl Names {
    /// Takes all names of a family; `false`, and nothing taken, where one of them is another's.
    pub(crate) fn take(&mut self, family: &Family) -> bool {
        let (names, owner) = (sample_names(family), (family.name, family.kind));
        let free = names.iter().all(|name| self.0.get(name).is_none_or(|known| *known == owner));
        if free {
            self.0.extend(names.into_iter().map(|name| (name, owner)));
        }
        free
    }

    /// Whether a family of this exposed name has been taken.
    pub(crate) fn holds(&self, family: &Family) -> bool {
        self.0.contains_key(&exposed(family))
    }
}

/// The names of a family's samples and of the family itself, in every format.
fn sample_names(family: &Family) -> Vec<String> {
    let name = exposed(family);
    let (base, suffixes): (&str, &[&str]) = match family.kind {
        Kind::Counter => (name.strip_suffix("_total").unwrap_or(&name), &["", "_created"]),
        Kind::Histogram => (&name, &["_bucket", "_sum", "_count", "_created"]),
        Kind::Gauge | Kind::UpDown | Kind::Info => (&name, &[]),
    };
    let mut names: Vec<String> = suffixes.iter().map(|suffix| format!("{base}{suffix}")).collect();
    names.push(name);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_opentelemetrys_mapping() {
        let check = |family: Family, expected: &str| assert_eq!(exposed(&family), expected);
        check(Family::durations("http.server.request.duration", ""), "http_server_request_duration_seconds");
        check(Family::gauge("http.server.active_requests", "").unit("{request}"), "http_server_active_requests");
        check(Family::counter("jobs.done", ""), "jobs_done_total");
        check(Family::counter("jobs.done_total", "").unit("1"), "jobs_done_total");
        check(Family::counter("disk.io", "").unit("By"), "disk_io_bytes_total");
        check(Family::counter("disk_io_bytes_total", "").unit("By"), "disk_io_bytes_total");
        check(Family::gauge("net.rate", "").unit("By/s"), "net_rate_bytes_per_second");
        check(Family::gauge("arrivals", "").unit("{job}/min"), "arrivals_per_minute");
        check(Family::gauge("cpu.use", "").unit("1"), "cpu_use_ratio");
        check(Family::gauge("a..b--c", "").unit("Foo"), "a_b_c_Foo");
        check(Family::up_down("process.thread.count", "").unit("{thread}"), "process_thread");
    }

    #[test]
    fn labels_hold_only_what_they_may() {
        let check = |name: &str, expected: &str| assert_eq!(label(name), expected);
        check("http.request.method", "http_request_method");
        check("__x", "_x");
        check("7up", "_7up");
        check("", "_");
        check("größe\"}", "gr_e_");
    }

    #[test]
    fn instruments_have_names_of_opentelemetrys_syntax() {
        assert!(is_valid("a") && is_valid("process.cpu/time-x_2"));
        for bad in ["", "1a", "_a", "a b", "a\n", "ä", &"a".repeat(256)] {
            assert!(!is_valid(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_histogram_takes_the_names_of_its_samples() {
        let mut names = Names::default();
        assert!(names.take(&Family::durations("wait", "")));
        assert!(!names.take(&Family::gauge("wait.seconds_sum", "")));
        assert!(!names.take(&Family::gauge("wait_seconds", "")));
        assert!(names.take(&Family::gauge("wait", "")));
        assert!(names.take(&Family::counter("done", "")));
        assert!(!names.take(&Family::gauge("done", "")), "OpenMetrics calls the counter so");
    }
}
