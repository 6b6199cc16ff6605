//! Spans.

use std::borrow::Cow;

use serde::Deserialize;

use super::any::{Commas, Pair, hex, write_number, write_pairs, write_text};
use super::entry::{Entry, Layout, is_id, settle};
use super::error::Flaw;
use super::json::values;
use super::several::Several;
use super::walk::{Home, Records, walk};
use super::wire::Fields;
use crate::names::canonical;
use crate::signal::Signal;
use crate::value::Value;

/// `opentelemetry.proto.trace.v1.Span`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Span<'a> {
    #[serde(borrow, deserialize_with = "values::id")]
    trace_id: Cow<'a, [u8]>,
    #[serde(borrow, deserialize_with = "values::id")]
    span_id: Cow<'a, [u8]>,
    #[serde(borrow, deserialize_with = "values::text")]
    trace_state: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "values::id")]
    parent_span_id: Cow<'a, [u8]>,
    #[serde(borrow, deserialize_with = "values::text")]
    name: Cow<'a, str>,
    #[serde(deserialize_with = "values::number")]
    kind: u32,
    #[serde(deserialize_with = "values::number")]
    start_time_unix_nano: u64,
    #[serde(deserialize_with = "values::number")]
    end_time_unix_nano: u64,
    #[serde(borrow)]
    attributes: Several<Pair<'a>>,
    #[serde(deserialize_with = "values::number")]
    dropped_attributes_count: u32,
    #[serde(borrow)]
    events: Several<Event<'a>>,
    #[serde(borrow)]
    links: Several<Link<'a>>,
    #[serde(borrow, deserialize_with = "values::or_default")]
    status: Status<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Event<'a> {
    #[serde(deserialize_with = "values::number")]
    time_unix_nano: u64,
    #[serde(borrow, deserialize_with = "values::text")]
    name: Cow<'a, str>,
    #[serde(borrow)]
    attributes: Several<Pair<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Link<'a> {
    #[serde(borrow, deserialize_with = "values::id")]
    trace_id: Cow<'a, [u8]>,
    #[serde(borrow, deserialize_with = "values::id")]
    span_id: Cow<'a, [u8]>,
    #[serde(borrow)]
    attributes: Several<Pair<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status<'a> {
    #[serde(borrow, deserialize_with = "values::text")]
    message: Cow<'a, str>,
    #[serde(deserialize_with = "values::number")]
    code: u32,
}

/// Reads an `ExportTraceServiceRequest`.
pub(super) fn from_protobuf(message: &[u8], layout: &mut Layout) -> Result<(), Flaw> {
    walk(message, &mut Spans(layout))
}

struct Spans<'l>(&'l mut Layout);

impl<'a> Records<'a> for Spans<'_> {
    const NAMES: [&'static str; 3] = ["resource_spans", "scope_spans", "spans"];

    fn settle(&mut self, attributes: &mut Several<Pair<'a>>) {
        settle(Signal::Spans, attributes);
    }

    fn record(&mut self, home: &Home<'a>, bytes: &'a [u8]) -> Result<(), Flaw> {
        Span::from_protobuf(bytes)?.lay_out(home, self.0);
        Ok(())
    }
}

