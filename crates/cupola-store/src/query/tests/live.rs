//! What is asked of a store while it is written.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::query::stored::logs;
use crate::query::*;
use crate::{Batch, Settings, Signal, Store, Value};

const SECOND: i64 = 1_000_000_000;

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as i64
}

fn open(dir: &std::path::Path) -> Store {
    Store::open(dir, &Settings::default(), &|_, _| Ok(Vec::new())).unwrap()
}

/// Entries with these numbers; each time is that of three.
fn batch(numbers: std::ops::Range<i64>, start: i64, word: &str) -> Batch {
    let mut batch = Batch::new(Signal::Logs);
    for number in numbers {
        batch.row(start + number / 3).set("message", Value::Text(word)).set("number", Value::Int(number));
    }
    batch
}

#[test]
fn pages_are_exact_while_blocks_are_sealed_and_merged() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let (start, writer) = (now() - SECOND, store.writer());
    for block in 0..60 {
        writer.offer(batch(7 * block..7 * (block + 1), start, "early"));
        assert!(store.flush());
    }
    let reader = store.reader().unwrap();
    let before = reader.search(&Search { selection: logs(""), limit: 1, cursor: None }).unwrap().scanned;
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Small blocks between and around those that are there, so that they are merged again and again.
            for block in 0.. {
                if is_done.load(Ordering::Acquire) {
                    break;
                }
                writer.offer(batch(13 * (block % 60)..13 * (block % 60) + 5, start - 10, "late"));
                store.flush();
            }
        });
        for _ in 0..3 {
            let mut search = Search { selection: logs("early"), limit: 11, cursor: None };
            let (mut told, mut last) = (BTreeMap::new(), i64::MAX);
            loop {
                let found = reader.search(&search).unwrap();
                for entry in &found.entries {
                    assert!(entry.time() <= last, "the newest first");
                    last = entry.time();
                    let Some(Value::Int(number)) = entry.get("number") else { panic!("no number") };
                    *told.entry(number).or_insert(0) += 1;
                }
                search.cursor = found.cursor;
                if search.cursor.is_none() {
                    break;
                }
            }
            assert_eq!(told, (0..420).map(|number| (number, 1)).collect());
        }
        is_done.store(true, Ordering::Release);
    });
    assert_eq!(before.damaged, 0);
}

#[test]
fn who_watches_sees_what_is_kept_and_nothing_that_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut tail = store.tails().open(Signal::Logs, Some(&crate::query::stored::expression("number>=2"))).unwrap();
    let mut offered = batch(0..4, now(), "offered");
    offered.row(0).set("number", Value::Int(9));
    store.writer().offer(offered);
    let kept = store.writer().keep(1, b"raw", vec![batch(4..6, now(), "kept")]).unwrap();
    assert_eq!(kept.accepted, 2);
    let told = tail.take();
    let numbers: Vec<_> = told.entries.iter().map(|entry| entry.get("number").unwrap().as_f64().unwrap()).collect();
    assert_eq!((numbers, told.dropped), (vec![2.0, 3.0, 4.0, 5.0], 0));
}
