//! Figures that a store has told, of which some are not there: what nobody adds up is not told.

use std::io::{self, BufWriter, Write};

use cupola_store::Level;
use serde_json::{Value, json};

use super::counts::Counts;
use super::rate::Rate;
use super::report::Report;
use super::survey::Figures;
use super::tops::Tops;
use crate::log::tally::Tally;
use crate::terminal::safe;

/// What only reading each line tells.
const NOT_TOLD: [&str; 4] = ["files", "lines", "not_counted", "slowest"];

/// How durations are spread, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Spread {
    pub(crate) count: u64,
    /// Of the shares in [`SHARES`].
    pub(crate) quantiles: [f64; 4],
    pub(crate) mean: f64,
    pub(crate) max: f64,
}

/// The shares that are told of.
pub(crate) const SHARES: [f64; 4] = [0.5, 0.9, 0.95, 0.99];

/// What is told of one value, or of all requests.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Row {
    pub(crate) value: String,
    pub(crate) count: u64,
    pub(crate) errors: u64,
    pub(crate) spread: Option<Spread>,
}

/// Values with their counts, the most frequent first, and how many different ones there are.
pub(crate) type Frequent = (Vec<(String, u64)>, usize);

/// What is counted of entries, whatever they are grouped by.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub(crate) levels: Frequent,
    /// Of requests.
    pub(crate) statuses: Frequent,
    pub(crate) error_types: Frequent,
    pub(crate) clients: Frequent,
    pub(crate) users: Frequent,
    pub(crate) rate: Rate,
    pub(crate) entries: u64,
}

/// All that was told.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) store: String,
    /// Those that are counted as they are of files.
    pub(crate) figures: Figures,
    pub(crate) requests: Row,
    /// The most frequent groups.
    pub(crate) rows: Vec<Row>,
    pub(crate) groups: usize,
    /// Entries, or of routes requests, that have no value to be grouped by.
    pub(crate) without: u64,
}

impl From<Counted> for Figures {
    fn from(counted: Counted) -> Self {
        let mut counts = Counts::new(0);
        counts.entries = counted.entries;
        for (level, count) in &counted.levels.0 {
            counts.levels[Level::parse(level).map_or(5, |level| level as usize)] += count;
        }
        counts.levels[5] = counted.entries.saturating_sub(counts.levels[..5].iter().sum());
        for (status, count) in &counted.statuses.0 {
            let place = status.parse().ok().and_then(|status: usize| counts.statuses.get_mut(status));
            place.into_iter().for_each(|sum| *sum += count);
        }
        let tops = |(values, distinct): &Frequent| Tops::told(values, *distinct);
        counts.error_types = tops(&counted.error_types);
        counts.clients = tops(&counted.clients);
        counts.users = tops(&counted.users);
        counts.rate = counted.rate;
        Self { counts, tally: Tally::default(), warning: None, problems: Vec::new() }
    }
}

impl Told {
    /// Prints it, as text or as JSON; returns the exit code, as grep's is.
    pub(crate) fn show(&self, report: &Report<'_>, json: bool) -> io::Result<i32> {
        let mut out = BufWriter::new(io::stdout().lock());
        let entries = self.figures.counts.entries;
        if json {
            writeln!(out, "{}", safe(&self.json(report).to_string()))?;
        } else if entries > 0 {
            report.print_told(&mut out, self)?;
        }
        out.flush()?;
        Ok(i32::from(entries == 0))
    }

    /// The same object as of files, without what is not told.
    fn json(&self, report: &Report<'_>) -> Value {
        let mut value = report.json(&self.figures);
        let name = match report.by {
            super::By::Route => "route",
            super::By::Fields(names) => names.first().map_or("", String::as_str),
        };
        let Value::Object(object) = &mut value else { return value };
        NOT_TOLD.iter().for_each(|name| drop(object.remove(*name)));
        let groups = self.rows.iter().map(|row| {
            let mut group = row.json();
            group["values"] = json!({ name: row.value });
            group
        });
        object.insert("groups".to_owned(), groups.collect());
        object.insert("requests".to_owned(), self.requests.json());
        object.insert("group_count".to_owned(), self.groups.into());
        object.insert("without_group".to_owned(), self.without.into());
        object.insert("store".to_owned(), self.store.as_str().into());
        object.insert("not_told".to_owned(), json!(NOT_TOLD));
        value
    }
}

impl Row {
    fn json(&self) -> Value {
        let spread = self.spread.map(|spread| {
            let [p50, p90, p95, p99] = spread.quantiles;
            json!({
                "p50": p50, "p90": p90, "p95": p95, "p99": p99,
                "count": spread.count, "mean": spread.mean, "max": spread.max,
            })
        });
        json!({ "count": self.count, "errors": self.errors, "duration_ms": spread })
    }
}