impl<'a> Span<'a> {
    fn from_protobuf(bytes: &'a [u8]) -> Result<Self, Flaw> {
        let mut span = Self::default();
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => span.trace_id = Cow::Borrowed(value.bytes()?),
                2 => span.span_id = Cow::Borrowed(value.bytes()?),
                3 => span.trace_state = value.text()?,
                4 => span.parent_span_id = Cow::Borrowed(value.bytes()?),
                5 => span.name = value.text()?,
                6 => span.kind = value.varint32()?,
                7 => span.start_time_unix_nano = value.fixed64()?,
                8 => span.end_time_unix_nano = value.fixed64()?,
                9 => span.attributes.push(Pair::from_protobuf(value.bytes()?)?),
                10 => span.dropped_attributes_count = value.varint32()?,
                11 => span.events.push(Event::from_protobuf(value.bytes()?)?),
                13 => span.links.push(Link::from_protobuf(value.bytes()?)?),
                15 => span.status.merge(value.bytes()?)?,
                _ => {}
            }
        }
        Ok(span)
    }

    pub(super) fn lay_out(&self, home: &Home<'_>, layout: &mut Layout) {
        if !is_id::<16>(&self.trace_id) {
            return layout.reject("a span has no trace id of 16 bytes");
        }
        if !is_id::<8>(&self.span_id) {
            return layout.reject("a span has no id of 8 bytes");
        }
        let Some(mut entry) = layout.entry([self.start_time_unix_nano, self.end_time_unix_nano]) else { return };
        entry.set("name", Value::Text(&self.name));
        entry.text("kind", kind(self.kind));
        entry.id::<16>("trace_id", &self.trace_id);
        entry.id::<8>("span_id", &self.span_id);
        entry.id::<8>("parent_span_id", &self.parent_span_id);
        entry.set("duration_ms", Value::Float(self.duration_ms()));
        self.status.lay_out(&mut entry);
        entry.attributes(Signal::Spans, self.attributes.items());
        entry.text("trace_state", &self.trace_state);
        self.lay_out_events(&mut entry);
        self.lay_out_links(&mut entry);
        let dropped = u64::from(self.dropped_attributes_count) + self.attributes.dropped;
        if dropped != 0 {
            entry.set("dropped_fields", Value::Int(dropped.cast_signed()));
        }
        entry.text("scope", &home.scope.name);
        entry.home(home);
    }

    #[allow(clippy::cast_precision_loss, reason = "a hundred days have 2^53 nanoseconds")]
    fn duration_ms(&self) -> f64 {
        self.end_time_unix_nano.saturating_sub(self.start_time_unix_nano) as f64 / 1e6
    }

    fn lay_out_events(&self, entry: &mut Entry<'_>) {
        if self.events.items().is_empty() {
            return;
        }
        let exception = self.events.items().iter().find(|event| event.name == "exception");
        for pair in exception.iter().flat_map(|event| event.attributes.items()) {
            let name = pair.name();
            if let "exception.type" | "exception.message" | "exception.stacktrace" = &*name {
                entry.any(canonical(&name), &pair.value);
            }
        }
        entry.set("events", Value::Json(&list(self.events.items(), Event::write)));
    }

    fn lay_out_links(&self, entry: &mut Entry<'_>) {
        if !self.links.items().is_empty() {
            entry.set("links", Value::Json(&list(self.links.items(), Link::write)));
        }
    }
}

/// An array of these as JSON.
pub(super) fn list<T>(items: &[T], write: impl Fn(&T, &mut Vec<u8>)) -> String {
    let mut out = vec![b'['];
    let mut commas = Commas::default();
    for item in items {
        commas.next(&mut out);
        write(item, &mut out);
    }
    out.push(b']');
    String::from_utf8(out).unwrap_or_default()
}

const fn kind(number: u32) -> &'static str {
    match number {
        1 => "internal",
        2 => "server",
        3 => "client",
        4 => "producer",
        5 => "consumer",
        _ => "",
    }
}

impl<'a> Event<'a> {
    fn from_protobuf(bytes: &'a [u8]) -> Result<Self, Flaw> {
        let mut event = Self::default();
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => event.time_unix_nano = value.fixed64()?,
                2 => event.name = value.text()?,
                3 => event.attributes.push(Pair::from_protobuf(value.bytes()?)?),
                _ => {}
            }
        }
        Ok(event)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"time_unix_nano\":\"");
        write_number(self.time_unix_nano, out);
        out.extend_from_slice(b"\",\"name\":");
        write_text(&self.name, out);
        write_attributes(self.attributes.items(), out);
    }
}

impl<'a> Link<'a> {
    fn from_protobuf(bytes: &'a [u8]) -> Result<Self, Flaw> {
        let mut link = Self::default();
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => link.trace_id = Cow::Borrowed(value.bytes()?),
                2 => link.span_id = Cow::Borrowed(value.bytes()?),
                4 => link.attributes.push(Pair::from_protobuf(value.bytes()?)?),
                _ => {}
            }
        }
        Ok(link)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"trace_id\":");
        write_text(&hex(&self.trace_id), out);
        out.extend_from_slice(b",\"span_id\":");
        write_text(&hex(&self.span_id), out);
        write_attributes(self.attributes.items(), out);
    }
}

/// Ends an object with its attributes.
pub(super) fn write_attributes(attributes: &[Pair<'_>], out: &mut Vec<u8>) {
    if !attributes.is_empty() {
        out.extend_from_slice(b",\"attributes\":");
        write_pairs(attributes, out);
    }
    out.push(b'}');
}

impl<'a> Status<'a> {
    fn merge(&mut self, bytes: &'a [u8]) -> Result<(), Flaw> {
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                2 => self.message = value.text()?,
                3 => self.code = value.varint32()?,
                _ => {}
            }
        }
        Ok(())
    }

    fn lay_out(&self, entry: &mut Entry<'_>) {
        match self.code {
            1 => entry.set("otel.status_code", Value::Text("OK")),
            2 => entry.set("otel.status_code", Value::Text("ERROR")),
            _ => {}
        }
        entry.text("otel.status_description", &self.message);
    }
}
