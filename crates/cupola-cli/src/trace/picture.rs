//! The waterfall as text.
//!
//! ```text
//! POST /vms 201 48.1ms
//! request_id=0193f2a4 trace_id=4bf92f35 user_id=u-7
//! 2026-11-21T03:46:02.075356Z  4 lines in 2 files, 61.0ms
//!
//!        0   48.1ms ━━━━━━━━━━━━━━━━━━       INFO  POST /vms 201 48.1ms
//!    +3.0ms         ·│                         INFO  machine is made  vm_id=vm-7
//!   +40.2ms   20.8ms                ━━━━━━━━   INFO  job done
//! ```

use std::collections::BTreeSet;

use cupola_line::{Entry, Look, Style, Timestamp, Value, keys};
use jiff::tz::TimeZone;

use super::rows::{Row, is_request, rows};
use crate::log::block::RawLine;
use crate::log::collect::Found;
use crate::log::filter::{lookup, text_of};
use crate::log::input::Input;
use crate::log::line::{self, Line};
use crate::terminal::{counted, milliseconds, safe};

const BAR: usize = 24;
const OWN: [&str; 3] = ["parent_span_id", "linked_trace_id", "trace_flags"];

/// How it is drawn.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) color: bool,
    pub(super) all_fields: bool,
    pub(super) zone: TimeZone,
}

pub(super) fn draw(found: &Found, inputs: &[Input], id: &str, options: &Options) -> Vec<u8> {
    let mut scratches: Vec<Vec<u8>> = vec![Vec::new(); found.lines.len()];
    let mut entries = Vec::with_capacity(found.lines.len());
    for (found, scratch) in found.lines.iter().zip(&mut scratches) {
        let raw = RawLine { at: 0, bytes: &found.raw, open: false };
        if let Line::Entry(entry) = line::read(raw, scratch) {
            entries.push(entry);
        }
    }
    let rows = rows(&entries);
    let shared = shared(&entries);
    let mut out = Vec::new();
    head(&mut out, &entries, &rows, id, &shared);
    let files: BTreeSet<_> = found.lines.iter().map(|line| &inputs[line.input].path).collect();
    let span = Span::of(&rows);
    let time = span.start.map(|start| format!("{}  ", time(start, &options.zone))).unwrap_or_default();
    let (lines, files) = (counted(entries.len() as u64, "line"), counted(files.len() as u64, "file"));
    let text = format!("{time}{lines} in {files}, {}\n\n", milliseconds(span.length() as f64 / 1e3));
    out.extend_from_slice(text.as_bytes());
    let shows = |name: &[u8]| is_hidden(name, &shared).then_some(options.all_fields);
    let style = Style::new().color(options.color).all_fields(options.all_fields);
    for row in &rows {
        let prefix = span.prefix(row);
        Look::new(style).shows(&shows).time(prefix.as_bytes()).entry(&mut out, &entries[row.entry]);
    }
    if found.untold > 0 {
        out.extend_from_slice(format!("... and {}\n", counted(found.untold, "more line")).as_bytes());
    }
    out
}

/// RFC 3339, with the offset of the zone.
fn time(micros: i64, zone: &TimeZone) -> String {
    let time = jiff::Timestamp::from_microsecond(micros).unwrap_or_default().to_zoned(zone.clone());
    match time.offset().is_zero() {
        true => Timestamp::new().unix_micros(micros).as_str().to_owned(),
        false => time.strftime("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string(),
    }
}

fn is_hidden(name: &[u8], shared: &[(&str, String)]) -> bool {
    let is = |other: &str| other.as_bytes() == name;
    is(keys::SPAN_ID) || OWN.iter().any(|own| is(own)) || shared.iter().any(|(name, _)| is(name))
}

/// The fields of context that have one value on all lines that have them.
fn shared(entries: &[Entry<'_>]) -> Vec<(&'static str, String)> {
    let mut shared = Vec::new();
    for name in keys::CONTEXT.into_iter().filter(|name| *name != keys::SPAN_ID) {
        let mut values = entries.iter().filter_map(|entry| lookup(entry, name)).filter(|value| *value != Value::Null);
        let Some(first) = values.next() else { continue };
        let first = text_of(&first).into_owned();
        if values.all(|value| text_of(&value) == first) {
            shared.push((name, first));
        }
    }
    shared
}

/// The request, and whose it is.
fn head(out: &mut Vec<u8>, entries: &[Entry<'_>], rows: &[Row], id: &str, shared: &[(&str, String)]) {
    let requests = || rows.iter().map(|row| &entries[row.entry]).filter(|entry| is_request(entry));
    let is_asked = |entry: &&Entry<'_>| lookup(entry, keys::REQUEST_ID).is_some_and(|value| text_of(&value) == id);
    let request = requests().find(is_asked).or_else(|| requests().next());
    let parts = match request {
        Some(entry) => summary(entry),
        None => vec![safe(id)],
    };
    out.extend_from_slice(parts.join(" ").as_bytes());
    out.push(b'\n');
    let fields: Vec<_> = shared.iter().map(|(name, value)| format!("{name}={}", safe(value))).collect();
    if !fields.is_empty() {
        out.extend_from_slice(fields.join(" ").as_bytes());
        out.push(b'\n');
    }
}

fn summary(entry: &Entry<'_>) -> Vec<String> {
    let text = |name| lookup(entry, name).map(|value| safe(&text_of(&value)));
    let duration = lookup(entry, "duration_ms").and_then(|value| value.as_f64()).map(milliseconds);
    let ending = text("outcome").filter(|outcome| outcome != "complete");
    let route = text("route").or_else(|| text("path"));
    [text("method"), route, text("status"), duration, ending].into_iter().flatten().collect()
}

/// From the first beginning to the last end, in microseconds since 1970.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: Option<i64>,
    end: Option<i64>,
}

impl Span {
    fn of(rows: &[Row]) -> Self {
        Self { start: rows.iter().filter_map(|row| row.start).min(), end: rows.iter().filter_map(|row| row.end).max() }
    }

    fn length(&self) -> i64 {
        self.start.zip(self.end).map_or(0, |(start, end)| end.saturating_sub(start))
    }

    /// What stands before a line: its offset, its duration, its bar.
    fn prefix(&self, row: &Row) -> String {
        let duration = row.duration.map(milliseconds).unwrap_or_default();
        let indent = "  ".repeat(row.depth);
        let Some(((first, start), end)) = self.start.zip(row.start).zip(row.end) else {
            return format!("{:>9} {duration:>8} {:BAR$} {indent}", "", "");
        };
        let offset = milliseconds(start.saturating_sub(first) as f64 / 1e3);
        let offset = if start == first { "0".to_owned() } else { format!("+{offset}") };
        let (from, to) = (self.cell(start), self.cell(end));
        let bar = match row.duration {
            Some(_) => "━".repeat((to - from).max(1)),
            None => "│".to_owned(),
        };
        let from = from.min(BAR - 1);
        format!("{offset:>9} {duration:>8} {:from$}{bar:width$} {indent}", "", width = BAR - from)
    }

    fn cell(&self, time: i64) -> usize {
        let length = self.length().max(1) as f64;
        let offset = time.saturating_sub(self.start.unwrap_or_default()) as f64;
        ((offset / length * BAR as f64).round() as usize).min(BAR)
    }
}
