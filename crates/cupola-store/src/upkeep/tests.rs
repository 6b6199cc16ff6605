//! A store that is taken care of while it is written.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::batch::Batch;
use crate::language::Expression;
use crate::metadata::{Change, Expect, Metadata as _, MetadataFile};
use crate::settings::Settings;
use crate::signal::Signal;
use crate::store::Store;
use crate::value::Value;

const DAY: i64 = 86_400_000_000_000;

struct House {
    dir: tempfile::TempDir,
    store: Store,
}

impl House {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store"), &Settings::default(), &|_, _| Ok(Vec::new())).unwrap();
        Self { dir, store }
    }

    fn upkeep(&self) -> StoreUpkeep {
        self.store.upkeep(Some(self.dir.path().join("backups")))
    }

    /// Entries of so many days, each with some small blocks.
    fn fill(&self, days: i64) {
        for round in 0..10 {
            for day in 0..days {
                offer(&self.store, now() - day * DAY, round * days + day);
            }
            assert!(self.store.flush());
        }
    }
}

fn offer(store: &Store, time: i64, number: i64) {
    let mut batch = Batch::new(Signal::Logs);
    let text = format!("entry {number} {}", "x".repeat(400));
    batch.row(time).set("number", Value::Int(number)).set("message", Value::Text(&text));
    store.writer().offer(batch);
}

fn numbers(upkeep: &dyn Upkeep) -> Vec<i64> {
    let mut numbers = Vec::new();
    let mut visit = |entry: &Entry| {
        let Some(Value::Int(number)) = entry.get("number") else { panic!("no number") };
        numbers.push(number);
        ControlFlow::Continue(())
    };
    upkeep.export(&Selection::of(Signal::Logs), &mut visit).unwrap();
    numbers
}

#[test]
fn it_is_verified_exported_copied_and_made_smaller_while_it_is_open() {
    let house = House::new();
    house.fill(3);
    let metadata = MetadataFile::open(house.store.dir()).unwrap();
    let rule = Change::Put { kind: "rule", key: "slow".into(), body: "{}".into(), expect: Expect::Absent };
    metadata.apply(&[rule]).unwrap();
    let upkeep = house.upkeep();
    let verified = upkeep.verify().unwrap();
    assert_eq!((verified.files, verified.entries, &verified.problems[..]), (3, 30, &[][..]));
    assert_eq!(numbers(&upkeep).len(), 30);
    let compacted = upkeep.compact().unwrap();
    assert!(compacted.files == 3 && compacted.merged_blocks >= 20, "{compacted:?}");
    assert!(compacted.bytes_after < compacted.bytes_before, "{compacted:?}");
    offer(&house.store, now() - DAY, 100);
    assert!(house.store.flush(), "the files are the store's again");
    let expected: BTreeSet<i64> = (0..30).chain([100]).collect();
    assert_eq!(numbers(&upkeep).into_iter().collect::<BTreeSet<_>>(), expected);
    let (name, made) = upkeep.backup().unwrap();
    let (copy, restored) = (house.dir.path().join("backups").join(name), house.dir.path().join("restored"));
    assert_eq!(maintain::restore(&copy, &restored, false, &|_| {}).unwrap().files, made.files);
    let there = MetadataFile::open(&restored).unwrap().get("rule", "slow").unwrap();
    assert_eq!(there.unwrap().body, "{}", "what people decided is copied, too");
    let error = house.store.upkeep(None).backup().unwrap_err();
    assert!(error.has_no_place() && error.to_string().starts_with("no place is named"), "{error}");
}

#[test]
fn damage_is_told_by_the_names_that_files_have_within_the_store() {
    let house = House::new();
    house.fill(1);
    std::fs::write(house.store.dir().join("metadata.sqlite"), [7; 9_000]).unwrap();
    let found = house.upkeep().verify().unwrap();
    let [problem] = &found.problems[..] else { panic!("{found:?}") };
    assert_eq!(problem.to_string(), "metadata.sqlite: file is not a database");
}

#[test]
fn days_are_deleted_by_the_one_who_has_them_open() {
    let house = House::new();
    house.fill(3);
    let upkeep = house.upkeep();
    let prune = Prune { before: Some(now() - DAY), max_bytes: None };
    let would: Vec<_> = upkeep.prune(&prune, true).unwrap().into_iter().map(|file| file.day).collect();
    assert_eq!((would.len(), house.store.stats().files.len()), (1, 3));
    let gone: Vec<_> = upkeep.prune(&prune, false).unwrap().into_iter().map(|file| file.day).collect();
    assert_eq!((&gone, house.store.stats().files.len(), numbers(&upkeep).len()), (&would, 2, 20));
    offer(&house.store, now() - 2 * DAY, 7);
    assert!(house.store.flush());
    assert_eq!(numbers(&upkeep).len(), 21, "what comes later has a new file");
}

#[test]
fn a_file_that_others_work_on_is_left_alone_and_its_entries_wait() {
    let house = House::new();
    house.fill(2);
    let upkeep = house.upkeep();
    let yesterday = (Signal::Logs, crate::day::Day::of(now() - DAY));
    let taken = upkeep.take(yesterday).unwrap();
    offer(&house.store, now() - DAY, 50);
    offer(&house.store, now(), 51);
    assert!(!house.store.flush(), "not all is sealed");
    let found = numbers(&upkeep);
    assert!(found.contains(&51) && !found.contains(&50), "{found:?}");
    let prune = Prune { before: Some(now()), max_bytes: None };
    let error = upkeep.prune(&prune, false).unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("busy"), "{error:?}");
    drop(taken);
    assert!(house.store.flush());
    assert!(numbers(&upkeep).contains(&50));
}

#[test]
fn a_store_that_is_closed_is_taken_care_of_no_more() {
    let House { dir, store } = House::new();
    let upkeep = store.upkeep(None);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let at_work = scope.spawn(|| {
            while !is_over.load(Ordering::Acquire) {
                if let Err(error) = upkeep.compact() {
                    return Some(error.to_string());
                }
            }
            None
        });
        offer(&store, now() - DAY, 1);
        store.close().unwrap();
        // A compaction of nothing that is left is no error; of a file it is.
        let later = upkeep.compact().unwrap_err().to_string();
        is_over.store(true, Ordering::Release);
        let told = at_work.join().unwrap();
        for told in [Some(later), told].into_iter().flatten() {
            assert!(told.ends_with("is closed") || told.ends_with("was stopped"), "{told}");
        }
    });
    assert!(upkeep.prune(&Prune::default(), false).unwrap_err().to_string().ends_with("is closed"));
    let reader = Reader::open(dir.path().join("store")).unwrap();
    let all = Selection { expression: None::<Expression>, ..Selection::of(Signal::Logs) };
    assert_eq!(reader.walk(&all, &mut |_| ControlFlow::Continue(())).unwrap().entries, 1, "nothing was lost");
}
