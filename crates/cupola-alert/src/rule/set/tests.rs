//! Rules as people write them: what is read, and what is said of what is not.

use std::time::Duration;

use super::*;
use crate::Severity;

#[test]
fn the_rules_of_the_start_have_what_was_promised() {
    let rules = Rules::default();
    let check = |name: &str, is_on: bool, threshold: f64, severity: Severity, waits: &str, cooldown: &str| {
        let rule = rules.get(name).unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!((rule.is_enabled(), rule.severity()), (is_on, severity), "{name}");
        assert_eq!(rule.threshold().unwrap_or(0.0), threshold, "{name}");
        let stated = ["for", "cooldown"].map(|field| rule.typed()[field].as_str().unwrap_or_default());
        assert_eq!(stated, [waits, cooldown], "{name}");
        assert!(rule.typed().contains_key("severity"), "{name} does not state its severity");
    };
    check("cpu", true, 80.0, Severity::Warning, "5m", "30m");
    check("memory", true, 90.0, Severity::Critical, "2m", "30m");
    check("disk", true, 85.0, Severity::Warning, "5m", "6h");
    check("api errors", true, 10.0, Severity::Critical, "2m", "15m");
    check("response time", true, 5_000.0, Severity::Warning, "5m", "15m");
    check("service down", true, 0.0, Severity::Critical, "0", "15m");
    check("telemetry dropped", true, 0.0, Severity::Warning, "0", "1h");
    check("rule broken", true, 2.0, Severity::Warning, "0", "1h");
    check("refused logins", false, 50.0, Severity::Warning, "0", "1h");
    check("unknown routes", false, 100.0, Severity::Info, "0", "1h");
    check("rejected ids", false, 100.0, Severity::Info, "0", "1h");
    assert_eq!(rules.iter().len(), 12);
}

fn rule(fields: &str) -> Result<Rules, RulesError> {
    Rules::from_toml(&format!("[[rule]]\nname = \"mine\"\n{fields}"))
}

#[test]
fn what_is_wrong_names_the_rule_the_field_the_value_and_what_is_accepted() {
    let check = |fields: &str, expected: &[&str]| {
        let error = rule(fields).expect_err(fields).to_string();
        assert!(error.contains("rule \"mine\": "), "{error}");
        expected.iter().for_each(|part| assert!(error.contains(part), "{error}\nlacks {part}"));
    };
    check("threshold = 1", &["kind", "it is missing", "error_ratio"]);
    check("kind = \"latencey\"\nthreshold = 1", &["kind = \"latencey\"", "is latency meant?"]);
    check("kind = \"latency\"", &["threshold", "(ms) is accepted"]);
    check("kind = \"latency\"\nthreshold = \"5s\"", &["threshold = \"5s\"", "a plain number (ms)"]);
    check("kind = \"latency\"\nthreshold = 5\nquantile = 95", &["quantile = 95", "up to 1"]);
    check("kind = \"error_ratio\"\nthreshold = 120", &["threshold = 120", "from 0 to 100"]);
    check("kind = \"error_ratio\"\nthreshold = 5\nfor = 300", &["for = 300", "5m"]);
    check("kind = \"error_ratio\"\nthreshold = 5\nfor = \"5min\"", &["for = \"5min\"", "30s, 5m"]);
    check("kind = \"error_ratio\"\nthreshold = 5\nwindow = \"10s\"", &["window = \"10s\"", "from 1m to 1d"]);
    check("kind = \"error_ratio\"\nthreshold = 5\nrecovery_threshold = 6", &["recovery_threshold = 6", "at most"]);
    check("kind = \"error_ratio\"\nthreshold = 5\ncritical_threshold = 4", &["critical_threshold", "at least"]);
    check("kind = \"error_ratio\"\nthreshold = 5\ncool_down = \"5m\"", &["cool_down = \"5m\"", "is cooldown meant?"]);
    check("kind = \"error_ratio\"\nthreshold = 5\nfilter = \"x\"", &["filter = \"x\"", "kind error_ratio has"]);
    check(
        "kind = \"error_ratio\"\nthreshold = 5\nseverity = \"warn\"",
        &["severity = \"warn\"", "info, warning, critical"],
    );
    check("kind = \"error_ratio\"\nthreshold = 5\nno_data = \"alert\"", &["no_data", "keep, breach, ok"]);
    check("kind = \"error_ratio\"\nthreshold = 5\nby = []\nservice = \"a\"", &["by = []", "told apart"]);
    check("kind = \"error_ratio\"\nthreshold = 5\nmissing = 0", &["missing = 0", "from 1"]);
    check("kind = \"logs\"\nthreshold = 5\nfilter = \"status=500 and\"", &["filter", "at character 15"]);
    check("kind = \"logs\"\nthreshold = 5\nby = [\"a\", \"b\"]", &["by", "one field"]);
    check("kind = \"absence\"", &["of", "logs, spans, requests or metric"]);
    check("kind = \"absence\"\nof = \"logs\"\nthreshold = 5", &["threshold = 5", "no such field"]);
    check("kind = \"burn_rate\"\nthreshold = 5", &["objective", "99.9"]);
    check("kind = \"burn_rate\"\nthreshold = 5\nobjective = 100", &["objective = 100", "below 100"]);
    check("kind = \"burn_rate\"\nthreshold = 5\nobjective = 99\nwindow = \"5m\"", &["short_window", "shorter"]);
    check("kind = \"metric\"\nthreshold = 5", &["metric", "process.memory.usage"]);
    check("kind = \"heartbeat\"\nlabels = { severity = \"x\" }", &["labels", "severity is always there"]);
    check("kind = \"heartbeat\"\nlabels = { a = 1 }", &["labels", "a table of texts"]);
    check("kind = \"heartbeat\"\nannotations = { a = \"{{ $v }}\" }", &["{{ $v }}", "{{ value }}"]);
    let all = Rules::from_toml("[[rule]]\nname=\"a\"\nkind=\"x\"\n[[rule]]\nkind=\"cpu\"\n").unwrap_err();
    assert_eq!(all.errors().len(), 2, "{all}");
    assert!(all.to_string().contains("rule \"#2\": name"), "{all}");
}

