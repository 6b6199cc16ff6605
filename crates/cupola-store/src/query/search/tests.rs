//! That pages tell of each entry once, in the order of time, whatever is written, merged or left unread meanwhile.

use std::time::Duration;

use super::*;
use crate::column::Owned;
use crate::day::Day;
use crate::query::stored::{SECOND, START, Stored, entry, logs, text};
use crate::query::{Query, Reader};
use crate::seeded::Seeded;
use crate::signal::Signal;

const DAY: i64 = 86_400 * SECOND;

/// Entries of three days, many of one time, some of which say the same.
fn entries(seeded: &mut Seeded, count: usize, spread: usize) -> Vec<Entry> {
    let mut one = || {
        let time = START + DAY * seeded.below(3) as i64 + seeded.below(spread) as i64;
        let level = *seeded.pick(&["INFO", "WARN"]);
        entry(time, &[("level", text(level)), ("number", Owned::Int(seeded.below(20) as i64))])
    };
    (0..count).map(|_| one()).collect()
}

fn told(entries: &[Entry]) -> Vec<(i64, u64)> {
    entries.iter().map(|entry| (entry.time(), entry.digest())).collect()
}

fn sorted(mut all: Vec<(i64, u64)>) -> Vec<(i64, u64)> {
    all.sort_by_key(|(time, digest)| (std::cmp::Reverse(*time), *digest));
    all
}

/// All pages of a search; between them `meanwhile` is done.
fn pages(stored: &Stored, search: &Search, mut meanwhile: impl FnMut()) -> Vec<(i64, u64)> {
    let reader = Reader::open(stored.path()).unwrap();
    let (mut search, mut all) = (search.clone(), Vec::new());
    for _ in 0..10_000 {
        let found = reader.search(&search).unwrap();
        assert!(found.entries.len() <= search.limit);
        all.extend(told(&found.entries));
        match found.cursor {
            None => return all,
            // As it goes through an address.
            cursor => search.cursor = cursor.map(|cursor| cursor.to_string().parse().unwrap()),
        }
        meanwhile();
    }
    panic!("pages without end");
}

#[test]
fn pages_are_the_whole_whatever_their_size_and_budget() {
    let mut seeded = Seeded(5);
    for round in 0..8 {
        let stored = Stored::new();
        let spread = [1, 5, 1_000][round % 3];
        let all = entries(&mut seeded, 120, spread);
        all.chunks(1 + seeded.below(40)).for_each(|chunk| stored.add(Signal::Logs, chunk));
        let expression = ["", "level=warn", "number<10 or level=info"][seeded.below(3)];
        let selection = logs(expression);
        let wanted: Vec<_> = match &selection.expression {
            None => all.clone(),
            Some(expression) => {
                let wanted = crate::query::wanted::Wanted::new(expression);
                all.iter().filter(|entry| entry.is(&wanted)).cloned().collect()
            }
        };
        let expected = sorted(told(&wanted));
        for limit in [1, 7, 1_000] {
            for budget in [0, 30, u64::MAX] {
                let search = Search { selection: Selection { budget, ..selection.clone() }, limit, cursor: None };
                assert_eq!(pages(&stored, &search, || {}), expected, "{expression} {limit} {budget}");
            }
        }
    }
}

#[test]
fn what_was_there_is_told_once_while_blocks_are_written_and_merged() {
    let mut seeded = Seeded(9);
    for round in 0..9 {
        let stored = Stored::new();
        let all = entries(&mut seeded, 90, [1, 4, 50][round % 3]);
        all.chunks(6).for_each(|chunk| stored.add(Signal::Logs, chunk));
        let search = Search { selection: logs("level=warn -late"), limit: 4, cursor: None };
        let warnings = |entry: &&Entry| entry.get("level") == Some(crate::Value::Text("WARN"));
        let expected = sorted(told(&all.iter().filter(warnings).cloned().collect::<Vec<_>>()));
        let mut writer = Seeded(round as u64);
        let found = pages(&stored, &search, || {
            stored.merge(Signal::Logs, Day::of(START + DAY * writer.below(3) as i64));
            let late =
                entry(START + DAY * writer.below(3) as i64, &[("level", text("WARN")), ("message", text("late"))]);
            stored.add(Signal::Logs, &[late]);
        });
        assert_eq!(found, expected);
    }
}

