//! Closed files with an index beside them: what is found is what is found without.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod command;
mod logs;
#[path = "../support/folder.rs"]
mod support;

use std::fs;

use logs::{Log, Packing};
use support::Folder;

/// Everything that asks for a part of a log.
const QUESTIONS: [&[&str]; 15] = [
    &["view", "logs", "--json", "--level", "error"],
    &["view", "logs", "--json", "--request", "r-1234"],
    &["view", "logs", "--json", "--request", "r-none"],
    &["view", "logs", "--since", "2026-11-21T00:20:00Z", "--until", "2026-11-21T00:20:30Z"],
    &["view", "logs", "--status", "5xx", "--route", "/rare"],
    &["view", "logs", "--json", "route=/r/*", "status>=500", "--unparsed"],
    &["view", "logs", "--json-array", "-f", "user_id=7 or trace_id=t-99"],
    &["view", "logs", "--json", "not level=info", "status=404"],
    &["view", "logs", "--request", "r-1234", "-C", "2", "--color", "never"],
    &["view", "logs", "--level", "error", "-n", "5"],
    &["trace", "r-1234", "logs"],
    &["trace", "t-99", "logs", "--json"],
    &["stats", "logs", "--json", "-f", "status=5xx", "--since", "2026-11-21T00:10:00Z"],
    &["errors", "logs"],
    &["errors", "logs", "--json", "-f", "route=/rare", "--since", "2026-11-21T00:10:00Z"],
];

fn answers(folder: &Folder) -> Vec<(String, String, i32)> {
    let answer = |question: &&[&str]| {
        let shown = folder.run(question);
        (shown.stdout, shown.stderr, shown.code)
    };
    QUESTIONS.iter().map(answer).collect()
}

fn check(folder: &Folder, expected: &[(String, String, i32)], what: &str) {
    for ((question, expected), found) in QUESTIONS.iter().zip(expected).zip(answers(folder)) {
        // The whole of both would fill the screen.
        let place = expected.0.bytes().zip(found.0.bytes()).position(|(one, other)| one != other);
        assert_eq!((&expected.1, expected.2), (&found.1, found.2), "{what}: {question:?}");
        assert!(expected.0 == found.0, "{what}: {question:?} differs at {place:?}");
    }
}

/// Logs that chance has written: with the index, without, and with one that is not to be trusted.
fn the_answer_is_the_same(log: &Log, packing: Packing) {
    let folder = Folder::new();
    folder.write(&format!("logs/api.2026-11-21.001.log{}", packing.suffix()), packing.pack(&log.api));
    folder.write("logs/errors.2026-11-21.001.log", &log.errors);
    let expected = answers(&folder);
    assert!(expected.iter().filter(|answer| !answer.0.is_empty()).count() >= 12, "there is something to find");

    let made = folder.run(&["index", "logs"]);
    assert_eq!((made.code, made.stdout.lines().count()), (0, 2), "{}", made.stderr);
    assert_eq!(folder.run(&["index", "--check", "logs", "-q"]).code, 0);
    check(&folder, &expected, "with an index");

    let beside = folder.path().join(format!("logs/api.2026-11-21.001.log{}.idx", packing.suffix()));
    let index = fs::read(&beside).unwrap();
    fs::write(&beside, &index[..index.len() / 2]).unwrap();
    check(&folder, &expected, "with half an index");
    let mut forged = index.clone();
    let places = [20, 60, index.len() / 3, index.len() - 100];
    places.iter().for_each(|place| forged[*place] ^= 1);
    fs::write(&beside, forged).unwrap();
    check(&folder, &expected, "with a forged index");
    fs::copy(folder.path().join("logs/errors.2026-11-21.001.log.idx"), &beside).unwrap();
    check(&folder, &expected, "with another file's index");
}

#[test]
fn of_lines_in_order() {
    the_answer_is_the_same(&Log::random(1), Packing::None);
}

#[test]
fn of_lines_that_are_late_or_are_none() {
    the_answer_is_the_same(&Log::random(2).with_late_lines().with_others(), Packing::Frames);
}

#[test]
fn of_a_file_in_one_piece() {
    the_answer_is_the_same(&Log::random(3).with_others(), Packing::Gzip);
}

#[test]
fn of_a_log_whose_clock_went_back() {
    the_answer_is_the_same(&Log::random(4).with_a_clock_that_went_back(), Packing::None);
}

/// After the file was added to, its index is of what it was.
#[test]
fn of_a_file_that_has_grown_since() {
    let folder = Folder::new();
    let log = Log::random(5).with_others();
    folder.write("logs/api.2026-11-21.001.log", &log.api);
    assert_eq!(folder.run(&["index", "logs", "-q"]).code, 0);
    let grown = [&log.api[..], Log::random(6).errors.as_bytes()].concat();
    folder.write("logs/api.2026-11-21.001.log", &grown);
    let found = answers(&folder);
    assert_eq!(folder.run(&["index", "--check", "logs"]).code, 1);
    fs::remove_file(folder.path().join("logs/api.2026-11-21.001.log.idx")).unwrap();
    check(&folder, &found, "without an index");
}

/// What is not read is not read: bytes that were damaged where the index says that nothing is to be found.
#[test]
fn the_index_is_used() {
    let question = ["view", "logs", "--json", "--request", "r-1234"];
    for packing in [Packing::None, Packing::Frames] {
        let folder = Folder::new();
        let log = Log::random(7);
        let mut file = packing.pack(&log.api);
        let name = format!("logs/api.2026-11-21.001.log{}", packing.suffix());
        folder.write(&name, &file);
        let all = folder.run(&question);
        assert_eq!((all.stdout.lines().count(), folder.run(&["index", "logs", "-q"]).code), (2, 0));
        let middle = file.len() / 2;
        file[middle..middle + 400].fill(b'}');
        folder.write(&name, &file);
        let found = folder.run(&question);
        assert_eq!((&found.stdout, &found.stderr, found.code), (&all.stdout, &all.stderr, 0));
        assert_ne!(folder.run(&["index", "--check", "logs"]).code, 0, "whoever reads all of it sees it");
        fs::remove_file(folder.path().join(format!("{name}.idx"))).unwrap();
        assert_ne!(folder.run(&question).stderr, all.stderr);
    }
}
