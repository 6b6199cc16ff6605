//! The same rules for Prometheus, as far as it can say them.

use std::fmt::Write as _;

use cupola_store::How;

use crate::rule::{Apart, Awaited, Compare, Kind, Measure, Rule, Rules, Scope, show_span};

/// Writes rules as a file of rules for Prometheus; what it cannot say stands there as a comment that says why.
///
/// The metrics are those that a service shows at `/metrics`. A service is Prometheus' `job`: name the jobs as the services are named. Of a
/// rule of kind `metric` the name is the metric's own, and `_total` where it grows; a unit that `/metrics` adds to it is to be added by hand.
/// Errors of requests are what the rules count: outcomes such as a panic or a timeout, a status of gRPC or of 5xx; no client that left.
///
/// ```
/// use cupola_alert::{Rules, prometheus};
///
/// let file = prometheus(&Rules::default());
/// assert!(file.contains("  - alert: \"api errors\"\n"));
/// assert!(file.contains("histogram_quantile(0.95, "));
/// assert!(file.contains("# \"rule broken\" cannot be said"));
/// ```
pub fn prometheus(rules: &Rules) -> String {
    let mut out =
        String::from("# Rules of Cupola, for Prometheus. A service is a job.\ngroups:\n- name: cupola\n  rules:\n");
    let (mut said, mut unsaid) = (String::new(), String::new());
    for (rule, _) in rules.iter() {
        if !rule.is_enabled {
            _ = writeln!(unsaid, "# {} is turned off", quoted(&rule.name));
            continue;
        }
        match expression(rule) {
            Ok(expression) => write_rule(&mut said, rule, &expression),
            Err(why) => _ = writeln!(unsaid, "# {} cannot be said: {why}", quoted(&rule.name)),
        }
    }
    if said.is_empty() {
        out.truncate(out.len() - "  rules:\n".len());
        out.push_str("  rules: []\n");
    }
    out + &said + &unsaid
}

fn write_rule(out: &mut String, rule: &Rule, expression: &str) {
    for (name, threshold) in [("critical", rule.critical_threshold), ("recovery", rule.recovery_threshold)] {
        if let Some(threshold) = threshold {
            _ = writeln!(out, "  # its {name}_threshold of {threshold} cannot be said");
        }
    }
    _ = writeln!(out, "  - alert: {}", quoted(&rule.name));
    _ = writeln!(out, "    expr: {}", quoted(expression));
    if !rule.r#for.is_zero() {
        _ = writeln!(out, "    for: {}", show_span(rule.r#for));
    }
    if !rule.keep_firing_for.is_zero() {
        _ = writeln!(out, "    keep_firing_for: {}", show_span(rule.keep_firing_for));
    }
    _ = writeln!(out, "    labels:\n      severity: {}", quoted(rule.severity.as_str()));
    for (name, value) in &rule.labels {
        _ = writeln!(out, "      {}: {}", label(name), quoted(&value.replace("{{", "{ {")));
    }
    out.push_str("    annotations:\n");
    for (name, text) in &rule.annotations {
        _ = writeln!(out, "      {}: {}", label(name), quoted(&template(text, rule)));
    }
}

/// A text of YAML in double quotes: JSON's are the same.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// Prometheus' templates: `{{ $value }}`, `{{ $labels.job }}`.
fn template(text: &str, rule: &Rule) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((gap, after)) = after.split_once("}}") else {
            // An opening without an end would be an error there.
            out.push_str("{ {");
            rest = after;
            continue;
        };
        rest = after;
        match gap.trim() {
            "value" => out.push_str("{{ $value | humanize }}"),
            "threshold" => out.push_str(&rule.threshold().map_or_else(|| "-".to_owned(), |number| number.to_string())),
            "unit" => out.push_str(rule.unit()),
            "rule" => out.push_str(&rule.name),
            "severity" => out.push_str(rule.severity.as_str()),
            gap => match gap.strip_prefix("labels.") {
                Some(name) => _ = write!(out, "{{{{ $labels.{} }}}}", named(name)),
                None => _ = write!(out, "{{ {{{gap}}} }}"),
            },
        }
    }
    out + rest
}

/// What a label of ours is called there.
fn named(name: &str) -> String {
    match name {
        "service" => "job".to_owned(),
        "route" => "http_route".to_owned(),
        "mountpoint" => "system_filesystem_mountpoint".to_owned(),
        other => label(other),
    }
}

fn label(name: &str) -> String {
    let mut label: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if !label.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        label.insert(0, '_');
    }
    label
}

