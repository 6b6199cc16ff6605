//! What it costs to read OTLP's log records, from the bytes of a message to columns, beside what prost makes of the same.
//!
//! `otlp` prints nanoseconds a record of each, the median and the least of many rounds, and how many a second the least makes; `otlp --quick` is
//! for a test that it runs at all. `otlp ours|masked|json|prost TIMES` reads one message so often, to be counted:
//! `valgrind --tool=callgrind otlp ours 11`, less the same with 1, by 10 and by 8192.

use std::hint::black_box;
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use cupola_dashboard::{KINDS, replay_with};
use cupola_redact::KeyPolicy;
use cupola_store::otlp::{Encoding, decode};
use cupola_store::{Batch, Signal};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;

/// Records of a message.
const RECORDS: usize = 8_192;

fn main() -> ExitCode {
    let request = request();
    let protobuf = request.encode_to_vec();
    let json = serde_json::to_vec(&request).expect("it is written into memory");
    let ours = || {
        black_box(decode(Signal::Logs, Encoding::Protobuf, black_box(&protobuf), 1).expect("it is one").batch.rows())
    };
    // As the receiver does it, and as the journal has it: behind the time of its receipt.
    let policy = KeyPolicy::default();
    let received = [&1_i64.to_le_bytes()[..], &protobuf].concat();
    let masked = || {
        let batches = replay_with(Some(&policy), *KINDS.start(), black_box(&received)).expect("it is one");
        black_box(batches.iter().map(Batch::rows).sum())
    };
    let of_json =
        || black_box(decode(Signal::Logs, Encoding::Json, black_box(&json), 1).expect("it is one").batch.rows());
    let prost = || {
        let request = ExportLogsServiceRequest::decode(black_box(&*protobuf)).expect("it is one");
        black_box(request.resource_logs.len())
    };
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let rounds = match args[..] {
        [] => 61,
        ["--quick"] => 1,
        ["ours", times] => return count(times, ours),
        ["masked", times] => return count(times, masked),
        ["json", times] => return count(times, of_json),
        ["prost", times] => return count(times, prost),
        _ => {
            let _ = writeln!(std::io::stderr(), "otlp [--quick | ours|masked|json|prost TIMES]");
            return ExitCode::FAILURE;
        }
    };
    let bytes = |message: &[u8]| message.len() / RECORDS;
    let mut times = [const { Vec::new() }; 4];
    for _ in 0..rounds {
        times[0].push(time(ours));
        times[1].push(time(prost));
        times[2].push(time(of_json));
        times[3].push(time(masked));
    }
    let rows = [
        ("protobuf to columns", bytes(&protobuf)),
        ("protobuf to prost's structs", bytes(&protobuf)),
        ("JSON to columns", bytes(&json)),
        ("protobuf, secrets masked", bytes(&protobuf)),
    ];
    for ((name, bytes), times) in rows.into_iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        let (median, least) = (times[times.len() / 2], times[0]);
        let _ = writeln!(
            std::io::stdout(),
            "{name:<28}{bytes:>6} B{median:>9.1} ns{least:>9.1} ns at least{:>8.2} million a second",
            1e3 / least
        );
    }
    ExitCode::SUCCESS
}

fn count(times: &str, read: impl Fn() -> usize) -> ExitCode {
    let Ok(times) = times.parse::<u32>() else { return ExitCode::FAILURE };
    (0..times).for_each(|_| _ = read());
    ExitCode::SUCCESS
}

/// Nanoseconds a record.
#[expect(clippy::disallowed_methods, reason = "the wall clock is what is measured here, and no test pauses it")]
fn time(read: impl Fn() -> usize) -> f64 {
    let began = Instant::now();
    read();
    began.elapsed().as_nanos() as f64 / RECORDS as f64
}

fn text(text: impl Into<String>) -> Option<AnyValue> {
    Some(AnyValue { value: Some(Value::StringValue(text.into())) })
}

fn pair(key: &str, value: Option<AnyValue>) -> KeyValue {
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

/// Access lines as a service of ours exports them: about 350 bytes each, six attributes.
fn request() -> ExportLogsServiceRequest {
    let attributes = ["service.name", "service.version", "host.name"].map(|key| pair(key, text("billing-7"))).to_vec();
    let scope = InstrumentationScope { name: "cupola::http".to_owned(), ..InstrumentationScope::default() };
    let scope_logs = vec![ScopeLogs {
        scope: Some(scope),
        log_records: (0..RECORDS as u64).map(record).collect(),
        ..ScopeLogs::default()
    }];
    let resource = Some(Resource { attributes, ..Resource::default() });
    ExportLogsServiceRequest { resource_logs: vec![ResourceLogs { resource, scope_logs, ..ResourceLogs::default() }] }
}

fn record(number: u64) -> LogRecord {
    let trace = (number / 4 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let time = 1_795_232_762_123_456_000 + number * 1_000;
    LogRecord {
        time_unix_nano: time,
        observed_time_unix_nano: time + 500,
        severity_number: 9,
        severity_text: "INFO".to_owned(),
        body: text(format!("connection to instance vm-{} was accepted after the handshake of 3 steps", number % 977)),
        attributes: vec![
            pair("category", text("api")),
            pair("http.request.method", text("GET")),
            pair("http.route", text("/api/v1/instances/{id}/state")),
            pair("http.response.status_code", Some(AnyValue { value: Some(Value::IntValue(200)) })),
            pair("duration_ms", Some(AnyValue { value: Some(Value::DoubleValue(number as f64 / 1e3)) })),
            pair("request_id", text(format!("01989e2b-6c1d-7d3a-9c0e-{number:012x}"))),
        ],
        trace_id: [trace.to_be_bytes(), number.to_be_bytes()].concat(),
        span_id: (trace ^ number).to_be_bytes().to_vec(),
        ..LogRecord::default()
    }
}
