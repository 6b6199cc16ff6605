//! Stores of every format that was ever released are read, and written on: `formats/N` was written by the Cupola that brought format N.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cupola_store::language::{Meaning, parse};
use cupola_store::{
    Batch, Change, Expect, Failures, How, Level, Metadata as _, MetadataFile, Points, Query, Requests, RequestsBy,
    Search, Selection, Settings, Signal, Store, TraceOf, Value,
};
use tempfile::TempDir;

/// 2026-11-26T23:59:00Z: a minute before a day ends.
const START: i64 = 1_795_737_540_000_000_000;
const SECOND: i64 = 1_000_000_000;
const RAW: &[u8] = b"what was sent";

fn formats() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats")
}

fn settings() -> Settings {
    Settings::default().retention(Duration::from_hours(24 * 36_500)).threads(1)
}

/// Two minutes of requests, over midnight.
fn logs() -> Batch {
    let mut batch = Batch::new(Signal::Logs);
    for number in 0..120_i64 {
        let failed = number % 10 == 3;
        let message = if failed { format!("no answer from 10.0.0.{number}") } else { "request completed".to_owned() };
        let trace = [u8::try_from(number / 4).unwrap(); 16];
        let mut row = batch.row(START + number * SECOND);
        row.set("level", Value::Text(if failed { "ERROR" } else { "INFO" })).set("service", Value::Text("billing"));
        row.set("message", Value::Text(&message)).set("trace_id", Value::Id(&trace)).set("target", Value::Text("api"));
        row.set("route", Value::Text("/bills/{id}")).set("status", Value::Int(if failed { 503 } else { 200 }));
        row.set("duration_ms", Value::Float(1.5 * number as f64)).set("is_last", Value::Bool(number == 119));
        row.set("tags", Value::Json(r#"{"plan":"free"}"#));
    }
    batch
}

fn spans() -> Batch {
    let mut batch = Batch::new(Signal::Spans);
    batch.row(START).set("name", Value::Text("GET /bills/{id}")).set("trace_id", Value::Id(&[7; 16]));
    batch
}

fn metrics() -> Batch {
    let mut batch = Batch::new(Signal::Metrics);
    for number in 0..4 {
        let mut row = batch.row(START + number * 15 * SECOND);
        row.set("metric", Value::Text("memory"))
            .set("type", Value::Text("gauge"))
            .set("value", Value::Int(100 + number));
    }
    batch
}

/// What the journal promised and no file has yet.
fn promised() -> Batch {
    let mut batch = Batch::new(Signal::Logs);
    batch.row(START + 200 * SECOND).set("level", Value::Text("WARN")).set("message", Value::Text("promised"));
    batch
}

/// A store as this Cupola leaves it, packed into a folder; by choice as a kill leaves it, with what was promised and is not sealed. That has to
/// be copied within the second in which it waits, so that no test depends on it.
fn write(into: &Path, with_promise: bool) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), &settings(), &|_, _| Ok(Vec::new())).unwrap();
    [logs(), spans(), metrics()].into_iter().for_each(|batch| store.writer().offer(batch));
    assert!(store.flush());
    let rule = Change::Put { kind: "rule", key: "slow".into(), body: "{}".into(), expect: Expect::Absent };
    let metadata = MetadataFile::open(dir.path()).unwrap();
    metadata.apply(&[rule]).unwrap();
    drop(metadata);
    store.close().unwrap();
    let store = Store::open(dir.path(), &settings(), &|_, _| Ok(Vec::new())).unwrap();
    if with_promise {
        store.writer().keep(99, RAW, vec![promised()]).unwrap();
    }
    copy(dir.path(), into, &|name, bytes| (format!("{name}.zst"), zstd::encode_all(bytes, 19).unwrap()));
}

/// Makes a file's new name and content.
type Changing<'a> = &'a dyn Fn(&str, &[u8]) -> (String, Vec<u8>);

/// Copies a directory, each file changed; locks are nobody's.
fn copy(from: &Path, to: &Path, change: Changing<'_>) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            copy(&path, &to.join(name), change);
        } else if name != "lock" && !name.contains("-shm") {
            let (name, bytes) = change(&name, &fs::read(&path).unwrap());
            fs::write(to.join(name), bytes).unwrap();
        }
    }
}

