//! What is added up is what the entries say, in however many seals they came.

use super::*;
use crate::file::Rollup;
use crate::rollup::{Durations, Key, Step, What};
use crate::seeded::Seeded;

#[derive(Clone, Default)]
struct Expected {
    count: u64,
    errors: u64,
    durations: Vec<f64>,
    slowest_error: f64,
}

type Rows = BTreeMap<(i64, Key), Expected>;

struct Request {
    time: i64,
    service: &'static str,
    route: Option<&'static str>,
    status: Option<i64>,
    level: &'static str,
    duration_ms: Option<f64>,
}

fn request(seeded: &mut Seeded, first: i64) -> Request {
    let route = *seeded.pick(&[None, Some("/vms/{id}"), Some("/templates")]);
    let status = *seeded.pick(&[None, Some(200), Some(204), Some(404), Some(503)]);
    let duration = if seeded.below(5) == 0 { None } else { Some((1 + seeded.below(100_000)) as f64 / 8.0) };
    Request {
        time: first + i64::try_from(seeded.below(3 * 3_600)).unwrap() * 1_000_000_000,
        service: seeded.pick::<&str>(&["api", "worker", ""]),
        route,
        status,
        level: seeded.pick::<&str>(&["INFO", "INFO", "ERROR"]),
        duration_ms: duration,
    }
}

fn add(batch: &mut Batch, request: &Request, trace: u64) {
    let mut row = batch.row(request.time);
    row.set("level", Value::Text(request.level));
    if !request.service.is_empty() {
        row.set("service", Value::Text(request.service));
    }
    if let Some(route) = request.route {
        row.set("route", Value::Text(route));
    }
    if let Some(status) = request.status {
        row.set("status", Value::Int(status));
    }
    if let Some(duration) = request.duration_ms {
        row.set("duration_ms", Value::Float(duration));
    }
    row.set("trace_id", Value::Id(&u128::from(trace).to_be_bytes()));
}

fn expect(rows: &mut Rows, request: &Request, step: Step) {
    let start = request.time - request.time.rem_euclid(60_000_000_000 * step.minutes());
    let key = |what, name: &str, class| Key { what, service: request.service.into(), name: name.into(), class };
    rows.entry((start, key(What::Levels, request.level, 0))).or_default().count += 1;
    let (Some(route), Some(duration)) = (request.route, request.duration_ms) else { return };
    let class = request.status.map_or(0, |status| u8::try_from(status / 100).unwrap());
    let row = rows.entry((start, key(What::LoggedRequests, route, class))).or_default();
    row.count += 1;
    row.durations.push(duration);
    if class == 5 || request.level == "ERROR" {
        row.errors += 1;
        row.slowest_error = row.slowest_error.max(duration);
    }
}

#[test]
fn minutes_and_hours_are_what_their_entries_are() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut seeded = Seeded(5);
    let first = *Day::of(now() - 24 * HOUR).times().start() + 7 * HOUR + 1_000_000_000;
    let (mut minutes, mut hours) = (Rows::new(), Rows::new());
    for _ in 0..4 {
        let mut batch = Batch::new(Signal::Logs);
        for _ in 0..9_000 {
            let request = request(&mut seeded, first);
            add(&mut batch, &request, seeded.next());
            expect(&mut minutes, &request, Step::Minute);
            expect(&mut hours, &request, Step::Hour);
        }
        store.writer().offer(batch);
        assert!(store.flush());
    }
    drop(store);
    let file = DayFile::read(&layout::day_file(dir.path(), Signal::Logs, Day::of(first))).unwrap();
    for (step, expected) in [(Step::Minute, minutes), (Step::Hour, hours)] {
        let rows = |what| file.rollups(&(i64::MIN..=i64::MAX), step, what).unwrap();
        let found: Vec<Rollup> = What::ALL.into_iter().flat_map(rows).collect();
        assert_eq!(found.len(), expected.len());
        found.into_iter().for_each(|row| compare(&row, &expected[&(row.start, row.key.clone())]));
    }
    let one = file.rollups(&(first..=first + 120_000_000_000), Step::Minute, What::Levels).unwrap();
    let starts: std::collections::BTreeSet<i64> =
        one.iter().map(|row| (row.start - first).div_euclid(1_000_000_000)).collect();
    assert_eq!(starts.into_iter().collect::<Vec<_>>(), [59, 119], "those that begin within");
}

fn compare(row: &Rollup, expected: &Expected) {
    assert_eq!((row.cell.count, row.cell.errors), (expected.count, expected.errors), "{:?}", row.key);
    let durations: &Durations = &row.cell.durations;
    assert_eq!(durations.count(), u64::try_from(expected.durations.len()).unwrap());
    let Some(most) = expected.durations.iter().copied().reduce(f64::max) else { return };
    assert_eq!((f64::from(durations.most), durations.quantile(1.0).unwrap() > 0.99 * most), (most, true));
    let sum: f64 = expected.durations.iter().sum();
    assert!((durations.sum / sum - 1.0).abs() < 1e-9);
    let first = row.cell.exemplars[0];
    let shown = if expected.errors > 0 { expected.slowest_error } else { most };
    assert_eq!((first.is_error, f64::from(first.duration_ms)), (expected.errors > 0, shown));
}

#[test]
fn spans_count_where_they_are_requests_that_came_in() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut batch = Batch::new(Signal::Spans);
    for (kind, route) in [("server", None), ("server", Some("/vms")), ("internal", None), ("client", None)] {
        let mut row = batch.row(now());
        row.set("kind", Value::Text(kind))
            .set("duration_ms", Value::Int(7))
            .set("otel.status_code", Value::Text("ERROR"));
        if let Some(route) = route {
            row.set("route", Value::Text(route));
        }
    }
    store.writer().offer(batch);
    store.close().unwrap();
    let file = DayFile::read(&layout::day_file(dir.path(), Signal::Spans, Day::of(now()))).unwrap();
    let rows = |what| file.rollups(&(0..=i64::MAX), Step::Hour, what).unwrap();
    let found: Vec<_> =
        rows(What::TracedRequests).iter().map(|row| (row.key.name.to_string(), row.cell.errors)).collect();
    assert_eq!(found, [(String::new(), 1), ("/vms".to_owned(), 1)]);
    assert!(rows(What::Levels).is_empty() && rows(What::LoggedRequests).is_empty());
}

#[test]
fn routes_without_bound_become_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut batch = Batch::new(Signal::Logs);
    for number in 0..5_000 {
        let mut row = batch.row(now());
        row.set("route", Value::Text(&format!("/vms/{number}"))).set("duration_ms", Value::Int(1));
    }
    store.writer().offer(batch);
    store.close().unwrap();
    let file = DayFile::read(&layout::day_file(dir.path(), Signal::Logs, Day::of(now()))).unwrap();
    let rows = file.rollups(&(0..=i64::MAX), Step::Hour, What::LoggedRequests).unwrap();
    let other = rows.iter().find(|row| *row.key.name == *"_OTHER").unwrap();
    assert!(rows.len() <= 4_100 && other.cell.count > 800, "{} and {}", rows.len(), other.cell.count);
    assert_eq!(rows.iter().map(|row| row.cell.count).sum::<u64>(), 5_000);
}
