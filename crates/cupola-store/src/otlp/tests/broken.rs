//! Messages that are none, or written in another order than ours.

use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message as _;

use super::samples::{all_metrics, log, logs, metrics, pair, span, spans, text};
use super::*;

/// Messages with everything in them, in both encodings.
fn messages() -> Vec<(Signal, Encoding, Vec<u8>)> {
    let (logs, spans, metrics) = (logs(vec![log(), log()]), spans(vec![span(), span()]), metrics(all_metrics()));
    vec![
        (Signal::Logs, Encoding::Protobuf, logs.encode_to_vec()),
        (Signal::Spans, Encoding::Protobuf, spans.encode_to_vec()),
        (Signal::Metrics, Encoding::Protobuf, metrics.encode_to_vec()),
        (Signal::Logs, Encoding::Json, serde_json::to_vec(&logs).unwrap()),
        (Signal::Spans, Encoding::Json, serde_json::to_vec(&spans).unwrap()),
        (Signal::Metrics, Encoding::Json, serde_json::to_vec(&metrics).unwrap()),
    ]
}

#[test]
fn a_message_that_is_cut_is_an_error_or_a_part_of_it() {
    for (signal, encoding, message) in messages() {
        for end in 0..message.len() {
            let decoded = decode(signal, encoding, &message[..end], NOW);
            // Protobuf may end between two fields of the message itself; ours has one, or nothing.
            assert_eq!(decoded.is_ok(), encoding == Encoding::Protobuf && end == 0, "{signal} {encoding:?} {end}");
        }
    }
}

/// `xorshift64*`, the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % sides
    }
}

#[test]
fn whatever_changes_in_a_message_is_a_result() {
    let mut dice = Dice(20_261_127);
    let mut results = [0_u32; 2];
    for (signal, encoding, message) in messages() {
        for _ in 0..3_000 {
            let mut changed = message.clone();
            for _ in 0..=dice.roll(3) {
                let place = dice.roll(changed.len());
                match dice.roll(4) {
                    0 => changed[place] ^= 1 << dice.roll(8),
                    1 => changed[place] = dice.roll(256) as u8,
                    2 => _ = changed.remove(place),
                    _ => changed.insert(place, dice.roll(256) as u8),
                }
            }
            let decoded = decode(signal, encoding, &changed, NOW);
            results[usize::from(decoded.is_ok())] += 1;
            if let Ok(decoded) = decoded {
                // What it says is whole: texts are texts, and every value has its entry.
                let _ = entries(&decoded.batch);
            }
        }
    }
    assert!(results.iter().all(|count| *count > 1_000), "neither all nor nothing is an error: {results:?}");
}

#[test]
fn an_error_says_where_and_nothing_of_what_is_there() {
    let check = |signal, encoding, message: &[u8], expected: &str| {
        assert_eq!(decode(signal, encoding, message, NOW).unwrap_err().to_string(), expected);
    };
    let mut message =
        logs(vec![LogRecord::default(), LogRecord { body: Some(text("secret")), ..LogRecord::default() }]);
    message.resource_logs.insert(0, message.resource_logs[0].clone());
    let mut bytes = message.encode_to_vec();
    let place = bytes.windows(6).rposition(|bytes| bytes == b"secret").unwrap();
    bytes[place - 1] = 7;
    let expected = "resource_logs[1].scope_logs[0].log_records[1]: it ends in the middle of a field";
    check(Signal::Logs, Encoding::Protobuf, &bytes, expected);
    // A varint where an object should be; the wire type that there is none of; a varint without end.
    check(
        Signal::Logs,
        Encoding::Protobuf,
        b"\x08\x01",
        "resource_logs[0]: a field is of another kind than it should be",
    );
    check(Signal::Spans, Encoding::Protobuf, b"\x0f", "resource_spans[0]: this is not protobuf");
    check(Signal::Metrics, Encoding::Protobuf, &[0xff; 20], "the message: a number has no end");
    let json = br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":"secret"}]}]}]}"#;
    let error = decode(Signal::Logs, Encoding::Json, json, NOW).unwrap_err().to_string();
    assert!(error.ends_with("another value is expected here") && !error.contains("secret"), "{error}");
    check(Signal::Logs, Encoding::Json, b"{]", "line 1, column 2: this is not JSON");
    check(Signal::Logs, Encoding::Json, b"{", "line 1, column 1: it ends here, in the middle");
    check(Signal::Logs, Encoding::Json, b"\xff", "the message: JSON is text in UTF-8");
    check(Signal::Logs, Encoding::Json, b"{} {}", "line 1, column 4: this is not JSON");
}

