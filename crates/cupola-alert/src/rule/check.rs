//! From what was typed to a rule.

use std::collections::BTreeMap;
use std::time::Duration;

use cupola_store::language::{Meaning, parse};
use cupola_store::{How, Level, Signal};
use serde_json::{Map, Value};

use super::error::RuleError;
use super::fields::Fields;
use super::kind::{Apart, Awaited, Kind, Measure, Scope};
use super::{Compare, NoData, Rule, template};
use crate::Severity;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const MAX_NAME: usize = 100;
/// A text for people has no more bytes than this.
const MAX_TEXT: usize = 4_096;

const KINDS: [&str; 17] = [
    "request_rate",
    "error_ratio",
    "latency",
    "burn_rate",
    "baseline",
    "logs",
    "new_error",
    "error_spike",
    "absence",
    "metric",
    "cpu",
    "memory",
    "disk",
    "service_down",
    "telemetry_dropped",
    "rule_broken",
    "heartbeat",
];

pub(super) fn check(typed: &Map<String, Value>) -> Result<Rule, RuleError> {
    let name = name(typed)?;
    let mut fields = Fields::new(&name, typed);
    let names: Vec<(&'static str, &'static str)> = KINDS.into_iter().map(|kind| (kind, kind)).collect();
    let Some(kind_name) = fields.choice("kind", &names)? else {
        return Err(fields.missing("kind", format!("one of {} is accepted", KINDS.join(", "))));
    };
    let kind = kind(kind_name, &mut fields)?;
    let severities = [Severity::Info, Severity::Warning, Severity::Critical].map(|one| (one.as_str(), one));
    let severity = fields.choice("severity", &severities)?.unwrap_or_default();
    let window = window(&kind, &mut fields)?;
    let Thresholds { compare, threshold, recovery, critical } = thresholds(&kind, &mut fields)?;
    let delay = if kind.is_absence() { 30 * SECOND } else { SECOND };
    let policies = [("keep", NoData::Keep), ("breach", NoData::Breach), ("ok", NoData::Ok)];
    let rule = Rule {
        is_enabled: fields.flag("enabled")?.unwrap_or(true),
        r#for: fields.span("for")?.unwrap_or_default(),
        keep_firing_for: fields.span("keep_firing_for")?.unwrap_or_default(),
        interval: fields.span_within("interval", SECOND, DAY)?.unwrap_or(15 * SECOND),
        delay: fields.span_within("delay", Duration::ZERO, HOUR)?.unwrap_or(delay),
        cooldown: fields.span("cooldown")?.unwrap_or_default(),
        repeat: fields.span("repeat")?.unwrap_or(4 * HOUR),
        sends_resolved: fields.flag("send_resolved")?.unwrap_or(true),
        clears_acknowledged: fields.flag("clear_acknowledged")?.unwrap_or(true),
        no_data: fields.choice("no_data", &policies)?.unwrap_or(NoData::Keep),
        missing: fields.whole("missing", 1, 100_000)?.unwrap_or(10),
        limit: fields.whole("limit", 1, 10_000)?.unwrap_or(200) as usize,
        flap_window: fields.span("flap_window")?.unwrap_or(HOUR),
        labels: labels(&mut fields)?,
        annotations: annotations(&mut fields, &kind)?,
        group_by: fields.texts("group_by")?.unwrap_or_default(),
        receivers: fields.texts("receivers")?.filter(|receivers| !receivers.is_empty()),
        name: name.clone(),
        kind,
        severity,
        compare,
        threshold,
        recovery_threshold: recovery,
        critical_threshold: critical,
        window,
        typed: typed.clone(),
    };
    fields.finish(kind_name)?;
    Ok(rule)
}

fn name(typed: &Map<String, Value>) -> Result<String, RuleError> {
    let accepted = format!("a name of at most {MAX_NAME} bytes without / and control characters is accepted");
    let found = typed.get("name");
    let name = found.and_then(Value::as_str).map(str::trim);
    let is_good = |name: &&str| {
        !name.is_empty() && name.len() <= MAX_NAME && !name.contains(|c: char| c == '/' || c.is_control())
    };
    match name.filter(is_good) {
        Some(name) => Ok(name.to_owned()),
        None => Err(RuleError::new(name.unwrap_or_default(), "name", found.map(Value::to_string), accepted)),
    }
}

