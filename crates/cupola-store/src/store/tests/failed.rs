//! Errors that are alike are told the same, whether they were added up while they were sealed or are read entry by entry.

use rusqlite::Connection;

use super::*;
use crate::language::{Expression, Meaning, Relation, Test};
use crate::query::{Failed, Failures, Query as _, Reader, Selection};
use crate::seeded::Seeded;

const MINUTE: i64 = 60_000_000_000;

/// Entries over five hours, of which nearly half are errors of some sort; each has a time of its own.
fn fill(batch: &mut Batch, seeded: &mut Seeded, first: i64, number: i64) {
    let time = first + i64::try_from(seeded.below(5 * 3_600_000)).unwrap() * 1_000_000 + number;
    let level: &str = seeded.pick::<&str>(&["INFO", "INFO", "WARN", "ERROR", "fatal", "error", "whatever"]);
    let message = match seeded.below(4) {
        0 => format!("no answer from 10.0.0.{} in {number} ms", seeded.below(200)),
        1 => format!("machine vm-{number} is {}", seeded.pick::<&str>(&["gone", "stuck", "late"])),
        2 => String::new(),
        _ => "x".repeat(2_100),
    };
    let mut row = batch.row(time);
    row.set("level", Value::Text(level)).set("message", Value::Text(&message)).set("number", Value::Int(number));
    for (name, values) in [
        ("service", ["api", "worker", ""]),
        ("service_version", ["1.2.0", "1.3.0", ""]),
        ("route", ["/vms/{id}", "", ""]),
        ("target", ["db", "queue", ""]),
        ("error", ["refused", "", ""]),
        ("error.type", ["Timeout", "", ""]),
    ] {
        let value = seeded.pick::<&str>(&values);
        if !value.is_empty() {
            row.set(name, Value::Text(value));
        }
    }
    if seeded.below(3) == 0 {
        row.set("error_type", Value::Int(7)).set("ratio", Value::Float(0.5)).set("list", Value::Json("[1]"));
    }
}

/// A store in several seals, and the days that it has.
fn filled(dir: &Path) -> i64 {
    let store = open(dir);
    let mut seeded = Seeded(8);
    let first = *Day::of(now() - 24 * HOUR).times().end() - 3 * HOUR;
    for seal in 0..4 {
        let mut batch = Batch::new(Signal::Logs);
        (0..600).for_each(|number| fill(&mut batch, &mut seeded, first, seal * 600 + number));
        store.writer().offer(batch);
        assert!(store.flush());
    }
    store.close().unwrap();
    first
}

/// Makes a file what it would have been before errors were added up.
fn make_old(path: &Path) {
    let connection = Connection::open(path).unwrap();
    let tables = ["failures", "failure_groups", "failure_names", "failure_rules"];
    tables.iter().for_each(|table| connection.execute_batch(&format!("DROP TABLE {table}")).unwrap());
    connection.execute_batch(&format!("PRAGMA user_version = {}", 1 << 16)).unwrap();
}

fn copy(from: &Path, to: &Path, is_old: impl Fn(usize) -> bool) {
    std::fs::create_dir(to.join("logs")).unwrap();
    for (place, day) in layout::days(from, Signal::Logs).unwrap().into_iter().enumerate() {
        let path = layout::day_file(to, Signal::Logs, day);
        std::fs::copy(layout::day_file(from, Signal::Logs, day), &path).unwrap();
        if is_old(place) {
            make_old(&path);
        }
    }
}

/// All that is told of groups, but how it was found out.
fn told(failed: &Failed) -> (Vec<String>, usize, u64, i64, i64) {
    let group = |of: &crate::query::FailureGroup| {
        let mut fields: Vec<String> = of.example.fields().map(|(name, value)| format!("{name}={value:?}")).collect();
        fields.sort();
        let (numbers, services) = ((of.count, of.first, of.last, of.example.time()), (&of.services, &of.first_version));
        format!("{} {numbers:?} {services:?} {:?} {} {fields:?}", of.fingerprint, of.counts, of.template)
    };
    (failed.groups.iter().map(group).collect(), failed.distinct, failed.others, failed.start, failed.step)
}

