//! Processes that are killed, or whose disk is full, lose nothing that they promised, and double nothing.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use super::*;

/// Where the child finds the store, and from which number on it keeps entries.
const STORE: &str = "CUPOLA_TEST_STORE";
const FIRST: &str = "CUPOLA_TEST_FIRST";
/// So many entries are kept at once, and as many of the day before.
const AT_ONCE: i64 = 700;

/// No test of its own: what the others start, many times.
#[test]
fn child() {
    #[allow(clippy::disallowed_methods, reason = "the parent says so whether it is the child")]
    let (Ok(dir), Ok(first)) = (std::env::var(STORE), std::env::var(FIRST)) else { return };
    let settings = Settings::default().queue_bytes(4 << 20);
    let store = Store::open(Path::new(&dir), &settings, &decode).unwrap();
    let writer = store.writer();
    let mut out = std::io::stdout();
    let (mut number, mut failures) = (first.parse().unwrap(), 0);
    while failures < 100 {
        match keep(&writer, number..number + AT_ONCE, now() - HOUR) {
            Ok(_) => {
                writeln!(out, "\nkept {number}").unwrap();
                number += AT_ONCE;
            }
            Err(crate::KeepError::Busy) if store.stats().trouble.is_none() => thread::yield_now(),
            // The limit on the sizes of files, which only one of the tests has.
            Err(_) => failures += 1,
        }
    }
    writeln!(out, "\nfull").unwrap();
    std::process::exit(0);
}

/// Runs a shell's command in front of the child.
fn start(before: &str, dir: &Path, first: i64) -> Child {
    let me = std::env::current_exe().unwrap();
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{before} exec \"$0\" \"$@\"")).arg(me);
    command.args(["--exact", "store::tests::killed::child", "--nocapture", "--test-threads=1"]);
    command.env(STORE, dir).env(FIRST, first.to_string()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// What the child says that it has kept, until it has said so this often and is killed, or ends.
fn promised(mut child: Child, times: usize) -> Vec<i64> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut kept = Vec::new();
    // A last line may be cut.
    for line in lines.map_while(Result::ok) {
        match line.strip_prefix("kept ") {
            Some(number) => kept.push(number.parse().unwrap()),
            None if line == "full" => break,
            None => {}
        }
        if kept.len() == times {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    kept
}

/// Each entry that was promised is there once, in both files, and no other twice.
fn check(dir: &Path, promised: &BTreeSet<i64>) {
    let mut found: BTreeMap<i64, usize> = BTreeMap::new();
    for of_day in numbers(dir).into_values() {
        of_day.into_iter().for_each(|(number, count)| *found.entry(number).or_default() += count);
    }
    for first in promised {
        for number in *first..first + AT_ONCE {
            assert_eq!(found.get(&number), Some(&2), "entry {number}");
        }
    }
    assert_eq!(found.values().filter(|count| **count != 2).count(), 0);
}

#[test]
fn a_process_that_is_killed_loses_nothing_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut all = BTreeSet::new();
    let mut replayed = 0;
    for round in 0..12 {
        let first = 1_000_000 * round;
        let times = [1, 30, 3, 80, 12, 120][usize::try_from(round).unwrap() % 6];
        let kept = promised(start("", dir.path(), first), times);
        assert!(kept.len() >= times);
        all.extend(kept);
        if round % 4 == 3 {
            let store = open(dir.path());
            replayed += store.stats().replayed;
            drop(store);
            check(dir.path(), &all);
        }
    }
    assert!(replayed > 0, "none of them was killed before all was sealed");
}

#[test]
fn a_disk_that_is_full_is_said_and_what_was_promised_before_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    // Files that are longer than two megabytes cannot be written, and who tries it is told so.
    let kept = promised(start("trap '' XFSZ; ulimit -f 4096;", dir.path(), 0), usize::MAX);
    assert!(!kept.is_empty());
    drop(open(dir.path()));
    check(dir.path(), &kept.into_iter().collect());
}
