//! Stores that are hurt, copied, pruned and compacted.

use std::fs;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::*;
use crate::batch::Batch;
use crate::metadata::{Change, Metadata, MetadataFile};
use crate::query::{Reader, Selection};
use crate::settings::Settings;
use crate::store::{DecodeError, Store};
use crate::value::Value;
use crate::writer::{Writer, now};

const HOUR: i64 = 3_600_000_000_000;
const DAY: i64 = 24 * HOUR;

/// Entries of these numbers, of an hour ago and of a day before.
fn batch(numbers: std::ops::Range<i64>) -> Batch {
    let (mut batch, time) = (Batch::new(Signal::Logs), now() - HOUR);
    for number in numbers {
        let mut row = batch.row(time - (number % 2) * DAY);
        row.set("number", Value::Int(number)).set("message", Value::Text(&format!("entry {number}")));
        row.set("trace_id", Value::Text("0af7651916cd43dd8448eb211c80319c"));
    }
    batch
}

/// What the journal has of them: `first end`.
fn decode(_: u8, raw: &[u8]) -> Result<Vec<Batch>, DecodeError> {
    let (first, end) = std::str::from_utf8(raw)?.split_once(' ').ok_or("no numbers")?;
    Ok(vec![batch(first.parse()?..end.parse()?)])
}

fn open(dir: &Path) -> Store {
    Store::open(dir, &Settings::default(), &decode).unwrap()
}

fn keep(writer: &Writer, numbers: std::ops::Range<i64>) {
    let raw = format!("{} {}", numbers.start, numbers.end);
    while writer.keep(7, raw.as_bytes(), vec![batch(numbers.clone())]).is_err() {
        std::thread::yield_now();
    }
}

/// A closed store of 3,000 entries in two files of many small blocks each.
fn filled(dir: &Path) {
    let store = open(dir);
    for first in (0..3_000).step_by(100) {
        keep(&store.writer(), first..first + 100);
        assert!(store.flush());
    }
    store.close().unwrap();
}

/// All numbers that can be read, each as often as it is there.
fn numbers(dir: &Path) -> Vec<i64> {
    let mut numbers = Vec::new();
    let mut visit = |entry: &crate::Entry| {
        let Some(Value::Int(number)) = entry.get("number") else { panic!("no number") };
        numbers.push(number);
        ControlFlow::Continue(())
    };
    Reader::open(dir).unwrap().walk(&Selection::of(Signal::Logs), &mut visit).unwrap();
    numbers.sort_unstable();
    numbers
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(dir.join("logs")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "cupola")).collect();
    files.sort();
    files
}

fn verified(dir: &Path) -> Verified {
    verify(dir, &|_| {}).unwrap()
}

fn change(path: &Path, sql: &str) {
    let changed = rusqlite::Connection::open(path).unwrap().execute(sql, []).unwrap();
    assert!(changed > 0, "{sql}");
}

#[test]
fn what_is_damaged_is_told_by_file_and_block() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let whole = verified(dir.path());
    assert_eq!((whole.files, whole.entries, whole.problems.len()), (2, 3_000, 0), "{:?}", whole.problems);
    let file = &files(dir.path())[0];
    let block: i64 = rusqlite::Connection::open(file)
        .unwrap()
        .query_row("SELECT max(id) FROM blocks", [], |row| row.get(0))
        .unwrap();
    let check = |sql: &str, what: &str| {
        let before = fs::read(file).unwrap();
        change(file, &sql.replace("BLOCK", &block.to_string()));
        let found = verified(dir.path());
        let [problem] = &found.problems[..] else { panic!("{:?}", found.problems) };
        assert_eq!((&problem.file, problem.block), (file, Some(block)));
        assert!(problem.what.contains(what), "{problem}");
        assert!(problem.to_string().contains(&format!("block {block}: ")));
        fs::write(file, before).unwrap();
    };
    let last = "(SELECT max(id) FROM columns)";
    check(&format!("UPDATE columns SET data = substr(data, 1, length(data) - 1) WHERE id = {last}"), "its fields: ");
    check(
        &format!("UPDATE columns SET data = substr(data, 1, length(data) - 1) || x'00' WHERE id = {last}"),
        "its fields: ",
    );
    check("UPDATE columns SET data = x'0011223344' WHERE id = BLOCK << 20", "its times: ");
    check("UPDATE blocks SET max_time = max_time + 1 WHERE id = BLOCK", "its times are not those");
    check("UPDATE blocks SET torn = 1 WHERE id = BLOCK", "before");
    check("UPDATE words SET filter = x'00' WHERE block = BLOCK", "the filter of its words");
    check("DELETE FROM traces WHERE block = BLOCK", "the filter of its traces");
    assert!(verified(dir.path()).problems.is_empty());
}

