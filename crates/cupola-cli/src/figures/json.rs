//! Figures as one JSON object.

use cupola_line::Timestamp;
use cupola_store::Level;
use serde_json::{Map, Value, json};

use super::groups::Group;
use super::rate::Chart;
use super::slowest::Slow;
use super::survey::{By, Figures, SEPARATOR};
use super::tops::{Top, Tops};

/// Of the rate there are at most so many buckets.
const BUCKETS: usize = 120;

/// Everything, with so many of what there may be many of.
pub(crate) fn of(figures: &Figures, by: &By, rows: usize, files: usize) -> Value {
    let (counts, tally) = (&figures.counts, &figures.tally);
    let span = counts.rate.span;
    let groups = counts.groups.first(rows);
    json!({
        "files": files,
        "lines": tally.lines,
        "entries": counts.entries,
        "not_counted": {
            "unmatched": tally.unmatched, "blank": tally.blank, "twice": tally.twice,
            "unparsable": tally.unparsable, "torn": tally.torn, "too_long": tally.too_long,
        },
        "warning": figures.warning,
        "first": span.map(|(first, _)| time(first)),
        "last": span.map(|(_, last)| time(last)),
        "by_level": levels(&counts.levels),
        "by_status_class": statuses(counts.statuses.chunks(100).map(|class| class.iter().sum()), "xx"),
        "by_status": statuses(counts.statuses.iter().copied(), ""),
        "by_error_type": tops(&counts.error_types, "error_type", rows),
        "rate": counts.rate.chart(BUCKETS).map(|chart| rate(&chart)),
        "requests": group(&counts.requests),
        "by": match by { By::Route => vec!["route"], By::Fields(names) => names.iter().map(String::as_str).collect() },
        "groups": groups.iter().map(|(key, found)| keyed(key, found, by)).collect::<Vec<_>>(),
        "group_count": counts.groups.len(),
        "groups_at_most_too_high": counts.groups.excess,
        "without_group": counts.without,
        "slowest": counts.slowest.found().iter().map(slow).collect::<Vec<_>>(),
        "clients": tops(&counts.clients, "client_ip", rows),
        "users": tops(&counts.users, "user_id", rows),
    })
}

fn time(micros: i64) -> String {
    Timestamp::new().unix_micros(micros).as_str().to_owned()
}

fn levels(levels: &[u64; 6]) -> Map<String, Value> {
    let names = Level::ALL.map(Level::as_str).into_iter().chain(["none"]);
    names.zip(levels).map(|(name, count)| (name.to_owned(), (*count).into())).collect()
}

/// Of those that there are: their number, with something behind it.
fn statuses(counts: impl Iterator<Item = u64>, suffix: &str) -> Map<String, Value> {
    let counts = counts.enumerate().filter(|(_, count)| *count > 0);
    counts.map(|(status, count)| (format!("{status}{suffix}"), count.into())).collect()
}

fn rate(chart: &Chart) -> Value {
    json!({
        "start": time(chart.start.saturating_mul(1_000_000)),
        "step_seconds": chart.step,
        "lines": chart.buckets.iter().map(|bucket| bucket.lines).collect::<Vec<_>>(),
        "errors": chart.buckets.iter().map(|bucket| bucket.errors).collect::<Vec<_>>(),
    })
}

fn group(group: &Group) -> Map<String, Value> {
    let durations = &group.durations;
    let quantiles = [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)];
    let mut found: Map<_, _> =
        quantiles.iter().map(|(name, share)| ((*name).to_owned(), durations.quantile(*share).into())).collect();
    found.insert("count".to_owned(), durations.count().into());
    found.insert("mean".to_owned(), durations.mean().into());
    found.insert("max".to_owned(), durations.most().into());
    let mut out = Map::new();
    out.insert("count".to_owned(), group.count.into());
    out.insert("errors".to_owned(), group.errors.into());
    out.insert("duration_ms".to_owned(), if durations.count() > 0 { found.into() } else { Value::Null });
    out
}

fn keyed(key: &[u8], found: &Group, by: &By) -> Value {
    let key = String::from_utf8_lossy(key);
    let names: Vec<&str> = match by {
        By::Route => vec!["route"],
        By::Fields(names) => names.iter().map(String::as_str).collect(),
    };
    let values: Map<_, _> =
        names.iter().zip(key.split(SEPARATOR)).map(|(name, value)| ((*name).to_owned(), value.into())).collect();
    let mut out = group(found);
    out.insert("values".to_owned(), values.into());
    out.into()
}

fn slow(slow: &Slow) -> Value {
    json!({
        "timestamp": slow.time.map(time),
        "duration_ms": slow.duration,
        "status": slow.status,
        "method": slow.method,
        "route": slow.route,
        "request_id": slow.request_id,
    })
}

fn tops(tops: &Tops, name: &str, rows: usize) -> Value {
    let first = tops.first(rows);
    let one = |top: &Top<'_>| json!({ name: top.text, "count": top.count, "at_most_too_high": top.excess });
    json!({ "values": tops.values(), "first": first.iter().map(one).collect::<Vec<_>>() })
}
