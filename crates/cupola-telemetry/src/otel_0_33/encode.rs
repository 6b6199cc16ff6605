//! A finished span in protobuf, masked.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{Event, Link, SpanContext, SpanId, SpanKind, Status};
use opentelemetry::{Array, KeyValue, StringValue, Value};
use opentelemetry_sdk::trace::SpanData;

use super::mask::{Mask, Shown};
use crate::otlp::wire::Wire;

/// The longest text of an attribute, as on a line.
const MAX_TEXT: usize = 16 * 1024;

/// The flags' upper bits: whether the parent's span is remote is known, and it is.
const IS_REMOTE_KNOWN: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;

/// Appends the fields of `opentelemetry.proto.trace.v1.Span`.
pub(super) fn span(data: &SpanData, mask: &Mask<'_>, out: &mut Vec<u8>) {
    let mut wire = Wire(out);
    wire.bytes(1, &data.span_context.trace_id().to_bytes());
    wire.bytes(2, &data.span_context.span_id().to_bytes());
    trace_state(&data.span_context, &mut wire);
    if data.parent_span_id != SpanId::INVALID {
        wire.bytes(4, &data.parent_span_id.to_bytes());
    }
    wire.bytes(5, cut(&mask.text(&data.name)).as_bytes());
    wire.uint(6, kind(&data.span_kind));
    wire.fixed64(7, nanoseconds(data.start_time));
    wire.fixed64(8, nanoseconds(data.end_time));
    attributes(9, &data.attributes, mask, &mut wire);
    wire.uint(10, data.dropped_attributes_count.into());
    data.events.iter().for_each(|event| wire.message(11, |wire| write_event(event, mask, wire)));
    wire.uint(12, data.events.dropped_count.into());
    data.links.iter().for_each(|link| wire.message(13, |wire| write_link(link, mask, wire)));
    wire.uint(14, data.links.dropped_count.into());
    wire.message(15, |wire| write_status(&data.status, mask, wire));
    wire.fixed32(16, flags(&data.span_context, data.parent_span_is_remote));
}

fn write_event(event: &Event, mask: &Mask<'_>, wire: &mut Wire<'_>) {
    wire.fixed64(1, nanoseconds(event.timestamp));
    wire.bytes(2, cut(&mask.text(&event.name)).as_bytes());
    attributes(3, &event.attributes, mask, wire);
    wire.uint(4, event.dropped_attributes_count.into());
}

fn write_link(link: &Link, mask: &Mask<'_>, wire: &mut Wire<'_>) {
    wire.bytes(1, &link.span_context.trace_id().to_bytes());
    wire.bytes(2, &link.span_context.span_id().to_bytes());
    trace_state(&link.span_context, wire);
    attributes(4, &link.attributes, mask, wire);
    wire.uint(5, link.dropped_attributes_count.into());
    wire.fixed32(6, flags(&link.span_context, link.span_context.is_remote()));
}

fn write_status(status: &Status, mask: &Mask<'_>, wire: &mut Wire<'_>) {
    match status {
        Status::Unset => {}
        Status::Ok => wire.uint(3, 1),
        Status::Error { description } => {
            wire.bytes(2, cut(&mask.text(description)).as_bytes());
            wire.uint(3, 2);
        }
    }
}

fn attributes(field: u8, attributes: &[KeyValue], mask: &Mask<'_>, wire: &mut Wire<'_>) {
    for KeyValue { key, value, .. } in attributes {
        let shown = mask.judge(key, value);
        wire.message(field, |pair| {
            pair.bytes(1, key.as_str().as_bytes());
            pair.message(2, |any| match shown {
                Shown::As => write_value(value, mask, any),
                Shown::Masked => any.always_bytes(1, cupola_redact::REDACTED.as_bytes()),
            });
        });
    }
}

fn write_value(value: &Value, mask: &Mask<'_>, any: &mut Wire<'_>) {
    match value {
        Value::Bool(flag) => any.always_uint(2, u64::from(*flag)),
        Value::I64(number) => any.always_uint(3, number.cast_unsigned()),
        Value::F64(number) => any.always_fixed64(4, number.to_bits()),
        Value::String(text) => write_text(text, mask, any),
        Value::Array(array) => any.message(5, |list| write_array(array, mask, list)),
        other => any.always_bytes(1, cut(&mask.text(&other.to_string())).as_bytes()),
    }
}

fn write_array(array: &Array, mask: &Mask<'_>, list: &mut Wire<'_>) {
    match array {
        Array::Bool(flags) => flags.iter().for_each(|flag| list.message(1, |any| any.always_uint(2, u64::from(*flag)))),
        Array::I64(numbers) => {
            numbers.iter().for_each(|number| list.message(1, |any| any.always_uint(3, number.cast_unsigned())));
        }
        Array::F64(numbers) => {
            numbers.iter().for_each(|number| list.message(1, |any| any.always_fixed64(4, number.to_bits())));
        }
        Array::String(texts) => texts.iter().for_each(|text| list.message(1, |any| write_text(text, mask, any))),
        other => list.message(1, |any| any.always_bytes(1, cut(&mask.text(&other.to_string())).as_bytes())),
    }
}

