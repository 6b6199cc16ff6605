//! What was appended is read, whatever befell the file.

use std::path::PathBuf;
use std::{fs, io};

use tempfile::TempDir;

use super::*;
use crate::journal::replay::read;

fn journal(dir: &TempDir, run: u64) -> Journal {
    Journal::new(dir.path(), run, Durability::Process)
}

type Found = (u64, u64, u8, Vec<u8>);

fn records(path: &Path) -> (Vec<Found>, Damage) {
    let mut found = Vec::new();
    let damage = read::<io::Error>(path, |record| {
        found.push((record.run, record.number, record.kind, record.body.to_vec()));
        Ok(())
    });
    (found, damage.unwrap())
}

fn only(dir: &TempDir) -> PathBuf {
    let found = Replay::find(dir.path()).unwrap();
    assert_eq!(found.segments.len(), 1);
    found.segments[0].clone()
}

#[test]
fn records_are_read_in_their_order_and_with_their_numbers() {
    let dir = TempDir::new().unwrap();
    let mut first = journal(&dir, 5);
    assert_eq!((first.append(1, b"one").unwrap(), first.append(2, b"").unwrap()), (1, 2));
    let mut second = journal(&dir, 12);
    assert_eq!(second.append(3, b"three").unwrap(), 1);
    let found = Replay::find(dir.path()).unwrap();
    assert_eq!(found.last_run, 12);
    let all: Vec<_> = found.segments.iter().flat_map(|path| records(path).0).collect();
    assert_eq!(all, [(5, 1, 1, b"one".to_vec()), (5, 2, 2, Vec::new()), (12, 1, 3, b"three".to_vec())]);
}

#[test]
fn a_segment_that_was_cut_anywhere_gives_the_records_before() {
    let dir = TempDir::new().unwrap();
    let mut journal = journal(&dir, 1);
    for number in 0..10_u8 {
        journal.append(0, &vec![number; usize::from(number)]).unwrap();
    }
    let whole = fs::read(only(&dir)).unwrap();
    for len in 0..whole.len() {
        fs::write(only(&dir), &whole[..len]).unwrap();
        let (found, damage) = records(&only(&dir));
        let ends = (0..10).scan(HEAD, |end, number| {
            *end += RECORD_HEAD + number;
            Some(*end)
        });
        assert_eq!(found.len(), ends.filter(|end| *end <= len).count(), "{len}");
        assert_eq!(damage.records, 0);
    }
}

#[test]
fn a_record_that_was_changed_is_passed_over_and_those_behind_it_are_read() {
    let dir = TempDir::new().unwrap();
    let mut journal = journal(&dir, 1);
    for body in [b"first", b"other", b"third"] {
        journal.append(7, body).unwrap();
    }
    let mut bytes = fs::read(only(&dir)).unwrap();
    bytes[HEAD + 2 * RECORD_HEAD + 5] ^= 1;
    fs::write(only(&dir), &bytes).unwrap();
    let (found, damage) = records(&only(&dir));
    assert_eq!(
        found.iter().map(|record| (record.1, &*record.3)).collect::<Vec<_>>(),
        [(1, &b"first"[..]), (3, b"third")]
    );
    assert_eq!(damage, Damage { records: 1, cut: false });
    bytes[HEAD..HEAD + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    fs::write(only(&dir), &bytes).unwrap();
    assert_eq!(records(&only(&dir)), (Vec::new(), Damage { records: 0, cut: true }));
}

#[test]
fn a_journal_of_a_newer_version_is_refused() {
    let dir = TempDir::new().unwrap();
    journal(&dir, 1).append(0, b"").unwrap();
    let mut bytes = fs::read(only(&dir)).unwrap();
    bytes[10] = 2;
    fs::write(only(&dir), bytes).unwrap();
    let refused = read::<io::Error>(&only(&dir), |_| Ok(())).unwrap_err();
    assert!(refused.to_string().contains("newer Cupola"), "{refused}");
}

#[test]
fn segments_go_when_all_of_them_is_sealed() {
    let dir = TempDir::new().unwrap();
    let mut journal = journal(&dir, 1);
    let body = vec![7; 20 << 20];
    for number in 1..=9 {
        assert_eq!(journal.append(0, &body).unwrap(), number);
    }
    let firsts = |journal: &Journal| journal.segments.iter().map(|(first, _)| *first).collect::<Vec<_>>();
    assert_eq!(firsts(&journal), [1, 5, 9]);
    assert!(journal.release(3).is_empty());
    delete(&journal.release(4));
    assert_eq!(firsts(&journal), [5, 9]);
    delete(&journal.release(9));
    assert_eq!(Replay::find(dir.path()).unwrap().segments.len(), 0, "the open one was long enough to go");
    assert_eq!(journal.append(0, b"small").unwrap(), 10);
    assert!(journal.release(10).is_empty(), "and this one is not");
    journal.rest(9);
    assert_eq!(Replay::find(dir.path()).unwrap().segments.len(), 1, "something is not sealed");
    journal.rest(10);
    assert_eq!(Replay::find(dir.path()).unwrap().segments.len(), 0, "nothing comes at the moment");
    journal.stays = Duration::ZERO;
    assert_eq!((journal.append(0, b"old").unwrap(), journal.append(0, b"newer").unwrap()), (11, 12));
    assert_eq!(firsts(&journal), [11, 12]);
    delete(&journal.release(11));
    assert_eq!(firsts(&journal), [12]);
    delete(&journal.release(12));
    assert_eq!(Replay::find(dir.path()).unwrap().segments.len(), 0, "it was old enough to go");
    journal.stays = STAYS;
    assert_eq!(journal.append(0, b"the last").unwrap(), 13);
    assert!(journal.release(13).is_empty());
    journal.close(13);
    assert_eq!(Replay::find(dir.path()).unwrap().segments.len(), 0);
}
