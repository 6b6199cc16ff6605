//! Bounds: values, series, time and memory.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use allocation_counter::measure;
use cupola_metrics::{Counter, Registry, RouteMetrics};
use cupola_record::{Outcome, Record, Sink};

use crate::everything::{State, Template};
use crate::support::{ended, exchange, lines, served, sum};

fn template(number: usize) -> Template {
    Template(format!("t{number}"))
}

fn overflow(registry: &Registry, instrument: &str) -> f64 {
    sum(registry, &format!("cupola_metrics_overflow_total{{instrument=\"{instrument}\"}}"))
}

#[test]
fn a_value_outside_a_closed_set_is_other_and_counted() {
    let registry = Registry::new();
    let machines = registry.gauge_by::<State>("vms", "Machines.", "{vm}").unwrap();
    machines.with(&State("running")).set(1);
    machines.with(&State("lost")).add(2);
    machines.with(&State("gone")).add(3);
    machines.with(&State("")).set(7);
    let expected = ["vms 7", "vms{vm_state=\"_OTHER\"} 5", "vms{vm_state=\"running\"} 1"];
    assert_eq!(lines(&registry, "vms"), expected);
    assert_eq!(overflow(&registry, "vms"), 2.0);
}

#[test]
fn values_over_the_bound_are_other_and_counted() {
    let registry = Registry::new();
    let made = registry.counter_by::<Template>("vms.made", "Machines.", "{vm}").unwrap();
    (0..10).for_each(|number| made.with(&template(number)).increment());
    (0..3).for_each(|number| made.with(&template(number)).increment());
    let count = |value: &str| sum(&registry, &format!("vms_made_total{{template=\"{value}\"}}"));
    assert_eq!((count("t0"), count("t2"), count("t3"), count("_OTHER")), (2.0, 2.0, 0.0, 7.0));
    assert_eq!(overflow(&registry, "vms.made"), 7.0);
}

#[test]
fn series_over_the_limit_are_one() {
    struct Any(String);
    impl cupola_metrics::Label for Any {
        const NAME: &str = "any";
        const VALUES: cupola_metrics::Values = cupola_metrics::Values::AtMost(1_000);
        fn value(&self) -> &str {
            &self.0
        }
    }
    let registry = Registry::with_series_limit(10);
    let made = registry.counter_by::<(Any, State)>("made", "Things.", "{thing}").unwrap();
    (0..100).for_each(|number| made.with(&(Any(number.to_string()), State("running"))).increment());
    assert_eq!((lines(&registry, "made_total").len(), sum(&registry, "made_total")), (11, 100.0));
    assert_eq!(sum(&registry, "made_total{any=\"_OTHER\",vm_state=\"_OTHER\"}"), 90.0);
    assert_eq!(overflow(&registry, "made"), 90.0);
}

/// The time of these tests' registries, in seconds.
static NOW: AtomicU64 = AtomicU64::new(1_000);

fn clock() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.load(Ordering::Relaxed))
}

/// One test, since they share a clock.
#[test]
fn what_nobody_uses_expires_where_it_was_asked_for() {
    let registry = Registry::builder().expire_after(Duration::from_secs(60)).clock(clock).build();
    let made = registry.counter_by::<Template>("made", "Things.", "{thing}").unwrap();
    let kept: Counter = made.with(&template(0));
    made.with(&template(1)).increment();
    made.with(&template(2)).increment();
    let metrics = RouteMetrics::new(&registry);
    let exchange = exchange("GET", Some("/a"));
    served(&metrics, &exchange, Some(200), Outcome::Complete, 1);
    let shown =
        || (lines(&registry, "made_total").len(), lines(&registry, "http_server_request_duration_seconds_count").len());
    assert_eq!(shown(), (3, 1));
    NOW.fetch_add(59, Ordering::Relaxed);
    made.with(&template(2)).increment();
    assert_eq!(shown(), (3, 1));
    NOW.fetch_add(1, Ordering::Relaxed);
    assert_eq!(shown(), (2, 0), "the one of which a handle is kept, and the one that was used");
    made.with(&template(3)).increment();
    assert_eq!(overflow(&registry, "made"), 0.0, "the value that has expired makes room");
    NOW.fetch_add(600, Ordering::Relaxed);
    kept.increment();
    let done = ended(&exchange, Some(200), Outcome::Complete, Duration::ZERO);
    metrics.record(Record::Exchange(&exchange, &done));
    assert_eq!(shown(), (1, 1), "what is used again is shown again, with all that it had");
    assert_eq!(sum(&registry, "http_server_request_duration_seconds_count"), 2.0);
}

#[test]
fn nothing_expires_unless_it_was_asked_for() {
    static LATER: AtomicU64 = AtomicU64::new(0);
    let clock = || SystemTime::UNIX_EPOCH + Duration::from_secs(LATER.fetch_add(1_000_000, Ordering::Relaxed));
    let registry = Registry::builder().clock(clock).build();
    registry.counter_by::<Template>("made", "Things.", "{thing}").unwrap().with(&template(1)).increment();
    served(&RouteMetrics::new(&registry), &exchange("GET", Some("/a")), Some(200), Outcome::Complete, 1);
    for _ in 0..3 {
        assert_eq!((lines(&registry, "made").len(), lines(&registry, "http_server_active").len()), (1, 1));
    }
}

/// Bytes that stay allocated for each of many series.
fn bytes_a_series(series: usize, mut make: impl FnMut(usize)) -> u64 {
    make(series);
    measure(|| (0..series).for_each(&mut make)).bytes_current.unsigned_abs() / series as u64
}

#[test]
fn a_series_takes_less_than_a_kibibyte_and_a_half() {
    let registry = Registry::new();
    let waits =
        registry.duration_histogram_by::<Numbered>("wait", "How long.", &cupola_metrics::DURATION_BUCKETS).unwrap();
    let of_application = bytes_a_series(500, |number| {
        waits.with(&Numbered(number.to_string())).observe(Duration::from_millis(number as u64));
    });
    let metrics = RouteMetrics::new(&registry);
    let exchanges: Vec<_> =
        (0..=500).map(|number| exchange("GET", Some(&format!("/api/v1/vms/{{id}}/{number}")))).collect();
    let done = ended(&exchanges[0], Some(200), Outcome::Complete, Duration::from_millis(3));
    let ends: Vec<_> = exchanges
        .iter()
        .map(|exchange| {
            let mut done = done.clone();
            (done.route, done.request_bytes, done.response_bytes) = (exchange.route.clone(), 0, 0);
            done
        })
        .collect();
    let of_routes = bytes_a_series(500, |number| metrics.record(Record::Exchange(&exchanges[number], &ends[number])));
    let of_statuses = bytes_a_series(500, |number| {
        let mut done = ends[number].clone();
        done.status = Some(http::StatusCode::NOT_FOUND);
        metrics.record(Record::Exchange(&exchanges[number], &done));
    });
    println!(
        "bytes: {of_application} a series of the application, {of_routes} a route, {of_statuses} each further status"
    );
    assert!(of_application.max(of_routes).max(of_statuses) <= 1_536, "{of_application} {of_routes} {of_statuses}");
}

struct Numbered(String);

impl cupola_metrics::Label for Numbered {
    const NAME: &str = "number";
    const VALUES: cupola_metrics::Values = cupola_metrics::Values::AtMost(10_000);

    fn value(&self) -> &str {
        &self.0
    }
}
