//! Log records.

use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Of;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message as _;

use super::samples::{SPAN, TIME, any, array, log, logs, object, pair, text};
use super::*;

fn only(record: LogRecord) -> (i64, Fields) {
    read_both(Signal::Logs, &logs(vec![record])).remove(0)
}

#[test]
fn everything_of_a_record_has_its_place() {
    let (time, found) = only(log());
    let expected = fields([
        ("level", "text WARN"),
        ("severity_text", "text WARNING"),
        ("target", "text app::vms"),
        ("message", "text machine \"vm-7\" is slow\n"),
        ("trace_id", "id 0af7651916cd43dd8448eb211c80319c"),
        ("span_id", "id b7ad6b7169203331"),
        ("event", "text vm.slow"),
        ("route", "text /vms/{id}"),
        ("status", "int 200"),
        ("duration_ms", "float 1.25"),
        ("cached", "bool 1"),
        ("digest", "text dead"),
        ("tags", r#"json ["a",-1,0.5,null]"#),
        ("who", "json {\"name\":\"Zo\u{eb}\",\"roles\":[]}"),
        ("fields.level", "text loud"),
        ("dropped_fields", "int 3"),
        ("trace_flags", "text 01"),
        ("lib", "text axum"),
        ("service", "text billing"),
        ("host.name", "text web-1"),
    ]);
    assert_eq!((time.unsigned_abs(), found), (TIME, expected));
}

#[test]
fn the_time_is_the_first_that_there_is() {
    let observed = LogRecord { time_unix_nano: 0, ..log() };
    assert_eq!(only(observed).0.unsigned_abs(), TIME + 1);
    assert_eq!(only(LogRecord::default()).0, NOW);
    let endless = LogRecord { time_unix_nano: u64::MAX, ..LogRecord::default() };
    assert_eq!(only(endless).0, i64::MAX);
}

#[test]
fn levels_are_ours_and_other_words_are_kept() {
    let check = |severity_number, severity_text: &str, level: Option<&str>, kept: Option<&str>| {
        let severity_text = severity_text.to_owned();
        let (_, found) = only(LogRecord { severity_number, severity_text, ..LogRecord::default() });
        let text = |name: &str| found.get(name).map(|value| value.trim_start_matches("text "));
        assert_eq!((text("level"), text("severity_text")), (level, kept), "{severity_number}");
    };
    check(0, "", None, None);
    check(1, "", Some("TRACE"), None);
    check(8, "debug", Some("DEBUG"), None);
    check(9, "INFO", Some("INFO"), None);
    check(10, "Information", Some("INFO"), Some("Information"));
    check(16, "WARN4", Some("WARN"), Some("WARN4"));
    check(17, "", Some("ERROR"), None);
    check(21, "", Some("ERROR"), Some("FATAL"));
    check(21, "ERROR", Some("ERROR"), None);
    check(24, "critical", Some("ERROR"), Some("critical"));
    check(0, "warning", Some("WARN"), Some("warning"));
    check(0, "loud", None, Some("loud"));
    check(99, "", None, None);
}

#[test]
fn a_level_that_is_an_attribute_is_one_where_there_is_no_other() {
    let attributes = vec![pair("level", text("error"))];
    let (_, found) = only(LogRecord { attributes, ..LogRecord::default() });
    assert_eq!((&*found["level"], &*found["fields.level"]), ("text ERROR", "text error"));
}

#[test]
fn a_body_is_a_message_whatever_it_is() {
    let check = |body: Option<AnyValue>, message: Option<&str>| {
        let (_, found) = only(LogRecord { body, ..LogRecord::default() });
        assert_eq!(found.get("message").map(String::as_str), message);
    };
    check(None, None);
    check(Some(AnyValue::default()), None);
    check(Some(text("")), Some("text "));
    check(Some(any(Of::IntValue(7))), Some("text 7"));
    check(Some(any(Of::BoolValue(false))), Some("text false"));
    check(Some(object(vec![pair("a", text("b"))])), Some(r#"json {"a":"b"}"#));
}

#[test]
fn what_the_record_says_stands_before_its_scope_and_its_resource() {
    let attributes = vec![pair("service.name", text("mine")), pair("lib", text("ours")), pair("lib", text("again"))];
    let (_, found) = only(LogRecord { attributes, ..LogRecord::default() });
    assert_eq!((&*found["service"], &*found["lib"], &*found["host.name"]), ("text mine", "text ours", "text web-1"));
}

#[test]
fn ids_that_are_none_are_absent() {
    let check = |trace_id: &[u8], span_id: &[u8], expected: [bool; 2]| {
        let ids = LogRecord { trace_id: trace_id.to_vec(), span_id: span_id.to_vec(), ..LogRecord::default() };
        let (_, found) = only(ids);
        assert_eq!([found.contains_key("trace_id"), found.contains_key("span_id")], expected);
    };
    check(&[], &[], [false; 2]);
    check(&[0; 16], &[0; 8], [false; 2]);
    check(&[7; 15], &SPAN, [false, true]);
}

#[test]
fn what_is_nested_beyond_all_measure_is_cut_off() {
    let nested = |depth| (0..depth).fold(text("core"), |inner, _| array(vec![inner]));
    let (_, found) = only(LogRecord { body: Some(nested(25)), ..LogRecord::default() });
    assert_eq!(found["message"], format!("json {}\"core\"{}", "[".repeat(25), "]".repeat(25)));
    let (_, found) = only(LogRecord { body: Some(nested(90)), ..LogRecord::default() });
    assert_eq!(found["message"], format!("json {}\"[nested too deeply]\"{}", "[".repeat(32), "]".repeat(32)));
    // An object takes four brackets a level, and the JSON reader bounds those.
    let object = (0..40).fold(text("core"), |inner, _| object(vec![pair("a", inner)]));
    let message = logs(vec![LogRecord { body: Some(object), ..LogRecord::default() }]);
    let found = read(Signal::Logs, Encoding::Protobuf, &message.encode_to_vec()).remove(0).1;
    assert_eq!(found["message"], format!("json {}\"[nested too deeply]\"{}", r#"{"a":"#.repeat(32), "}".repeat(32)));
    let error = decode(Signal::Logs, Encoding::Json, &serde_json::to_vec(&message).unwrap(), NOW).unwrap_err();
    assert!(error.to_string().starts_with("line 1, column "), "{error}");
}

#[test]
fn what_is_not_utf8_does_not_cost_the_message() {
    let mut message = logs(vec![LogRecord { body: Some(text("ab")), ..LogRecord::default() }]).encode_to_vec();
    let place = message.windows(2).position(|bytes| bytes == b"ab").unwrap();
    message[place] = 0xff;
    assert_eq!(read(Signal::Logs, Encoding::Protobuf, &message)[0].1["message"], "text \u{fffd}b");
}

#[test]
fn large_values_are_cut_and_many_attributes_counted() {
    let attributes = (0..1_030).map(|number| pair(&format!("a{number}"), text("x"))).collect();
    let body = Some(text(&"\u{e9}".repeat(200_000)));
    let (_, found) = only(LogRecord { attributes, body, ..LogRecord::default() });
    assert_eq!(
        (&*found["dropped_fields"], found.contains_key("a1023"), found.contains_key("a1024")),
        ("int 6", true, false)
    );
    assert!(found["message"].ends_with("\u{e9}…[+137856 bytes]"));
}

#[test]
fn a_few_bytes_do_not_become_gigabytes() {
    let mut message = logs(vec![LogRecord::default(); 2_000]);
    let large = pair("large", text(&"x".repeat(200_000)));
    message.resource_logs[0].resource.as_mut().unwrap().attributes.push(large);
    for (encoding, bytes) in
        [(Encoding::Protobuf, message.encode_to_vec()), (Encoding::Json, serde_json::to_vec(&message).unwrap())]
    {
        let decoded = decode(Signal::Logs, encoding, &bytes, NOW).unwrap();
        assert_eq!(decoded.batch.rows() as u64 + decoded.rejected, 2_000);
        assert!(decoded.batch.rows() > 1_000 && decoded.batch.bytes() < 300_000_000, "{}", decoded.batch.rows());
        assert_eq!(decoded.reason, Some("the entries of one message take more than 256 MiB"));
    }
}
