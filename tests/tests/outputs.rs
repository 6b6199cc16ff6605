//! Outputs that block, fail, stutter and panic: requests do not notice, and every line is accounted for.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::io::{self, ErrorKind, Write};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use cupola::telemetry::{Counts, Memory};
use cupola_tests::{Gate, Process, Service, builder, eventually, lines, metric, said};

/// The smallest queue there is.
const SMALL_QUEUE: (&str, &str) = ("CUPOLA_LOG_QUEUE_BYTES", "524288");
const QUEUE_FULL: &str = r#"cupola_log_lines_total{outcome="dropped",reason="queue_full"}"#;
const REFUSED: &str = r#"cupola_log_lines_total{outcome="dropped",reason="output"}"#;
const WRITTEN: &str = r#"cupola_log_lines_total{outcome="written"}"#;

fn app() -> Router {
    Router::new().route("/hello", get(|| async { "hello" })).route("/chatty", get(chatty))
}

async fn chatty() -> &'static str {
    tracing::info!(text = "x".repeat(4000), "chatter");
    tracing::error!("something is wrong");
    "chatter"
}

fn is_exact(counts: Counts) {
    assert_eq!(counts.accepted, counts.written + counts.dropped(), "{counts:?}");
}

#[test]
fn requests_do_not_notice_an_output_that_blocks_and_drops_are_counted_and_told() {
    let memory = Memory::new();
    let (output, gate) = Gate::new(memory.clone());
    let service = Service::run(builder(&[SMALL_QUEUE]).output(output), memory, app());
    let mut client = service.client();
    assert_eq!(client.get("/chatty", "").status, 200);
    service.lines();

    gate.shut();
    client.get("/chatty", "");
    gate.wait_until_blocked();
    for _ in 0..400 {
        assert_eq!(client.get("/chatty", "").status, 200);
    }
    let metrics = service.metrics();
    let dropped = metric(&metrics, QUEUE_FULL);
    assert!(dropped > 0.0 && metric(&metrics, WRITTEN) > 0.0, "{metrics}");
    assert!(gate.is_blocked(), "all that happened while nothing was written");

    gate.open();
    let told = service.lines().into_iter().filter(|line| line["message"] == "log lines were dropped");
    let told: Vec<f64> = told.map(|line| line.number("dropped_lines")).collect();
    assert_eq!(told, [dropped], "the log tells of the loss once there is room");
    let ended = service.stop();
    is_exact(ended.counts);
    assert_eq!((ended.counts.dropped_queue_full, ended.counts.dropped()), (dropped as u64, dropped as u64));
    assert_eq!(said(&ended.text).len() as u64, ended.counts.written);
    assert_eq!(ended.line("stopped").number("lines_dropped"), dropped, "at the exit too");
}

#[test]
fn an_error_behind_a_flood_of_chatter_is_still_heard() {
    let memory = Memory::new();
    let (output, gate) = Gate::new(memory.clone());
    let service = Service::run(builder(&[SMALL_QUEUE]).output(output), memory, app());
    gate.shut();
    service.get("/hello");
    gate.wait_until_blocked();
    let mut client = service.client();
    for _ in 0..150 {
        client.get("/chatty", "");
    }
    gate.open();
    let text = service.stop().text;
    let count = |message: &str| said(&text).iter().filter(|line| line["message"] == message).count();
    assert!(count("chatter") < 150, "the chatter has filled its part of the queue");
    assert_eq!(count("something is wrong"), 150);
}

/// Asks its function at each write what becomes of it.
struct Output<F> {
    decide: F,
    calls: usize,
    memory: Memory,
}

impl<F: FnMut(usize) -> io::Result<usize>> Write for Output<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.calls += 1;
        let count = (self.decide)(self.calls)?.min(bytes.len());
        self.memory.write(&bytes[..count])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A service whose output does at each write what `decide` says: so many bytes, an error, or a panic.
fn service(decide: impl FnMut(usize) -> io::Result<usize> + Send + 'static) -> Service {
    let memory = Memory::new();
    let output = Output { decide, calls: 0, memory: memory.clone() };
    Service::run(builder(&[]).output(output), memory, app())
}

/// A panic without the hook's noise.
fn panics() -> ! {
    std::panic::resume_unwind(Box::new("the output's own"))
}

/// Asks a hundred times, each time after the lines before are written or refused.
fn ask(service: &Service) {
    let mut client = service.client();
    for number in 0..100 {
        assert_eq!(client.get("/hello", "").status, 200);
        if number % 10 == 0 {
            assert!(service.cupola().telemetry().flush(Duration::from_secs(10)));
        }
    }
    assert!(service.cupola().telemetry().flush(Duration::from_secs(10)));
}

