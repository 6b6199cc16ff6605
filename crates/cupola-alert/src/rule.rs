//! Rules: what is looked at, when it is too much, and who is told how often.

mod check;
mod error;
mod fields;
mod kind;
mod set;
mod span;
mod template;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

pub use error::{RuleError, RulesError};
pub(crate) use kind::{Apart, Awaited, Kind, Measure, Scope};
pub use set::{RuleSource, Rules};
pub(crate) use span::show as show_span;
pub(crate) use template::{Filling, fill, number as show_number};

use crate::Severity;

/// A rule that has been checked. As JSON it is what was typed, and reads back.
///
/// ```
/// use cupola_alert::{Rule, Severity};
///
/// let rule = Rule::from_json(&serde_json::json!({
///     "name": "slow checkout", "kind": "latency", "quantile": 0.95, "service": "shop", "route": "/checkout",
///     "threshold": 500, "recovery_threshold": 400, "for": "5m", "severity": "critical",
/// }))?;
/// assert_eq!((rule.name(), rule.severity(), rule.unit()), ("slow checkout", Severity::Critical, "ms"));
///
/// let error = Rule::from_json(&serde_json::json!({ "name": "slow", "kind": "latency", "treshold": 500 })).unwrap_err();
/// assert_eq!(error.to_string(), "rule \"slow\": treshold = 500: there is no such field; is threshold meant?");
/// # Ok::<(), cupola_alert::RuleError>(())
/// ```
///
/// # Fields
///
/// | field | of | what it says | unless said |
/// |---|---|---|---|
/// | `name` | all | by what it is known, without `/` | – |
/// | `kind` | all | one of those below | – |
/// | `enabled` | all | whether it is evaluated | true |
/// | `severity` | all | `info`, `warning`, `critical` | `warning` |
/// | `threshold` | all but `absence`, `service_down`, `heartbeat` | the number that is too much | see the kinds |
/// | `compare` | those with a threshold | `above` or `below` it is too much; of `baseline` also `either` | `above` |
/// | `recovery_threshold` | those with a threshold | it has to come back to this to be well again | `threshold` |
/// | `critical_threshold` | those with a threshold | beyond this it is critical, whatever `severity` is | none |
/// | `window` | all | the time that is looked at | `5m` |
/// | `for` | all | how long it must be so before somebody is told | `0` |
/// | `keep_firing_for` | all | how long it must be well before it is over | `0` |
/// | `interval` | all | how often it is looked at, at multiples of this | `15s` |
/// | `delay` | all | how far behind the present, for what arrives late | `1s`; `30s` where something is missed |
/// | `cooldown` | all | between two messages that the same begins to fire, at least | `0` |
/// | `repeat` | all | how often it is said that it goes on; `0` for never | `4h` |
/// | `send_resolved` | all | whether it is said that it is over | true |
/// | `clear_acknowledged` | all | an acknowledgement ends when it gets more severe | true |
/// | `no_data` | all | where nothing at all is known: `keep` things as they are, `breach`, `ok` | `keep` |
/// | `missing` | all | after so many evaluations one that is not there any more is over | 10 |
/// | `limit` | all | alerts of one rule at most; more are counted | 200 |
/// | `flap_window` | all | what fires again within this is said to flap | `1h` |
/// | `labels` | all | what alerts are labelled with besides | none |
/// | `annotations` | all | texts for people, with `{{ value }}`, `{{ threshold }}`, `{{ unit }}`, `{{ rule }}`, `{{ severity }}`, `{{ labels.service }}` | a `summary` |
/// | `group_by` | all | labels by whose values alerts of the rule come in one message | none: all of the rule |
/// | `receivers` | all | who is told | everybody |
/// | `service`, `route` | those of requests | only of these | all |
/// | `by` | those of requests, `logs`, `metric` | what is told apart | `service` |
/// | `signal` | those of requests, `logs`, `absence` | `logs` or `spans` | `logs`; of requests `spans` where there are no logs |
/// | `min_requests` | `error_ratio`, `latency`, `burn_rate`, `baseline` | of fewer in the window nothing is told | 10 |
///
/// # Kinds
///
/// | kind | its number | unit | fields of its own |
/// |---|---|---|---|
/// | `request_rate` | requests a second | /s | – |
/// | `error_ratio` | how many of a hundred requests failed | % | – |
/// | `latency` | below what a share of the requests was | ms | `quantile` (0.95) |
/// | `burn_rate` | how many times faster than allowed errors come, over `window` (`1h`) and `short_window` both | × | `objective` (% that must go well), `short_window` (`5m`) |
/// | `baseline` | how far from the same hour of earlier days: (x - median) / (1.4826 · MAD) | σ | `measure` (a kind of requests), `quantile`, `days` (7) |
/// | `logs` | entries in the window | entries | `filter`, in the language of searches; `by`, one field |
/// | `new_error` | errors in the window of a group that was not there before | entries | `filter`, `level` (`error`), `lookback` (`1d`) |
/// | `error_spike` | how many times as many errors of a group as in an earlier window | × | `filter`, `level`, `lookback` (`1h`), `min_count` (10) |
/// | `absence` | nothing came in the window | – | `of`: `logs`, `spans`, `requests` or `metric`; `filter`, `metric` |
/// | `metric` | any metric | its own | `metric`, `how` (`mean`, `last`, `least`, `most`, `sum`, `rate`, `quantile`), `quantile`, `only` |
/// | `cpu`, `memory` | how much is used | % | – |
/// | `disk` | how full a file system is | % | `mountpoint` |
/// | `service_down` | a service that spoke within `known` (`6h`) has said nothing in the window | – | `known` |
/// | `telemetry_dropped` | log lines, spans and the like that were dropped in the window | items | – |
/// | `rule_broken` | how often in a row a rule could not be evaluated | times | – |
/// | `heartbeat` | always | – | – |
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) is_enabled: bool,
    pub(crate) severity: Severity,
    pub(crate) compare: Compare,
    pub(crate) threshold: f64,
    pub(crate) recovery_threshold: Option<f64>,
    pub(crate) critical_threshold: Option<f64>,
    pub(crate) window: Duration,
    pub(crate) r#for: Duration,
    pub(crate) keep_firing_for: Duration,
    pub(crate) interval: Duration,
    pub(crate) delay: Duration,
    pub(crate) cooldown: Duration,
    pub(crate) repeat: Duration,
    pub(crate) sends_resolved: bool,
    pub(crate) clears_acknowledged: bool,
    pub(crate) no_data: NoData,
    pub(crate) missing: u32,
    pub(crate) limit: usize,
    pub(crate) flap_window: Duration,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) group_by: Vec<String>,
    pub(crate) receivers: Option<Vec<String>>,
    typed: Map<String, Value>,
}

