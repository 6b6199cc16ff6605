//! The whole way into the store: `store_serve [--quick] [--spans] [--cupola PATH] [ENTRIES]`.
//!
//! Starts `cupola serve` on a new store and sends it OTLP over HTTP: protobuf, gzip'd, messages of 1,000 entries that were made
//! beforehand, over several connections. Prints what the server used for it, from `/proc`: processor seconds, memory, bytes on the disk; and how
//! many entries it acknowledged in a second. All of them must be found afterwards. On two cores the sender uses some of them too, which
//! is told, so that the processor's figures are those to compare.

use std::fs;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cupola_store::{Counts, Query as _, Reader, Selection, Signal};
use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message as _;

#[path = "../entries.rs"]
mod entries;
#[path = "../folder.rs"]
mod folder;
#[path = "../used.rs"]
mod used;

use entries::{Entries, Entry};
use folder::bytes_below;
use used::cpu_seconds;

const IN_ONE: u64 = 1_000;
const CONNECTIONS: u64 = 4;
/// So many messages are made; they are sent again and again.
const MESSAGES: u64 = 1_000;

fn main() {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let mut flag = |name: &str| args.iter().position(|arg| arg == name).map(|at| args.remove(at)).is_some();
    let (quick, spans) = (flag("--quick"), flag("--spans"));
    let named = args.iter().position(|arg| arg == "--cupola").map(|at| args.drain(at..at + 2).nth(1).expect("a path"));
    let beside = || std::env::current_exe().expect("it runs").with_file_name("cupola");
    let cupola = named.map_or_else(beside, PathBuf::from);
    let asked = args.first().map(|text| text.parse::<u64>().expect("a number"));
    let messages = asked.unwrap_or(if quick { 20_000 } else { 10_000_000 }).div_ceil(IN_ONE);
    let signal = if spans { Signal::Spans } else { Signal::Logs };
    let prepared = prepare(signal, messages.min(MESSAGES));
    let dir = std::env::temp_dir().join(format!("cupola-bench-serve-{}", std::process::id()));
    run(&cupola, &dir, signal, &prepared, messages);
    fs::remove_dir_all(&dir).expect("it is ours");
}

#[allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "a bench prints figures")]
fn run(cupola: &Path, dir: &Path, signal: Signal, prepared: &[Vec<u8>], messages: u64) {
    let (server, address) = serve(cupola, dir);
    let id = server.id().to_string();
    let (clock, before, own) = (now(), cpu_seconds(&id), cpu_seconds("self"));
    let busy = send(address, prepared, messages);
    let wall = clock.elapsed().as_secs_f64();
    let own = cpu_seconds("self") - own;
    let entries = messages * IN_ONE;
    while found(dir, signal) < entries {
        assert!(clock.elapsed().as_secs_f64() < wall + 30.0, "{} of {entries} are found", found(dir, signal));
        std::thread::sleep(Duration::from_millis(50));
    }
    let sealed = clock.elapsed().as_secs_f64();
    let cpu = cpu_seconds(&id) - before;
    let resident = peak(&id);
    end(server);
    let entries = found(dir, signal) as f64;
    assert!((entries - (messages * IN_ONE) as f64).abs() < 0.5, "none is there twice");
    let sent: usize = prepared.iter().map(Vec::len).sum();
    println!(
        "{signal}: {entries} acknowledged and found: {:.0} a second, {:.0} with the last second's sealing; server {:.2} CPU us each: {:.0} a second of two cores; {:.0} MiB resident at most; {:.1} bytes each in the store, {:.1} as they were sent; {busy} told to wait; sender {:.2} CPU us each",
        entries / wall,
        entries / sealed,
        cpu / entries * 1e6,
        2.0 * entries / cpu,
        resident / 1024.0,
        bytes_below(dir) as f64 / entries,
        sent as f64 / (prepared.len() as u64 * IN_ONE) as f64,
        own / entries * 1e6,
    );
}

/// A server that listens.
fn serve(cupola: &Path, dir: &Path) -> (Child, SocketAddr) {
    let mut command = Command::new(cupola);
    command.args(["serve", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--store"]).arg(dir);
    command.env("LOG_FORMAT", "json").env_remove("LOG_DIR").stdout(Stdio::piped());
    let mut server = command.spawn().expect("cupola is built: cargo build --release -p cupola-cli");
    let mut lines = BufReader::new(server.stdout.take().expect("it is piped"));
    let mut line = String::new();
    let address = loop {
        line.clear();
        assert!(lines.read_line(&mut line).expect("it can be read") > 0, "it ended");
        let said: serde_json::Value = serde_json::from_str(&line).expect("a JSON line");
        if let Some(address) = said["http"].as_str() {
            break address.parse().expect("an address");
        }
    };
    std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    (server, address)
}

fn end(mut server: Child) {
    let told = Command::new("kill").arg(server.id().to_string()).status();
    assert!(told.expect("there is kill").success() && server.wait().expect("it is ours").success());
}

/// Sends so many messages; returns how often it was told to wait.
fn send(address: SocketAddr, prepared: &[Vec<u8>], messages: u64) -> u64 {
    let (next, busy) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                let stream = TcpStream::connect(address).expect("it listens");
                stream.set_nodelay(true).expect("it is connected");
                let mut answers = BufReader::new(stream.try_clone().expect("it is open"));
                loop {
                    let number = next.fetch_add(1, Relaxed);
                    if number >= messages {
                        return;
                    }
                    let message = &prepared[usize::try_from(number).expect("not so many") % prepared.len()];
                    loop {
                        (&stream).write_all(message).expect("it is taken");
                        match answer(&mut answers) {
                            200 => break,
                            429 | 503 => busy.fetch_add(1, Relaxed),
                            other => panic!("{other}"),
                        };
                        std::thread::sleep(Duration::from_millis(20));
                    }
                }
            });
        }
    });
    busy.into_inner()
}

