//! Log records.

use std::borrow::Cow;

use serde::Deserialize;

use super::any::{Any, Pair};
use super::entry::{Entry, Layout, settle};
use super::error::Flaw;
use super::json::values;
use super::several::Several;
use super::walk::{Home, Records, walk};
use super::wire::{END, Fields, bytes_key, fixed32_key, fixed64_key, text, varint_key};
use crate::level::Level;
use crate::signal::Signal;
use crate::value::Value;

/// `opentelemetry.proto.logs.v1.LogRecord`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct LogRecord<'a> {
    #[serde(deserialize_with = "values::number")]
    time_unix_nano: u64,
    #[serde(deserialize_with = "values::number")]
    observed_time_unix_nano: u64,
    #[serde(deserialize_with = "values::number")]
    severity_number: u32,
    #[serde(borrow, deserialize_with = "values::text")]
    severity_text: Cow<'a, str>,
    #[serde(borrow)]
    body: Any<'a>,
    #[serde(borrow)]
    attributes: Several<Pair<'a>>,
    #[serde(deserialize_with = "values::number")]
    dropped_attributes_count: u32,
    #[serde(deserialize_with = "values::number")]
    flags: u32,
    #[serde(borrow, deserialize_with = "values::id")]
    trace_id: Cow<'a, [u8]>,
    #[serde(borrow, deserialize_with = "values::id")]
    span_id: Cow<'a, [u8]>,
    #[serde(borrow, deserialize_with = "values::text")]
    event_name: Cow<'a, str>,
}

/// Reads an `ExportLogsServiceRequest`.
pub(super) fn from_protobuf(message: &[u8], layout: &mut Layout) -> Result<(), Flaw> {
    walk(message, &mut Logs { layout, record: LogRecord::default() })
}

struct Logs<'l, 'a> {
    layout: &'l mut Layout,
    /// One for all, so that its memory is used again.
    record: LogRecord<'a>,
}

impl<'a> Records<'a> for Logs<'_, 'a> {
    const NAMES: [&'static str; 3] = ["resource_logs", "scope_logs", "log_records"];

    fn settle(&mut self, attributes: &mut Several<Pair<'a>>) {
        settle(Signal::Logs, attributes);
    }

    fn record(&mut self, home: &Home<'a>, bytes: &'a [u8]) -> Result<(), Flaw> {
        self.record.read(bytes)?;
        self.record.lay_out(home, self.layout);
        Ok(())
    }
}

const TIME: u64 = fixed64_key(1);
const SEVERITY_NUMBER: u64 = varint_key(2);
const SEVERITY_TEXT: u64 = bytes_key(3);
const BODY: u64 = bytes_key(5);
const ATTRIBUTES: u64 = bytes_key(6);
const DROPPED: u64 = varint_key(7);
const FLAGS: u64 = fixed32_key(8);
const TRACE_ID: u64 = bytes_key(9);
const SPAN_ID: u64 = bytes_key(10);
const OBSERVED_TIME: u64 = fixed64_key(11);
const EVENT_NAME: u64 = bytes_key(12);

impl<'a> LogRecord<'a> {
    fn read(&mut self, bytes: &'a [u8]) -> Result<(), Flaw> {
        /// The numbers above.
        const KNOWN: u32 = 0b1_1111_1110_1110;
        self.attributes.clear();
        *self = Self { attributes: std::mem::take(&mut self.attributes), ..Self::default() };
        let mut fields = Fields::new(bytes);
        loop {
            match fields.key()? {
                END => return Ok(()),
                TIME => self.time_unix_nano = fields.fixed64()?,
                SEVERITY_NUMBER => self.severity_number = fields.varint32()?,
                SEVERITY_TEXT => self.severity_text = text(fields.bytes()?),
                BODY => self.body.merge(fields.bytes()?)?,
                ATTRIBUTES => self.attributes.push(Pair::from_protobuf(fields.bytes()?)?),
                DROPPED => self.dropped_attributes_count = fields.varint32()?,
                FLAGS => self.flags = fields.fixed32()?,
                TRACE_ID => self.trace_id = Cow::Borrowed(fields.bytes()?),
                SPAN_ID => self.span_id = Cow::Borrowed(fields.bytes()?),
                OBSERVED_TIME => self.observed_time_unix_nano = fields.fixed64()?,
                EVENT_NAME => self.event_name = text(fields.bytes()?),
                other => fields.pass_over(other, KNOWN)?,
            }
        }
    }

    pub(super) fn lay_out(&self, home: &Home<'_>, layout: &mut Layout) {
        let Some(mut entry) = layout.entry([self.time_unix_nano, self.observed_time_unix_nano]) else { return };
        self.lay_out_level(&mut entry);
        entry.text("target", &home.scope.name);
        match &self.body {
            Any::Absent | Any::Raw(_) | Any::Text(_) | Any::Json(_) => entry.any("message", &self.body),
            // A message is text for everyone who searches.
            other => entry.set("message", Value::Text(&json(other))),
        }
        entry.id::<16>("trace_id", &self.trace_id);
        entry.id::<8>("span_id", &self.span_id);
        entry.text("event", &self.event_name);
        entry.attributes(Signal::Logs, self.attributes.items());
        let dropped = u64::from(self.dropped_attributes_count) + self.attributes.dropped;
        if dropped != 0 {
            entry.set("dropped_fields", Value::Int(dropped.cast_signed()));
        }
        if self.flags & 0xff != 0 {
            entry.set("trace_flags", Value::Text(&format!("{:02x}", self.flags & 0xff)));
        }
        entry.home(home);
    }

    fn lay_out_level(&self, entry: &mut Entry<'_>) {
        let of_number = Level::from_severity(self.severity_number.into());
        let attribute = || self.attributes.items().iter().find(|pair| *pair.key == *b"level");
        let of_text = || {
            Level::parse(&self.severity_text).or_else(|| match &attribute()?.value {
                Any::Text(word) => Level::parse(word),
                Any::Raw(word) => Level::parse(&text(word)),
                _ => None,
            })
        };
        let level = of_number.or_else(of_text).map(Level::as_str);
        if let Some(level) = level {
            entry.set("level", Value::Text(level));
        }
        if self.severity_text.is_empty() {
            // Of a level above ours nothing else would be left.
            if matches!(self.severity_number, 21..=24) {
                entry.set("severity_text", Value::Text("FATAL"));
            }
        } else if level.is_none_or(|level| !level.eq_ignore_ascii_case(&self.severity_text)) {
            entry.set("severity_text", Value::Text(&self.severity_text));
        }
    }
}

fn json(value: &Any<'_>) -> String {
    let mut out = Vec::new();
    value.write(&mut out);
    String::from_utf8(out).unwrap_or_default()
}