#[test]
fn a_file_that_is_none_says_where() {
    let check = |text: &str, expected: &str| {
        let error = Rules::from_toml(text).expect_err(text).to_string();
        assert!(error.contains(expected), "{error}");
    };
    check("[[rule]]\nname = \n", "line 2 of the rules");
    check("[[rules]]\nname = \"a\"\n", "\"rules\": only [[rule]], [[receiver]] and [[route]] tables are accepted");
    check("[rule]\nname = \"a\"\n", "it is written [[rule]]");
    check("[[rule]]\nname = \"cpu\"\n[[rule]]\nname = \"cpu\"\n", "another rule of the file");
    check("[[rule]]\nname = \"a/b\"\nkind = \"cpu\"\n", "without /");
}

#[test]
fn a_rule_of_the_same_name_overrides_fields_and_one_of_another_kind_replaces_it() {
    let mut rules = Rules::from_toml("[[rule]]\nname = \"cpu\"\nfor = \"10m\"\n").unwrap();
    let cpu = rules.get("cpu").unwrap();
    assert_eq!((cpu.threshold(), cpu.r#for), (Some(80.0), Duration::from_secs(600)));
    rules.add(&serde_json::json!({ "name": "cpu", "threshold": 85 }), RuleSource::People).unwrap();
    let cpu = rules.get("cpu").unwrap();
    assert_eq!((cpu.threshold(), cpu.r#for), (Some(85.0), Duration::from_secs(600)));
    rules.add(&serde_json::json!({ "name": "cpu", "kind": "heartbeat" }), RuleSource::People).unwrap();
    assert_eq!((rules.get("cpu").unwrap().kind(), rules.get("cpu").unwrap().r#for), ("heartbeat", Duration::ZERO));
}

#[test]
fn what_is_read_reads_back() {
    for (rule, _) in Rules::default().iter() {
        let text = serde_json::to_string(&**rule).unwrap();
        assert_eq!(serde_json::from_str::<Rule>(&text).unwrap(), **rule, "{text}");
    }
}

#[test]
fn a_rule_says_what_it_is_in_a_line() {
    let rules = Rules::default();
    let check = |name: &str, expected: &str| assert_eq!(rules.get(name).unwrap().summary(), expected);
    check("api errors", "error_ratio > 10 % over 5m, for 2m");
    check("service down", "service_down over 3m");
}