fn kind(name: &'static str, fields: &mut Fields<'_>) -> Result<Kind, RuleError> {
    Ok(match name {
        "request_rate" | "error_ratio" | "latency" => {
            let measure = measure(name, fields)?;
            Kind::Requests { measure, scope: scope(fields, measure != Measure::Rate)? }
        }
        "burn_rate" => burn_rate(fields)?,
        "baseline" => {
            let measures = ["request_rate", "error_ratio", "latency"].map(|measure| (measure, measure));
            let name = fields.choice("measure", &measures)?;
            let name =
                name.ok_or_else(|| fields.missing("measure", "request_rate, error_ratio or latency is accepted"))?;
            let measure = measure(name, fields)?;
            Kind::Baseline { measure, scope: scope(fields, true)?, days: fields.whole("days", 3, 28)?.unwrap_or(7) }
        }
        "logs" => Kind::Logs { signal: entries(fields)?, filter: filter(fields)?, by: one_field(fields)? },
        "new_error" => {
            Kind::NewError { filter: filter(fields)?, level: level(fields)?, lookback: lookback(fields, DAY)? }
        }
        "error_spike" => Kind::ErrorSpike {
            filter: filter(fields)?,
            level: level(fields)?,
            lookback: lookback(fields, HOUR)?,
            min_count: fields.whole("min_count", 1, u32::MAX)?.unwrap_or(10).into(),
        },
        "absence" => Kind::Absence { of: awaited(fields)? },
        "metric" => metric(fields)?,
        "cpu" => Kind::Cpu { service: fields.text("service")? },
        "memory" => Kind::Memory { service: fields.text("service")? },
        "disk" => Kind::Disk { service: fields.text("service")?, mountpoint: fields.text("mountpoint")? },
        "service_down" => Kind::ServiceDown {
            service: fields.text("service")?,
            known: fields.span_within("known", 5 * MINUTE, 2 * DAY)?.unwrap_or(6 * HOUR),
        },
        "telemetry_dropped" => Kind::TelemetryDropped { service: fields.text("service")? },
        "rule_broken" => Kind::RuleBroken,
        _ => Kind::Heartbeat,
    })
}

fn measure(name: &str, fields: &mut Fields<'_>) -> Result<Measure, RuleError> {
    Ok(match name {
        "request_rate" => Measure::Rate,
        "error_ratio" => Measure::ErrorRatio,
        _ => Measure::Latency(quantile(fields)?.unwrap_or(0.95)),
    })
}

fn quantile(fields: &mut Fields<'_>) -> Result<Option<f64>, RuleError> {
    match fields.number("quantile", "a share")? {
        Some(share) if !(share > 0.0 && share <= 1.0) => {
            Err(fields.wrong("quantile", "a share above 0 and up to 1 is accepted, such as 0.95"))
        }
        share => Ok(share),
    }
}

fn scope(fields: &mut Fields<'_>, has_least: bool) -> Result<Scope, RuleError> {
    let (service, route) = (fields.text("service")?, fields.text("route")?);
    let default = if route.is_some() { Apart::Route } else { Apart::Service };
    let by = match fields.texts("by")? {
        None => default,
        Some(by) => match by.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] if service.is_none() && route.is_none() => Apart::Nothing,
            ["service"] if route.is_none() => Apart::Service,
            ["service", "route"] | ["route"] => Apart::Route,
            _ => {
                let accepted = "[], [\"service\"] or [\"service\", \"route\"] is accepted, and what is filtered by must be told apart";
                return Err(fields.wrong("by", accepted));
            }
        },
    };
    let min_requests = if has_least { fields.whole("min_requests", 1, u32::MAX)?.unwrap_or(10) } else { 0 };
    Ok(Scope { signal: signal(fields)?, service, route, by, min_requests: min_requests.into() })
}

fn signal(fields: &mut Fields<'_>) -> Result<Option<Signal>, RuleError> {
    fields.choice("signal", &[("logs", Signal::Logs), ("spans", Signal::Spans)])
}

fn entries(fields: &mut Fields<'_>) -> Result<Signal, RuleError> {
    Ok(signal(fields)?.unwrap_or(Signal::Logs))
}

fn burn_rate(fields: &mut Fields<'_>) -> Result<Kind, RuleError> {
    let objective = fields.number("objective", "%")?;
    let objective =
        objective.ok_or_else(|| fields.missing("objective", "a number below 100 is accepted, such as 99.9"))?;
    if !(objective > 0.0 && objective < 100.0) {
        return Err(fields.wrong("objective", "a number above 0 and below 100 is accepted, such as 99.9 (%)"));
    }
    let short = fields.span_within("short_window", MINUTE, 6 * HOUR)?.unwrap_or(5 * MINUTE);
    Ok(Kind::BurnRate { objective, short, scope: scope(fields, true)? })
}