/// Those of a service, a route or both: told the same, but for when the first and the last one came where another service told such ones.
fn check_whose(readers: &[Reader; 3], text: &str, first: i64) {
    let expression =
        crate::language::parse(text, &Meaning { now: jiff::Zoned::default(), ignore_case: false }).unwrap();
    for (since, until, step) in [(None, None, None), (Some(first), Some(first + 4 * HOUR), Some(HOUR))] {
        let selection = Selection { since, until, expression: Some(expression.clone()), ..Selection::of(Signal::Logs) };
        let step = step.map(|step| std::time::Duration::from_nanos(step.unsigned_abs()));
        let besides = vec!["db".to_owned()];
        let failures = Failures { selection, level: crate::Level::Error, besides, step, examples: false, limit: 1_000 };
        let [new, old, mixed] = readers.each_ref().map(|reader| {
            let mut failed = reader.failures(&failures).unwrap();
            failed.groups.sort_by_key(|group| group.fingerprint);
            failed
        });
        assert_eq!(new.distinct > 0, text != "service=nobody");
        assert!(new.scanned.blocks == 0 && (old.scanned.blocks > 0 || new.distinct == 0));
        for (one, read) in new.groups.iter().zip(&old.groups).chain(mixed.groups.iter().zip(&old.groups)) {
            assert_eq!((one.fingerprint, one.count, &one.services), (read.fingerprint, read.count, &read.services));
            assert_eq!((&one.counts, &one.template), (&read.counts, &read.template));
            assert!((one.first..=one.last).contains(&read.last), "{text}");
            assert!(read.first - one.first < HOUR && one.last - read.last < HOUR, "{text}");
            let route =
                |group: &crate::query::FailureGroup| group.example.get("route").map(|value| value.text().into_owned());
            assert_eq!(route(one), route(read));
        }
        let counted = |failed: &Failed| (failed.groups.len(), failed.distinct, failed.others);
        assert_eq!((counted(&new), counted(&mixed)), (counted(&old), counted(&old)));
        let exactly = Failures { examples: true, ..failures.clone() };
        let [new, old, _] = readers.each_ref().map(|reader| reader.failures(&exactly).unwrap());
        assert_eq!(told(&new), told(&old), "{text}");
    }
}