#[test]
fn unknown_fields_are_passed_over() {
    let mut message = logs(vec![log()]).encode_to_vec();
    let known = read(Signal::Logs, Encoding::Protobuf, &message);
    // A number, eight bytes, some bytes, four bytes, and a group with a group in it: all of fields that there are none of.
    message.extend_from_slice(
        b"\xa0\x06\x01\xa1\x06________\xa2\x06\x02hi\xa5\x06____\xa3\x06\xab\x06\x08\x01\xac\x06\xa4\x06",
    );
    assert_eq!(read(Signal::Logs, Encoding::Protobuf, &message), known);
    let json = br#"{"x":{"y":[1,2]},"resourceLogs":[{"z":null,"scopeLogs":[{"logRecords":[{"q":{"r":{}},"body":{"stringValue":"b","s":1}}]}]}]}"#;
    assert_eq!(read(Signal::Logs, Encoding::Json, json)[0].1["message"], "text b");
}

#[test]
fn what_is_common_to_a_list_may_stand_behind_it() {
    let resource = |bytes: &[u8]| {
        let message = logs(vec![LogRecord::default()]);
        let of_resource = &message.resource_logs[0];
        let field = |number: u8, inner: Vec<u8>| [&[number << 3 | 2, inner.len() as u8][..], &inner].concat();
        let of_scope = &of_resource.scope_logs[0];
        let scope = field(1, of_scope.scope.as_ref().unwrap().encode_to_vec());
        let list = [field(2, LogRecord::default().encode_to_vec()), scope].concat();
        let resource = field(1, of_resource.resource.as_ref().unwrap().encode_to_vec());
        let inner = [field(2, list), resource, bytes.to_vec()].concat();
        read(Signal::Logs, Encoding::Protobuf, &field(1, inner)).remove(0).1
    };
    let found = resource(b"");
    assert_eq!((&*found["service"], &*found["target"], &*found["lib"]), ("text billing", "text app::vms", "text axum"));
    let json = br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}],"scope":{"name":"s"}},{"logRecords":[{}]}],
        "resource":{"attributes":[{"value":{"stringValue":"v"},"key":"k"}]}},{"scopeLogs":[{"logRecords":[{}]}]}]}"#;
    let found = read(Signal::Logs, Encoding::Json, json);
    assert_eq!(found[0].1, fields([("k", "text v"), ("target", "text s")]));
    assert_eq!((&found[1].1, &found[2].1), (&fields([("k", "text v")]), &fields([])));
}

#[test]
fn json_as_others_write_it() {
    let json = br#"{"resourceLogs":[{"resource":null,"scopeLogs":[{"scope":{},"logRecords":[{
        "timeUnixNano":7,"observedTimeUnixNano":"8","severityNumber":9,"traceId":"0AF7651916CD43DD8448EB211C80319C","spanId":"",
        "body":{"kvlistValue":{"values":[{"key":"n","value":{"intValue":"9007199254740993"}},{"key":"none"}]}},
        "attributes":[{"key":"i","value":{"intValue":5}},{"key":"d","value":{"doubleValue":2}},{"key":"nan","value":{"doubleValue":"NaN"}},
        {"key":"b","value":{"bytesValue":"3q0="}},{"key":"u","value":{"bytesValue":"3q0"}},{"key":"e","value":{}},
        {"key":"a","value":{"arrayValue":{}}},{"key":"esc\n","value":{"stringValue":"\u00e9"}}],"flags":0,"droppedAttributesCount":null}]}]}]}"#;
    let (time, found) = read(Signal::Logs, Encoding::Json, json).remove(0);
    let expected = fields([
        ("level", "text INFO"),
        ("message", r#"json {"n":9007199254740993,"none":null}"#),
        ("trace_id", "id 0af7651916cd43dd8448eb211c80319c"),
        ("i", "int 5"),
        ("d", "float 2.0"),
        ("nan", "float NaN"),
        ("b", "text dead"),
        ("u", "text dead"),
        ("a", "json []"),
        ("esc\n", "text \u{e9}"),
    ]);
    assert_eq!((time, found), (7, expected));
    for none in [&br#"{}"#[..], br#"{"resourceLogs":[]}"#, br#"{"resourceLogs":null}"#, br#"{"resourceLogs":[{}]}"#] {
        assert_eq!(read(Signal::Logs, Encoding::Json, none), []);
    }
    assert_eq!(read(Signal::Logs, Encoding::Protobuf, b""), []);
}

#[test]
fn attributes_without_a_name_are_left_out() {
    let record = LogRecord { attributes: vec![pair("", text("x"))], ..LogRecord::default() };
    let mut message = logs(vec![record]);
    message.resource_logs[0].resource.as_mut().unwrap().attributes = vec![pair("", text("y"))];
    assert!(!read_both(Signal::Logs, &message)[0].1.contains_key(""));
}