fn write_text(text: &StringValue, mask: &Mask<'_>, any: &mut Wire<'_>) {
    any.always_bytes(1, cut(&mask.text(text.as_str())).as_bytes());
}

fn trace_state(context: &SpanContext, wire: &mut Wire<'_>) {
    let state = context.trace_state();
    // Making the text allocates, and most have none.
    if *state != opentelemetry::trace::TraceState::NONE {
        wire.bytes(3, state.header().as_bytes());
    }
}

fn flags(context: &SpanContext, is_remote: bool) -> u32 {
    u32::from(context.trace_flags().to_u8()) | IS_REMOTE_KNOWN | if is_remote { IS_REMOTE } else { 0 }
}

const fn kind(kind: &SpanKind) -> u64 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use cupola_redact::KeyPolicy;
    use opentelemetry::InstrumentationScope;
    use opentelemetry::trace::{TraceFlags, TraceId, TraceState};
    use opentelemetry_proto::tonic::trace::v1::Span;
    use prost::Message as _;

    fn context(remote: bool, state: &str) -> SpanContext {
        let (trace, span) = (TraceId::from(7), SpanId::from(9));
        SpanContext::new(trace, span, TraceFlags::new(3), remote, state.parse().unwrap_or(TraceState::NONE))
    }

    fn data(attributes: Vec<KeyValue>) -> SpanData {
        let start_time = UNIX_EPOCH + Duration::from_nanos(1_795_000_000_123_456_789);
        SpanData {
            span_context: context(false, "congo=t61,rojo=00f0"),
            parent_span_id: SpanId::from(3),
            parent_span_is_remote: true,
            span_kind: SpanKind::Server,
            name: "GET /vms/{id}".into(),
            start_time,
            end_time: start_time + Duration::from_millis(3),
            attributes,
            dropped_attributes_count: 2,
            events: Default::default(),
            links: Default::default(),
            status: Status::Unset,
            instrumentation_scope: InstrumentationScope::builder("test").build(),
        }
    }

    fn all_values() -> Vec<KeyValue> {
        vec![
            KeyValue::new("text", "x".repeat(300)),
            KeyValue::new("empty", ""),
            KeyValue::new("flag", false),
            KeyValue::new("number", -1i64),
            KeyValue::new("zero", 0i64),
            KeyValue::new("float", 0.5),
            KeyValue::new("flags", Value::Array(vec![true, false].into())),
            KeyValue::new("numbers", Value::Array(vec![1i64, -2].into())),
            KeyValue::new("floats", Value::Array(vec![1.5, 0.0].into())),
            KeyValue::new("texts", Value::Array(vec![StringValue::from("a"), "".into()].into())),
        ]
    }

    fn encoded(data: &SpanData, mask: &Mask<'_>) -> Span {
        let mut out = Vec::new();
        span(data, mask, &mut out);
        Span::decode(&*out).unwrap()
    }

    /// What OpenTelemetry's own crate makes of the same span.
    #[test]
    fn it_reads_as_opentelemetry_writes_it() {
        let mut plain = data(all_values());
        plain.dropped_attributes_count = 0;
        plain.parent_span_id = SpanId::INVALID;
        plain.span_kind = SpanKind::Internal;
        plain.status = Status::Ok;
        let mut full = data(all_values());
        full.status = Status::error("it broke");
        full.events.events.push(Event::new("cache miss", full.start_time, all_values(), 1));
        full.events.dropped_count = 4;
        full.links.links.push(Link::new(context(true, "a=1"), all_values(), 5));
        full.links.links.push(Link::new(context(false, ""), Vec::new(), 0));
        full.links.dropped_count = 6;
        for data in [data(Vec::new()), plain, full] {
            let theirs = Span::from(data.clone());
            assert_eq!(encoded(&data, &Mask::none()), theirs);
        }
    }

    #[test]
    fn what_the_policy_denies_is_masked() {
        let policy = KeyPolicy::default();
        let mut data = data(vec![
            KeyValue::new("password", "hunter2"),
            KeyValue::new("token_count", 7i64),
            KeyValue::new("note", "retry with password=hunter2"),
            KeyValue::new("api_key", Value::Array(vec![StringValue::from("hunter2")].into())),
        ]);
        data.name = "open http://ada:hunter2@db".into();
        data.status = Status::error("password=hunter2 refused");
        data.events.events.push(Event::new("token=hunter2 sent", data.start_time, data.attributes.clone(), 0));
        let span = format!("{:?}", encoded(&data, &Mask::of(&policy, 1)));
        assert!(!span.contains("hunter2") && span.contains("IntValue(7)") && span.contains("refused"), "{span}");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let span = encoded(&data(vec![KeyValue::new("text", "ä".repeat(10_000) + "x")]), &Mask::none());
        let text = format!("{:?}", span.attributes[0].value);
        assert_eq!(text.matches('ä').count(), MAX_TEXT / 2);
    }
}