/// The rule's condition, or why it cannot be said.
fn expression(rule: &Rule) -> Result<String, &'static str> {
    let window = show_span(rule.window);
    let beyond = |value: String| {
        let sign = if rule.compare == Compare::Below { "<" } else { ">" };
        format!("{value} {sign} {}", rule.threshold)
    };
    Ok(match &rule.kind {
        Kind::Requests { measure, scope } => {
            format!("{}{}", beyond(requests(*measure, scope, &window)), least(scope, &window))
        }
        Kind::BurnRate { objective, short, scope } => {
            let allowed = 100.0 - objective;
            let over = |window: &str| beyond(format!("{} / {allowed}", requests(Measure::ErrorRatio, scope, window)));
            let (long, short) = (over(&window), over(&show_span(*short)));
            format!("({long}) and ({short}){}", least(scope, &window))
        }
        Kind::Metric { .. } => beyond(metric(rule, &window)?),
        Kind::Cpu { service } => {
            let name = format!("system_cpu_utilization_ratio{}", selector(service.as_deref(), &[]));
            beyond(format!("100 * max by (job, instance) (avg_over_time({name}[{window}]))"))
        }
        Kind::Memory { service } => {
            let name = format!("system_memory_utilization_ratio{}", selector(service.as_deref(), &[]));
            beyond(format!("100 * max by (job, instance) (avg_over_time({name}[{window}]))"))
        }
        Kind::Disk { service, mountpoint } => {
            let place: Vec<_> =
                mountpoint.iter().map(|place| ("system_filesystem_mountpoint", place.as_str())).collect();
            let used = [&place[..], &[("system_filesystem_state", "used")]].concat();
            let by = "by (job, instance, system_filesystem_mountpoint)";
            let name = "system_filesystem_usage_bytes";
            let (used, all) = (selector(service.as_deref(), &used), selector(service.as_deref(), &place));
            beyond(format!("100 * sum {by} ({name}{used}) / sum {by} ({name}{all})"))
        }
        Kind::ServiceDown { service, .. } => {
            format!("max_over_time(up{}[{window}]) == 0", selector(service.as_deref(), &[]))
        }
        Kind::TelemetryDropped { service } => {
            let dropped = selector(service.as_deref(), &[("outcome", "dropped")]);
            let names = r#"__name__=~"cupola_(log_lines|otlp_items|store_entries)_total""#;
            let of = dropped.replacen('{', &format!("{{{names},"), 1);
            beyond(format!("sum by (job, reason) (increase({of}[{window}]))"))
        }
        Kind::Absence { of: Awaited::Metric { metric, service } } => {
            format!("absent_over_time({}{}[{window}])", label(metric), selector(service.as_deref(), &[]))
        }
        Kind::Absence { of: Awaited::Requests(scope) } => {
            format!("sum(increase({}[{window}])) == 0", counter("count", scope, &[]))
        }
        Kind::Heartbeat => "vector(1)".to_owned(),
        Kind::Absence { .. } | Kind::Logs { .. } => return Err("log entries and spans are no metrics"),
        Kind::NewError { .. } | Kind::ErrorSpike { .. } => return Err("groups of errors are no metrics"),
        Kind::Baseline { .. } => {
            return Err("the same hour of earlier days takes more than Prometheus keeps by default");
        }
        Kind::RuleBroken => return Err("Prometheus has prometheus_rule_evaluation_failures_total of its own"),
    })
}

const DURATION: &str = "http_server_request_duration_seconds";

/// What is told of a client that left, and of success: neither is an error of itself.
const NO_ERROR: &str = "|closed_before_head|closed_mid_body";

fn by(scope: &Scope) -> &'static str {
    match scope.by {
        Apart::Nothing => "",
        Apart::Service => " by (job)",
        Apart::Route => " by (job, http_route)",
    }
}

/// Of fewer requests nothing is told.
fn least(scope: &Scope, window: &str) -> String {
    if scope.min_requests < 2 {
        return String::new();
    }
    let count = counter("count", scope, &[]);
    format!(" and sum{} (increase({count}[{window}])) >= {}", by(scope), scope.min_requests)
}