#[test]
fn a_full_disk_loses_lines_but_no_request_and_no_count() {
    let service = service(|_| Err(ErrorKind::StorageFull.into()));
    ask(&service);
    let metrics = service.metrics();
    assert!(metric(&metrics, REFUSED) >= 100.0, "{metrics}");
    let ended = service.stop();
    is_exact(ended.counts);
    assert_eq!((ended.counts.written, ended.counts.dropped_output), (0, ended.counts.accepted));
    assert_eq!(ended.text, "");
}

#[test]
fn short_and_interrupted_writes_lose_nothing() {
    let service = service(|call| match call % 3 {
        0 => Err(ErrorKind::Interrupted.into()),
        1 => Err(ErrorKind::WouldBlock.into()),
        _ => Ok(600),
    });
    ask(&service);
    let ended = service.stop();
    assert_eq!((ended.counts.written, ended.access().len()), (ended.counts.accepted, 100));
}

#[test]
fn a_disk_that_fills_in_the_middle_of_a_line_damages_that_line_only() {
    let service = service(|call| match call {
        3 => Ok(20),
        4..=6 => Err(ErrorKind::StorageFull.into()),
        _ => Ok(usize::MAX),
    });
    ask(&service);
    let ended = service.stop();
    is_exact(ended.counts);
    let (whole, torn): (Vec<&str>, Vec<&str>) = ended.text.lines().partition(|line| line.ends_with('}'));
    assert_eq!(torn.len(), 1, "{torn:?}");
    let whole = whole.join("\n");
    assert_eq!(said(&whole).len() as u64, ended.counts.written);
    let told = lines(&whole).into_iter().filter(|line| line["target"] == "cupola::log");
    let told: f64 = told.map(|line| line.number("dropped_lines")).sum();
    assert_eq!((told as u64, ended.counts.dropped_output), (ended.counts.dropped(), ended.counts.dropped()));
    assert!(told > 0.0);
}

#[test]
fn an_output_that_always_panics_stops_nothing_and_its_lines_are_counted() {
    let service = service(|_| panics());
    ask(&service);
    assert!(metric(&service.metrics(), REFUSED) >= 100.0);
    let ended = service.stop();
    is_exact(ended.counts);
    assert_eq!((ended.counts.written, ended.counts.dropped_output), (0, ended.counts.accepted));
}

#[test]
fn an_output_that_panics_once_goes_on_with_the_next_lines() {
    let service = service(|call| if call == 3 { panics() } else { Ok(usize::MAX) });
    ask(&service);
    let ended = service.stop();
    is_exact(ended.counts);
    assert_eq!(said(&ended.text).len() as u64, ended.counts.written);
    assert!((1..=20).contains(&ended.counts.dropped_output), "{:?}", ended.counts);
    assert_eq!(ended.line("stopped")["lines_dropped"], ended.counts.dropped());
}

#[test]
fn an_output_that_buffers_shows_lines_without_a_shutdown() {
    let memory = Memory::new();
    let output = io::BufWriter::with_capacity(1024 * 1024, memory.clone());
    let service = Service::run(builder(&[]).output(output), memory, app());
    service.get("/hello");
    assert_eq!(service.lines().iter().filter(|line| line.is_access()).count(), 1);
}

/// As `logrotate` does it: rename, then a signal to whoever writes.
#[test]
fn a_signal_to_open_files_anew_ends_nothing_and_no_line_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (log, moved) = (folder.path().join("api.log"), folder.path().join("moved"));
    let vars = [("LOG_DIR", folder.path().to_str().unwrap()), ("CUPOLA_LOG_LAYOUT", "files")];
    let process = Process::start(env!("CARGO_BIN_EXE_service"), &vars);
    let get = |name: &str| {
        assert_eq!(process.client().get(&format!("/hello/{name}"), "").status, 200);
        let is_there = || std::fs::read_to_string(&log).is_ok_and(|text| text.contains(&format!("/hello/{name}")));
        eventually("the line is in the file", is_there);
    };
    get("ada");
    std::fs::rename(&log, &moved).unwrap();
    process.signal("HUP");
    get("grace");
    process.signal("HUP");
    get("alan");
    process.terminate();
    let (status, shown) = process.end();
    assert!(status.success(), "{status}");
    let (before, after) = (std::fs::read_to_string(moved).unwrap(), std::fs::read_to_string(log).unwrap());
    assert!(before.contains("/hello/ada") && !before.contains("/hello/grace"), "{before}");
    assert_eq!(lines(&(before + &after)), shown);
}