/// The status of an answer, which is read to its end.
fn answer(answers: &mut impl BufRead) -> u16 {
    let (mut line, mut status, mut length) = (String::new(), 0, 0);
    loop {
        line.clear();
        answers.read_line(&mut line).expect("it answers");
        let lower = line.trim_end().to_ascii_lowercase();
        if let Some(rest) = lower.strip_prefix("http/1.1 ") {
            status = rest[..3].parse().expect("a status");
        } else if let Some(rest) = lower.strip_prefix("content-length: ") {
            length = rest.parse().expect("a length");
        } else if lower.is_empty() {
            break;
        }
    }
    let read = std::io::copy(&mut answers.take(length), &mut std::io::sink()).expect("it answers");
    assert_eq!((read, status > 0), (length, true));
    status
}

/// How many entries are in the store, beside the server.
fn found(dir: &Path, signal: Signal) -> u64 {
    let reader = Reader::open(dir).expect("it is there");
    let until = i64::try_from(since_1970().as_nanos()).expect("before 2262") + 86_400_000_000_000;
    let selection = Selection { since: Some(0), until: Some(until), ..Selection::of(signal) };
    let counts = Counts { selection, step: Duration::from_hours(24 * 365 * 10), by: None, values: 1 };
    reader.counts(&counts).expect("it is read").total
}

/// KiB that a process had in memory at most.
fn peak(process: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("this bench needs Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells it");
    line.trim_end_matches("kB").trim().parse().expect("a number")
}

/// Whole requests, head and all.
fn prepare(signal: Signal, messages: u64) -> Vec<Vec<u8>> {
    let mut entries = Entries::new(11);
    let start = u64::try_from(since_1970().as_nanos()).expect("before 2554");
    let one = |message: u64| {
        let times = (0..IN_ONE).map(|entry| start + (message * IN_ONE + entry) * 2_000);
        let (path, bytes) = match signal {
            Signal::Spans => ("/v1/traces", spans(times, &mut entries).encode_to_vec()),
            _ => ("/v1/logs", logs(times, &mut entries).encode_to_vec()),
        };
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(&bytes).expect("it is written into memory");
        let bytes = gzip.finish().expect("it is written into memory");
        let mut whole = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
            bytes.len()
        )
        .into_bytes();
        whole.extend_from_slice(&bytes);
        whole
    };
    (0..messages).map(one).collect()
}

fn any(value: Value) -> Option<AnyValue> {
    Some(AnyValue { value: Some(value) })
}

fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: any(value), ..KeyValue::default() }
}

fn said(key: &str, value: &str) -> KeyValue {
    pair(key, Value::StringValue(value.to_owned()))
}

fn resource() -> Option<Resource> {
    let attributes = vec![said("service.name", "vm-provisioner"), said("service.version", "1.4.2")];
    Some(Resource { attributes, ..Resource::default() })
}

fn scope() -> Option<InstrumentationScope> {
    Some(InstrumentationScope { name: "vm_provisioner".to_owned(), ..InstrumentationScope::default() })
}

fn attributes(entry: &Entry) -> Vec<KeyValue> {
    let mut all = vec![
        said("http.route", entry.route),
        pair("http.response.status_code", Value::IntValue(entry.status)),
        pair("attempt", Value::IntValue(entry.attempt)),
    ];
    all.extend(entry.texts.iter().map(|(name, text)| said(name, text)));
    all
}

fn logs(times: impl Iterator<Item = u64>, entries: &mut Entries) -> ExportLogsServiceRequest {
    let record = |time| {
        let entry = entries.next();
        let mut attributes = attributes(entry);
        attributes.extend([said("target", entry.target), pair("duration_ms", Value::DoubleValue(entry.duration_ms))]);
        LogRecord {
            time_unix_nano: time,
            severity_number: match entry.level {
                "ERROR" => 17,
                "WARN" => 13,
                "DEBUG" => 5,
                _ => 9,
            },
            severity_text: entry.level.to_owned(),
            body: any(Value::StringValue(entry.message.clone())),
            attributes,
            trace_id: entry.trace.to_vec(),
            span_id: entry.span.to_vec(),
            ..LogRecord::default()
        }
    };
    let scope_logs =
        vec![ScopeLogs { scope: scope(), log_records: times.map(record).collect(), ..ScopeLogs::default() }];
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs { resource: resource(), scope_logs, ..ResourceLogs::default() }],
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds, above zero")]
fn spans(times: impl Iterator<Item = u64>, entries: &mut Entries) -> ExportTraceServiceRequest {
    let span = |time| {
        let entry = entries.next();
        let mut attributes = attributes(entry);
        attributes.extend([said("http.request.method", "GET"), said("url.path", "/api/v1/vms/1234")]);
        Span {
            trace_id: entry.trace.to_vec(),
            span_id: entry.span.to_vec(),
            parent_span_id: vec![7; 8],
            name: entry.route.to_owned(),
            kind: 2,
            start_time_unix_nano: time,
            end_time_unix_nano: time + (entry.duration_ms * 1e6) as u64,
            attributes,
            status: (entry.status == 500).then(|| Status { code: 2, message: entry.message.clone() }),
            ..Span::default()
        }
    };
    let scope_spans = vec![ScopeSpans { scope: scope(), spans: times.map(span).collect(), ..ScopeSpans::default() }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { resource: resource(), scope_spans, ..ResourceSpans::default() }],
    }
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970")
}

#[allow(clippy::disallowed_methods, reason = "a bench measures time")]
fn now() -> Instant {
    Instant::now()
}