#[test]
fn damaged_pages_files_and_journals_are_told() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let check = |path: &Path, bytes: &[u8], what: &str| {
        let before = fs::read(path).ok();
        fs::write(path, bytes).unwrap();
        let found = verified(dir.path());
        assert!(found.problems.iter().any(|problem| problem.file == path && problem.what.contains(what)), "{found:?}");
        before.map_or_else(|| fs::remove_file(path).unwrap(), |before| fs::write(path, before).unwrap());
    };
    let file = &files(dir.path())[1];
    let mut bytes = fs::read(file).unwrap();
    let middle = bytes.len() / 8_192 / 2 * 8_192;
    bytes[middle..middle + 8_192].fill(0xa5);
    check(file, &bytes, "");
    check(file, &[7; 10_000], "");
    check(&layout::journal(dir.path()).join(format!("{:020}-{:012}.journal", 5, 1)), &[7; 50], "no journal");
    check(&dir.path().join("ingested"), b"something", "none of ours");
    let mut journal = crate::journal::Journal::new(&layout::journal(dir.path()), 9, crate::Durability::Process);
    (0..3).for_each(|_| assert!(journal.append(7, b"0 10").is_ok()));
    assert_eq!(verified(dir.path()).records, 3);
    let path = Replay::find(&layout::journal(dir.path())).unwrap().segments.remove(0);
    let mut bytes = fs::read(&path).unwrap();
    let torn = bytes[..bytes.len() - 1].to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    check(&path, &bytes, "1 of its records");
    fs::write(&path, torn).unwrap();
    let found = verified(dir.path());
    assert_eq!((found.records, found.problems.len()), (2, 0), "a process that died leaves it so");
    assert!(verify(&dir.path().join("none"), &|_| {}).unwrap_err().to_string().starts_with("no store in"));
}

use crate::journal::Replay;

#[test]
fn whole_days_are_deleted_and_only_as_many_as_are_to_go() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let [old, new] = &files(dir.path())[..] else { panic!("two files") };
    let check = |prune: Prune, expected: usize| {
        assert_eq!(to_prune(dir.path(), &prune).unwrap().len(), expected, "{prune:?}");
    };
    let total = bytes(dir.path()).unwrap();
    check(Prune::default(), 0);
    check(Prune { before: Some(now() - 3 * DAY), ..Prune::default() }, 0);
    check(Prune { before: Some(now() + 2 * DAY), ..Prune::default() }, 2);
    check(Prune { max_bytes: Some(total), ..Prune::default() }, 0);
    check(Prune { max_bytes: Some(total - 1), ..Prune::default() }, 1);
    let held = Held::open(dir.path()).unwrap();
    let error = Store::open(dir.path(), &Settings::default(), &decode).unwrap_err();
    assert!(error.is_locked() && error.to_string().contains(&format!("(process {})", std::process::id())), "{error}");
    let gone = held.prune(&Prune { max_bytes: Some(total - 1), ..Prune::default() }).unwrap();
    assert_eq!(old.file_stem().unwrap().to_str().unwrap(), gone[0].day);
    assert_eq!(files(dir.path()), std::slice::from_ref(new));
    assert_eq!(numbers(dir.path()).len(), 1_500);
}

#[test]
fn small_blocks_become_large_ones_and_files_smaller() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let before = verified(dir.path());
    let compacted = Held::open(dir.path()).unwrap().compact(&|_| {}).unwrap();
    assert!(before.blocks > 4 && compacted.merged_blocks > 4, "{before:?} {compacted:?}");
    assert!(compacted.bytes_after < compacted.bytes_before, "{compacted:?}");
    let after = verified(dir.path());
    assert_eq!((after.blocks, after.entries, after.problems.len()), (2, 3_000, 0), "{after:?}");
    assert_eq!(numbers(dir.path()), (0..3_000).collect::<Vec<_>>());
    let again = Held::open(dir.path()).unwrap().compact(&|_| {}).unwrap();
    assert_eq!((again.merged_blocks, again.bytes_after), (0, compacted.bytes_after));
}

#[test]
fn a_backup_beside_a_writer_has_all_that_was_kept_before_and_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("store"));
    let (writer, kept, is_done) = (store.writer(), AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        // Also when what is asserted is not so.
        let _done = Done(&is_done);
        scope.spawn(|| {
            for number in (0..).step_by(50).take_while(|_| !is_done.load(Ordering::Acquire)) {
                keep(&writer, number..number + 50);
                kept.store(number as u64 + 50, Ordering::Release);
            }
        });
        for round in 0..2 {
            while kept.load(Ordering::Acquire) < 1_000 * (round + 1) {
                std::thread::yield_now();
            }
            let before = kept.load(Ordering::Acquire);
            let (to, restored) = (dir.path().join(format!("{round}")), dir.path().join(format!("restored-{round}")));
            let made = backup(store.dir(), &to, &|_| {}).unwrap();
            assert!(made.files >= 1);
            assert_eq!(verified(store.dir()).problems, []);
            assert!(backup(store.dir(), &to, &|_| {}).unwrap_err().to_string().contains("not empty"));
            assert_eq!(restore(&to, &restored, false, &|_| {}).unwrap().files, made.files);
            open(&restored).close().unwrap();
            let numbers = numbers(&restored);
            assert!(numbers.len() as u64 >= before, "{} of {before}", numbers.len());
            assert_eq!(numbers, (0..numbers.len() as i64).collect::<Vec<_>>());
        }
    });
}

