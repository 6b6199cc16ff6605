//! Adds up the entries of a block.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::batch::Kind;
use crate::block::{Gathered, trace_id};
use crate::rollup::durations::{Durations, bucket};
use crate::rollup::{Cell, Exemplar, Key, Minutes, What};
use crate::signal::Signal;

const MINUTE: i64 = 60_000_000_000;

/// Adds up entries that have these times and fields.
pub(crate) fn collect(signal: Signal, times: &[i64], columns: &[Gathered<'_>]) -> Minutes {
    if signal == Signal::Metrics {
        return BTreeMap::new();
    }
    let mut fields = Fields::new(signal, columns);
    let (mut levels, mut requests) = (FxHashMap::default(), FxHashMap::default());
    for (row, time) in (0..).zip(times) {
        let (minute, service) = (time.div_euclid(MINUTE), fields.service.text(row));
        let level = fields.level.text(row);
        if signal == Signal::Logs {
            *levels.entry((minute, service, level)).or_insert(0_u64) += 1;
        }
        if let Some(request) = fields.request(row, level) {
            let key = (minute, service, request.route, request.class);
            requests.entry(key).or_insert_with(Growing::default).add(&request, fields.trace_id(row));
        }
    }
    let of_level = |((minute, service, level), count)| {
        let key = Key { what: What::Levels, service: text(service), name: text(level), class: 0 };
        ((minute, key), Cell { count, ..Cell::default() })
    };
    let what = if signal == Signal::Logs { What::LoggedRequests } else { What::TracedRequests };
    let of_requests = |((minute, service, route, class), growing): (_, Growing)| {
        ((minute, Key { what, service: text(service), name: text(route), class }), growing.finish())
    };
    levels.into_iter().map(of_level).chain(requests.into_iter().map(of_requests)).collect()
}

fn text(bytes: &[u8]) -> Box<str> {
    String::from_utf8_lossy(bytes).into()
}

/// The fields that are looked at, each read from its first entry to its last.
struct Fields<'a> {
    is_span: bool,
    service: Field<'a>,
    level: Field<'a>,
    route: Field<'a>,
    status: Field<'a>,
    duration: Field<'a>,
    kind: Field<'a>,
    outcome: Field<'a>,
    trace: Field<'a>,
}

struct Request<'a> {
    route: &'a [u8],
    class: u8,
    duration_ms: f64,
    is_error: bool,
}

impl<'a> Fields<'a> {
    fn new(signal: Signal, columns: &'a [Gathered<'a>]) -> Self {
        let field = |name| Field { column: columns.iter().find(|column| column.name == name), next: 0 };
        Self {
            is_span: signal == Signal::Spans,
            service: field("service"),
            level: field("level"),
            route: field("route"),
            status: field("status"),
            duration: field("duration_ms"),
            kind: field("kind"),
            outcome: field("otel.status_code"),
            trace: field("trace_id"),
        }
    }

    fn request(&mut self, row: u32, level: &[u8]) -> Option<Request<'a>> {
        let duration_ms = self.duration.number(row).filter(|duration| *duration >= 0.0 && duration.is_finite())?;
        let route = self.route.text(row);
        if route.is_empty() && !(self.is_span && self.kind.text(row) == b"server") {
            return None;
        }
        let class = self.status.number(row).map_or(0, class);
        let is_error = class == 5 || level == b"ERROR" || self.outcome.text(row) == b"ERROR";
        Some(Request { route, class, duration_ms, is_error })
    }

    fn trace_id(&mut self, row: u32) -> Option<[u8; 16]> {
        let (kind, value) = self.trace.value(row)?;
        if kind == Kind::Id { value.try_into().ok() } else { trace_id(value) }
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between the bounds")]
fn class(status: f64) -> u8 {
    if (100.0..600.0).contains(&status) { (status / 100.0) as u8 } else { 0 }
}

struct Field<'a> {
    column: Option<&'a Gathered<'a>>,
    next: usize,
}

impl<'a> Field<'a> {
    /// The value of an entry; entries are asked for in their order, and not each field is asked for of each.
    fn value(&mut self, row: u32) -> Option<(Kind, &'a [u8])> {
        let column = self.column?;
        while *column.rows.get(self.next)? < row {
            self.next += 1;
        }
        (column.rows[self.next] == row).then(|| column.get(self.next))
    }

    fn text(&mut self, row: u32) -> &'a [u8] {
        match self.value(row) {
            Some((Kind::Text, text)) => text,
            _ => &[],
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "durations and statuses")]
    fn number(&mut self, row: u32) -> Option<f64> {
        let (kind, value) = self.value(row)?;
        match kind {
            Kind::Float => Some(f64::from_le_bytes(value.try_into().ok()?)),
            Kind::Int => Some(i64::from_le_bytes(value.try_into().ok()?) as f64),
            _ => None,
        }
    }
}

/// A cell to which requests are added.
#[derive(Default)]
struct Growing {
    cell: Cell,
    buckets: Vec<u16>,
    sum: f64,
    least: f64,
    most: f64,
}

impl Growing {
    fn add(&mut self, request: &Request<'_>, trace_id: Option<[u8; 16]>) {
        let duration_ms = request.duration_ms;
        (self.least, self.most) = match self.cell.count {
            0 => (duration_ms, duration_ms),
            _ => (self.least.min(duration_ms), self.most.max(duration_ms)),
        };
        self.cell.count += 1;
        self.cell.errors += u64::from(request.is_error);
        self.sum += duration_ms;
        self.buckets.push(bucket(duration_ms));
        if let Some(trace_id) = trace_id {
            #[allow(clippy::cast_possible_truncation, reason = "24 bits are enough to find it")]
            self.cell.show(Exemplar { trace_id, duration_ms: duration_ms as f32, is_error: request.is_error });
        }
    }

    fn finish(mut self) -> Cell {
        self.cell.durations = Durations::new(self.buckets, self.sum, self.least, self.most);
        self.cell
    }
}
