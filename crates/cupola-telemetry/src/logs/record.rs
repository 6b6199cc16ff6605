//! A finished line as a log record in protobuf.

use std::borrow::Cow;

use cupola_context::{SpanId, TraceId};
use cupola_line::{Text, Value, keys, parse_timestamp, scan};

use crate::context_keys::TRACE_FLAGS;
use crate::otlp::wire::Wire;

/// What the log says of exports; of that of log records a collector would only hear in a circle.
const OTLP_TARGET: &str = "cupola::otlp";

/// Appends the fields of `opentelemetry.proto.logs.v1.LogRecord`, and gives the line's target, which is the record's
/// scope. `None` where the line is none to be sent: what is in the buffer then is nothing.
pub(super) fn encode<'l>(line: &'l [u8], observed: u64, out: &mut Vec<u8>) -> Option<Cow<'l, str>> {
    let mut record = Record { wire: Wire(out), target: Cow::Borrowed(""), severity: 0, critical: false, ours: false };
    for member in scan(line) {
        // What is no line is not sent; the writer's are.
        let (key, value) = member.ok()?;
        record.member(key, value);
    }
    let Record { mut wire, target, severity, critical, ours } = record;
    wire.uint(2, if critical { FATAL } else { severity });
    wire.fixed64(11, observed);
    (!ours).then_some(target)
}

/// Appends an attribute to a record.
pub(super) fn attribute(name: &str, text: &str, out: &mut Vec<u8>) {
    Wire(out).message(6, |pair| {
        pair.bytes(1, name.as_bytes());
        pair.message(2, |any| any.always_bytes(1, text.as_bytes()));
    });
}

const FATAL: u64 = 21;

struct Record<'w, 'l> {
    wire: Wire<'w>,
    target: Cow<'l, str>,
    severity: u64,
    critical: bool,
    ours: bool,
}

impl<'l> Record<'_, 'l> {
    fn member(&mut self, key: Text<'l>, value: Value<'l>) {
        if !self.own(key, value) {
            self.wire.message(6, |pair| {
                pair.bytes(1, key.unescape().as_bytes());
                pair.message(2, |any| write_value(value, any));
            });
        }
    }

    /// Writes what has a place of its own in a record; `false` where it has none.
    fn own(&mut self, key: Text<'l>, value: Value<'l>) -> bool {
        // The envelope's names, and the ids', are never escaped.
        let name = std::str::from_utf8(key.raw()).unwrap_or_default();
        match (name, value) {
            (keys::TIMESTAMP, Value::Str(text)) => self.wire.fixed64(1, nanoseconds(text)),
            (keys::LEVEL, Value::Str(text)) => {
                self.severity = severity(text.raw());
                self.wire.bytes(3, text.raw());
            }
            (keys::TARGET, Value::Str(text)) => self.target = text.unescape(),
            (keys::MESSAGE, Value::Str(_)) => self.wire.message(5, |any| write_value(value, any)),
            (keys::TRACE_ID, Value::Str(text)) => {
                return self.id(9, TraceId::from_hex(text.raw()).map(TraceId::to_bytes));
            }
            (keys::SPAN_ID, Value::Str(text)) => {
                return self.id(10, SpanId::from_hex(text.raw()).map(SpanId::to_bytes));
            }
            (TRACE_FLAGS, Value::Str(text)) => self.wire.fixed32(8, flags(text.raw())),
            (EVENT, Value::Str(text)) => self.wire.bytes(12, text.unescape().as_bytes()),
            (CRITICAL, Value::Bool(true)) => {
                self.critical = true;
                return false;
            }
            (SIGNAL, Value::Str(text)) => {
                self.ours = self.target == OTLP_TARGET && text.is("logs");
                return false;
            }
            _ => return false,
        }
        true
    }

    /// What is no id is a field like others.
    fn id<const N: usize>(&mut self, field: u8, id: Option<[u8; N]>) -> bool {
        id.inspect(|id| self.wire.bytes(field, id)).is_some()
    }
}

const EVENT: &str = "event";
const CRITICAL: &str = "critical";
const SIGNAL: &str = "signal";

fn write_value(value: Value<'_>, any: &mut Wire<'_>) {
    match value {
        Value::Str(text) if text.has_escapes() => any.always_bytes(1, text.unescape().as_bytes()),
        Value::Str(text) => any.always_bytes(1, text.raw()),
        Value::Bool(flag) => any.always_uint(2, u64::from(flag)),
        Value::Number(digits) => match (value.as_i64(), value.as_f64()) {
            (Some(number), _) => any.always_uint(3, number.cast_unsigned()),
            (None, Some(number)) => any.always_fixed64(4, number.to_bits()),
            (None, None) => any.always_bytes(1, digits),
        },
        // Nothing at all is a value too.
        Value::Null => {}
        Value::Object(json) | Value::Array(json) => any.always_bytes(1, json),
    }
}