/// A filter in the language of searches.
fn filter(fields: &mut Fields<'_>) -> Result<Option<String>, RuleError> {
    let Some(filter) = fields.text("filter")? else { return Ok(None) };
    let meaning = Meaning { now: jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC), ignore_case: false };
    match parse(&filter, &meaning) {
        Ok(_) => Ok(Some(filter)),
        Err(error) => Err(fields.wrong("filter", format!("{} at character {}", error.message(), error.at() + 1))),
    }
}

fn one_field(fields: &mut Fields<'_>) -> Result<Option<String>, RuleError> {
    match fields.texts("by")?.as_deref() {
        None | Some([]) => Ok(None),
        Some([field]) => Ok(Some(field.clone())),
        Some(_) => Err(fields.wrong("by", "one field is accepted, such as \"client_ip\"")),
    }
}

fn level(fields: &mut Fields<'_>) -> Result<Level, RuleError> {
    let levels = [("warn", Level::Warn), ("error", Level::Error)];
    Ok(fields.choice("level", &levels)?.unwrap_or(Level::Error))
}

fn lookback(fields: &mut Fields<'_>, default: Duration) -> Result<Duration, RuleError> {
    Ok(fields.span_within("lookback", 5 * MINUTE, 14 * DAY)?.unwrap_or(default))
}

fn awaited(fields: &mut Fields<'_>) -> Result<Awaited, RuleError> {
    let of = fields.choice("of", &["logs", "spans", "requests", "metric"].map(|of| (of, of)))?;
    Ok(match of {
        Some("requests") => Awaited::Requests(Scope { by: Apart::Route, ..scope(fields, false)? }),
        Some("metric") => Awaited::Metric { metric: metric_name(fields)?, service: fields.text("service")? },
        Some("spans") => Awaited::Entries { signal: Signal::Spans, filter: filter(fields)? },
        Some(_) => Awaited::Entries { signal: Signal::Logs, filter: filter(fields)? },
        None => return Err(fields.missing("of", "logs, spans, requests or metric is accepted")),
    })
}

fn metric_name(fields: &mut Fields<'_>) -> Result<String, RuleError> {
    let name = fields.text("metric")?;
    name.ok_or_else(|| fields.missing("metric", "a metric's name is accepted, such as process.memory.usage"))
}

fn metric(fields: &mut Fields<'_>) -> Result<Kind, RuleError> {
    let metric = metric_name(fields)?;
    let words = ["mean", "last", "least", "most", "sum", "rate", "quantile"].map(|how| (how, how));
    let how = match fields.choice("how", &words)?.unwrap_or("mean") {
        "last" => How::Last,
        "least" => How::Least,
        "most" => How::Most,
        "sum" => How::Sum,
        "rate" => How::Rate,
        "quantile" => How::Quantile(quantile(fields)?.unwrap_or(0.95)),
        _ => How::Mean,
    };
    Ok(Kind::Metric {
        metric,
        how,
        service: fields.text("service")?,
        only: fields.table("only")?.into_iter().collect(),
        by: fields.texts("by")?.unwrap_or_else(|| vec!["service".to_owned()]),
    })
}

fn window(kind: &Kind, fields: &mut Fields<'_>) -> Result<Duration, RuleError> {
    // What is added up is added up by the minute.
    let is_added_up = matches!(kind, Kind::Requests { .. } | Kind::BurnRate { .. } | Kind::Baseline { .. });
    let least = if is_added_up { MINUTE } else { SECOND };
    let (most, default) = match kind {
        Kind::BurnRate { .. } => (3 * DAY, HOUR),
        Kind::Baseline { .. } => (HOUR, 15 * MINUTE),
        _ => (DAY, 5 * MINUTE),
    };
    let window = fields.span_within("window", least, most)?.unwrap_or(default);
    if let Kind::BurnRate { short, .. } = kind
        && *short >= window
    {
        return Err(fields.wrong("short_window", "a time shorter than the window is accepted"));
    }
    Ok(window)
}

struct Thresholds {
    compare: Compare,
    threshold: f64,
    recovery: Option<f64>,
    critical: Option<f64>,
}

