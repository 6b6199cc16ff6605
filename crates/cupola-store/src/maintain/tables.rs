//! A store as plain SQLite tables, for people with tools of their own.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use rusqlite::{Connection, params, params_from_iter};
use serde_json::{Map, Value as Json};

use crate::file::DayFile;
use crate::layout;
use crate::maintain::MaintainError;
use crate::metadata::{MetadataFile, Note};
use crate::query::{Entry, Partial, Reader, Selection};
use crate::rollup::{Cell, Step, What};
use crate::signal::Signal;
use crate::value::Value;

const SCHEMA: &str = "
CREATE TABLE log_entries (timestamp TEXT NOT NULL, level TEXT, service TEXT, target TEXT, message TEXT, method TEXT, route TEXT,
    status INTEGER, duration_ms REAL, request_id TEXT, trace_id TEXT, span_id TEXT, error TEXT, fields TEXT NOT NULL);
CREATE TABLE api_metrics (minute TEXT NOT NULL, source TEXT NOT NULL, service TEXT NOT NULL, route TEXT NOT NULL, requests INTEGER NOT NULL,
    errors INTEGER NOT NULL, sum_ms REAL NOT NULL, max_ms REAL NOT NULL, p50_ms REAL, p95_ms REAL, p99_ms REAL);
CREATE TABLE app_metrics (timestamp TEXT NOT NULL, metric TEXT, service TEXT, type TEXT, unit TEXT, value REAL, count INTEGER, sum REAL,
    fields TEXT NOT NULL);
CREATE TABLE system_metrics (timestamp TEXT NOT NULL, metric TEXT, service TEXT, type TEXT, unit TEXT, value REAL, count INTEGER, sum REAL,
    fields TEXT NOT NULL);
CREATE TABLE alerts (number INTEGER PRIMARY KEY, timestamp TEXT NOT NULL, alert TEXT NOT NULL, what TEXT, phase TEXT, severity TEXT, value REAL,
    threshold REAL, episode TEXT, person TEXT, receiver TEXT, fields TEXT NOT NULL);
";
const LOGS: [&str; 12] = [
    "level",
    "service",
    "target",
    "message",
    "method",
    "route",
    "status",
    "duration_ms",
    "request_id",
    "trace_id",
    "span_id",
    "error",
];
const POINTS: [&str; 7] = ["metric", "service", "type", "unit", "value", "count", "sum"];
/// What metrics of the machine and of the process begin with.
const SYSTEM: [&str; 3] = ["system", "process", "host"];

/// The topic of the notes of what happened to alerts.
const ALERTS: &str = "alert";

/// How many rows were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tables {
    /// Of `log_entries`.
    pub log_entries: u64,
    /// Of `api_metrics`: a minute and route each.
    pub api_metrics: u64,
    /// Of `app_metrics` and `system_metrics`: a point each.
    pub points: u64,
    /// Of `alerts`: something that happened to one each.
    pub alerts: u64,
    /// Why there may be others.
    pub partial: Option<Partial>,
}

/// Writes log entries that are wanted, all requests by minute and route, all points of metrics and what happened to alerts into a new file.
///
/// # Errors
/// The store cannot be read, or the file not be written; what was written of it is for the caller to delete.
pub fn tables(dir: &Path, to: &Path, wanted: &Selection) -> Result<Tables, MaintainError> {
    let sqlite = |error| MaintainError::file(to, rusqlite::Error::into(error));
    let mut connection = Connection::open(to).map_err(sqlite)?;
    connection.execute_batch(SCHEMA).map_err(sqlite)?;
    let transaction = connection.transaction().map_err(sqlite)?;
    let (logs, partial) = rows(dir, &transaction, wanted, &LOGS, |_| "log_entries")?;
    let metrics = Selection { signal: Signal::Metrics, expression: None, ..wanted.clone() };
    let table = |entry: &Entry| {
        let name = entry.get("metric").map(|name| name.text().into_owned()).unwrap_or_default();
        let head = name.split(['.', '_']).next().unwrap_or_default();
        if SYSTEM.contains(&head) { "system_metrics" } else { "app_metrics" }
    };
    let (points, also) = rows(dir, &transaction, &metrics, &POINTS, table)?;
    let api_metrics = requests(dir, &transaction)?;
    let alerts = happened(dir, &transaction)?;
    transaction.commit().map_err(sqlite)?;
    Ok(Tables { log_entries: logs, api_metrics, points, alerts, partial: partial.or(also) })
}

