//! Entries as they are laid out in columns: names, order of precedence, and bounds.

use std::borrow::Cow;

use super::Decoded;
use super::any::{Any, Pair};
use super::several::Several;
use super::walk::Home;
use super::wire::text;
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
    head: Known,
    own: Known,
    common: Known,
}

/// Where the fields of the last record went: those of the next one have the same names, in the same order.
#[derive(Debug, Default)]
struct Known(Vec<(Vec<u8>, usize)>);

impl Known {
    /// The column of an attribute, which is the one of this number.
    #[inline]
    fn place(&mut self, number: usize, key: &[u8], find: impl FnOnce() -> Option<usize>) -> Option<usize> {
        match self.0.get(number) {
            Some((known, place)) if *known == key => Some(*place),
            _ => self.learn(number, key, find()?),
        }
    }

    #[cold]
    fn learn(&mut self, number: usize, key: &[u8], place: usize) -> Option<usize> {
        if number == self.0.len() {
            self.0.push((Vec::new(), place));
        }
        if let Some((known, known_place)) = self.0.get_mut(number) {
            known.clear();
            known.extend_from_slice(key);
            *known_place = place;
        }
        Some(place)
    }
}

impl Layout {
    pub(super) fn new(signal: Signal, received: i64) -> Self {
        Self {
            batch: Batch::new(signal),
            received,
            room: MAX_BYTES,
            rejected: 0,
            reason: None,
            head: Known::default(),
            own: Known::default(),
            common: Known::default(),
        }
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
        let row = self.batch.row(time);
        let (head, own, common) = (&mut self.head, &mut self.own, &mut self.common);
        Some(Entry { row, room: &mut self.room, said: 0, head, own, common })
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
    /// How many fields the record has itself, so far.
    said: usize,
    head: &'l mut Known,
    own: &'l mut Known,
    common: &'l mut Known,
}

impl Entry<'_> {
    pub(super) fn set(&mut self, name: &str, value: Value<'_>) {
        if let Some(place) = self.head(name) {
            self.set_at(place, value);
        }
    }

    fn head(&mut self, name: &str) -> Option<usize> {
        let row = &mut self.row;
        self.said += 1;
        self.head.place(self.said - 1, name.as_bytes(), || row.place(name))
    }

    #[inline]
    fn set_at(&mut self, place: usize, value: Value<'_>) {
        let length = match value {
            Value::Text(text) | Value::Json(text) if text.len() > MAX_VALUE_BYTES => return self.set_cut(place, text),
            Value::Text(text) | Value::Json(text) => text.len(),
            Value::Id(id) => id.len(),
            _ => size_of::<i64>(),
        };
        *self.room = self.room.saturating_sub(length + VALUE_BYTES);
        self.row.set_at(place, value);
    }

    #[cold]
    fn set_cut(&mut self, place: usize, text: &str) {
        let kept = text.floor_char_boundary(MAX_VALUE_BYTES);
        let cut = format!("{}…[+{} bytes]", &text[..kept], text.len() - kept);
        *self.room = self.room.saturating_sub(cut.len() + VALUE_BYTES);
        self.row.set_at(place, Value::Text(&cut));
    }

    /// A text; an empty one is none.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.set(name, Value::Text(text));
        }
    }

    /// An id of so many bytes. What is of another length, or nothing but zeros, is none.
    pub(super) fn id<const N: usize>(&mut self, name: &str, id: &[u8]) {
        if is_id::<N>(id) {
            self.set(name, Value::Id(id));
        }
    }

    pub(super) fn any(&mut self, name: &str, any: &Any<'_>) {
        if !matches!(any, Any::Absent)
            && let Some(place) = self.head(name)
        {
            self.any_at(place, any);
        }
    }

    #[inline]
    fn any_at(&mut self, place: usize, any: &Any<'_>) {
        match any {
            Any::Absent => {}
            Any::Raw(bytes) if bytes.is_ascii() && bytes.len() <= MAX_VALUE_BYTES => {
                *self.room = self.room.saturating_sub(bytes.len() + VALUE_BYTES);
                self.row.set_ascii_at(place, bytes);
            }
            Any::Raw(bytes) => self.set_at(place, Value::Text(&text(bytes))),
            Any::Text(text) => self.set_at(place, Value::Text(text)),
            Any::Bool(is) => self.set_at(place, Value::Bool(*is)),
            Any::Int(number) => self.set_at(place, Value::Int(*number)),
            Any::Double(number) => self.set_at(place, Value::Float(*number)),
            Any::Json(json) => self.set_at(place, Value::Json(json)),
        }
    }

    /// Attributes of the record itself.
    pub(super) fn attributes(&mut self, signal: Signal, attributes: &[Pair<'_>]) {
        let there = attributes.iter().filter(|pair| !pair.key.is_empty() && !matches!(pair.value, Any::Absent));
        for (number, pair) in there.enumerate() {
            let row = &mut self.row;
            let find = || row.place(name(signal, &pair.name()));
            if let Some(place) = self.own.place(number, &pair.key, find) {
                self.any_at(place, &pair.value);
            }
        }
    }

    /// Attributes of its scope and its resource, whose names [`settle`] has made ours.
    pub(super) fn home(&mut self, home: &Home<'_>) {
        let pairs = home.scope.attributes.items().iter().chain(home.resource.items());
        for (number, pair) in pairs.filter(|pair| !matches!(pair.value, Any::Absent)).enumerate() {
            let row = &mut self.row;
            if let Some(place) = self.common.place(number, &pair.key, || row.place(&pair.name())) {
                self.any_at(place, &pair.value);
            }
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
        if pair.key.is_empty() {
            pair.value = Any::Absent;
        }
        pair.key = Cow::Owned(name(signal, &pair.name()).as_bytes().to_owned());
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
