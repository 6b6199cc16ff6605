//! That counts, values, quantiles, traces and errors are what the entries say.

use std::time::Duration;

use cupola_line::fingerprint::Failure;

use crate::Level;
use crate::Value;
use crate::column::Owned;
use crate::language::Expression;
use crate::query::stored::{SECOND, START, Stored, entry, logs, text};
use crate::query::*;
use crate::seeded::Seeded;
use crate::signal::Signal;

/// Entries of three days in blocks of all sizes, and what they are.
fn stored() -> (Stored, Vec<Entry>) {
    let (stored, mut seeded) = (Stored::new(), Seeded(21));
    let mut one = |number: usize| {
        let time = START + number as i64 * 40 * SECOND + seeded.below(7) as i64;
        let mut fields = vec![("level", text(["INFO", "INFO", "WARN", "ERROR"][seeded.below(4)]))];
        if seeded.below(5) > 0 {
            fields.push(("route", text(&format!("/r{}", seeded.below(6) * seeded.below(6)))));
        }
        if seeded.below(3) > 0 {
            fields.push(("duration_ms", Owned::Float(seeded.below(10_000) as f64 / 8.0)));
        } else {
            fields.push(("error", Owned::Json(format!(r#"{{"code":{}}}"#, seeded.below(4)).into())));
        }
        entry(time, &fields)
    };
    let all: Vec<_> = (0..5_000).map(&mut one).collect();
    // Some blocks lie within an hour.
    all.chunks(777).flat_map(|chunk| chunk.chunks(if chunk[0].time() % 2 == 0 { 777 } else { 30 })).for_each(|chunk| {
        stored.add(Signal::Logs, chunk);
    });
    (stored, all)
}

fn is(entry: &Entry, name: &str, value: &str) -> bool {
    entry.get(name).is_some_and(|found| found.text() == value)
}

#[test]
fn counts_are_those_of_the_entries() {
    let (stored, all) = stored();
    let reader = Reader::open(stored.path()).unwrap();
    let step = 3_600 * SECOND;
    let (since, until) = (START + 1_000 * SECOND, START + 150_000 * SECOND);
    let selection = |expression: &str| Selection { since: Some(since), until: Some(until), ..logs(expression) };
    for (expression, by, values) in [
        ("", None, 1),
        ("level>=warn", None, 0),
        ("", Some("level"), 9),
        ("", Some("route"), 3),
        ("error.code>=2", Some("error.code"), 9),
    ] {
        let counts = Counts {
            selection: selection(expression),
            step: Duration::from_secs(3_600),
            by: by.map(str::to_owned),
            values,
        };
        let counted = reader.counts(&counts).unwrap();
        let wanted = counts.selection.expression.as_ref().map(wanted::Wanted::new);
        let meant = |entry: &&Entry| {
            (since..until).contains(&entry.time()) && wanted.as_ref().is_none_or(|wanted| entry.is(wanted))
        };
        let meant: Vec<_> = all.iter().filter(meant).collect();
        assert_eq!((counted.total, counted.partial), (meant.len() as u64, None), "{expression}");
        assert_eq!((counted.start % step, counted.step), (0, step));
        let of_series: u64 = counted.series.iter().flat_map(|series| &series.counts).sum();
        assert_eq!(of_series + counted.others.iter().sum::<u64>(), counted.total);
        assert!(counted.series.len() <= values.max(1));
        let sums: Vec<u64> = counted.series.iter().map(|series| series.counts.iter().sum()).collect();
        assert!(sums.is_sorted_by(|one, next| one >= next) && !sums.is_empty());
        for series in &counted.series {
            for (place, count) in series.counts.iter().enumerate() {
                let from = counted.start + place as i64 * step;
                let expected =
                    meant.iter().filter(|entry| (from..from + step).contains(&entry.time())).filter(|entry| {
                        match (by, &series.value) {
                            (Some("error.code"), Some(code)) => {
                                entry.get("error").unwrap().text().contains(&format!(":{code}}}"))
                            }
                            (Some(by), Some(value)) => is(entry, by, value),
                            (Some(by), None) => entry.get(by).is_none(),
                            (None, _) => true,
                        }
                    });
                assert_eq!(*count, expected.count() as u64, "{expression} {:?} {place}", series.value);
            }
        }
    }
    assert!(reader.counts(&Counts { selection: logs(""), step: Duration::from_secs(1), by: None, values: 1 }).is_err());
}

#[test]
fn the_most_frequent_values_come_first_and_the_rest_is_told() {
    let (stored, all) = stored();
    let reader = Reader::open(stored.path()).unwrap();
    let top = Top { selection: logs("level=info"), field: "http.route".to_owned(), limit: 4 };
    let topped = reader.top(&top).unwrap();
    let infos: Vec<_> = all.iter().filter(|entry| is(entry, "level", "INFO")).collect();
    for (value, count) in &topped.values {
        assert_eq!(*count, infos.iter().filter(|entry| is(entry, "route", value)).count() as u64);
    }
    assert!(topped.values.is_sorted_by(|one, next| one.1 >= next.1) && topped.values.len() == 4);
    assert_eq!(topped.without, infos.iter().filter(|entry| entry.get("route").is_none()).count() as u64);
    let shown: u64 = topped.values.iter().map(|(_, count)| count).sum();
    assert_eq!((shown + topped.others + topped.without, topped.uncounted), (infos.len() as u64, 0));
    assert!(topped.distinct > 4);
}

#[test]
fn values_beyond_the_bound_are_counted_together() {
    let stored = Stored::new();
    let one = |number: i64| entry(START + number, &[("id", text(&number.to_string()))]);
    for chunk in 0..26 {
        stored.add(Signal::Logs, &(4_000 * chunk..4_000 * (chunk + 1)).map(one).collect::<Vec<_>>());
    }
    let reader = Reader::open(stored.path()).unwrap();
    let topped = reader.top(&Top { selection: logs(""), field: "id".to_owned(), limit: 10 }).unwrap();
    assert_eq!((topped.distinct, topped.uncounted, topped.others), (100_000, 4_000, 99_990));
    let selection = Selection { since: Some(START), until: Some(START + SECOND), ..logs("") };
    let counts = Counts { selection, step: Duration::from_secs(1), by: Some("id".to_owned()), values: 5 };
    let counted = reader.counts(&counts).unwrap();
    assert_eq!((counted.series.len(), counted.total, counted.others.iter().sum::<u64>()), (5, 104_000, 103_995));
}

#[test]
fn quantiles_are_those_of_the_numbers() {
    let (stored, all) = stored();
    let reader = Reader::open(stored.path()).unwrap();
    let mut asked = Quantiles {
        selection: Selection { since: Some(START), until: Some(START + 200_001 * SECOND), ..logs("") },
        field: "duration".to_owned(),
        by: Some("level".to_owned()),
        step: None,
        shares: vec![0.5, 0.95],
        values: 2,
    };
    let numbers = |entries: &[&Entry]| {
        let mut numbers: Vec<f64> = entries.iter().filter_map(|entry| entry.get("duration_ms")?.as_f64()).collect();
        numbers.sort_by(f64::total_cmp);
        numbers
    };
    let check = |measure: &Measure, expected: &[f64]| {
        assert_eq!(measure.count, expected.len() as u64);
        assert_eq!((measure.min, measure.max), (expected[0], expected[expected.len() - 1]));
        assert!((measure.sum - expected.iter().sum::<f64>()).abs() < 1e-3);
        for (share, found) in asked.shares.iter().zip(&measure.quantiles) {
            let exact = expected[(expected.len() as f64 * share).ceil() as usize - 1];
            assert!((found / exact - 1.0).abs() < 0.012, "{found} for {exact}");
        }
    };
    let measured = reader.quantiles(&asked).unwrap();
    assert_eq!((measured.measures.len(), measured.whole.len()), (2, 0));
    for measure in &measured.measures {
        let level = measure.value.as_deref().unwrap();
        check(measure, &numbers(&all.iter().filter(|entry| is(entry, "level", level)).collect::<Vec<_>>()));
    }
    let told: u64 = measured.measures.iter().map(|measure| measure.count).sum();
    let every = numbers(&all.iter().collect::<Vec<_>>());
    assert_eq!(told + measured.others, every.len() as u64);
    asked.by = None;
    asked.step = Some(Duration::from_secs(7_200));
    let measured = reader.quantiles(&asked).unwrap();
    assert!(measured.measures.len() > 20);
    let [whole] = &measured.whole[..] else { panic!("{:?}", measured.whole) };
    check(whole, &every);
    for measure in &measured.measures {
        let from = measure.start.unwrap();
        let of_step = all.iter().filter(|entry| (from..from + 7_200 * SECOND).contains(&entry.time()));
        let expected = numbers(&of_step.collect::<Vec<_>>());
        assert_eq!(measure.count, expected.len() as u64);
        assert_eq!(measure.max, expected[expected.len() - 1]);
    }
    asked.field = "error.code".to_owned();
    asked.step = None;
    let measured = reader.quantiles(&asked).unwrap();
    assert_eq!((measured.measures[0].min, measured.measures[0].max), (0.0, 3.0));
    asked.shares = vec![1.5];
    assert!(reader.quantiles(&asked).unwrap_err().is_of_asker());
}

#[test]
fn a_trace_is_found_with_its_spans_and_logs() {
    let stored = Stored::new();
    let line = |number: i64, trace: u8| {
        let id = Owned::Id(vec![trace; 16].into());
        entry(START + number, &[("trace_id", id), ("message", text(&format!("m{number}")))])
    };
    for block in 0..8_u8 {
        let lines: Vec<_> = (0..10).map(|number| line(10 * i64::from(block) + number, block)).collect();
        stored.add(Signal::Logs, &lines);
        stored.add(Signal::Spans, &lines[..3]);
    }
    let reader = Reader::open(stored.path()).unwrap();
    let trace = reader.trace(&TraceOf::id("05".repeat(16))).unwrap();
    let starts: Vec<_> = trace.logs.iter().map(|entry| entry.time() - START).collect();
    assert_eq!(starts, (50..60).collect::<Vec<_>>());
    assert_eq!((trace.spans.len(), trace.scanned.blocks, trace.is_cut, trace.partial), (3, 2, false, None));
    assert_eq!(trace.spans[0].get("trace_id"), Some(Value::Id(&[5; 16])));
    let none = reader.trace(&TraceOf::id("0A".repeat(16))).unwrap();
    assert_eq!((none.spans.len(), none.logs.len(), none.scanned.blocks), (0, 0, 0));
}

#[test]
fn errors_that_are_alike_are_one() {
    let stored = Stored::new();
    let line = |number: i64, level: &str, message: &str, route: &str| {
        entry(
            START + number * SECOND,
            &[
                ("level", text(level)),
                ("target", text("db")),
                ("message", text(message)),
                ("route", text(route)),
                ("number", Owned::Int(number)),
            ],
        )
    };
    let lines: Vec<_> = (0..30)
        .map(|number| match number % 3 {
            0 => line(number, "ERROR", &format!("timeout after {number} ms"), "/a"),
            1 => line(number, "ERROR", "refused", if number < 15 { "/a" } else { "/b" }),
            _ => line(number, "WARN", "slow", "/a"),
        })
        .collect();
    lines.chunks(7).for_each(|chunk| stored.add(Signal::Logs, chunk));
    let reader = Reader::open(stored.path()).unwrap();
    let mut asked = Failures {
        selection: logs(""),
        level: Level::Error,
        besides: Vec::new(),
        step: None,
        examples: true,
        limit: 2,
    };
    let failed = reader.failures(&asked).unwrap();
    assert_eq!((failed.groups.len(), failed.distinct, failed.others), (2, 3, 5));
    let first = &failed.groups[0];
    let times = (first.first - START, first.last - START);
    assert_eq!((first.count, times), (10, (0, 27 * SECOND)));
    assert!(first.template.starts_with("timeout after") && !first.template.contains("27"), "{}", first.template);
    assert_eq!(first.example.get("message"), Some(Value::Text("timeout after 27 ms")));
    let whole = failed.groups.iter().map(|group| (group.last, group.example.time(), group.example.get("number")));
    let number = |last: i64| Some(Value::Int((last - START) / SECOND));
    whole.for_each(|(last, time, found)| assert_eq!((time, found), (last, number(last)), "the whole of the last one"));
    let failure = Failure { target: "db", error_type: "", route: "/a", message: "timeout after 3 ms" };
    assert_eq!(first.fingerprint, failure.fingerprint(), "as log files have it");
    asked.level = Level::Warn;
    asked.selection = logs("slow");
    assert_eq!(reader.failures(&asked).unwrap().groups[0].count, 10);
}

#[test]
fn every_answer_is_bounded_and_says_so() {
    let (stored, _) = stored();
    let reader: Box<dyn Query> = Box::new(Reader::open(stored.path()).unwrap());
    let deep = (0..15).fold("/(a|b)*c/".to_owned(), |text, _| format!("not ({text} or \"x y\")"));
    for (deadline, budget, why) in
        [(Duration::ZERO, u64::MAX, Partial::Deadline), (Duration::from_secs(60), 1_000, Partial::Budget)]
    {
        for expression in ["", "level>=info", &deep] {
            let selection = Selection {
                deadline,
                budget,
                since: Some(START),
                until: Some(START + 200_001 * SECOND),
                ..logs(expression)
            };
            let step = Duration::from_secs(3_600);
            let by = Some("route".to_owned());
            let counted =
                reader.counts(&Counts { selection: selection.clone(), step, by: by.clone(), values: 5 }).unwrap();
            let topped =
                reader.top(&Top { selection: selection.clone(), field: "level".to_owned(), limit: 5 }).unwrap();
            let quantiles = Quantiles {
                selection: selection.clone(),
                field: "duration_ms".to_owned(),
                by,
                step: None,
                shares: vec![0.5],
                values: 5,
            };
            let measured = reader.quantiles(&quantiles).unwrap();
            let failed = reader
                .failures(&Failures {
                    selection: selection.clone(),
                    level: Level::Trace,
                    besides: Vec::new(),
                    step: None,
                    examples: true,
                    limit: 5,
                })
                .unwrap();
            let found = reader.search(&Search { selection, limit: 5_000, cursor: None }).unwrap();
            assert_eq!(
                [counted.partial, topped.partial, measured.partial, failed.partial, found.partial],
                [Some(why); 5],
                "{expression}"
            );
            for scanned in [counted.scanned, topped.scanned, measured.scanned, failed.scanned, found.scanned] {
                assert!(scanned.entries < 2_000, "{scanned:?}");
            }
        }
    }
    let trace = reader.trace(&TraceOf { deadline: Duration::ZERO, ..TraceOf::id("07".repeat(16)) }).unwrap();
    assert_eq!(trace.scanned.blocks, 0);
}

#[test]
fn many_and_long_tests_are_answered() {
    let (stored, _) = stored();
    let reader = Reader::open(stored.path()).unwrap();
    let pattern = format!("route~({})+x", "a|".repeat(1_000));
    let many: Vec<String> = (0..64).map(|number| format!("(route=/r{number}* or /r{number}x/)")).collect();
    for expression in [pattern, many[..32].join(" or "), format!("\"{}\"", "r".repeat(4_000))] {
        let found = reader.search(&Search { selection: logs(&expression), limit: 10, cursor: None }).unwrap();
        assert_eq!(found.partial, None);
    }
    let all = Expression::All(Vec::new());
    let selection = Selection { expression: Some(all), ..logs("") };
    assert_eq!(reader.search(&Search { selection, limit: 10, cursor: None }).unwrap().entries.len(), 10);
}
