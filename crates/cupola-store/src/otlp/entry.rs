//! Entries as they are laid out in columns: names, order of precedence, and bounds.

use std::borrow::Cow;

use super::Decoded;
use super::any::{Any, Pair};
use super::several::Several;
use super::walk::Home;
use crate::batch::{Batch, Row};
use crate::names::canonical;
use crate::signal::Signal;
use crate::value::Value;

/// So much the entries of one message take at most, laid out; a resource's attributes count for each of them. What is beyond is
/// rejected: a few bytes of a message must not become gigabytes.
const MAX_BYTES: usize = 256 * 1024 * 1024;

/// A longer value is cut, and says so.
const MAX_VALUE_BYTES: usize = 256 * 1024;

/// About what a value takes beside its bytes.
const VALUE_BYTES: usize = 9;

const TOO_MUCH: &str = "the entries of one message take more than 256 MiB";

/// Lays out the entries of a message.
#[derive(Debug)]
pub(super) struct Layout {
    batch: Batch,
    received: i64,
    room: usize,
    rejected: u64,
    reason: Option<&'static str>,
}

impl Layout {
    pub(super) fn new(signal: Signal, received: i64) -> Self {
        Self { batch: Batch::new(signal), received, room: MAX_BYTES, rejected: 0, reason: None }
    }

    pub(super) fn end(self) -> Decoded {
        Decoded { batch: self.batch, rejected: self.rejected, reason: self.reason }
    }

    pub(super) fn signal(&self) -> Signal {
        self.batch.signal()
    }

    /// Begins an entry at the first of these times that is one; `None` where there is no more room.
    pub(super) fn entry(&mut self, times: [u64; 2]) -> Option<Entry<'_>> {
        if self.room == 0 {
            self.reject(TOO_MUCH);
            return None;
        }
        let time = times.into_iter().find(|time| *time != 0);
        let time = time.map_or(self.received, |time| i64::try_from(time).unwrap_or(i64::MAX));
        self.room = self.room.saturating_sub(size_of::<i64>());
        Some(Entry { row: self.batch.row(time), room: &mut self.room })
    }

    pub(super) fn reject(&mut self, reason: &'static str) {
        self.rejected += 1;
        self.reason.get_or_insert(reason);
    }
}

/// An entry that is given its fields. Of a name the first one stays.
#[derive(Debug)]
pub(super) struct Entry<'l> {
    row: Row<'l>,
    room: &'l mut usize,
}

impl Entry<'_> {
    #[inline]
    pub(super) fn set(&mut self, name: &str, value: Value<'_>) {
        let length = match value {
            Value::Text(text) | Value::Json(text) if text.len() > MAX_VALUE_BYTES => return self.set_cut(name, text),
            Value::Text(text) | Value::Json(text) => text.len(),
            Value::Id(id) => id.len(),
            _ => size_of::<i64>(),
        };
        *self.room = self.room.saturating_sub(length + VALUE_BYTES);
        self.row.set(name, value);
    }

    #[cold]
    fn set_cut(&mut self, name: &str, text: &str) {
        let kept = text.floor_char_boundary(MAX_VALUE_BYTES);
        let cut = format!("{}…[+{} bytes]", &text[..kept], text.len() - kept);
        *self.room = self.room.saturating_sub(cut.len() + VALUE_BYTES);
        self.row.set(name, Value::Text(&cut));
    }

    /// A text; an empty one is none.
    #[inline]
    pub(super) fn text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.set(name, Value::Text(text));
        }
    }

    /// An id of so many bytes. What is of another length, or nothing but zeros, is none.
    #[inline]
    pub(super) fn id<const N: usize>(&mut self, name: &str, id: &[u8]) {
        if is_id::<N>(id) {
            self.set(name, Value::Id(id));
        }
    }

    #[inline]
    pub(super) fn any(&mut self, name: &str, value: &Any<'_>) {
        match value {
            Any::Absent => {}
            Any::Text(text) => self.set(name, Value::Text(text)),
            Any::Bool(is) => self.set(name, Value::Bool(*is)),
            Any::Int(number) => self.set(name, Value::Int(*number)),
            Any::Double(number) => self.set(name, Value::Float(*number)),
            Any::Json(json) => self.set(name, Value::Json(json)),
        }
    }

    /// Attributes of the record itself.
    pub(super) fn attributes(&mut self, signal: Signal, attributes: &[Pair<'_>]) {
        for pair in attributes.iter().filter(|pair| !pair.key.is_empty()) {
            self.any(name(signal, &pair.key), &pair.value);
        }
    }

    /// Attributes of its scope and its resource, whose names [`settle`] has made ours.
    pub(super) fn home(&mut self, home: &Home<'_>) {
        for pair in home.scope.attributes.items().iter().chain(home.resource.items()) {
            self.any(&pair.key, &pair.value);
        }
    }
}

#[inline]
pub(super) fn is_id<const N: usize>(id: &[u8]) -> bool {
    id.len() == N && id.iter().any(|byte| *byte != 0)
}

/// Gives attributes our names, once for all records that have them in common.
pub(super) fn settle(signal: Signal, attributes: &mut Several<Pair<'_>>) {
    for pair in attributes.items_mut() {
        let ours = name(signal, &pair.key);
        if *ours != *pair.key {
            pair.key = Cow::Owned(ours.to_owned());
        }
        if pair.key.is_empty() {
            pair.value = Any::Absent;
        }
    }
}

/// The field under which an attribute is kept.
#[inline]
fn name(signal: Signal, key: &str) -> &str {
    let table = match signal {
        Signal::Logs => LOGS.as_slice(),
        Signal::Spans => &SPANS,
        Signal::Metrics => &METRICS,
    };
    let taken = table.iter().find(|(taken, _)| *taken == key);
    taken.map_or_else(|| canonical(key), |(_, kept)| *kept)
}

macro_rules! taken {
    ($($name:literal)*) => { [$(($name, concat!("fields.", $name))),*] };
}

/// Names that the record itself has, and what an attribute of that name is called.
const LOGS: [(&str, &str); 3] = taken!("level" "message" "severity_text");
const SPANS: [(&str, &str); 9] =
    taken!("name" "kind" "duration_ms" "events" "links" "scope" "trace_id" "span_id" "parent_span_id");
const METRICS: [(&str, &str); 15] = taken!(
    "metric" "unit" "type" "value" "start_time_unix_nano" "temporality" "monotonic" "count" "sum" "min" "max" "buckets"
    "quantiles" "exemplars" "scope"
);
