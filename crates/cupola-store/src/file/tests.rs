//! What is written into a file is read from it, by others too, and a file that is not known is refused.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::batch::Batch;
use crate::block::{Sealed, Sealer, Table};
use crate::signal::Signal;
use crate::value::Value;

fn sealed(times: std::ops::Range<i64>, fields: usize) -> Sealed {
    let mut batch = Batch::new(Signal::Logs);
    for time in times {
        let mut row = batch.row(time);
        row.set("level", Value::Text("INFO")).set("message", Value::Text(&format!("machine {time} is up")));
        row.set("trace_id", Value::Id(&[7; 16]));
        for field in 0..fields {
            row.set(&format!("field{field}"), Value::Int(time));
        }
    }
    let table = Table::new(vec![&batch]);
    Sealer::new().seal(&table, &table.places())
}

fn path(dir: &TempDir) -> PathBuf {
    dir.path().join("2026-11-27.cupola")
}

fn write(path: &Path, blocks: &[Sealed]) -> DayFile {
    let file = DayFile::write(path, Durability::Process).unwrap();
    let mut seal = file.seal().unwrap();
    for block in blocks {
        seal.add(block).unwrap();
    }
    seal.mark(1, 9).unwrap();
    seal.commit().unwrap();
    file
}

#[test]
fn blocks_are_read_while_the_file_is_written() {
    let dir = TempDir::new().unwrap();
    let writer = write(&path(&dir), &[sealed(0..100, 0), sealed(200..300, 300)]);
    let reader = DayFile::read(&path(&dir)).unwrap();
    let blocks = reader.blocks(&(50..=250)).unwrap();
    assert_eq!(blocks.iter().map(|block| block.header.min_time).collect::<Vec<_>>(), [200, 0], "the newest first");
    assert_eq!(reader.blocks(&(100..=199)).unwrap().len(), 0);
    assert_eq!(blocks[0].header.levels.of("INFO"), Some(100));
    let first = &blocks[1];
    assert_eq!(reader.times(first).unwrap(), (0..100).collect::<Vec<_>>());
    let messages = reader.column(first, "message").unwrap().unwrap();
    assert_eq!(messages.value(42), Some(Value::Text("machine 42 is up")));
    assert!(reader.column(first, "field7").unwrap().is_none());
    assert!(reader.column(first, "never").unwrap().is_none());
    for field in [0, 299] {
        let values = reader.column(&blocks[0], &format!("field{field}")).unwrap().unwrap();
        assert_eq!(values.value(1), Some(Value::Int(201)), "of its own, or one of the rest");
    }
    assert_eq!(reader.columns(&blocks[0]).unwrap().len(), 303);
    assert!(reader.words(first.id).unwrap().may_contain(b"MACHINE"));
    assert!(!reader.words(first.id).unwrap().may_contain(b"201"));
    assert!(reader.traces(first.id).unwrap().may_contain_id(&[7; 16]));
    assert_eq!((reader.mark(1).unwrap(), reader.mark(2).unwrap()), (9, 0));
    assert!(reader.names().unwrap().starts_with(&["level".to_owned(), "message".to_owned()]));

    let mut seal = writer.seal().unwrap();
    seal.add(&sealed(400..401, 400)).unwrap();
    assert_eq!(reader.blocks(&(0..=1_000)).unwrap().len(), 2, "not yet");
    seal.commit().unwrap();
    let newest = reader.blocks(&(0..=1_000)).unwrap()[0];
    assert_eq!(reader.times(&newest).unwrap(), [400]);
}

#[test]
fn what_is_not_committed_was_never_there() {
    let dir = TempDir::new().unwrap();
    let file = write(&path(&dir), &[sealed(0..10, 0)]);
    let mut seal = file.seal().unwrap();
    seal.add(&sealed(10..20, 5)).unwrap();
    seal.mark(1, 10).unwrap();
    drop(seal);
    assert_eq!((file.blocks(&(0..=100)).unwrap().len(), file.mark(1).unwrap()), (1, 9));
    let mut seal = file.seal().unwrap();
    seal.add(&sealed(10..20, 5)).unwrap();
    seal.commit().unwrap();
    let block = file.blocks(&(10..=10)).unwrap()[0];
    assert_eq!(
        file.column(&block, "field4").unwrap().unwrap().value(0),
        Some(Value::Int(10)),
        "its name was not taken to be known"
    );
}

