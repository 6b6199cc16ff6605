//! Answers that several threads make together.

use std::time::Duration;

use super::*;
use crate::query::cancel::Cancel;
use crate::query::scan::Scan;
use crate::query::stored::{SECOND, Stored, entry, logs, text};
use crate::query::{Counts, Quantiles, Query as _, Reader, Search, Selection, Top};
use crate::signal::Signal;

/// A hundred blocks over two days, whose times overlap.
fn many_blocks() -> Stored {
    let (stored, mut seeded) = (Stored::new(), Seeded(12));
    for block in 0..100_i64 {
        let entries: Vec<Entry> = (0..15)
            .map(|_| {
                let time = START + block * 1_200 * SECOND + i64::try_from(seeded.below(3_000)).unwrap() * SECOND;
                let number = seeded.below(500);
                let mut fields = vec![
                    ("level", text(seeded.pick::<&str>(&["INFO", "WARN", "ERROR", "fatal"]))),
                    ("message", text(&format!("machine vm-{number} is {}", seeded.pick::<&str>(&["up", "gone"])))),
                    ("duration_ms", Owned::Float(number as f64 / 8.0)),
                ];
                if seeded.below(3) > 0 {
                    fields.push(("service", text(seeded.pick::<&str>(&["api", "worker", "billing"]))));
                }
                if seeded.below(3) == 0 {
                    fields.push(("service.name", text("other")));
                    fields.push(("duration", Owned::Int(i64::try_from(number).unwrap())));
                }
                entry(time, &fields)
            })
            .collect();
        stored.add(Signal::Logs, &entries);
    }
    stored
}

fn check(stored: &Stored, selection: &Selection, mut answer: impl FnMut(Scan<'_>) -> String) {
    let scan = |threads| Scan::new(stored.path(), selection).by(threads);
    let alone = answer(scan(1));
    for threads in [2, 4] {
        assert_eq!(answer(scan(threads)), alone, "{threads} threads, {selection:?}");
    }
}

#[test]
fn answers_are_the_same_however_many_make_them() {
    let stored = many_blocks();
    let (since, until) = (Some(START + 3_333 * SECOND), Some(START + 110_000 * SECOND));
    for expression in ["", "level>=error", "vm-7 service=api or duration_ms>55", "\"nobody says this\""] {
        for budget in [u64::MAX, 400] {
            let selection = Selection { since, until, budget, ..logs(expression) };
            for by in [None, Some("level"), Some("service"), Some("service.name"), Some("message"), Some("duration_ms")]
            {
                let (by, step) = (by.map(str::to_owned), Duration::from_secs(7_200));
                let counts = Counts { selection: selection.clone(), step, by: by.clone(), values: 3 };
                check(&stored, &selection, |scan| format!("{:?}", counts.answer(scan).unwrap()));
                let shares = vec![0.5, 0.99];
                let (selection, field) = (selection.clone(), "duration_ms".to_owned());
                let step = by.is_none().then_some(step);
                let quantiles = Quantiles { selection: selection.clone(), field, by, step, shares, values: 3 };
                check(&stored, &selection, |scan| format!("{:?}", quantiles.answer(scan).unwrap()));
            }
            for field in ["service", "message", "duration", "service.name"] {
                let top = Top { selection: selection.clone(), field: field.to_owned(), limit: 5 };
                check(&stored, &selection, |scan| format!("{:?}", top.answer(scan).unwrap()));
            }
            let mut search = Search { selection: selection.clone(), limit: 30, cursor: None };
            loop {
                let mut found = None;
                check(&stored, &selection, |scan| {
                    let answer = search.answer(scan).unwrap();
                    let shown: Vec<_> = answer.entries.iter().map(|entry| (entry.time(), entry.digest())).collect();
                    let said = format!("{shown:?} {:?} {:?} {:?}", answer.cursor, answer.partial, answer.scanned);
                    found = Some(answer);
                    said
                });
                search.cursor = found.unwrap().cursor;
                if search.cursor.is_none() || search.limit > 4_000 {
                    break;
                }
                search.limit *= 3;
            }
        }
    }
}

#[test]
fn what_was_written_to_meanwhile_is_read_by_one() {
    let stored = many_blocks();
    let selection = logs("");
    let mut scan = Scan::new(stored.path(), &selection).by(4);
    let day = scan.days().unwrap()[0];
    let file = scan.open(day).unwrap().unwrap();
    let _one_moment = file.snapshot().unwrap();
    let blocks = scan.blocks(&file).unwrap();
    assert!(scan.team(day, &file, blocks.len()).helpers() > 0);
    stored.merge(Signal::Logs, day);
    assert_eq!(scan.team(day, &file, blocks.len()).helpers(), 0);
    let mut team = scan.team(day, &file, blocks.len());
    let judged = scan.judge_each((&file, &mut team), &blocks, |_, hit| Ok(hit.rows.count()));
    assert_eq!(judged.into_iter().map(|rows| rows.unwrap().unwrap()).sum::<usize>(), rows_of(&blocks));
}

fn rows_of(blocks: &[crate::file::Block]) -> usize {
    blocks.iter().map(|block| block.header.rows as usize).sum()
}

#[test]
fn a_question_whose_asker_has_gone_is_stopped() {
    let stored = many_blocks();
    let reader = Reader::open(stored.path()).unwrap();
    let (cancel, selection) = (Cancel::default(), Selection { since: Some(START), ..logs("") });
    let mut visited = 0;
    let walked = cancel.during(|| {
        reader.walk(&selection, &mut |_| {
            visited += 1;
            if visited == 100 {
                cancel.cancel();
            }
            std::ops::ControlFlow::Continue(())
        })
    });
    let walked = walked.unwrap();
    assert_eq!((walked.partial, walked.entries < 250), (Some(crate::query::Partial::Cancelled), true));
    let until = Some(START + 200_000 * SECOND);
    let selection = Selection { until, ..selection };
    let counts = Counts { selection: selection.clone(), step: Duration::from_secs(7_200), by: None, values: 3 };
    let stopped = cancel.during(|| reader.counts(&counts)).unwrap();
    assert_eq!((stopped.partial, stopped.scanned.blocks), (Some(crate::query::Partial::Cancelled), 0));
    let search = Search { selection, limit: 100, cursor: None };
    let stopped = cancel.during(|| reader.search(&search)).unwrap();
    assert_eq!((stopped.partial, stopped.entries.len()), (Some(crate::query::Partial::Cancelled), 0));
    assert_eq!(reader.search(&search).unwrap().entries.len(), 100, "others go on");
}
