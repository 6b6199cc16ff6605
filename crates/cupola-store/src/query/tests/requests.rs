//! That what was added up is what the entries say.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::query::*;
use crate::seeded::Seeded;
use crate::{Batch, Settings, Signal, Store, Value};

const MINUTE: i64 = 60_000_000_000;

/// A request: its time, service, route, status and duration.
type Request = (i64, &'static str, String, i64, f64);

/// Requests of the ten hours before now, and a store that has them.
fn stored() -> (tempfile::TempDir, Store, Vec<Request>, i64) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), &Settings::default(), &|_, _| Ok(Vec::new())).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as i64;
    let end = now.div_euclid(60 * MINUTE) * 60 * MINUTE;
    let mut seeded = Seeded(4);
    let mut one = || {
        let time = end - 1 - seeded.below(600 * MINUTE as usize) as i64;
        let service = ["vms", "billing"][seeded.below(4) / 3];
        let status = [200, 200, 404, 503][seeded.below(4)];
        (time, service, format!("/r{}", seeded.below(5)), status, 0.5 + seeded.below(4_000) as f64 / 4.0)
    };
    let all: Vec<Request> = (0..3_000).map(|_| one()).collect();
    for some in all.chunks(500) {
        let mut batch = Batch::new(Signal::Logs);
        for (time, service, route, status, duration) in some {
            let mut row = batch.row(*time);
            row.set("service", Value::Text(service))
                .set("route", Value::Text(route))
                .set("status", Value::Int(*status));
            row.set("duration_ms", Value::Float(*duration)).set("trace_id", Value::Id(&[7; 16]));
            batch.row(*time).set("message", Value::Text("no request"));
        }
        store.writer().offer(batch);
    }
    assert!(store.flush());
    (dir, store, all, end)
}

fn check(row: &RequestRow, expected: &[&Request], shares: &[f64]) {
    let mut durations: Vec<f64> = expected.iter().map(|request| request.4).collect();
    durations.sort_by(f64::total_cmp);
    assert_eq!(row.count, expected.len() as u64);
    assert_eq!(row.errors, expected.iter().filter(|request| request.3 == 503).count() as u64);
    for class in 0..6 {
        assert_eq!(
            row.classes[class],
            expected.iter().filter(|request| request.3 / 100 == class as i64).count() as u64
        );
    }
    assert!((row.sum_ms - durations.iter().sum::<f64>()).abs() < 1e-3 && row.exemplars[0].trace_id == "07".repeat(16));
    assert!((row.max_ms / durations[durations.len() - 1] - 1.0).abs() < 1e-6);
    for (share, found) in shares.iter().zip(&row.quantiles_ms) {
        let exact = durations[(durations.len() as f64 * share).ceil() as usize - 1];
        assert!((found / exact - 1.0).abs() < 0.012, "{found} for {exact}");
    }
}