#[test]
fn a_search_stops_early_and_passes_over_what_cannot_match() {
    let stored = Stored::new();
    for block in 0..10_i64 {
        let level = if block == 3 { "ERROR" } else { "INFO" };
        let one = |number| {
            entry(
                START + block * SECOND + number,
                &[("level", text(level)), ("message", text(&format!("block{block}")))],
            )
        };
        stored.add(Signal::Logs, &(0..10).map(one).collect::<Vec<_>>());
    }
    let reader = Reader::open(stored.path()).unwrap();
    let search = |text: &str, limit| reader.search(&Search { selection: logs(text), limit, cursor: None }).unwrap();
    let newest = search("", 5);
    assert_eq!((newest.entries.len(), newest.scanned.blocks), (5, 1));
    assert_eq!(newest.entries[0].time(), START + 9 * SECOND + 9);
    let errors = search("level>=error", 100);
    assert_eq!((errors.entries.len(), errors.scanned.blocks, errors.scanned.passed, errors.cursor), (10, 1, 9, None));
    let word = search("BLOCK7", 100);
    assert_eq!((word.entries.len(), word.scanned.blocks), (10, 1));
    let times = search("time>=2026-11-21T03:46:09Z time<2026-11-21T03:46:10Z", 100);
    assert_eq!((times.entries.len(), times.scanned.blocks), (10, 1));
    assert_eq!(search("block7 time<2026-11-21T03:46:09Z", 100).scanned.blocks, 0);
    let since = Selection { since: Some(START + 2 * SECOND), until: Some(START + 2 * SECOND + 3), ..logs("") };
    let found = reader.search(&Search { selection: since, limit: 100, cursor: None }).unwrap();
    assert_eq!(found.entries.iter().map(|entry| entry.time() - START - 2 * SECOND).collect::<Vec<_>>(), [2, 1, 0]);
}

#[test]
fn bounds_are_told() {
    let stored = Stored::new();
    let one = |number| entry(START + number, &[("message", text("x"))]);
    (0..5).for_each(|block| stored.add(Signal::Logs, &(0..10).map(|row| one(10 * block + row)).collect::<Vec<_>>()));
    let reader = Reader::open(stored.path()).unwrap();
    let search = |selection, limit| reader.search(&Search { selection, limit, cursor: None }).unwrap();
    let late = search(Selection { deadline: Duration::ZERO, ..logs("x") }, 10);
    assert_eq!((late.partial, late.entries.len(), late.scanned.blocks), (Some(Partial::Deadline), 0, 0));
    assert!(late.cursor.is_some());
    let little = search(Selection { budget: 15, ..logs("x") }, 100);
    assert_eq!((little.partial, little.entries.len(), little.scanned.entries), (Some(Partial::Budget), 20, 20));
    assert_eq!(search(logs("x"), usize::MAX).entries.len(), 50);
    assert_eq!(search(logs("x"), 0).entries.len(), 0);
    assert_eq!(search(Selection::of(Signal::Spans), 10).entries.len(), 0);
    for text in ["", "1-2", "1-2-3-4", "x-1-1", "99999999999999999-1-1"] {
        assert!(text.parse::<Cursor>().unwrap_err().is_of_asker(), "{text}");
    }
    assert!(Reader::open(stored.path().join("never")).is_err());
}