fn requests(measure: Measure, scope: &Scope, window: &str) -> String {
    let by = by(scope);
    let all = format!("sum{by} (rate({}[{window}]))", counter("count", scope, &[]));
    match measure {
        Measure::Rate => all,
        Measure::ErrorRatio => {
            // An outcome, a status of gRPC and a 5xx are errors; so is a 5xx whose client did not wait for its end, or of a service that
            // names no type of error. No series is of both.
            let typed = counter("count", scope, &[("error_type", "!~", NO_ERROR)]);
            let status = ("http_response_status_code", "=~", "5..");
            let rest = counter("count", scope, &[("error_type", "=~", NO_ERROR), status]);
            format!("100 * sum{by} (rate({typed}[{window}]) or rate({rest}[{window}])) / {all}")
        }
        Measure::Latency(share) => {
            let by = match scope.by {
                Apart::Nothing => "by (le)",
                Apart::Service => "by (le, job)",
                Apart::Route => "by (le, job, http_route)",
            };
            let buckets = counter("bucket", scope, &[]);
            format!("1000 * histogram_quantile({share}, sum {by} (rate({buckets}[{window}])))")
        }
    }
}

fn counter(part: &str, scope: &Scope, like: &[(&str, &str, &str)]) -> String {
    let route: Vec<_> = scope.route.iter().map(|route| ("http_route", route.as_str())).collect();
    let mut text = selector(scope.service.as_deref(), &route);
    for (name, sign, pattern) in like {
        let inside = text.trim_start_matches('{').trim_end_matches('}').to_owned();
        let comma = if inside.is_empty() { "" } else { "," };
        text = format!("{{{inside}{comma}{name}{sign}{}}}", quoted(pattern));
    }
    format!("{DURATION}_{part}{text}")
}

fn selector(service: Option<&str>, only: &[(&str, &str)]) -> String {
    let service = service.map(|service| ("job", service));
    let pairs = service.iter().chain(only).map(|(name, value)| format!("{}={}", label(name), quoted(value)));
    let pairs: Vec<String> = pairs.collect();
    if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(",")) }
}