#[test]
fn requests_are_told_without_reading_entries() {
    let (_dir, store, all, end) = stored();
    let reader = store.reader().unwrap();
    let mut asked = Requests {
        signal: Signal::Logs,
        since: end - 120 * MINUTE,
        until: end,
        step: None,
        service: None,
        route: None,
        by: RequestsBy::Route,
        shares: vec![0.5, 0.95],
        limit: 4,
    };
    let told = reader.requests(&asked).unwrap();
    let recent: Vec<&Request> = all.iter().filter(|request| request.0 >= asked.since).collect();
    assert_eq!((told.rows.len(), told.whole, told.partial), (4, MINUTE, None));
    for row in &told.rows {
        let of_row = recent.iter().filter(|request| request.1 == row.service && request.2 == row.route);
        check(row, &of_row.copied().collect::<Vec<_>>(), &asked.shares);
    }
    let counts: Vec<u64> = told.rows.iter().map(|row| row.count).collect();
    assert!(counts.is_sorted_by(|one, next| one >= next));
    assert_eq!(counts.iter().sum::<u64>() + told.others, recent.len() as u64);

    (asked.by, asked.step, asked.service) =
        (RequestsBy::Service, Some(Duration::from_secs(1_800)), Some("vms".to_owned()));
    let told = reader.requests(&asked).unwrap();
    assert_eq!(told.rows.len(), 4);
    for row in &told.rows {
        let from = row.start.unwrap();
        let of_row =
            recent.iter().filter(|request| request.1 == "vms" && (from..from + 30 * MINUTE).contains(&request.0));
        check(row, &of_row.copied().collect::<Vec<_>>(), &asked.shares);
    }

    (asked.by, asked.step, asked.service, asked.since) = (RequestsBy::All, None, None, end - 599 * MINUTE);
    let told = reader.requests(&asked).unwrap();
    assert_eq!(told.whole, 60 * MINUTE, "time is widened to the hour");
    check(&told.rows[0], &all.iter().collect::<Vec<_>>(), &asked.shares);

    asked.step = Some(Duration::from_secs(60));
    assert!(reader.requests(&asked).unwrap_err().to_string().contains("whole number of hours"));
    asked.signal = Signal::Metrics;
    assert!(reader.requests(&asked).unwrap_err().is_of_asker());
    (asked.signal, asked.step) = (Signal::Spans, None);
    assert_eq!(reader.requests(&asked).unwrap().rows, []);
}

/// Asked for hours and the minutes around them, and for many things at once.
#[test]
fn whole_hours_and_many_questions_at_once_tell_the_same() {
    let (_dir, store, all, end) = stored();
    let reader = store.reader().unwrap();
    for (since, until) in [(200, 7), (59, 1), (130, 61), (120, 60), (360, 0), (600, 30)] {
        let (since, until) = (end - since * MINUTE, end - until * MINUTE);
        let asked = |by, minutes: Option<u64>, limit| Requests {
            signal: Signal::Logs,
            since,
            until,
            step: minutes.map(|minutes| Duration::from_secs(60 * minutes)),
            service: None,
            route: None,
            by,
            shares: vec![0.5, 0.99],
            limit,
        };
        let is_long = until - since > 360 * MINUTE;
        let step = if is_long { 120 } else { 6 };
        let counted = Requests { shares: Vec::new(), ..asked(RequestsBy::Service, Some(step), 9) };
        let questions = [
            counted.clone(),
            Requests { step: None, ..counted },
            asked(RequestsBy::All, None, 1),
            asked(RequestsBy::Service, None, 9),
            asked(RequestsBy::Service, Some(step), 1),
            asked(RequestsBy::Route, Some(step), 9),
            asked(RequestsBy::Route, None, 3),
        ];
        let exactly = |told: Vec<Requested>| -> Vec<Requested> {
            let rounded = |mut told: Requested| {
                told.rows.iter_mut().for_each(|row| row.sum_ms = (row.sum_ms * 1e3).round());
                told
            };
            told.into_iter().map(rounded).collect()
        };
        let together = reader.requests_all(&questions).unwrap();
        let alone: Vec<Requested> = questions.iter().map(|asked| reader.requests(asked).unwrap()).collect();
        if !is_long {
            let meant = all.iter().filter(|request| (since..until).contains(&request.0));
            check(&together[2].rows[0], &meant.collect::<Vec<_>>(), &[0.5, 0.99]);
        }
        assert_eq!(exactly(together), exactly(alone));
    }
    let unlike = [Signal::Logs, Signal::Spans].map(|signal| Requests {
        signal,
        since: end - 600 * MINUTE,
        until: end,
        step: None,
        service: None,
        route: None,
        by: RequestsBy::All,
        shares: Vec::new(),
        limit: 1,
    });
    let told = reader.requests_all(&unlike).unwrap();
    assert_eq!((told[0].rows[0].count, told[1].rows.len()), (3_000, 0));
}
