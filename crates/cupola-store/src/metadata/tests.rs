//! What is kept is there again, all of it or nothing.

use std::fs;

use super::*;

fn put(key: &str, body: &str, expect: Expect) -> Change {
    Change::Put { kind: "rule", key: key.to_owned(), body: body.to_owned(), expect }
}

fn note(subject: &str, time: i64) -> Change {
    Change::Note { topic: "history", subject: subject.to_owned(), time, body: format!("{subject} at {time}") }
}

#[test]
fn documents_are_written_as_expected_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let metadata = MetadataFile::open(dir.path()).unwrap();
    metadata.apply(&[put("a", "1", Expect::Absent), put("b", "1", Expect::Any), put("b", "2", Expect::Any)]).unwrap();
    metadata.apply(&[put("a", "2", Expect::Version(1))]).unwrap();
    let late = metadata.apply(&[put("c", "1", Expect::Any), note("c", 1), put("a", "3", Expect::Version(1))]);
    let late = late.unwrap_err();
    assert_eq!(late.conflict(), Some(("rule", "a")));
    assert_eq!(late.to_string(), "the rule \"a\" was changed by somebody else meanwhile");
    assert_eq!(metadata.apply(&[put("a", "3", Expect::Absent)]).unwrap_err().conflict(), Some(("rule", "a")));
    assert_eq!(metadata.notes("history", None, None, 10).unwrap(), [], "nothing of it was done");
    let both = [("a", 2, "2"), ("b", 2, "2")];
    let both = both.map(|(key, version, body)| Document { key: key.into(), version, body: body.into() });
    drop(metadata);
    let metadata = MetadataFile::open(dir.path()).unwrap();
    assert_eq!(metadata.all("rule").unwrap(), both);
    assert_eq!(metadata.list("rule", Some("a"), 10).unwrap(), both[1..]);
    assert_eq!(metadata.get("rule", "b").unwrap().as_ref(), Some(&both[1]));
    metadata.apply(&[Change::Delete { kind: "rule", key: "b".into() }]).unwrap();
    assert_eq!(metadata.get("rule", "b").unwrap(), None);
    assert_eq!(metadata.get("other", "a").unwrap(), None);
}

#[test]
fn all_are_more_than_a_page() {
    let dir = tempfile::tempdir().unwrap();
    let metadata = MetadataFile::open(dir.path()).unwrap();
    for many in [0, 1, PAGE, 2 * PAGE + 1] {
        let changes: Vec<Change> = (0..many).map(|key| put(&format!("{key:05}"), "", Expect::Any)).collect();
        metadata.apply(&changes).unwrap();
        assert_eq!(metadata.all("rule").unwrap().len(), many);
    }
}

#[test]
fn notes_are_read_from_the_newest_on() {
    let dir = tempfile::tempdir().unwrap();
    let metadata = MetadataFile::open(dir.path()).unwrap();
    metadata.apply(&[note("x", 10), note("y", 20), note("x", 30)]).unwrap();
    let times = |subject, before, limit| -> Vec<i64> {
        metadata.notes("history", subject, before, limit).unwrap().iter().map(|note| note.time).collect()
    };
    assert_eq!(times(None, None, 10), [30, 20, 10]);
    assert_eq!(times(Some("x"), None, 10), [30, 10]);
    assert_eq!(times(None, None, 1), [30]);
    let newest = metadata.notes("history", None, None, 1).unwrap().remove(0);
    assert_eq!((newest.subject.as_str(), newest.body.as_str()), ("x", "x at 30"));
    assert_eq!(times(None, Some(newest.number), 10), [20, 10]);
    metadata.apply(&[Change::Forget { topic: "history", before: 20 }]).unwrap();
    assert_eq!(times(None, None, 10), [30, 20]);
}

#[test]
fn notes_are_followed_from_a_number_on() {
    let dir = tempfile::tempdir().unwrap();
    let metadata = MetadataFile::open(dir.path()).unwrap();
    let other = Change::Note { topic: "other", subject: "x".to_owned(), time: 25, body: String::new() };
    metadata.apply(&[note("x", 10), note("y", 20), other, note("x", 30), note("x", 40)]).unwrap();
    let after = |number, limit| metadata.notes_after("history", number, limit).unwrap();
    let times = |number, limit| after(number, limit).iter().map(|note| note.time).collect::<Vec<_>>();
    assert_eq!(times(0, 10), [10, 20, 30, 40]);
    assert_eq!(times(0, 2), [10, 20]);
    let second = after(0, 2)[1].number;
    assert_eq!(times(second, 10), [30, 40]);
    let last = after(second, 10)[1].number;
    assert!(after(last, 10).is_empty());
    metadata.apply(&[Change::Forget { topic: "history", before: 50 }, note("x", 60)]).unwrap();
    assert_eq!((times(second, 10), after(second, 10)[0].number > last), (vec![60], true), "no number comes again");
}

#[test]
fn two_may_have_it_open() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (MetadataFile::open(dir.path()).unwrap(), MetadataFile::open(dir.path()).unwrap());
    std::thread::scope(|scope| {
        for metadata in [&one, &other] {
            scope.spawn(move || (0..50).for_each(|time| metadata.apply(&[note("x", time)]).unwrap()));
        }
    });
    assert_eq!(one.notes("history", Some("x"), None, 1_000).unwrap().len(), 100);
}

#[test]
fn what_is_not_ours_is_left_as_it_is() {
    let check = |prepare: &dyn Fn(&std::path::Path), expected: &str| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metadata.sqlite");
        prepare(&path);
        let before = fs::read(&path).unwrap();
        let error = MetadataFile::open(dir.path()).unwrap_err();
        assert!(error.to_string().ends_with(expected), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before);
    };
    check(&|path| fs::write(path, "notes of mine, nothing else. ".repeat(100)).unwrap(), "is no metadata of Cupola's");
    let other = |sql: &'static str| {
        move |path: &std::path::Path| {
            let connection = rusqlite::Connection::open(path).unwrap();
            connection.execute_batch(&format!("PRAGMA journal_mode = WAL; {sql}")).unwrap();
        }
    };
    check(&other("CREATE TABLE mine (x)"), "is no metadata of Cupola's");
    check(
        &other("PRAGMA application_id = 0x4375704d; PRAGMA user_version = 99"),
        "has version 99: a newer Cupola has written it, and reads it",
    );
}