#[test]
fn a_block_that_is_removed_is_gone_and_a_snapshot_has_it_still() {
    let dir = TempDir::new().unwrap();
    let file = write(&path(&dir), &[sealed(0..10, 0), sealed(10..20, 0)]);
    let reader = DayFile::read(&path(&dir)).unwrap();
    let snapshot = reader.snapshot().unwrap();
    let blocks = reader.blocks(&(0..=100)).unwrap();
    let seal = file.seal().unwrap();
    seal.remove(blocks[0].id).unwrap();
    seal.commit().unwrap();
    assert_eq!(reader.times(&blocks[0]).unwrap().len(), 10);
    drop(snapshot);
    assert!(reader.times(&blocks[0]).is_err());
    assert_eq!(reader.times(&blocks[1]).unwrap().len(), 10);
}

#[test]
fn a_torn_block_is_an_error_and_its_neighbours_are_read() {
    let dir = TempDir::new().unwrap();
    let file = write(&path(&dir), &[sealed(0..10, 0), sealed(10..20, 0)]);
    let connection = Connection::open(path(&dir)).unwrap();
    let changed = connection
        .execute("UPDATE columns SET data = substr(data, 1, length(data) - 3) WHERE id >> 20 = 1", [])
        .unwrap();
    assert_eq!(changed, 4);
    let blocks = file.blocks(&(0..=100)).unwrap();
    assert!(matches!(file.times(&blocks[1]), Err(FileError::Torn(_))));
    assert!(matches!(file.column(&blocks[1], "message"), Err(FileError::Torn(_))));
    assert_eq!(file.times(&blocks[0]).unwrap().len(), 10);
}

#[test]
fn files_of_another_version_and_of_others_are_refused_unread() {
    let dir = TempDir::new().unwrap();
    drop(write(&path(&dir), &[]));
    let set = |sql: &str| Connection::open(path(&dir)).unwrap().execute_batch(sql).unwrap();
    set("PRAGMA user_version = 65543");
    DayFile::read(&path(&dir)).expect("a minor version only adds");
    set("PRAGMA user_version = 131072");
    let refused = DayFile::read(&path(&dir)).unwrap_err();
    assert_eq!(refused.to_string(), "the file has version 2, and this Cupola reads version 1: a newer Cupola reads it");
    assert!(
        !refused.is_corrupt() && matches!(DayFile::write(&path(&dir), Durability::Process), Err(FileError::Version(_)))
    );
    set("PRAGMA application_id = 7");
    assert!(matches!(DayFile::read(&path(&dir)), Err(FileError::Foreign)));
    std::fs::write(path(&dir), "a letter").unwrap();
    assert!(DayFile::read(&path(&dir)).unwrap_err().is_corrupt());
    assert!(DayFile::read(&dir.path().join("never.cupola")).unwrap_err().cannot_open());
}

/// Where the child finds a file.
const FILE: &str = "CUPOLA_TEST_FILE";

/// No test of its own: what reads in the one below.
#[test]
fn child() {
    #[allow(clippy::disallowed_methods, reason = "the parent says so whether it is the child")]
    let Ok(path) = std::env::var(FILE) else { return };
    let file = DayFile::read(Path::new(&path)).unwrap();
    let block = file.blocks(&(0..=100)).unwrap()[0];
    assert_eq!(file.times(&block).unwrap().len(), 10);
    assert_eq!(file.names().unwrap().len(), 3);
}

#[test]
fn a_file_is_read_where_nothing_can_be_written() {
    let dir = TempDir::new().unwrap();
    drop(write(&path(&dir), &[sealed(0..10, 0)]));
    let me = dir.path().join("me");
    std::fs::copy(std::env::current_exe().unwrap(), &me).unwrap();
    let allow = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    allow(&path(&dir), 0o444);
    allow(dir.path(), 0o555);
    let mut command = Command::new(&me);
    command.args(["--exact", "file::tests::child"]).env(FILE, path(&dir)).current_dir(dir.path());
    if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
        // Root may write everywhere.
        command.uid(65_534).gid(65_534);
    }
    let child = command.output().unwrap();
    allow(dir.path(), 0o755);
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"));
}
