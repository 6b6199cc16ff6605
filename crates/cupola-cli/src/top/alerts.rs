//! Alerts that are open.

use cupola_alert::Phase;
use jiff::Timestamp;
use serde_json::Value;

use crate::terminal::safe;

/// One alert; all but its id is fit for a terminal.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Alert {
    pub(super) id: String,
    pub(super) rule: String,
    pub(super) phase: String,
    pub(super) severity: String,
    /// In nanoseconds since 1970.
    pub(super) since: i64,
    pub(super) about: String,
    pub(super) value: String,
    /// Who has acknowledged it.
    pub(super) acknowledged: Option<String>,
    pub(super) is_silenced: bool,
}

impl Alert {
    /// Those of a server's that are open: what fires first, and the worst of that.
    pub(super) fn open(told: &[Value]) -> Vec<Self> {
        let is_open = |alert: &&Value| {
            let phase = alert["phase"].as_str().unwrap_or_default();
            ![Phase::Inactive.as_str(), Phase::Resolved.as_str()].contains(&phase)
        };
        let mut open: Vec<Self> = told.iter().filter(is_open).map(Self::read).collect();
        open.sort_by_key(|alert| (!alert.fires(), alert.weight(), alert.since));
        open
    }

    fn read(told: &Value) -> Self {
        let text = |name: &str| safe(told[name].as_str().unwrap_or_default());
        let labels = told["labels"].as_object().into_iter().flatten();
        let about: Vec<String> =
            labels.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default())).collect();
        let since = told["since"].as_str().and_then(|text| text.parse::<Timestamp>().ok()).unwrap_or_default();
        Self {
            id: told["id"].as_str().unwrap_or_default().to_owned(),
            rule: text("rule"),
            phase: text("phase"),
            severity: text("severity"),
            since: i64::try_from(since.as_nanosecond()).unwrap_or_default(),
            about: safe(&about.join(" ")),
            value: compared(told),
            acknowledged: told["acknowledged"]["by"].as_str().map(safe),
            is_silenced: told["silences"].as_array().is_some_and(|silences| !silences.is_empty()),
        }
    }

    pub(super) fn fires(&self) -> bool {
        [Phase::Firing.as_str(), Phase::Recovering.as_str()].contains(&self.phase.as_str())
    }

    pub(super) fn is_critical(&self) -> bool {
        self.severity == "critical"
    }

    fn weight(&self) -> u8 {
        match self.severity.as_str() {
            "critical" => 0,
            "warning" => 1,
            _ => 2,
        }
    }
}

/// What was seen, and beyond what it would be wrong.
fn compared(told: &Value) -> String {
    let unit = told["unit"].as_str().unwrap_or_default();
    let number = |name: &str| told[name].as_f64().map(|value| ((value * 1e3).round() / 1e3).to_string());
    match (number("value"), number("threshold")) {
        (Some(value), Some(threshold)) => safe(&format!("{value}{unit} (limit {threshold}{unit})")),
        (Some(value), None) => safe(&format!("{value}{unit}")),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_fires_comes_first_and_nothing_moves_the_cursor() {
        let alert = |id: &str, phase: &str, severity: &str| {
            json!({ "id": id, "rule": "\u{1b}[2J", "phase": phase, "severity": severity, "since": "2026-11-21T03:46:02Z",
                "labels": { "route": "/pay", "service": "shop\u{9b}" }, "value": 12.34567, "threshold": 5, "unit": "%",
                "acknowledged": { "by": "ann" }, "silences": [] })
        };
        let told = [
            alert("a", "resolved", "critical"),
            alert("b", "pending", "critical"),
            alert("c", "firing", "warning"),
            alert("d", "firing", "critical"),
        ];
        let open = Alert::open(&told);
        assert_eq!(open.iter().map(|alert| alert.id.as_str()).collect::<Vec<_>>(), ["d", "c", "b"]);
        assert_eq!((open[0].rule.as_str(), open[0].about.as_str()), ("\\u001b[2J", "route=/pay service=shop\\u009b"));
        assert_eq!((open[0].value.as_str(), open[0].acknowledged.as_deref()), ("12.346% (limit 5%)", Some("ann")));
    }
}
