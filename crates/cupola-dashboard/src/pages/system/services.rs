//! What each service's machine and process said last.

use std::collections::BTreeMap;

use cupola_store::{How, Partial, PointSeries, Points, Query};
use maud::{Markup, html};

use super::super::chart::{Unit, spark};
use super::super::fault::Fault;
use super::super::red_table::name;
use super::super::visit::Visit;
use super::super::{parts, show};

/// So many services are told of.
const SERVICES: usize = 100;

/// Of this much and more it is said that it is much.
const MUCH: f64 = 0.8;

/// Services, and what each said last.
#[derive(Debug)]
pub(super) struct Services {
    pub(super) rows: Vec<(String, Row)>,
    pub(super) partial: Option<Partial>,
}

#[derive(Debug, Default)]
pub(super) struct Row {
    cpu: Vec<Option<f64>>,
    cores: Option<f64>,
    memory: Option<f64>,
    memory_share: Option<f64>,
    /// The fullest file system, and how full it is.
    fullest: Option<(String, f64)>,
    process_cpu: Option<f64>,
    process_memory: Option<f64>,
    files: Option<f64>,
    files_limit: Option<f64>,
    uptime: Option<f64>,
}

/// What is asked for, and where it is put.
type Asked = (&'static str, Option<(&'static str, &'static str)>, fn(&mut Row, f64));

const LAST: [Asked; 8] = [
    ("system.cpu.logical.count", None, |row, value| row.cores = Some(value)),
    ("system.memory.usage", Some(("system.memory.state", "used")), |row, value| row.memory = Some(value)),
    ("system.memory.utilization", None, |row, value| row.memory_share = Some(value)),
    ("process.cpu.utilization", None, |row, value| row.process_cpu = Some(value)),
    ("process.memory.usage", None, |row, value| row.process_memory = Some(value)),
    ("process.unix.file_descriptor.count", None, |row, value| row.files = Some(value)),
    ("process.unix.file_descriptor.limit", None, |row, value| row.files_limit = Some(value)),
    ("process.uptime", None, |row, value| row.uptime = Some(value)),
];

impl Services {
    pub(super) fn ask(visit: &Visit, query: &dyn Query) -> Result<Self, Fault> {
        let mut services = Self { rows: Vec::new(), partial: None };
        let mut rows: BTreeMap<String, Row> = BTreeMap::new();
        let of = |metric: &str, how| Points {
            by: vec!["service".to_owned()],
            limit: SERVICES,
            ..Points::of(metric, visit.range.since, visit.range.until, how)
        };
        let step = Some(visit.range.step(31));
        for series in services.series(query, &Points { step, ..of("system.cpu.utilization", How::Mean) })? {
            let service = label(&series, "service");
            rows.entry(service).or_default().cpu = series.values;
        }
        for (metric, only, put) in LAST {
            let only = only.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            for series in services.series(query, &Points { only, ..of(metric, How::Last) })? {
                if let Some(value) = last(&series) {
                    put(rows.entry(label(&series, "service")).or_default(), value);
                }
            }
        }
        let by = ["service", "system.filesystem.mountpoint", "system.filesystem.state"].map(str::to_owned).to_vec();
        let mut space: BTreeMap<(String, String), [f64; 2]> = BTreeMap::new();
        let points = Points { by, limit: 1_000, ..of("system.filesystem.usage", How::Last) };
        for series in services.series(query, &points)? {
            let is_used = label(&series, "system.filesystem.state") == "used";
            let place = (label(&series, "service"), label(&series, "system.filesystem.mountpoint"));
            space.entry(place).or_default()[usize::from(is_used)] += last(&series).unwrap_or_default();
        }
        for ((service, mount), [free, used]) in space {
            let share = if free + used > 0.0 { used / (free + used) } else { 0.0 };
            let row = rows.entry(service).or_default();
            if row.fullest.as_ref().is_none_or(|(_, known)| *known < share) {
                row.fullest = Some((mount, share));
            }
        }
        services.rows = rows.into_iter().collect();
        Ok(services)
    }

    fn series(&mut self, query: &dyn Query, points: &Points) -> Result<Vec<PointSeries>, Fault> {
        // What others send under our name may be of another kind: it is not told then.
        match query.points(points) {
            Err(error) if error.is_of_asker() => Ok(Vec::new()),
            pointed => {
                let pointed = pointed?;
                self.partial = self.partial.or(pointed.partial);
                Ok(pointed.series)
            }
        }
    }

    pub(super) fn draw(&self, visit: &Visit) -> Markup {
        let table = html! {
            table {
                thead {
                    tr {
                        th scope="col" { "Service" } th.num scope="col" { "Processors" } th scope="col" { "Over time" } th.num scope="col" { "Memory" } th.num scope="col" { "Fullest disk" }
                        th.num scope="col" { "Process, CPU" } th.num scope="col" { "Memory" } th.num scope="col" { "Open files" } th.num scope="col" { "Up for" }
                    }
                }
                tbody { @for (service, row) in &self.rows { tr { (row.draw(visit, service)) } } }
            }
        };
        parts::scroll("Machines and processes", &table)
    }
}

fn label(series: &PointSeries, name: &str) -> String {
    series.labels.get(name).cloned().unwrap_or_default()
}

fn last(series: &PointSeries) -> Option<f64> {
    series.values.iter().rev().flatten().next().copied()
}

impl Row {
    fn draw(&self, visit: &Visit, service: &str) -> Markup {
        let cpu = self.cpu.iter().rev().flatten().next().copied();
        let drawn: Vec<f64> = self.cpu.iter().flatten().copied().collect();
        let full = |share: f64| html! { span.bad-text[share >= MUCH] { (show::percent(share)) } };
        let note = |text: String| html! { span.note-line { (text) } };
        let bytes = |value: f64| Unit::Bytes.show(value);
        let says = format!("Processors over time, {} now", show::percent(cpu.unwrap_or_default()));
        let is_here = visit.get("service") == Some(service);
        html! {
            th scope="row" { a href=(visit.link("/system").set("service", service)) aria-current=[is_here.then_some("true")] { (name(service)) } }
            td.num { @match cpu { Some(cpu) => (full(cpu)), None => (none()) } @if let Some(cores) = self.cores { (note(format!("of {} cores", show::short(cores)))) } }
            td { @if !drawn.is_empty() { (spark(&drawn, &[], &says)) } }
            td.num {
                @match (self.memory_share, self.memory) {
                    (Some(share), memory) => { (full(share)) @if let Some(memory) = memory { (note(bytes(memory))) } },
                    (None, Some(memory)) => (bytes(memory)),
                    (None, None) => (none()),
                }
            }
            td.num { @match &self.fullest { Some((mount, share)) => { (full(*share)) (note(mount.clone())) }, None => (none()) } }
            td.num { @match self.process_cpu { Some(share) => (show::percent(share)), None => (none()) } }
            td.num { @match self.process_memory { Some(memory) => (bytes(memory)), None => (none()) } }
            td.num {
                @match (self.files, self.files_limit) {
                    (Some(files), Some(limit)) if limit > 0.0 => { span.bad-text[files / limit >= MUCH] { (show::short(files)) } (note(format!("of {}", show::short(limit)))) },
                    (Some(files), _) => (show::short(files)),
                    (None, _) => (none()),
                }
            }
            td.num { @match self.uptime { Some(seconds) => (show::age(seconds * 1e3)), None => (none()) } }
        }
    }
}

/// Nothing was said.
fn none() -> Markup {
    html! { span.dim { "–" } }
}