fn nanoseconds(text: Text<'_>) -> u64 {
    let micros = parse_timestamp(text.raw()).and_then(|micros| u64::try_from(micros).ok());
    micros.map_or(0, |micros| micros.saturating_mul(1_000))
}

fn severity(level: &[u8]) -> u64 {
    match level {
        b"TRACE" => 1,
        b"DEBUG" => 5,
        b"INFO" => 9,
        b"WARN" => 13,
        b"ERROR" => 17,
        _ => 0,
    }
}

fn flags(text: &[u8]) -> u32 {
    std::str::from_utf8(text).ok().and_then(|text| u32::from_str_radix(text, 16).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
    use opentelemetry_proto::tonic::logs::v1::LogRecord;
    use prost::Message as _;

    fn decoded(line: &str) -> Option<(String, LogRecord)> {
        let mut out = Vec::new();
        let target = encode(line.as_bytes(), 7, &mut out)?.into_owned();
        Some((target, LogRecord::decode(&*out).unwrap()))
    }

    fn attributes(record: &LogRecord) -> Vec<(&str, Option<Any>)> {
        let value = |value: &Option<opentelemetry_proto::tonic::common::v1::AnyValue>| value.clone()?.value;
        record.attributes.iter().map(|pair| (pair.key.as_str(), value(&pair.value))).collect()
    }

    #[test]
    fn everything_that_has_a_place_of_its_own_is_there() {
        let line = concat!(
            r#"{"timestamp":"2026-11-21T03:46:02.123456Z","level":"WARN","target":"app::vms","category":"api","#,
            r#""message":"a \"b\"","event":"vm.started","trace_id":"0af7651916cd43dd8448eb211c80319c","#,
            r#""span_id":"b7ad6b7169203331","trace_flags":"03"}"#,
            "\n"
        );
        let (target, record) = decoded(line).unwrap();
        assert_eq!((target.as_str(), record.observed_time_unix_nano), ("app::vms", 7));
        assert_eq!(record.time_unix_nano, 1_795_232_762_123_456_000);
        assert_eq!((record.severity_number, record.severity_text.as_str()), (13, "WARN"));
        assert_eq!(record.body.clone().unwrap().value, Some(Any::StringValue("a \"b\"".to_owned())));
        assert_eq!((record.trace_id[0], record.span_id[0], record.flags), (0x0a, 0xb7, 3));
        assert_eq!(record.event_name, "vm.started");
        assert_eq!(attributes(&record), [("category", Some(Any::StringValue("api".to_owned())))]);
    }

    #[test]
    fn fields_keep_their_types() {
        let line = r#"{"a":-1,"b":18446744073709551615,"c":1.0,"d":true,"e":null,"f":{"x":[1]},"g\n":"\u2028","h":""}"#;
        let (_, record) = decoded(line).unwrap();
        let text = |text: &str| Some(Any::StringValue(text.to_owned()));
        let expected = [
            ("a", Some(Any::IntValue(-1))),
            ("b", Some(Any::DoubleValue(18_446_744_073_709_551_615.0))),
            ("c", Some(Any::DoubleValue(1.0))),
            ("d", Some(Any::BoolValue(true))),
            ("e", None),
            ("f", text(r#"{"x":[1]}"#)),
            ("g\n", text("\u{2028}")),
            ("h", text("")),
        ];
        assert_eq!(attributes(&record), expected);
    }

    #[test]
    fn severities_as_the_specification_counts_them() {
        let check = |fields: &str, number| {
            let (_, record) = decoded(&format!("{{{fields}}}")).unwrap();
            assert_eq!(record.severity_number, number, "{fields}");
        };
        check(r#""level":"TRACE""#, 1);
        check(r#""level":"DEBUG""#, 5);
        check(r#""level":"INFO""#, 9);
        check(r#""level":"ERROR""#, 17);
        check(r#""level":"ERROR","critical":true"#, 21);
        check(r#""level":"ERROR","critical":false"#, 17);
    }

    #[test]
    fn what_is_no_id_is_an_attribute() {
        let (_, record) = decoded(r#"{"trace_id":"mine","span_id":7}"#).unwrap();
        assert!(record.trace_id.is_empty() && record.span_id.is_empty());
        assert_eq!(attributes(&record).len(), 2);
    }

    #[test]
    fn what_is_no_line_is_not_sent_and_neither_is_what_speaks_of_sending() {
        for line in ["", "not json", r#"{"a":1"#, r#"{"target":"cupola::otlp","message":"x","signal":"logs"}"#] {
            assert!(decoded(line).is_none(), "{line}");
        }
        assert!(decoded(r#"{"target":"cupola::otlp","message":"x","signal":"traces"}"#).is_some());
    }
}
