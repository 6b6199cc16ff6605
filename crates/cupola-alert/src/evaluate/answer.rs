//! What the store says, as rules look at it.

use std::collections::HashMap;

use cupola_store::{FailureGroup, Partial, RequestRow};

use super::{Labels, Trouble};
use crate::rule::Measure;
use crate::state::hash_of_labels;

/// Rows of an answer.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    rows: Vec<Row>,
    of_service: HashMap<String, Vec<u32>>,
    /// How long that is that it tells of, in seconds.
    pub(crate) seconds: f64,
    note: Option<&'static str>,
}

#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) labels: Labels,
    pub(crate) hash: u64,
    number: Number,
}

#[derive(Debug)]
enum Number {
    One(f64),
    Requests { count: u64, errors: u64, quantiles_ms: Vec<f64> },
    Failures { count: u64, first: i64 },
}

impl Answer {
    pub(super) fn new(rows: Vec<Row>) -> Self {
        let mut of_service: HashMap<String, Vec<u32>> = HashMap::new();
        for (number, row) in (0..).zip(&rows) {
            let Some(service) = row.labels.get("service") else { continue };
            match of_service.get_mut(service) {
                Some(numbers) => numbers.push(number),
                None => _ = of_service.insert(service.clone(), vec![number]),
            }
        }
        Self { rows, of_service, seconds: 0.0, note: None }
    }

    /// Says why it does not tell of all, if nothing else is to be said of it.
    pub(super) fn complete(self, partial: Option<Partial>, others: u64) -> Result<Self, Trouble> {
        let note = match partial {
            // What is damaged stays so: to say nothing for it from now on would be worse.
            Some(Partial::Damaged) => Some("a part of the store is damaged: what it held is not judged"),
            Some(Partial::Budget) => return Err(Trouble("there is more than may be read for it".to_owned())),
            Some(_) => return Err(Trouble("the store did not answer in time".to_owned())),
            None if others > 0 => Some("there is more than can be told apart: the rest is not judged"),
            None => None,
        };
        Ok(Self { note, ..self })
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter()
    }

    /// Those of a service, or all.
    pub(super) fn of<'a>(&'a self, service: Option<&str>) -> Box<dyn Iterator<Item = &'a Row> + 'a> {
        match service {
            None => Box::new(self.rows.iter()),
            Some(service) => {
                let numbers = self.of_service.get(service).map_or(&[][..], Vec::as_slice);
                Box::new(numbers.iter().map(|number| &self.rows[*number as usize]))
            }
        }
    }

    pub(super) fn note(&self) -> Option<&'static str> {
        self.note
    }
}

impl Row {
    pub(super) fn number(labels: Labels, number: f64) -> Self {
        Self { hash: hash_of_labels(&labels), labels, number: Number::One(number) }
    }

    pub(super) fn requests(row: RequestRow) -> Self {
        let pairs = [("service", row.service), ("route", row.route)];
        let named = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        let labels: Labels = named.map(|(name, value)| (name.to_owned(), value)).collect();
        let number = Number::Requests { count: row.count, errors: row.errors, quantiles_ms: row.quantiles_ms };
        Self { hash: hash_of_labels(&labels), labels, number }
    }

    pub(super) fn failures(group: &FailureGroup) -> Self {
        let fingerprint = group.fingerprint.to_string();
        let text = |name: &str| group.example.get(name).map(|value| value.text().into_owned());
        let pairs = [
            ("error", Some(group.template.clone())),
            ("error_type", text("error_type")),
            ("route", text("route")),
            ("target", text("target")),
        ];
        let named = pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let mut labels: Labels = named.filter(|(_, value)| !value.is_empty()).collect();
        let known_by = Labels::from([("error_group".to_owned(), fingerprint.clone())]);
        labels.insert("error_group".to_owned(), fingerprint);
        // What is shown of a group may differ from time to time; what it is does not.
        let number = Number::Failures { count: group.count, first: group.first };
        Self { hash: hash_of_labels(&known_by), labels, number }
    }

    /// Its number, where it has just one.
    pub(super) fn one(&self) -> f64 {
        match self.number {
            Number::One(number) => number,
            Number::Requests { count, .. } | Number::Failures { count, .. } => to_f64(count),
        }
    }

    /// How many, and when the first came.
    pub(super) fn count(&self) -> (u64, i64) {
        match self.number {
            Number::Failures { count, first } => (count, first),
            Number::Requests { count, .. } => (count, i64::MIN),
            Number::One(_) => (0, i64::MIN),
        }
    }

    /// What is measured of requests; nothing of fewer than these. The place is that of the quantile.
    #[inline]
    pub(super) fn measure(&self, measure: Measure, least: u64, place: usize, seconds: f64) -> Option<f64> {
        let Number::Requests { count, errors, quantiles_ms } = &self.number else { return None };
        match measure {
            Measure::Rate => (seconds > 0.0).then(|| to_f64(*count) / seconds),
            _ if *count < least.max(1) => None,
            Measure::ErrorRatio => Some(to_f64(*errors) * 100.0 / to_f64(*count)),
            Measure::Latency(_) => quantiles_ms.get(place).copied(),
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts of what was seen")]
fn to_f64(count: u64) -> f64 {
    count as f64
}