/// Ends the writer when it goes.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[test]
fn what_is_no_whole_backup_is_not_restored() {
    let dir = tempfile::tempdir().unwrap();
    let (store, to, target) = (dir.path().join("store"), dir.path().join("backup"), dir.path().join("target"));
    filled(&store);
    backup(&store, &to, &|_| {}).unwrap();
    let check = |what: &str| {
        let error = restore(&to, &target, false, &|_| {}).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
        assert!(!is_store(&target), "nothing is left");
    };
    let file = files(&to).remove(0);
    let whole = fs::read(&file).unwrap();
    change(&file, "UPDATE columns SET data = zeroblob(length(data)) WHERE id = (SELECT max(id) FROM columns)");
    check("is damaged: ");
    let restored = restore(&to, &target, true, &|_| {}).unwrap();
    assert_eq!(restored.problems.len(), 1);
    assert!(numbers(&target).len() > 1_500);
    fs::remove_dir_all(&target).unwrap();
    fs::write(&file, &whole[1..]).unwrap();
    check("bytes, not");
    fs::write(&file, &whole).unwrap();
    fs::write(to.join("backup"), "cupola-backup 2\n").unwrap();
    check("newer Cupola");
    fs::write(to.join("backup"), "cupola-backup 1\n3 ../elsewhere\n").unwrap();
    check("cannot be read");
    fs::remove_file(to.join("backup")).unwrap();
    check("no backup in");
    assert!(restore(&to, &store, false, &|_| {}).is_err());
    assert_eq!(numbers(&store).len(), 3_000);
}

#[test]
fn tables_have_entries_requests_and_points() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("store"));
    let time = now() - HOUR;
    let mut logs = Batch::new(Signal::Logs);
    for number in 0..20 {
        let mut row = logs.row(time);
        row.set("route", Value::Text("/vms")).set("service", Value::Text("vms")).set("duration_ms", Value::Float(10.0));
        row.set("status", Value::Int(if number < 5 { 503 } else { 200 })).set("tags", Value::Json("[1]"));
    }
    let mut metrics = Batch::new(Signal::Metrics);
    for name in ["system.cpu.time", "process_threads", "orders"] {
        metrics.row(time).set("metric", Value::Text(name)).set("value", Value::Float(1.5));
    }
    store.writer().offer(logs);
    store.writer().offer(metrics);
    assert!(store.flush());
    let metadata = MetadataFile::open(store.dir()).unwrap();
    let note = |body: &str| Change::Note {
        topic: "alert",
        subject: "cpu/1f".to_owned(),
        time: 1_000_000_000,
        body: body.to_owned(),
    };
    let fires = r#"{"what":"transition","from":"pending","to":"firing","severity":"warning","value":91.5,"threshold":80,"episode":"e","by":null}"#;
    let sent = r#"{"outcome":"sent","kind":"firing","receiver":"slack","episode":"e"}"#;
    let assigned = r#"{"what":"assigned","by":"ada","to":"bob"}"#;
    let other = Change::Note { topic: "audit", subject: "x".into(), time: 1, body: "{}".into() };
    metadata.apply(&[note(fires), note(sent), note(assigned), note("torn"), other]).unwrap();
    let to = dir.path().join("all.sqlite");
    let made = tables(store.dir(), &to, &Selection::of(Signal::Logs)).unwrap();
    assert_eq!((made.log_entries, made.api_metrics, made.points, made.alerts, made.partial), (20, 1, 3, 4, None));
    let found = rusqlite::Connection::open(&to).unwrap();
    let check = |sql: &str, expected: &str| {
        assert_eq!(found.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap(), expected, "{sql}");
    };
    check("SELECT service || route || requests || ' ' || errors || ' ' || max_ms FROM api_metrics", "vms/vms20 5 10.0");
    check("SELECT count(*) || fields FROM log_entries WHERE status = 503 AND duration_ms = 10", "5{\"tags\":[1]}");
    check("SELECT group_concat(metric) || sum(value) FROM system_metrics", "system.cpu.time,process_threads3.0");
    check("SELECT metric FROM app_metrics", "orders");
    let said = "timestamp || alert || what || ifnull(phase, '-') || ifnull(value, '-') || ifnull(person, '-') || ifnull(receiver, '-')";
    let at = "1970-01-01T00:00:01.000000Zcpu/1f";
    for (what, expected) in [("transition", "firing91.5--"), ("sent", "---slack"), ("assigned", "--ada-")] {
        check(&format!("SELECT {said} FROM alerts WHERE what = '{what}'"), &format!("{at}{what}{expected}"));
    }
    check("SELECT fields FROM alerts WHERE what IS NULL", "torn");
}