fn metric(rule: &Rule, window: &str) -> Result<String, &'static str> {
    let Kind::Metric { metric, how, service, only, by } = &rule.kind else { return Err("it is no metric") };
    let only: Vec<(&str, &str)> = only.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let grows = matches!(how, How::Sum | How::Rate) && !metric.ends_with("_total");
    let suffix = if grows { "_total" } else { "" };
    let name = format!("{}{suffix}{}", label(metric), selector(service.as_deref(), &only));
    let by: Vec<String> = by.iter().map(|by| named(by)).collect();
    let by = if by.is_empty() { String::new() } else { format!(" by ({})", by.join(", ")) };
    Ok(match how {
        How::Last => format!("sum{by} ({name})"),
        How::Mean => format!("avg{by} (avg_over_time({name}[{window}]))"),
        How::Least => format!("min{by} (min_over_time({name}[{window}]))"),
        How::Most => format!("max{by} (max_over_time({name}[{window}]))"),
        How::Sum => format!("sum{by} (increase({name}[{window}]))"),
        How::Rate => format!("sum{by} (rate({name}[{window}]))"),
        How::Quantile(_) => return Err("how the metric's buckets are called there is not known here"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of each kind that can be said one, with what is hard to write.
    const HARD: &str = r#"
[[rule]]
name = "quotes \" and {{ braces }}"
kind = "error_ratio"
service = "sh\"op"
route = "/vms/{id}"
threshold = 2.5
labels = { "a.b" = "x: {{ y" }
annotations = { summary = "{{ value }}{{ unit }} of {{ labels.route }} {{ threshold }} {{ open" }
[[rule]]
name = "burn"
kind = "burn_rate"
objective = 99.9
threshold = 14.4
by = []
[[rule]]
name = "quiet"
kind = "request_rate"
compare = "below"
service = "shop"
threshold = 0.1
[[rule]]
name = "queue"
kind = "metric"
metric = "queue.length"
only = { queue = "mail" }
by = ["service", "queue"]
threshold = 100
recovery_threshold = 80
[[rule]]
name = "grows"
kind = "metric"
metric = "jobs.done"
how = "rate"
threshold = 1
compare = "below"
[[rule]]
name = "no metric"
kind = "absence"
of = "metric"
metric = "backup.done"
[[rule]]
name = "no requests"
kind = "absence"
of = "requests"
service = "shop"
[[rule]]
name = "logs"
kind = "logs"
threshold = 1
[[rule]]
name = "odd"
kind = "baseline"
measure = "latency"
[[rule]]
name = "heartbeat"
enabled = true
"#;

    #[test]
    fn what_can_be_said_is_said_and_what_cannot_says_why() {
        let file = prometheus(&Rules::from_toml(HARD).unwrap());
        let check = |part: &str| assert!(file.contains(part), "{file}\nlacks {part}");
        check(
            r#"expr: "100 * sum by (job, http_route) (rate(http_server_request_duration_seconds_count{job=\"sh\\\"op\",http_route=\"/vms/{id}\",error_type!~\"|closed_before_head|closed_mid_body\"}[5m]) or rate("#,
        );
        check(r#"[5m])) > 2.5 and sum by (job, http_route) (increase(http_server_request_duration_seconds_count{job="#);
        check("  # its recovery_threshold of 80 cannot be said\n  - alert: \"queue\"");
        check(r#"summary: "{{ $value | humanize }}% of {{ $labels.http_route }} 2.5 { { open""#);
        check("a_b: \"x: { { y\"");
        check("for: 2m\n    keep_firing_for: 2m");
        check("# \"logs\" cannot be said: log entries and spans are no metrics");
        check("# \"refused logins\" is turned off");
        check("expr: \"vector(1)\"");
        assert_eq!(file.matches("- alert:").count(), 15, "{file}");
        assert!(prometheus(&Rules::none()).ends_with("  rules: []\n"));
    }

    /// A hundred requests of each kind a minute, of which some are errors to our own rule: 5xx, outcomes, gRPC, a 5xx whose client left.
    #[test]
    #[ignore = "needs promtool"]
    fn prometheus_counts_the_same_errors() {
        let dir = tempfile::tempdir().unwrap();
        let rule = "[[rule]]\nname = \"ratio\"\nkind = \"error_ratio\"\nby = [\"service\"]\nfor = \"0\"\nthreshold = 1\n\
                    annotations = { summary = \"{{ value }}\" }\n";
        let mut rules = Rules::none();
        let file: toml::Table = toml::from_str(rule).unwrap();
        let of_file = serde_json::to_value(&file["rule"][0]).unwrap();
        rules.add(&of_file, crate::RuleSource::File).unwrap();
        std::fs::write(dir.path().join("rules.yml"), prometheus(&rules)).unwrap();
        let kinds: [(&str, &str, bool); 10] = [
            ("200", "", false),
            ("404", "", false),
            ("200", "closed_mid_body", false),
            ("", "closed_before_head", false),
            ("500", "500", true),
            ("500", "closed_mid_body", true),
            ("", "panicked", true),
            ("200", "timed_out", true),
            ("200", "INTERNAL", true),
            ("503", "", true),
        ];
        let mut series = String::new();
        for (status, error_type, _) in kinds {
            let labels = [("http_response_status_code", status), ("error_type", error_type)];
            let shown = labels.iter().filter(|(_, value)| !value.is_empty());
            let labels: String = shown.map(|(name, value)| format!(",{name}=\"{value}\"")).collect();
            _ = writeln!(series, "  - {{series: '{DURATION}_count{{job=\"shop\"{labels}}}', values: '0+100x20'}}");
        }
        // Too few to tell.
        _ = writeln!(
            series,
            "  - {{series: '{DURATION}_count{{job=\"quiet\",error_type=\"500\"}}', values: '0+1x20'}}"
        );
        let errors = kinds.iter().filter(|(.., is_error)| *is_error).count() * 100 / kinds.len();
        let test = format!(
            "rule_files: [rules.yml]\nevaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:\n{series}  alert_rule_test:\n  \
             - {{alertname: ratio, eval_time: 10m, exp_alerts: [{{exp_labels: {{severity: warning, job: shop}}, exp_annotations: {{summary: '{errors}'}}}}]}}\n"
        );
        std::fs::write(dir.path().join("test.yml"), test).unwrap();
        let out = std::process::Command::new("promtool").args(["test", "rules", "test.yml"]).current_dir(&dir).output();
        let out = out.unwrap();
        let said = [out.stdout, out.stderr].concat();
        assert!(out.status.success(), "{}{}", prometheus(&rules), String::from_utf8_lossy(&said));
    }

    #[test]
    #[ignore = "needs promtool"]
    fn prometheus_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        for (name, rules) in [("none", Rules::none()), ("hard", Rules::from_toml(HARD).unwrap())] {
            let path = dir.path().join(format!("{name}.yml"));
            std::fs::write(&path, prometheus(&rules)).unwrap();
            let out = std::process::Command::new("promtool").args(["check", "rules"]).arg(&path).output().unwrap();
            assert!(out.status.success(), "{}{}", prometheus(&rules), String::from_utf8_lossy(&out.stderr));
        }
    }
}