fn rows(
    dir: &Path,
    to: &Connection,
    wanted: &Selection,
    names: &[&str],
    table: impl Fn(&Entry) -> &'static str,
) -> Result<(u64, Option<Partial>), MaintainError> {
    let failed = |error: rusqlite::Error| MaintainError::file(dir, error.into());
    let marks = vec!["?"; names.len() + 2].join(", ");
    let reader = Reader::open(dir).map_err(|error| MaintainError::io(dir, std::io::Error::other(error)))?;
    let mut problem = None;
    let walked = reader.walk(wanted, &mut |entry| {
        let sql = format!("INSERT INTO {} VALUES ({marks})", table(entry));
        let row = to.prepare_cached(&sql).and_then(|mut insert| insert.execute(params_from_iter(row(entry, names))));
        match row {
            Ok(_) => ControlFlow::Continue(()),
            Err(error) => {
                problem = Some(error);
                ControlFlow::Break(())
            }
        }
    });
    problem.map_or(Ok(()), |error| Err(failed(error)))?;
    let walked = walked.map_err(|error| MaintainError::io(dir, std::io::Error::other(error)))?;
    Ok((walked.entries, walked.partial))
}

/// The time, the fields that have columns, and the others as one JSON object.
fn row(entry: &Entry, names: &[&str]) -> Vec<rusqlite::types::Value> {
    use rusqlite::types::Value as Sql;
    let sql = |value: Value<'_>| match value {
        Value::Int(number) => Sql::Integer(number),
        Value::Float(number) => Sql::Real(number),
        other => Sql::Text(other.text().into_owned()),
    };
    let mut row = vec![Sql::Text(time(entry.time()))];
    row.extend(names.iter().map(|name| entry.get(name).map_or(Sql::Null, sql)));
    let others = entry.fields().filter(|(name, _)| !names.contains(name));
    let fields: Map<String, Json> = others.map(|(name, value)| (name.to_owned(), json(value))).collect();
    row.push(Sql::Text(Json::from(fields).to_string()));
    row
}

fn json(value: Value<'_>) -> Json {
    match value {
        Value::Int(number) => number.into(),
        Value::Float(number) => number.into(),
        Value::Bool(is) => is.into(),
        Value::Json(json) => serde_json::from_str(json).unwrap_or_else(|_| json.into()),
        other => other.text().into(),
    }
}

fn time(nanoseconds: i64) -> String {
    cupola_line::Timestamp::new().unix_micros(nanoseconds.div_euclid(1_000)).as_str().to_owned()
}

fn requests(dir: &Path, to: &Connection) -> Result<u64, MaintainError> {
    let mut written = 0;
    for (signal, what) in [(Signal::Logs, What::LoggedRequests), (Signal::Spans, What::TracedRequests)] {
        for day in layout::days(dir, signal).map_err(|error| MaintainError::io(dir, error))? {
            let path = layout::day_file(dir, signal, day);
            let read = DayFile::read(&path).and_then(|file| file.rollups(&day.times(), Step::Minute, what));
            let mut sums: BTreeMap<(i64, Box<str>, Box<str>), Cell> = BTreeMap::new();
            for rollup in read.map_err(|error| MaintainError::file(&path, error))? {
                sums.entry((rollup.start, rollup.key.service, rollup.key.name)).or_default().merge(&rollup.cell);
            }
            written += sums.len() as u64;
            for ((start, service, route), cell) in sums {
                let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| cell.durations.quantile(share));
                let (count, errors, max) =
                    (cell.count.cast_signed(), cell.errors.cast_signed(), f64::from(cell.durations.most));
                let row = params![
                    time(start),
                    signal.as_str(),
                    service,
                    route,
                    count,
                    errors,
                    cell.durations.sum,
                    max,
                    p50,
                    p95,
                    p99
                ];
                to.prepare_cached("INSERT INTO api_metrics VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
                    .and_then(|mut insert| insert.execute(row))
                    .map_err(|error| MaintainError::file(&path, error.into()))?;
            }
        }
    }
    Ok(written)
}

/// What happened to alerts: what most of the notes say has a column, and all that they say is one JSON object.
fn happened(dir: &Path, to: &Connection) -> Result<u64, MaintainError> {
    let mut written = 0;
    let mut insert = |note: Note| {
        let said: Json = serde_json::from_str(&note.body).unwrap_or_default();
        // A delivery says how it ended.
        let what = said["what"].as_str().or_else(|| said["outcome"].as_str());
        let [phase, severity, episode, person, receiver] =
            ["to", "severity", "episode", "by", "receiver"].map(|name| said[name].as_str());
        let [value, threshold] = ["value", "threshold"].map(|name| said[name].as_f64());
        let when = time(note.time);
        let row = params![
            note.number,
            when,
            note.subject,
            what,
            // To whom an alert is assigned is no phase.
            phase.filter(|_| what == Some("transition")),
            severity,
            value,
            threshold,
            episode,
            person,
            receiver,
            note.body
        ];
        written += 1;
        to.prepare_cached("INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?.execute(row).map(drop)
    };
    MetadataFile::walk(dir, ALERTS, &mut insert)
        .map_err(|error| MaintainError::io(dir, std::io::Error::other(error)))?;
    Ok(written)
}
