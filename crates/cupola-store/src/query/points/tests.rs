//! That what is told of a metric is what its points say.

use std::time::Duration;

use super::super::stored::{START, Stored, entry, text};
use super::*;
use crate::column::Owned;
use crate::query::entry::Entry;

const SECOND: i64 = 1_000_000_000;
/// A whole minute.
const AT: i64 = START.div_euclid(60 * SECOND) * 60 * SECOND;

fn gauge(second: i64, host: &str, value: f64) -> Entry {
    let fields = [("metric", text("memory")), ("type", text("gauge")), ("unit", text("By")), ("host", text(host))];
    let mut entry = entry(AT + second * SECOND, &fields);
    entry.push("value", Owned::Float(value));
    entry
}

fn counter(second: i64, host: &str, began: i64, value: i64, temporality: &str) -> Entry {
    let fields =
        [("metric", text("jobs")), ("type", text("sum")), ("temporality", text(temporality)), ("host", text(host))];
    let mut entry = entry(AT + second * SECOND, &fields);
    entry.push("value", Owned::Int(value));
    entry.push("start_time_unix_nano", Owned::Int(AT + began * SECOND));
    entry
}

fn ask(stored: &Stored, name: &str, how: How, change: impl FnOnce(&mut Points)) -> Result<Pointed, QueryError> {
    let mut points = Points { step: Some(Duration::from_secs(60)), ..Points::of(name, AT, AT + 180 * SECOND, how) };
    change(&mut points);
    points.answer(stored.path())
}

fn values(stored: &Stored, name: &str, how: How) -> Vec<Option<f64>> {
    ask(stored, name, how, |_| ()).unwrap().series.pop().map_or_else(Vec::new, |series| series.values)
}

#[test]
fn gauges_are_told_step_by_step() {
    let stored = Stored::new();
    stored.add(
        Signal::Metrics,
        &[gauge(-5, "a", 90.0), gauge(10, "a", 2.0), gauge(50, "a", 4.0), gauge(20, "b", 10.0), gauge(130, "b", 1.0)],
    );
    let check = |how, expected: [Option<f64>; 3]| assert_eq!(values(&stored, "memory", how), expected, "{how:?}");
    check(How::Last, [Some(14.0), None, Some(1.0)]);
    check(How::Mean, [Some(16.0 / 3.0), None, Some(1.0)]);
    check(How::Least, [Some(2.0), None, Some(1.0)]);
    check(How::Most, [Some(10.0), None, Some(1.0)]);
    let told = ask(&stored, "memory", How::Last, |points| points.by = vec!["host".into(), "disk".into()]).unwrap();
    let named = |name: &str| BTreeMap::from([("host".to_owned(), name.to_owned())]);
    assert_eq!(told.series[0], PointSeries { labels: named("b"), values: vec![Some(10.0), None, Some(1.0)] });
    assert_eq!(told.series[1], PointSeries { labels: named("a"), values: vec![Some(4.0), None, None] });
    assert_eq!((told.unit.as_str(), told.start, told.step, told.others), ("By", AT, 60 * SECOND, 0));
    let one = ask(&stored, "memory", How::Most, |points| {
        (points.by, points.limit) = (vec!["host".into()], 1);
        points.step = None;
    });
    let one = one.unwrap();
    assert_eq!((one.series.len(), one.others, &one.series[0].values), (1, 1, &vec![Some(10.0)]));
    let of_a = ask(&stored, "memory", How::Most, |points| points.only = vec![("host".into(), "a".into())]).unwrap();
    assert_eq!(of_a.series[0].values, [Some(4.0), None, None]);
    let of_none = ask(&stored, "memory", How::Most, |points| points.service = Some("billing".into())).unwrap();
    assert_eq!(of_none.series, []);
    assert_eq!(ask(&stored, "elsewhere", How::Last, |_| ()).unwrap().series, []);
    let wrong = ask(&stored, "memory", How::Rate, |_| ()).unwrap_err();
    assert!(wrong.is_of_asker());
    assert_eq!(wrong.to_string(), "Rate is not told of a gauge: ask for Last, Mean, Least or Most");
}

#[test]
fn counters_grow_and_begin_anew() {
    let stored = Stored::new();
    let all = "cumulative";
    stored.add(
        Signal::Metrics,
        &[
            // It has counted for long before; of its first point nobody knows how much of it is new.
            counter(-30, "a", -900, 1_000, all),
            counter(30, "a", -900, 1_060, all),
            counter(90, "a", -900, 1_090, all),
            // It began anew, and counted 20 since.
            counter(150, "a", 120, 20, all),
            // A new one.
            counter(30, "b", 0, 30, all),
            // The same point twice.
            counter(30, "b", 0, 30, all),
        ],
    );
    assert_eq!(values(&stored, "jobs", How::Sum), [Some(90.0), Some(30.0), Some(20.0)]);
    assert_eq!(values(&stored, "jobs", How::Rate), [Some(2.0), Some(0.5), Some(20.0 / 30.0)]);
    let all = ask(&stored, "jobs", How::Sum, |points| points.step = None).unwrap();
    assert_eq!(all.series[0].values, [Some(140.0)]);

    let stored = Stored::new();
    stored.add(Signal::Metrics, &[counter(30, "a", -30, 60, "delta"), counter(90, "a", 30, 30, "delta")]);
    assert_eq!(values(&stored, "jobs", How::Sum), [Some(60.0), Some(30.0), None]);
    assert_eq!(values(&stored, "jobs", How::Rate), [Some(1.0), Some(0.5), None]);
}

#[test]
fn histograms_tell_what_came_in_each_step() {
    let stored = Stored::new();
    let point = |second: i64, count: i64, sum: f64, counts: &str| {
        let fields = [("metric", text("took")), ("type", text("histogram")), ("temporality", text("cumulative"))];
        let mut entry = entry(AT + second * SECOND, &fields);
        entry.push("count", Owned::Int(count));
        entry.push("sum", Owned::Float(sum));
        entry.push("buckets", Owned::Json(format!(r#"{{"bounds":[1,2],"counts":{counts}}}"#).into()));
        entry
    };
    stored.add(
        Signal::Metrics,
        &[point(-10, 8, 9.0, "[8,0,0]"), point(30, 10, 12.0, "[8,2,0]"), point(90, 14, 14.0, "[12,2,0]")],
    );
    let check = |how, expected: [Option<f64>; 3]| assert_eq!(values(&stored, "took", how), expected, "{how:?}");
    check(How::Mean, [Some(1.5), Some(0.5), None]);
    check(How::Sum, [Some(2.0), Some(4.0), None]);
    check(How::Rate, [Some(0.05), Some(4.0 / 60.0), None]);
    check(How::Quantile(0.5), [Some(1.5), Some(0.5), None]);
    for how in [How::Last, How::Quantile(1.5)] {
        assert!(ask(&stored, "took", how, |_| ()).unwrap_err().is_of_asker(), "{how:?}");
    }
}
