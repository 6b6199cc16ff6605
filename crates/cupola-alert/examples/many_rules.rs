//! How long a thousand rules over ten thousand series take to be evaluated, in a real store with real metadata.
//!
//! ```sh
//! cargo run --release -p cupola-alert --example many_rules            # a thousand over ten thousand
//! cargo run -p cupola-alert --example many_rules -- --quick           # ten over a hundred, for CI
//! ```

use std::error::Error;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cupola_alert::{Alerts, Receivers, RuleSource, Rules};
use cupola_store::{Batch, MetadataFile, Settings, Signal, Store, Value};
use serde_json::json;

const SECOND: i64 = 1_000_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let (services, routes, rules) = if is_quick { (10, 10, 10) } else { (100, 100, 1_000) };
    let dir = tempfile::tempdir()?;
    let store = Store::open(dir.path(), &Settings::default(), &|_, _| Ok(Vec::new()))?;
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos())?;
    for service in 0..services {
        let mut batch = Batch::new(Signal::Logs);
        for request in 0..routes * 20 {
            let mut row = batch.row(now - (request % 280) * SECOND - 10 * SECOND);
            row.set("service", Value::Text(&format!("service-{service}")));
            row.set("route", Value::Text(&format!("/route/{}", request % routes)));
            row.set("status", Value::Int(if request % 97 == 0 { 503 } else { 200 }));
            #[allow(clippy::cast_precision_loss, reason = "small")]
            row.set("duration_ms", Value::Float(5.0 + (request % 50) as f64));
        }
        store.writer().offer(batch);
    }
    assert!(store.flush(), "the store takes what is written");

    let mut all = Rules::none();
    for number in 0..rules {
        let name = format!("rule {number}");
        // Some over all series, some over one service's, and one in a hundred that fires.
        let rule = match number % 4 {
            0 => json!({ "kind": "latency", "quantile": 0.95, "by": ["service", "route"], "threshold": 500 + number }),
            1 => json!({ "kind": "error_ratio", "by": ["service", "route"], "threshold": 60, "min_requests": 1 }),
            2 => {
                json!({ "kind": "request_rate", "service": format!("service-{}", number % services), "threshold": 900 })
            }
            _ if number % 100 == 3 => json!({ "kind": "request_rate", "by": ["service"], "threshold": 0.01 }),
            _ => json!({ "kind": "latency", "quantile": 0.5, "threshold": 400 }),
        };
        let mut rule = rule;
        (rule["name"], rule["interval"], rule["limit"]) = (json!(name), json!("10s"), json!(100));
        all.add(&rule, RuleSource::File)?;
    }
    let metadata = Arc::new(MetadataFile::open(dir.path())?);
    let alerts = Alerts::new(Arc::new(store.reader()?), metadata, all, Receivers::default());
    let mut out = std::io::stdout().lock();
    writeln!(out, "{rules} rules over {} series", services * routes)?;
    let mut times = Vec::new();
    for round in 0..10 {
        #[expect(clippy::disallowed_methods, reason = "it is what is measured")]
        let (began, worked) = (std::time::Instant::now(), worked()?);
        let evaluated = alerts.evaluate(now + round * 10 * SECOND)?;
        let (took, worked) = (began.elapsed(), self::worked()? - worked);
        if round == 0 {
            let begin = evaluated.written;
            writeln!(
                out,
                "the first evaluation, in which {begin} alerts begin: {took:?}, of which {worked:?} on a core"
            )?;
        } else {
            times.push(took);
        }
        assert_eq!((evaluated.rules, evaluated.failed), (usize::try_from(rules)?, 0), "all are due, and none fails");
    }
    times.sort();
    writeln!(out, "the others: {:?} at the median, {:?} at most", times[times.len() / 2], times[times.len() - 1])?;
    Ok(())
}

/// How long this thread had a core so far.
fn worked() -> Result<Duration, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(Duration::from_nanos(stat.split(' ').next().unwrap_or_default().parse()?))
}