#[test]
fn what_is_added_up_is_what_is_there() {
    let (dir, old, mixed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = filled(dir.path());
    assert_eq!(layout::days(dir.path(), Signal::Logs).unwrap().len(), 2);
    copy(dir.path(), old.path(), |_| true);
    copy(dir.path(), mixed.path(), |place| place == 0);
    let readers = [dir.path(), old.path(), mixed.path()].map(|dir| Reader::open(dir).unwrap());
    let mut seeded = Seeded(3);
    let mut times =
        |ends: i64| Some(first + i64::try_from(seeded.below(6 * 60)).unwrap() * MINUTE - 30 * MINUTE + ends);
    let mut spans =
        vec![(None, None, None), (Some(first), Some(first + 5 * HOUR), Some(HOUR)), (Some(first), Some(first), None)];
    for step in [None, None, Some(MINUTE), Some(5 * MINUTE), Some(HOUR), Some(2 * HOUR)].repeat(3) {
        let (since, until) = (times(0), times(7));
        spans.push((since, until, step.filter(|step| until > since && (until.unwrap() - since.unwrap()) / step < 300)));
    }
    let mut many = 0;
    for (since, until, step) in spans {
        let selection = Selection { since, until, ..Selection::of(Signal::Logs) };
        let step = step.map(|step| std::time::Duration::from_nanos(step.unsigned_abs()));
        let besides = ["db", "nobody"].into_iter().take(many % 3).map(str::to_owned).collect();
        let failures =
            Failures { selection, level: crate::Level::Error, besides, step, examples: true, limit: 5 + many % 40 };
        let [new, old, mixed] = readers.each_ref().map(|reader| reader.failures(&failures).unwrap());
        assert_eq!(told(&new), told(&old), "{failures:?}");
        assert_eq!(told(&mixed), told(&old), "{failures:?}");
        assert_eq!((new.scanned.blocks, new.partial, old.partial), (0, None, None));
        many += new.distinct;
        // An expression is judged entry by entry, in the time that was asked for.
        let all = Expression::All(vec![Test::Since(0).into()]);
        let selection = Selection { expression: Some(all), ..failures.selection.clone() };
        let judged = readers[0].failures(&Failures { selection, ..failures.clone() }).unwrap();
        let is_whole = [since, until].into_iter().flatten().all(|time| time % MINUTE == 0);
        assert!(!is_whole || told(&judged) == told(&new), "{failures:?}");
    }
    assert!(many > 200, "{many}");
    for text in ["service=api", "route=/vms/{id}", "service=worker route=/vms/{id}", "service=nobody"] {
        check_whose(&readers, text, first);
    }
    let level = Expression::from(Test::Level(Relation::GreaterOrEqual, crate::Level::Error));
    let selection = Selection { expression: Some(level), ..Selection::of(Signal::Logs) };
    let counts = crate::query::Top { selection, field: "level".to_owned(), limit: 10 };
    let all = Failures {
        selection: Selection::of(Signal::Logs),
        level: crate::Level::Error,
        besides: Vec::new(),
        step: None,
        examples: true,
        limit: 0,
    };
    let counted: u64 = readers[0].top(&counts).unwrap().values.iter().map(|(_, count)| count).sum();
    assert_eq!(readers[0].failures(&all).unwrap().others, counted, "each error is in one group");
}

#[test]
fn a_file_that_was_begun_before_goes_on_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let first = filled(dir.path());
    for day in layout::days(dir.path(), Signal::Logs).unwrap() {
        make_old(&layout::day_file(dir.path(), Signal::Logs, day));
    }
    let failures = Failures {
        selection: Selection::of(Signal::Logs),
        level: crate::Level::Error,
        besides: Vec::new(),
        step: None,
        examples: true,
        limit: 3,
    };
    let count = || {
        let failed = Reader::open(dir.path()).unwrap().failures(&failures).unwrap();
        failed.groups.iter().map(|group| group.count).sum::<u64>() + failed.others
    };
    let before = count();
    let store = open(dir.path());
    let mut batch = Batch::new(Signal::Logs);
    for number in 0..100 {
        batch.row(first + number).set("level", Value::Text("ERROR")).set("message", Value::Text("late"));
    }
    store.writer().offer(batch);
    store.close().unwrap();
    assert_eq!(count(), before + 100);
}

#[test]
fn what_has_no_room_is_counted_together() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let letters = |number: usize| -> String {
        format!("{number}").bytes().map(|digit| char::from(b'a' + digit - b'0')).collect()
    };
    let mut batch = Batch::new(Signal::Logs);
    for number in 0..10_100 {
        let mut row = batch.row(now());
        row.set("level", Value::Text("ERROR")).set("message", Value::Text(&letters(number)));
        row.set("service", Value::Text(&letters(number)));
    }
    store.writer().offer(batch);
    store.close().unwrap();
    let failures = Failures {
        selection: Selection::of(Signal::Logs),
        level: crate::Level::Error,
        besides: Vec::new(),
        step: None,
        examples: true,
        limit: 10,
    };
    let failed = Reader::open(dir.path()).unwrap().failures(&failures).unwrap();
    assert_eq!((failed.distinct, failed.others), (10_000, 10_090));
    assert_eq!(failed.groups[0].services.len(), 1);
}