fn unpacked(format: &Path) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy(format, dir.path(), &|name, bytes| {
        (name.trim_end_matches(".zst").to_owned(), zstd::decode_all(bytes).unwrap())
    });
    dir
}

fn search(query: &dyn Query, text: &str) -> Vec<String> {
    let meaning = Meaning { now: "2026-11-27T12:00:00+00:00[UTC]".parse().unwrap(), ignore_case: false };
    let expression = Some(parse(text, &meaning).unwrap());
    let selection = Selection { expression, ..Selection::of(Signal::Logs) };
    let found = query.search(&Search { selection, limit: 1_000, cursor: None }).unwrap();
    found.entries.iter().map(|entry| entry.get("message").unwrap().text().into_owned()).collect()
}

/// Everything that can be asked.
fn check(query: &dyn Query, format: &Path) {
    let named = format.display();
    assert_eq!(
        search(query, "level>=error status=5xx duration_ms>=150"),
        ["no answer from 10.0.0.113", "no answer from 10.0.0.103"],
        "{named}"
    );
    assert_eq!(search(query, "answer tags.plan=free is_last=false").len(), 12, "{named}");
    assert_eq!(search(query, "is_last=true"), ["request completed"], "{named}");
    let trace = query.trace(&TraceOf::id("07".repeat(16))).unwrap();
    assert_eq!((trace.spans.len(), trace.logs.len()), (1, 4), "{named}");
    let (since, until) = (START - 60 * SECOND, START + 180 * SECOND);
    let requests = Requests {
        signal: Signal::Logs,
        since,
        until,
        step: None,
        service: None,
        route: None,
        by: RequestsBy::Route,
        shares: vec![0.5],
        limit: 10,
    };
    let requested = query.requests(&requests).unwrap();
    assert_eq!((requested.rows.len(), requested.rows[0].count, requested.rows[0].errors), (1, 120, 12), "{named}");
    let selection = Selection { since: Some(since), until: Some(until), ..Selection::of(Signal::Logs) };
    let failed = query
        .failures(&Failures {
            selection,
            level: Level::Error,
            besides: Vec::new(),
            step: None,
            examples: true,
            limit: 10,
        })
        .unwrap();
    assert_eq!((failed.groups.len(), failed.groups[0].count), (1, 12), "{named}");
    assert_eq!((failed.groups[0].first, failed.groups[0].last), (START + 3 * SECOND, START + 113 * SECOND), "{named}");
    let points = query.points(&Points::of("memory", since, until, How::Most)).unwrap();
    assert_eq!(points.series[0].values, [Some(103.0)], "{named}");
}

/// With `FORMAT=2` today's format is written to `formats/2`: once, before it is released.
#[test]
#[allow(clippy::disallowed_methods, reason = "whoever writes a fixture says so")]
fn todays_format_is_read_and_written_on() {
    let folder = tempfile::tempdir().unwrap();
    let today = folder.path().join("today");
    write(&today, false);
    is_read_and_written_on(&today, &["written since"]);
    if let Ok(format) = std::env::var("FORMAT") {
        write(&formats().join(format), true);
    }
}

#[test]
fn every_format_is_read_and_written_on() {
    let mut formats: Vec<PathBuf> = fs::read_dir(formats()).unwrap().map(|entry| entry.unwrap().path()).collect();
    formats.sort();
    assert!(!formats.is_empty());
    formats.iter().for_each(|format| is_read_and_written_on(format, &["written since", "promised"]));
}

fn is_read_and_written_on(format: &Path, warnings: &[&str]) {
    let dir = unpacked(format);
    check(&cupola_store::Reader::open(dir.path()).unwrap(), format);
    let store = Store::open(dir.path(), &settings(), &|kind, raw| {
        assert_eq!((kind, raw), (99, RAW));
        Ok(vec![promised()])
    });
    let store = store.unwrap();
    let mut more = Batch::new(Signal::Logs);
    more.row(START + 201 * SECOND).set("level", Value::Text("WARN")).set("message", Value::Text("written since"));
    store.writer().offer(more);
    assert!(store.flush());
    let reader = store.reader().unwrap();
    check(&reader, format);
    assert_eq!(search(&reader, "level=warn"), warnings);
    assert_eq!(MetadataFile::open(dir.path()).unwrap().get("rule", "slow").unwrap().unwrap().body, "{}");
    assert_eq!((store.stats().quarantined_files, store.stats().quarantined_records), (0, 0));
    store.close().unwrap();
}
