//! What comes in is kept, refused or dropped, and counted.

use std::time::Duration;

use super::*;
use crate::{Durability, KeepError, Refused};

#[test]
fn what_is_brought_is_in_the_files_once() {
    for durability in [Durability::Process, Durability::Power] {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &Settings::default().durability(durability), &decode).unwrap();
        let writer = store.writer();
        let time = now() - 10 * HOUR;
        let kept = keep(&writer, 0..10_000, time).unwrap();
        assert_eq!(kept.accepted, 20_000);
        writer.offer(batch(10_000..10_500, time));
        assert!(store.flush());
        let stats = store.stats();
        assert_eq!((stats.accepted, stats.sealed, stats.waiting_bytes), (20_500, 20_500, 0));
        assert_eq!(stats.files.iter().map(|file| file.bytes).sum::<u64>(), stats.bytes);
        let found = numbers(dir.path());
        let expected = |end| (0..end).map(|number| (number, 1)).collect::<BTreeMap<i64, usize>>();
        assert_eq!(found.values().collect::<Vec<_>>(), [&expected(10_000), &expected(10_500)]);
        store.close().unwrap();
        assert!(matches!(keep(&writer, 0..1, time), Err(KeepError::Closed)));
        assert_eq!(std::fs::read_dir(layout::journal(dir.path())).unwrap().count(), 0, "all is sealed");
    }
}

#[test]
fn a_store_that_is_dropped_has_sealed_what_waited() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).writer().offer(batch(0..10, now()));
    assert_eq!(numbers(dir.path()).values().map(BTreeMap::len).sum::<usize>(), 10);
}

#[test]
fn what_waits_is_sealed_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.writer().offer(batch(0..10, now()));
    while store.stats().sealed < 10 {
        thread::yield_now();
    }
    assert_eq!(blocks(dir.path()), 1);
}

#[test]
fn one_writes_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let refused = Store::open(dir.path(), &Settings::default(), &decode).unwrap_err();
    assert!(refused.is_locked());
    let said = refused.to_string();
    assert!(said.starts_with(&format!("another process writes the store in {}: cupola_store", dir.path().display())));
    assert!(said.ends_with(&format!(" (process {})", std::process::id())), "{said}");
    drop(store);
    open(dir.path());
}

#[test]
fn entries_of_strange_times_are_refused_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), &Settings::default().retention(Duration::from_hours(48)), &decode).unwrap();
    let mut batch = Batch::new(Signal::Spans);
    for hours in [0, 20, 25, -40, -50, 1_000_000, -300_000] {
        batch.row(now() + hours * HOUR);
    }
    let kept = store.writer().keep(7, b"", vec![batch]).unwrap();
    assert_eq!((kept.accepted, kept.refused), (3, Refused { future: 2, too_old: 2 }));
    let mut batch = Batch::new(Signal::Spans);
    batch.row(i64::MAX);
    store.writer().offer(batch);
    assert!(store.flush());
    assert_eq!((store.stats().refused, store.stats().sealed), (Refused { future: 3, too_old: 2 }, 3));
}

#[test]
fn where_there_is_no_room_it_is_said_at_once_and_all_that_was_kept_is_sealed_later() {
    let dir = tempfile::tempdir().unwrap();
    let time = now();
    {
        let store = open(dir.path());
        store.writer().offer(batch(0..1, time));
    }
    let store = Store::open(dir.path(), &Settings::default().queue_bytes(300_000), &decode).unwrap();
    // While somebody else writes the file, nothing can be sealed.
    let other = rusqlite::Connection::open(layout::day_file(dir.path(), Signal::Logs, Day::of(time))).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut kept = 1;
    let refused = loop {
        match keep(&store.writer(), kept..kept + 100, time) {
            Ok(_) => kept += 100,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, KeepError::Busy) && refused.is_temporary() && kept > 1_000, "{refused:?} after {kept}");
    store.writer().offer(batch(0..1_000, time));
    let stats = store.stats();
    assert_eq!((stats.dropped, stats.busy), (1_000, 1));
    other.execute_batch("COMMIT").unwrap();
    assert!(store.flush());
    store.close().unwrap();
    let found = numbers(dir.path());
    assert_eq!(found[&Day::of(time)], (0..kept).map(|number| (number, 1)).collect());
}

#[test]
fn days_go_when_they_are_old() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for hours in [0, 49, 100] {
        store.writer().offer(batch(0..10, now() - hours * HOUR));
    }
    store.close().unwrap();
    let store = Store::open(dir.path(), &Settings::default().retention(Duration::from_hours(24)), &decode).unwrap();
    assert_eq!((numbers(dir.path()).len(), store.stats().expired_files), (1, 2));
    assert_eq!(std::fs::read_dir(dir.path().join("logs")).unwrap().filter(|file| !is_of_today(file)).count(), 0);
}

fn is_of_today(file: &std::io::Result<std::fs::DirEntry>) -> bool {
    file.as_ref().unwrap().file_name().to_str().unwrap().starts_with(&Day::of(now()).to_string())
}

#[test]
fn days_go_when_all_are_too_many_bytes_and_never_today() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let time = now();
    for hours in [0, 49, 100] {
        store.writer().offer(batch(0..2_000, time - hours * HOUR));
    }
    store.close().unwrap();
    let all = open(dir.path()).stats();
    let settings = Settings::default().max_bytes(all.bytes - 1);
    drop(Store::open(dir.path(), &settings, &decode).unwrap());
    assert_eq!(numbers(dir.path()).len(), 2, "the oldest was enough");
    let store = Store::open(dir.path(), &Settings::default().max_bytes(1), &decode).unwrap();
    assert_eq!(numbers(dir.path()).into_keys().collect::<Vec<_>>(), [Day::of(time)]);
    assert!(matches!(keep(&store.writer(), 0..1, time), Err(KeepError::Full)));
    store.writer().offer(batch(0..5, time));
    assert_eq!(store.stats().dropped, 5);
}

#[test]
fn small_blocks_become_larger_ones() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let time = now() - HOUR;
    for number in 0..70 {
        store.writer().offer(batch(10 * number..10 * number + 10, time - number * 100));
        assert!(store.flush());
    }
    store.close().unwrap();
    assert_eq!(blocks(dir.path()), 1 + 6);
    let store = open(dir.path());
    store.writer().offer(batch(700..2_800, time));
    assert!(store.flush());
    store.writer().offer(batch(2_800..4_800, time));
    assert!(store.flush());
    let merged = store.stats().merged_blocks;
    store.close().unwrap();
    assert_eq!((blocks(dir.path()), merged), (8 + 1, 0), "2,100 are a large block, and 2,700 are not enough");
    let found = numbers(dir.path());
    assert_eq!(found[&Day::of(time)], (0..4_800).map(|number| (number, 1)).collect());
}
