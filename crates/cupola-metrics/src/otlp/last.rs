//! What was told the last time.

use std::collections::HashMap;
use std::time::SystemTime;

use super::Told;
use crate::encoder::{Digits, Number};
use crate::family::Kind;
use crate::snapshot::{Sample, Value};

/// The last values of all series, for those who want to hear what came since.
#[derive(Debug)]
pub(super) struct Last {
    started: SystemTime,
    told: SystemTime,
    now: SystemTime,
    before: HashMap<String, Value>,
    values: HashMap<String, Value>,
}

impl Last {
    pub(super) fn new(started: SystemTime) -> Self {
        Self { started, told: started, now: started, before: HashMap::new(), values: HashMap::new() }
    }

    /// What is told next is of this time.
    pub(super) fn begin(&mut self, now: SystemTime) {
        self.now = now;
        self.before = std::mem::take(&mut self.values);
    }

    /// All series have been told; those that were not are forgotten.
    pub(super) fn end(&mut self) {
        self.told = self.now;
        self.before = HashMap::new();
    }

    pub(super) fn cumulative<'a>(&self, sample: &'a Sample) -> Told<'a> {
        Told { sample, value: sample.value.clone(), since: sample.created.unwrap_or(self.started) }
    }

    /// `None` where nothing was recorded since.
    pub(super) fn delta<'a>(&mut self, family: &str, kind: Kind, labels: &str, sample: &'a Sample) -> Option<Told<'a>> {
        if matches!(kind, Kind::Gauge | Kind::UpDown) {
            return Some(self.cumulative(sample));
        }
        let key = format!("{family}{{{labels}}}");
        let before = self.before.get(&key);
        // A series that has begun anew, after it had expired, has nothing to be compared with.
        let before = before.filter(|_| sample.created.is_none_or(|created| created <= self.told));
        let value = before.map_or_else(|| Some(sample.value.clone()), |before| since(&sample.value, before));
        let since = if before.is_some() { self.told } else { sample.created.unwrap_or(self.told).max(self.started) };
        self.values.insert(key, sample.value.clone());
        value.filter(|value| !is_zero(value)).map(|value| Told { sample, value, since })
    }
}

fn since(now: &Value, before: &Value) -> Option<Value> {
    match (now, before) {
        (Value::Number(now), Value::Number(before)) => Some(Value::Number(difference(*now, *before))),
        (Value::Distribution(now), Value::Distribution(before)) => Some(Value::Distribution(now.since(before))),
        _ => None,
    }
}

fn difference(now: Number, before: Number) -> Number {
    Number(match (now.0, before.0) {
        (Digits::Unsigned(now), Digits::Unsigned(before)) => Digits::Unsigned(now.saturating_sub(before)),
        _ => Digits::Float((now.as_f64() - before.as_f64()).max(0.0)),
    })
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_f64() == 0.0,
        Value::Distribution(distribution) => distribution.count() == 0,
    }
}
