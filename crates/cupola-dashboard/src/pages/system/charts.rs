//! Metrics of machines over time.

use cupola_store::{How, Partial, PointSeries, Pointed, Points, Query};
use maud::{Markup, html};

use super::super::chart::{Line, Lines, Mark, Steps, Unit};
use super::super::deploys;
use super::super::fault::Fault;
use super::super::visit::Visit;
use super::missing::Area;

/// So many lines a chart has.
const LINES: usize = 5;
const COLOURS: [&str; LINES] = ["s1", "s2", "s4", "s3", "s5"];

/// One chart: which metric, and what of it.
#[derive(Debug)]
struct Kind {
    title: &'static str,
    metric: &'static str,
    how: How,
    unit: Unit,
    area: Area,
    /// Only what has this value.
    only: Option<(&'static str, &'static str)>,
    /// Told apart by these, beside the service.
    by: &'static [&'static str],
}

const fn kind(title: &'static str, metric: &'static str, how: How, unit: Unit, area: Area) -> Kind {
    Kind { title, metric, how, unit, area, only: None, by: &[] }
}

impl Kind {
    const fn by(self, by: &'static [&'static str]) -> Self {
        Self { by, ..self }
    }

    const fn only(self, name: &'static str, value: &'static str) -> Self {
        Self { only: Some((name, value)), ..self }
    }
}

const KINDS: [Kind; 18] = [
    kind("Processors", "system.cpu.utilization", How::Mean, Unit::Share, Area::Cpu),
    kind("Load of one minute", "system.cpu.load_average.1m", How::Mean, Unit::Number, Area::Cpu),
    kind("Memory in use", "system.memory.usage", How::Last, Unit::Bytes, Area::Memory)
        .only("system.memory.state", "used"),
    kind("Memory in use, of all", "system.memory.utilization", How::Mean, Unit::Share, Area::Memory),
    kind("Space in use", "system.filesystem.usage", How::Last, Unit::Bytes, Area::Space)
        .only("system.filesystem.state", "used")
        .by(&["system.filesystem.mountpoint"]),
    kind("Disks", "system.disk.io", How::Rate, Unit::BytesRate, Area::Disk).by(&["disk.io.direction"]),
    kind("Network", "system.network.io", How::Rate, Unit::BytesRate, Area::Network).by(&["network.io.direction"]),
    kind("Errors of the network", "system.network.errors", How::Rate, Unit::Rate, Area::Network)
        .by(&["network.io.direction"]),
    kind("Processors, of this process", "process.cpu.utilization", How::Mean, Unit::Share, Area::Process),
    kind("Memory of this process", "process.memory.usage", How::Last, Unit::Bytes, Area::Process),
    kind("Open files", "process.unix.file_descriptor.count", How::Last, Unit::Number, Area::Process),
    kind("Threads", "process.thread.count", How::Last, Unit::Number, Area::Process),
    kind("Busy workers of the runtime", "tokio.runtime.busy", How::Rate, Unit::Number, Area::Runtime),
    kind("Tasks", "tokio.runtime.alive_tasks", How::Last, Unit::Number, Area::Runtime),
    kind("Tasks that wait for a worker", "tokio.runtime.global_queue_depth", How::Most, Unit::Number, Area::Runtime),
    kind("GPUs", "hw.gpu.utilization", How::Mean, Unit::Share, Area::Gpu),
    kind("Memory of GPUs", "hw.gpu.memory.usage", How::Last, Unit::Bytes, Area::Gpu),
    kind("Warmth of GPUs, in °C", "hw.gpu.temperature", How::Most, Unit::Number, Area::Gpu),
];

/// What a chart tells, and what it told of the time before where that is one line.
#[derive(Debug)]
struct Told {
    kind: &'static Kind,
    now: Pointed,
    before: Option<Pointed>,
}

/// All charts that have something to tell.
#[derive(Debug)]
pub(super) struct Charts {
    told: Vec<Told>,
    marks: Vec<Mark>,
    pub(super) partial: Option<Partial>,
    has_service: bool,
}