#[test]
fn a_damaged_block_is_told_and_the_rest_is_found() {
    let stored = Stored::new();
    let one = |number| entry(START + number, &[("message", text("x")), ("note", text("y"))]);
    (0..3).for_each(|block| stored.add(Signal::Logs, &(0..10).map(|row| one(10 * block + row)).collect::<Vec<_>>()));
    let path = crate::layout::day_file(stored.path(), Signal::Logs, Day::of(START));
    let file = rusqlite::Connection::open(path).unwrap();
    let sql = "UPDATE columns SET data = substr(data, 1, length(data) - 1) WHERE id >> 20 = 2 AND id & 1048575 = 2";
    assert_eq!(file.execute(sql, []).unwrap(), 1);
    let reader = Reader::open(stored.path()).unwrap();
    for limit in [3, 100] {
        let mut search = Search { selection: logs("message=x"), limit, cursor: None };
        let (mut count, mut damaged) = (0, 0);
        loop {
            let found = reader.search(&search).unwrap();
            count += found.entries.len();
            damaged += found.scanned.damaged;
            assert_eq!(found.partial.is_some(), found.scanned.damaged > 0);
            search.cursor = found.cursor;
            if search.cursor.is_none() {
                break;
            }
        }
        assert!(count == 20 && damaged > 0, "{count} {damaged}");
    }
}

#[test]
fn a_page_of_large_entries_is_full_before_its_limit() {
    let stored = Stored::new();
    let one = |number: i64| entry(START + number / 3, &[("message", text(&number.to_string().repeat(100_000)))]);
    let all: Vec<_> = (1_000..1_090).map(one).collect();
    stored.add(Signal::Logs, &all);
    let search = Search { selection: logs(""), limit: 1_000, cursor: None };
    let found = Reader::open(stored.path()).unwrap().search(&search).unwrap();
    assert!((40..50).contains(&found.entries.len()) && found.cursor.is_some(), "{}", found.entries.len());
    assert_eq!(pages(&stored, &search, || {}), sorted(told(&all)));
}

#[test]
fn what_the_time_is_too_short_for_is_told_later() {
    let mut seeded = Seeded(31);
    let stored = Stored::new();
    let all = entries(&mut seeded, 2_000, 300);
    all.chunks(400).for_each(|chunk| stored.add(Signal::Logs, chunk));
    let reader = Reader::open(stored.path()).unwrap();
    let hard = (0..40).map(|number| format!("/(N|W|{number})+(a|R)/")).collect::<Vec<_>>().join(" or ");
    let mut search = Search { selection: logs(&format!("{hard} or level=info")), limit: 150, cursor: None };
    let (mut told_so_far, mut micros) = (Vec::new(), 50);
    loop {
        search.selection.deadline = Duration::from_micros(micros);
        let found = reader.search(&search).unwrap();
        // Whatever was done by then is a beginning of the answer.
        micros = if found.entries.is_empty() { micros * 2 } else { 50 };
        told_so_far.extend(told(&found.entries));
        search.cursor = found.cursor;
        if search.cursor.is_none() && found.partial.is_none() {
            break;
        }
    }
    let infos: Vec<_> =
        all.into_iter().filter(|entry| entry.get("level") == Some(crate::Value::Text("INFO"))).collect();
    assert!(told_so_far == sorted(told(&infos)), "{} of {}", told_so_far.len(), infos.len());
}

#[test]
fn a_file_with_a_damaged_page_is_told_and_others_are_read() {
    use std::os::unix::fs::FileExt as _;

    let stored = Stored::new();
    let days = [START, START + DAY];
    for day in days {
        let one = |number| entry(day + number, &[("message", text(&format!("x{number}")))]);
        stored.add(Signal::Logs, &(0..2_000).map(one).collect::<Vec<_>>());
    }
    let path = crate::layout::day_file(stored.path(), Signal::Logs, Day::of(days[1]));
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(connection);
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    let pages = file.metadata().unwrap().len() / 8_192;
    (1..pages).for_each(|page| file.write_all_at(&[0xab; 4_000], page * 8_192).unwrap());
    let found = Reader::open(stored.path()).unwrap().search(&Search { selection: logs(""), limit: 10, cursor: None });
    let found = found.unwrap();
    assert_eq!((found.entries.len(), found.partial), (10, Some(Partial::Damaged)));
    assert_eq!(Day::of(found.entries[0].time()), Day::of(days[0]));
}
