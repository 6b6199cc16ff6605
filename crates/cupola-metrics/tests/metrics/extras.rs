//! What is counted of requests beside their duration, and what handlers may add.

use std::time::Duration;

use cupola_metrics::{Label, Registry, RouteMetrics, Values};
use cupola_record::{Ended, Exchange, Outcome, Record, Sink, Upgraded};

use crate::support::{ended, exchange, lines, served, sum};

fn metrics() -> (Registry, RouteMetrics) {
    let registry = Registry::new();
    let metrics = RouteMetrics::new(&registry);
    (registry, metrics)
}

fn record(metrics: &RouteMetrics, exchange: &Exchange, change: impl FnOnce(&mut Ended)) {
    let mut ended = ended(exchange, Some(200), Outcome::Complete, Duration::from_millis(5));
    change(&mut ended);
    metrics.opened(exchange);
    metrics.record(Record::Exchange(exchange, &ended));
}

const ROUTE: &str = "http_request_method=\"POST\",http_route=\"/vms\",url_scheme=\"http\"";

#[test]
fn sizes_are_those_of_whole_bodies_and_absent_without_one() {
    let (registry, metrics) = metrics();
    let exchange = exchange("POST", Some("/vms"));
    for (request, response) in [(300, 5_000), (0, 0), (256, 0)] {
        record(&metrics, &exchange, |ended| (ended.request_bytes, ended.response_bytes) = (request, response));
    }
    let request = |suffix: &str| sum(&registry, &format!("http_server_request_body_size_bytes_{suffix}"));
    assert_eq!((request("count{"), request("sum{")), (2.0, 556.0));
    let buckets = lines(&registry, "http_server_request_body_size_bytes_bucket");
    assert!(buckets[0].ends_with(",le=\"256\"} 1") && buckets[1].ends_with(",le=\"1024\"} 2"), "{buckets:?}");
    assert_eq!(sum(&registry, "http_server_response_body_size_bytes_sum"), 5_000.0);
    assert_eq!(sum(&registry, "http_server_response_body_size_bytes_count"), 1.0);
}

#[test]
fn the_head_the_time_spent_polling_and_slow_requests_are_counted_apart() {
    let (registry, metrics) = metrics();
    let exchange = exchange("POST", Some("/vms"));
    record(&metrics, &exchange, |ended| ended.head = Some(Duration::from_millis(40)));
    record(&metrics, &exchange, |ended| (ended.slow, ended.busy) = (true, Some(Duration::from_micros(1_500))));
    assert_eq!(
        lines(&registry, "cupola_http_time_to_head_seconds_sum"),
        [format!("cupola_http_time_to_head_seconds_sum{{{ROUTE}}} 0.04")]
    );
    assert_eq!(
        lines(&registry, "cupola_http_busy_seconds_sum"),
        [format!("cupola_http_busy_seconds_sum{{{ROUTE}}} 0.0015")]
    );
    assert_eq!(lines(&registry, "cupola_http_slow_total"), [format!("cupola_http_slow_total{{{ROUTE}}} 1")]);
}

#[test]
fn requests_without_a_whole_response_are_counted_by_outcome() {
    let (registry, metrics) = metrics();
    let exchange = exchange("POST", Some("/vms"));
    for outcome in [Outcome::ClosedBeforeHead, Outcome::TimedOut, Outcome::TimedOut, Outcome::Complete] {
        served(&metrics, &exchange, None, outcome, 1);
    }
    let aborted = |outcome: &str, count| format!("cupola_http_aborted_total{{{ROUTE},outcome=\"{outcome}\"}} {count}");
    assert_eq!(lines(&registry, "cupola_http_aborted"), [aborted("closed_before_head", 1), aborted("timed_out", 2)]);
}

#[test]
fn an_upgraded_connection_has_a_lifetime() {
    let (registry, metrics) = metrics();
    let exchange = exchange("POST", Some("/vms"));
    metrics.record(Record::Upgraded(&Upgraded::new(&exchange, Duration::from_secs(90))));
    let sum = "cupola_http_upgraded_lifetime_seconds_sum";
    assert_eq!(lines(&registry, sum), [format!("{sum}{{{ROUTE}}} 90")]);
}

#[test]
fn a_muted_request_is_active_and_nothing_else() {
    let (registry, metrics) = metrics();
    record(&metrics, &exchange("GET", Some("/a")), |ended| ended.muted = true);
    assert_eq!((lines(&registry, "http_server_active").len(), sum(&registry, "http_server_active")), (1, 0.0));
    assert!(lines(&registry, "http_server_request").is_empty() && lines(&registry, "cupola_http").is_empty());
}

struct Tier;

impl Label for Tier {
    const NAME: &str = "app.tier";
    const VALUES: Values = Values::Only(&["gold", "free"]);

    fn value(&self) -> &str {
        "gold"
    }
}

struct Open;

impl Label for Open {
    const NAME: &str = "user";
    const VALUES: Values = Values::AtMost(1_000);

    fn value(&self) -> &str {
        "ada"
    }
}

#[test]
fn a_handler_adds_labels_from_closed_sets() {
    let registry = Registry::new();
    let metrics = RouteMetrics::builder(&registry).label::<Tier>().label::<Open>().build();
    let count = |tier: Option<&'static str>| {
        let exchange = exchange("GET", Some("/a"));
        if let Some(tier) = tier {
            exchange.context.set("app.tier", tier);
        }
        served(&metrics, &exchange, Some(200), Outcome::Complete, 1);
    };
    [Some("gold"), Some("gold"), Some("silver"), None].into_iter().for_each(count);
    let counts = |label: &str| {
        let lines = lines(&registry, "http_server_request_duration_seconds_count");
        lines
            .iter()
            .filter(|line| line.contains(label))
            .map(|line| line.rsplit(' ').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (counts("app_tier=\"gold\""), counts("app_tier=\"_OTHER\"")),
        (vec!["2".to_owned()], vec!["1".to_owned()])
    );
    assert_eq!(counts("").len(), 3, "a request that says nothing has no such label");
    assert_eq!(sum(&registry, "cupola_metrics_overflow_total{instrument=\"http.server.request.duration\"}"), 1.0);

    let exchange = exchange("GET", Some("/a"));
    exchange.context.set("user", "ada");
    served(&metrics, &exchange, Some(200), Outcome::Complete, 1);
    assert!(counts("user=\"_OTHER\"").len() == 1 && counts("ada").is_empty(), "an open set is no label");
}