fn thresholds(kind: &Kind, fields: &mut Fields<'_>) -> Result<Thresholds, RuleError> {
    if !kind.has_threshold() {
        // One is too much: there is nothing between.
        return Ok(Thresholds { compare: Compare::Above, threshold: 0.0, recovery: None, critical: None });
    }
    let sides = [("above", Compare::Above), ("below", Compare::Below), ("either", Compare::Either)];
    let is_baseline = matches!(kind, Kind::Baseline { .. });
    let sides = if is_baseline { &sides[..] } else { &sides[..2] };
    let compare = fields.choice("compare", sides)?.unwrap_or(Compare::Above);
    let default = match kind {
        Kind::NewError { .. } | Kind::TelemetryDropped { .. } => Some(0.0),
        Kind::RuleBroken => Some(2.0),
        Kind::Baseline { .. } => Some(4.0),
        _ => None,
    };
    let unit = kind.unit();
    let threshold = fields.number("threshold", unit)?.or(default);
    let of = if unit.is_empty() { String::new() } else { format!(" ({unit})") };
    let threshold = threshold.ok_or_else(|| fields.missing("threshold", format!("a plain number{of} is accepted")))?;
    if unit == "%" && !(0.0..=100.0).contains(&threshold) {
        return Err(fields.wrong("threshold", "a number from 0 to 100 (%) is accepted"));
    }
    let is_inside = |one: f64, other: f64| match compare {
        Compare::Above | Compare::Either => one <= other,
        Compare::Below => one >= other,
    };
    let side = if compare == Compare::Below { "at least" } else { "at most" };
    let recovery = fields.number("recovery_threshold", unit)?;
    if recovery.is_some_and(|recovery| !is_inside(recovery, threshold)) {
        return Err(
            fields.wrong("recovery_threshold", format!("a number of {side} the threshold {threshold} is accepted"))
        );
    }
    let critical = fields.number("critical_threshold", unit)?;
    if critical.is_some_and(|critical| !is_inside(threshold, critical)) {
        let side = if compare == Compare::Below { "at most" } else { "at least" };
        return Err(
            fields.wrong("critical_threshold", format!("a number of {side} the threshold {threshold} is accepted"))
        );
    }
    Ok(Thresholds { compare, threshold, recovery, critical })
}

fn labels(fields: &mut Fields<'_>) -> Result<BTreeMap<String, String>, RuleError> {
    let labels = fields.table("labels")?;
    match labels.keys().find(|name| matches!(name.as_str(), "rule" | "severity" | "fingerprint" | "alertname")) {
        Some(taken) => Err(fields.wrong("labels", format!("{taken} is always there and cannot be set"))),
        None => Ok(labels),
    }
}

fn annotations(fields: &mut Fields<'_>, kind: &Kind) -> Result<BTreeMap<String, String>, RuleError> {
    let mut annotations = fields.table("annotations")?;
    for (name, text) in &annotations {
        if text.len() > MAX_TEXT {
            return Err(fields.wrong("annotations", format!("{name} is longer than {MAX_TEXT} bytes")));
        }
        if let Some(unknown) = template::unknown(text) {
            let problem = format!("nothing fills {{{{ {unknown} }}}} in {name}; {}", template::ACCEPTED);
            return Err(fields.wrong("annotations", problem));
        }
    }
    annotations.entry("summary".to_owned()).or_insert_with(|| summary(kind).to_owned());
    Ok(annotations)
}

/// What is said where a rule says nothing.
fn summary(kind: &Kind) -> &'static str {
    match kind {
        Kind::Requests { measure: Measure::Rate, .. } => "{{ value }} requests a second (threshold {{ threshold }})",
        Kind::Requests { measure: Measure::ErrorRatio, .. } => {
            "{{ value }} % of the requests fail (threshold {{ threshold }} %)"
        }
        Kind::Requests { .. } => "requests take {{ value }} ms (threshold {{ threshold }} ms)",
        Kind::BurnRate { .. } => "errors come {{ value }} times as fast as the objective allows",
        Kind::Baseline { .. } => "{{ value }} deviations from the same hour of earlier days",
        Kind::Logs { .. } => "{{ value }} entries (threshold {{ threshold }})",
        Kind::NewError { .. } => "a new error: {{ labels.error }}",
        Kind::ErrorSpike { .. } => "{{ value }} times as many as before: {{ labels.error }}",
        Kind::Absence { .. } => "nothing comes any more",
        Kind::Metric { .. } => "{{ value }} (threshold {{ threshold }})",
        Kind::Cpu { .. } => "the CPU is busy: {{ value }} %",
        Kind::Memory { .. } => "{{ value }} % of the memory is used",
        Kind::Disk { .. } => "{{ labels.mountpoint }} is full to {{ value }} %",
        Kind::ServiceDown { .. } => "{{ labels.service }} says nothing any more",
        Kind::TelemetryDropped { .. } => "{{ value }} of {{ labels.metric }} were dropped",
        Kind::RuleBroken => "the rule {{ labels.broken }} could not be evaluated {{ value }} times in a row",
        Kind::Heartbeat => "alerts are evaluated and sent",
    }
}