impl Charts {
    pub(super) fn ask(visit: &Visit, query: &dyn Query, service: Option<&str>) -> Result<Self, Fault> {
        let (range, step) = (visit.range, visit.range.step(31));
        let marks = deploys::marks(visit, query, service)?;
        let mut charts = Self { told: Vec::new(), marks, partial: None, has_service: service.is_some() };
        for kind in &KINDS {
            let apart = service.is_none().then_some("service");
            let points = Points {
                step: Some(step),
                service: service.map(str::to_owned),
                only: kind.only.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
                by: apart.into_iter().chain(kind.by.iter().copied()).map(str::to_owned).collect(),
                limit: LINES,
                ..Points::of(kind.metric, range.since, range.until, kind.how)
            };
            // What others send under our name may be of another kind: it is not told then.
            let pointed = match query.points(&points) {
                Err(error) if error.is_of_asker() => continue,
                pointed => pointed?,
            };
            charts.partial = charts.partial.or(pointed.partial);
            if !pointed.series.is_empty() {
                let length = pointed.step * i64::try_from(longest(&pointed)).unwrap_or_default();
                let earlier = Points { since: pointed.start - length, until: pointed.start, ..points };
                let before = if pointed.series.len() == 1 { Some(query.points(&earlier)?) } else { None };
                charts.told.push(Told { kind, now: pointed, before });
            }
        }
        Ok(charts)
    }

    /// The areas of which nothing is told.
    pub(super) fn missing(&self) -> impl Iterator<Item = Area> {
        Area::ALL.into_iter().filter(|area| !self.told.iter().any(|told| told.kind.area == *area))
    }

    pub(super) fn draw(&self) -> Markup {
        html! {
            div.grid { @for told in &self.told { section.panel { (self.chart(told)) } } }
        }
    }

    fn chart(&self, told: &Told) -> Markup {
        let (kind, pointed) = (told.kind, &told.now);
        let steps = Steps { start: pointed.start, step: pointed.step, count: longest(pointed) };
        let is_alone = pointed.series.len() == 1;
        let line = |(series, colour): (&PointSeries, &'static str)| Line {
            name: self.name(kind, series),
            class: if is_alone { "s1 fill" } else { colour },
            values: bridged(&series.values),
        };
        let earlier = told.before.iter().flat_map(|before| &before.series);
        let earlier = earlier.filter(|series| pointed.series.iter().any(|now| now.labels == series.labels));
        let earlier = earlier.map(|series| Line {
            name: "before".to_owned(),
            class: "s5 before",
            values: bridged(&series.values),
        });
        let lines = earlier.chain(pointed.series.iter().zip(COLOURS).map(line)).collect();
        let others = pointed.others;
        html! {
            (Lines { title: kind.title, steps, unit: kind.unit, lines, dots: Vec::new(), marks: &self.marks }.draw())
            @if others > 0 { p.panel-note { "and " (others) " more, with less" } }
        }
    }

    fn name(&self, kind: &Kind, series: &PointSeries) -> String {
        let service = (!self.has_service).then_some("service");
        let names = service.into_iter().chain(kind.by.iter().copied());
        let parts: Vec<&str> = names.filter_map(|name| series.labels.get(name).map(String::as_str)).collect();
        if parts.is_empty() { kind.title.to_lowercase() } else { parts.join(" ") }
    }
}

fn longest(pointed: &Pointed) -> usize {
    pointed.series.iter().map(|series| series.values.len()).max().unwrap_or_default()
}

/// Where steps are shorter than the time between two points, the line goes on.
fn bridged(values: &[Option<f64>]) -> Vec<Option<f64>> {
    let known = values.iter().flatten().count();
    // As far as points lie apart as a rule, and a little more.
    let reach = values.len().checked_div(known).map_or(0, |usual| usual + 1);
    let mut bridged = values.to_vec();
    let mut last: Option<(usize, f64)> = None;
    for (place, value) in values.iter().enumerate() {
        let Some(value) = *value else { continue };
        if let Some((before, was)) = last.filter(|(before, _)| place - before <= reach) {
            for (nth, slot) in bridged[before + 1..place].iter_mut().enumerate() {
                #[allow(clippy::cast_precision_loss, reason = "a place in a picture")]
                let part = (nth + 1) as f64 / (place - before) as f64;
                *slot = Some(was + (value - was) * part);
            }
        }
        last = Some((place, value));
    }
    bridged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_gaps_are_bridged_and_long_ones_stay() {
        let check = |values: &[Option<f64>], expected: &[Option<f64>]| assert_eq!(bridged(values), expected);
        check(&[], &[]);
        check(&[None, None], &[None, None]);
        check(&[Some(1.0), None, Some(3.0), None], &[Some(1.0), Some(2.0), Some(3.0), None]);
        let mut values = vec![Some(1.0); 8];
        values.extend([None, None, Some(1.0)]);
        check(&values, &values);
    }
}