/// On which side of a threshold it is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compare {
    Above,
    Below,
    Either,
}

/// What is done where nothing at all is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoData {
    Keep,
    Breach,
    Ok,
}

/// What a number means to a rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Too much.
    Breach(Severity),
    /// Not too much, and not well either, if it was too much before.
    Between,
    /// Well.
    Well,
}

impl Rule {
    /// Checks a rule that is an object of JSON.
    ///
    /// # Errors
    /// It is none: says which of its fields is wrong, and what is accepted.
    pub fn from_json(value: &Value) -> Result<Self, RuleError> {
        let typed =
            value.as_object().ok_or_else(|| RuleError::new("", "rule", None, "a table of fields is accepted"))?;
        check::check(typed)
    }

    /// By what it is known.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it looks at: `error_ratio`, `logs`.
    pub fn kind(&self) -> &'static str {
        self.kind.name()
    }

    /// Whether it is evaluated.
    pub fn is_enabled(&self) -> bool {
        self.is_enabled
    }

    /// How bad it is, at least.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The number that is too much, in [`Self::unit`]; of some kinds there is none.
    pub fn threshold(&self) -> Option<f64> {
        self.kind.has_threshold().then_some(self.threshold)
    }

    /// The unit of its numbers: `%`, `ms`, `/s`; empty where there is none.
    pub fn unit(&self) -> &'static str {
        self.kind.unit()
    }

    /// What it says, in a line: `error_ratio > 10 % over 5m, for 5m`.
    pub fn summary(&self) -> String {
        let sign = match self.compare {
            Compare::Above => ">",
            Compare::Below => "<",
            Compare::Either => "beyond ±",
        };
        let threshold = match self.threshold() {
            Some(threshold) => format!(" {sign} {}{}", show_number(threshold), spaced(self.unit())),
            None => String::new(),
        };
        let held = if self.r#for.is_zero() { String::new() } else { format!(", for {}", show_span(self.r#for)) };
        format!("{}{threshold} over {}{held}", self.kind(), show_span(self.window))
    }

    /// The names of those who are told; `None` for everybody.
    pub fn receivers(&self) -> Option<&[String]> {
        self.receivers.as_deref()
    }

    /// What was typed, field by field, defaults that were overridden among it.
    pub fn typed(&self) -> &Map<String, Value> {
        &self.typed
    }

    /// What a number means.
    pub(crate) fn judge(&self, value: f64) -> Verdict {
        let is_beyond = |threshold: f64| match self.compare {
            Compare::Above => value > threshold,
            Compare::Below => value < threshold,
            Compare::Either => value.abs() > threshold,
        };
        if self.critical_threshold.is_some_and(is_beyond) {
            return Verdict::Breach(Severity::Critical);
        }
        if is_beyond(self.threshold) {
            return Verdict::Breach(self.severity);
        }
        if self.recovery_threshold.is_some_and(is_beyond) { Verdict::Between } else { Verdict::Well }
    }
}

pub(crate) fn spaced(unit: &str) -> String {
    if unit.is_empty() { String::new() } else { format!(" {unit}") }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.typed.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        check::check(&Map::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
