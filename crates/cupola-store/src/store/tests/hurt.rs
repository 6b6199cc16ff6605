//! Damage is seen, said and counted, and the rest goes on.

use std::fs;

use super::*;
use crate::journal::Journal;
use crate::{Durability, KeepError};

fn file_of(dir: &Path, time: i64) -> PathBuf {
    layout::day_file(dir, Signal::Logs, Day::of(time))
}

/// A journal as a process leaves it that died: these records, of this run.
fn leave_journal(dir: &Path, run: u64, bodies: &[&[u8]]) {
    make_folders(dir).unwrap();
    let mut journal = Journal::new(&layout::journal(dir), run, Durability::Process);
    bodies.iter().for_each(|body| assert!(journal.append(7, body).is_ok()));
}

fn names(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn what_the_journal_has_and_the_files_have_not_is_sealed_when_the_store_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    let time = now();
    let bodies: Vec<Vec<u8>> = (0..3).map(|record| raw(&(10 * record..10 * record + 10), time)).collect();
    let bodies: Vec<&[u8]> = bodies.iter().map(|body| &**body).collect();
    leave_journal(dir.path(), 5, &bodies);
    leave_journal(dir.path(), 6, &[&raw(&(30..40), time)]);
    // Today's file has the first two records of run 5, yesterday's has none, and other runs' marks are not theirs.
    let file = DayFile::write(&file_of(dir.path(), time), Durability::Process).unwrap();
    let seal = file.seal().unwrap();
    seal.mark(5, 2).unwrap();
    seal.mark(4, 9).unwrap();
    seal.commit().unwrap();
    drop(file);
    let store = open(dir.path());
    assert_eq!(store.stats().replayed, 20 + 40);
    store.close().unwrap();
    let found = numbers(dir.path());
    assert_eq!(found[&Day::of(time)], (20..40).map(|number| (number, 1)).collect());
    assert_eq!(found[&Day::of(time - 24 * HOUR)], (0..40).map(|number| (number, 1)).collect());
    assert!(names(&layout::journal(dir.path())).is_empty());
    assert_eq!(open(dir.path()).stats().replayed, 0);
}

#[test]
fn a_record_that_means_nothing_is_put_aside_and_the_others_are_sealed() {
    let dir = tempfile::tempdir().unwrap();
    let time = now();
    leave_journal(dir.path(), 5, &[&raw(&(0..10), time), b"no numbers", &raw(&(10..20), time)]);
    let store = open(dir.path());
    assert_eq!((store.stats().replayed, store.stats().quarantined_records), (40, 1));
    drop(store);
    let left = names(&layout::journal(dir.path()));
    assert!(left.len() == 1 && left[0].ends_with(".journal.damaged"), "{left:?}");
    assert_eq!(open(dir.path()).stats().replayed, 0);
}

#[test]
fn a_file_that_is_damaged_is_put_aside_and_a_new_one_begun() {
    let dir = tempfile::tempdir().unwrap();
    let time = now();
    open(dir.path()).writer().offer(batch(0..10, time));
    fs::write(
        file_of(dir.path(), time),
        "no database at all, and longer than a header of SQLite has to be, which is a hundred bytes long",
    )
    .unwrap();
    let store = open(dir.path());
    store.writer().offer(batch(10..20, time));
    assert!(store.flush());
    assert_eq!((store.stats().quarantined_files, store.stats().trouble), (1, None));
    drop(store);
    assert_eq!(numbers(dir.path())[&Day::of(time)], (10..20).map(|number| (number, 1)).collect());
    assert!(names(&dir.path().join("logs")).iter().any(|name| name.contains(".cupola.damaged-")));
}

#[test]
fn a_block_that_is_torn_is_left_alone_and_the_others_are_merged() {
    let dir = tempfile::tempdir().unwrap();
    let time = now();
    let store = open(dir.path());
    for number in 0..60 {
        store.writer().offer(batch(number..number + 1, time));
        assert!(store.flush());
    }
    drop(store);
    let connection = rusqlite::Connection::open(file_of(dir.path(), time)).unwrap();
    connection.execute("UPDATE columns SET data = x'00' || substr(data, 2) WHERE id >> 20 = 31", []).unwrap();
    connection.execute("UPDATE columns SET data = substr(data, 1, 11) WHERE id >> 20 = 31", []).unwrap();
    drop(connection);
    let store = open(dir.path());
    for number in 60..64 {
        store.writer().offer(batch(number..number + 1, time));
        assert!(store.flush());
    }
    let settled = |stats: &Stats| stats.merged_blocks + stats.quarantined_blocks == 64;
    while !settled(&store.stats()) {
        thread::yield_now();
    }
    assert_eq!(store.stats().quarantined_blocks, 1);
    drop(store);
    assert_eq!(
        numbers(dir.path())[&Day::of(time)],
        (0..64).filter(|number| *number != 30).map(|number| (number, 1)).collect()
    );
    assert_eq!(blocks(dir.path()), 2);
}

#[test]
fn what_a_newer_cupola_wrote_is_refused_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let time = now();
    open(dir.path()).writer().offer(batch(0..10, time));
    let path = file_of(dir.path(), time);
    rusqlite::Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 196608").unwrap();
    let refused = Store::open(dir.path(), &Settings::default(), &decode).unwrap_err();
    assert!(refused.is_newer() && refused.to_string().contains(path.to_str().unwrap()), "{refused}");
}

#[test]
fn a_directory_that_cannot_be_made_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let inside = dir.path().join("file/store");
    fs::write(dir.path().join("file"), "").unwrap();
    let refused = Store::open(&inside, &Settings::default(), &decode).unwrap_err();
    assert_eq!(refused.to_string(), format!("the store cannot be opened at {}", inside.display()));
}

#[test]
fn where_the_journal_cannot_be_written_nothing_is_promised() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fs::remove_dir_all(layout::journal(dir.path())).unwrap();
    assert!(matches!(keep(&store.writer(), 0..10, now()), Err(KeepError::Journal(_))));
    make_folders(dir.path()).unwrap();
    keep(&store.writer(), 10..20, now()).unwrap();
    assert!(store.flush());
    assert_eq!((store.stats().accepted, store.stats().sealed), (20, 20));
}
