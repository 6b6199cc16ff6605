//! What is asked of a store on the command line, while somebody writes it.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

#[path = "../support/folder.rs"]
mod support;

mod maintain;
mod stats;

use std::time::{SystemTime, UNIX_EPOCH};

use cupola_store::{Batch, Settings, Signal, Store, Value};

use support::Folder;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// Lines as a batch.
fn batch_of(signal: Signal, lines: &str) -> Batch {
    let mut batch = Batch::new(signal);
    lines.lines().for_each(|line| batch.line(line.as_bytes(), None).unwrap());
    batch
}

/// A service's store, open as while it runs, with ten lines and a span of the last minute.
struct Service {
    folder: Folder,
    store: Store,
    start: i64,
}

impl Service {
    fn new() -> Self {
        let folder = Folder::new();
        let store = Store::open(&folder.path().join("data"), &Settings::default(), &|_, _| Ok(Vec::new())).unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
        let start = i64::try_from(now).unwrap() - 60_000_000;
        let service = Self { folder, store, start };
        let mut batch = Batch::new(Signal::Logs);
        (0..10).for_each(|number| batch.line(service.line(number).as_bytes(), None).unwrap());
        service.write(batch);
        let mut batch = Batch::new(Signal::Spans);
        let mut span = batch.row(start * 1_000);
        span.set("name", Value::Text("GET /vms"))
            .set("trace_id", Value::Text(TRACE))
            .set("duration_ms", Value::Float(12.5));
        service.write(batch);
        service
    }

    fn write(&self, batch: Batch) {
        self.store.writer().offer(batch);
        assert!(self.store.flush());
    }

    /// The line of this number, as the service wrote it.
    fn line(&self, number: i64) -> String {
        let time = cupola_line::Timestamp::new().unix_micros(self.start + number * 1_000).as_str().to_owned();
        let (level, message) = match number % 3 {
            0 => ("ERROR", format!("connection to db-{number} refused")),
            _ => ("INFO", format!("request completed in {number} ms")),
        };
        let status = if number % 3 == 0 { 503 } else { 200 };
        format!(
            r#"{{"timestamp":"{time}","level":"{level}","target":"app","category":"general","message":"{message}","status":{status},"request_id":"r-{number}","trace_id":"{TRACE}"}}"#
        )
    }

    fn lines(&self, numbers: impl IntoIterator<Item = i64>) -> String {
        numbers.into_iter().map(|number| self.line(number) + "\n").collect()
    }
}

#[test]
fn what_was_written_is_found_as_it_was_in_the_order_of_time() {
    let service = Service::new();
    let check = |arguments: &[&str], numbers: &[i64]| {
        let shown = service.folder.run(&[&["search", "--store", "data"], arguments].concat());
        assert_eq!(shown.stdout, service.lines(numbers.iter().copied()), "{arguments:?}: {}", shown.stderr);
        assert_eq!((shown.code, shown.stderr.as_str()), (i32::from(numbers.is_empty()), ""));
    };
    check(&[], &(0..10).collect::<Vec<_>>());
    check(&["-n", "2"], &[8, 9]);
    check(&["REFUSED"], &[0, 3, 6, 9]);
    check(&["refus"], &[]);
    check(&["\"refus\""], &[0, 3, 6, 9]);
    check(&["refused -\"db-6\""], &[0, 3, 9]);
    check(&["status=5xx", "request_id=r-3"], &[3]);
    check(&["--level", "error", "-n", "1"], &[9]);
    check(&["--status", "200", "--hours", "1", "-n", "2"], &[7, 8]);
    check(&["--until", "1h ago"], &[]);
    check(&["--text", "db-0"], &[0]);
}

#[test]
fn it_is_shown_as_lines_are() {
    let service = Service::new();
    let pretty = service.folder.run(&["search", "--store", "data", "--pretty", "db"]);
    service.folder.write("log", service.lines([0, 3, 6, 9]));
    assert_eq!(pretty.stdout, service.folder.view(&["log"]).stdout);
    let mut command = service.folder.command(&["search", "--store", "data", "db", "--color", "never"]);
    assert_eq!(Folder::on_terminal(&mut command).replace("\r\n", "\n"), pretty.stdout);
    let spans = service.folder.run(&["search", "--store", "data", "--signal", "spans", "duration>10ms"]);
    assert!(
        spans.stdout.contains(r#""message":"GET /vms""#) && spans.stdout.contains(r#""duration_ms":12.5"#),
        "{}",
        spans.stdout
    );
}

#[test]
fn what_is_wrong_is_told() {
    let service = Service::new();
    let check = |arguments: &[&str], part: &str| {
        let shown = service.folder.run(arguments);
        assert!(shown.code == 2 && shown.stderr.contains(part) && shown.stdout.is_empty(), "{}", shown.stderr);
    };
    check(&["search", "x"], "--store");
    check(&["search", "--store", "never", "x"], "no store in never");
    check(&["search", "--store", "data", "level=loud"], "trace, debug, info, warn or error");
    check(&["search", "--store", "data", "("], "expected a test");
    check(&["errors", "--store", "never"], "no store in never");
    check(&["trace", TRACE, "--store", "never"], "no store in never");
    let late = service.folder.run(&["search", "--store", "data", "--timeout", "0"]);
    assert!(late.code == 1 && late.stderr.contains("the time was over"), "{}", late.stderr);
}

#[test]
fn errors_and_traces_are_those_of_files() {
    let service = Service::new();
    service.folder.write("log", service.lines(0..10));
    let of_store = service.folder.run(&["errors", "--store", "data", "--json"]);
    let of_file = service.folder.run(&["errors", "log", "--json"]);
    let parsed = |shown: &support::Shown| {
        let mut group: serde_json::Value = serde_json::from_str(shown.stdout.trim()).unwrap();
        // The example is the last of a store's, and the first of a file's.
        group.as_object_mut().unwrap().retain(|name, _| name != "example" && name != "request_id");
        group
    };
    assert_eq!(parsed(&of_store), parsed(&of_file));
    assert_eq!(parsed(&of_store)["count"], 4);
    let shown = service.folder.run(&["trace", "r-4", "--store", "data", "--json"]);
    assert_eq!(shown.stdout.lines().count(), 11, "{}{}", shown.stdout, shown.stderr);
    assert!(shown.stdout.contains(&service.line(7)) && shown.stdout.contains("GET /vms"));
    let drawn = service.folder.run(&["trace", TRACE, "--store", "data"]);
    assert!(drawn.code == 0 && drawn.stdout.contains("db-9 refused"), "{}", drawn.stdout);
    assert_eq!(service.folder.run(&["trace", "nobody", "--store", "data"]).code, 1);
}
