//! The metrics of requests.

use std::sync::Arc;
use std::time::Duration;

use allocation_counter::measure;
use cupola_metrics::{Registry, RouteMetrics};
use cupola_record::{Duties, Outcome, Record, Side, Sink};
use http::StatusCode;

use crate::support::{ended, exchange, lines, open, served, sum};

const COUNT: &str = "http_server_request_duration_seconds_count";
const ACTIVE: &str = "http_server_active_requests{";

fn metrics() -> (Registry, RouteMetrics) {
    let registry = Registry::new();
    let metrics = RouteMetrics::new(&registry);
    (registry, metrics)
}

#[test]
fn a_request_is_exposed_by_its_route() {
    let (registry, metrics) = metrics();
    let exchange = exchange("GET", Some("/vms/{id}"));
    served(&metrics, &exchange, Some(200), Outcome::Complete, 30);
    served(&metrics, &exchange, Some(200), Outcome::Complete, 20_000);
    metrics.opened(&exchange);
    let labels = "http_request_method=\"GET\",http_route=\"/vms/{id}\",http_response_status_code=\"200\",\
                  url_scheme=\"http\",network_protocol_version=\"1.1\"";
    let mut expected = String::from(
        "# HELP http_server_active_requests Requests that have begun and not ended.\n\
         # TYPE http_server_active_requests gauge\n\
         http_server_active_requests{http_request_method=\"GET\",url_scheme=\"http\"} 1\n\
         # HELP http_server_request_duration_seconds How long requests took, to the end of the response's body, or to the head of a stream of events. \
         Upgraded connections are not in it.\n\
         # TYPE http_server_request_duration_seconds histogram\n",
    );
    let bounds = "0.005 0.01 0.025 0.05 0.075 0.1 0.25 0.5 0.75 1 2.5 5 7.5 10 +Inf";
    for (bound, count) in bounds.split(' ').zip([0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2]) {
        let bucket = format!("http_server_request_duration_seconds_bucket{{{labels},le=\"{bound}\"}} {count}\n");
        expected.push_str(&bucket);
    }
    expected.push_str(&format!("http_server_request_duration_seconds_sum{{{labels}}} 20.03\n{COUNT}{{{labels}}} 2\n"));
    let text = registry.render();
    assert!(text.ends_with(&expected), "{text}");
}

#[test]
fn each_outcome_has_its_error_type() {
    let check = |status: Option<u16>, outcome: Outcome, expected: &str| {
        let (registry, metrics) = metrics();
        served(&metrics, &exchange("POST", None), status, outcome, 1);
        let labels = format!(
            "{COUNT}{{http_request_method=\"POST\",http_route=\"_UNMATCHED\",{expected}url_scheme=\"http\",\
             network_protocol_version=\"1.1\"}} 1"
        );
        assert_eq!(lines(&registry, COUNT), [labels]);
    };
    check(Some(404), Outcome::Complete, "http_response_status_code=\"404\",");
    check(Some(503), Outcome::Complete, "http_response_status_code=\"503\",error_type=\"503\",");
    check(None, Outcome::ClosedBeforeHead, "error_type=\"closed_before_head\",");
    check(Some(200), Outcome::ClosedMidBody, "http_response_status_code=\"200\",error_type=\"closed_mid_body\",");
    check(Some(500), Outcome::Panicked, "http_response_status_code=\"500\",error_type=\"panicked\",");
}

#[test]
fn an_upgraded_connection_is_counted_and_not_timed() {
    let (registry, metrics) = metrics();
    served(&metrics, &exchange("GET", Some("/ws")), Some(101), Outcome::Upgraded, 3_600_000);
    assert!(lines(&registry, COUNT).is_empty());
    let labels = "{http_request_method=\"GET\",http_route=\"/ws\",url_scheme=\"http\"}";
    assert_eq!(lines(&registry, "cupola_http_upgraded_total"), [format!("cupola_http_upgraded_total{labels} 1")]);
    assert_eq!(sum(&registry, ACTIVE), 0.0);
}

#[test]
fn nothing_is_active_after_any_end() {
    let outcomes = [
        Outcome::Complete,
        Outcome::ServiceError,
        Outcome::BodyError,
        Outcome::ClosedBeforeHead,
        Outcome::ClosedMidBody,
        Outcome::TimedOut,
        Outcome::Panicked,
        Outcome::Upgraded,
    ];
    let (registry, metrics) = metrics();
    for outcome in outcomes {
        let mut open = open(exchange("GET", Some("/a")), metrics.clone());
        assert_eq!(sum(&registry, ACTIVE), 1.0, "{outcome:?}");
        open.end(outcome);
        assert_eq!(sum(&registry, ACTIVE), 0.0, "{outcome:?}");
    }
    assert_eq!(sum(&registry, COUNT), 7.0);
}

#[test]
fn a_dropped_exchange_is_no_longer_active() {
    let (registry, metrics) = metrics();
    drop(open(exchange("GET", Some("/a")), metrics.clone()));
    let mut after_head = open(exchange("GET", Some("/a")), metrics);
    after_head.head(StatusCode::OK);
    drop(after_head);
    assert_eq!(lines(&registry, ACTIVE).len(), 1);
    assert_eq!(sum(&registry, ACTIVE), 0.0);
    let errors: Vec<bool> = lines(&registry, COUNT).iter().map(|line| line.contains("closed_")).collect();
    assert_eq!(errors, [true, true]);
}

#[test]
fn a_route_told_inside_the_request_does_not_unbalance_the_gauge() {
    let (registry, metrics) = metrics();
    let exchange = exchange("GET", None);
    let mut open = open(exchange.clone(), metrics);
    exchange.context.set_route("/late");
    open.end(Outcome::Complete);
    assert_eq!(lines(&registry, ACTIVE), [format!("{ACTIVE}http_request_method=\"GET\",url_scheme=\"http\"}} 0")]);
    assert!(lines(&registry, COUNT)[0].contains("http_route=\"/late\""));
}

#[test]
fn what_another_layer_counts_or_a_client_sends_is_not_counted() {
    let (registry, metrics) = metrics();
    let mut inner = exchange("GET", Some("/a"));
    inner.served = Duties::METRICS | Duties::LOG;
    let mut outgoing = exchange("GET", Some("/a"));
    outgoing.side = Side::Client;
    for exchange in [&inner, &outgoing] {
        served(&metrics, exchange, Some(200), Outcome::Complete, 1);
    }
    assert!(lines(&registry, "http_server").is_empty());
    assert_eq!(metrics.duties(), Duties::METRICS);
}

#[test]
fn route_metrics_of_one_registry_are_one() {
    let (registry, metrics) = metrics();
    for metrics in [&metrics, &RouteMetrics::new(&registry), &RouteMetrics::new(&registry.clone())] {
        served(metrics, &exchange("GET", Some("/a")), Some(200), Outcome::Complete, 1);
    }
    assert_eq!((lines(&registry, COUNT).len(), sum(&registry, COUNT)), (1, 3.0));
    assert_eq!(sum(&registry, "cupola_metrics_refused_total"), 0.0);
}

#[test]
fn a_flood_of_methods_and_routes_stays_bounded() {
    let registry = Registry::with_series_limit(100);
    let metrics = RouteMetrics::new(&registry);
    let flood: Vec<_> = (0..10_000).map(|n| exchange(&format!("M{n}"), Some(&format!("/{n}")))).collect();
    flood.iter().for_each(|exchange| metrics.opened(exchange));
    assert_eq!((lines(&registry, ACTIVE).len(), sum(&registry, ACTIVE)), (65, 10_000.0));
    let done = ended(&flood[0], Some(200), Outcome::Complete, Duration::from_millis(1));
    for (n, exchange) in flood.iter().enumerate() {
        let mut done = done.clone();
        done.route = Some(format!("/{n}").into());
        metrics.record(Record::Exchange(exchange, &done));
    }
    assert_eq!((lines(&registry, COUNT).len(), sum(&registry, COUNT)), (101, 10_000.0));
    assert!(lines(&registry, ACTIVE).iter().all(|line| line.ends_with(" 0")));
    let overflow = |name: &str| sum(&registry, &format!("cupola_metrics_overflow_total{{instrument=\"{name}\"}}"));
    assert_eq!(overflow("http.server.request.duration"), 9_900.0);
    assert_eq!(overflow("http.server.active_requests"), 2.0 * (10_000.0 - 64.0));
}

#[test]
fn a_route_that_ends_in_too_many_ways_stays_bounded() {
    let registry = Registry::with_series_limit(3);
    let metrics = RouteMetrics::new(&registry);
    let exchange = exchange("GET", Some("/a"));
    for status in 100..1_000 {
        served(&metrics, &exchange, Some(status), Outcome::Complete, 1);
    }
    assert_eq!((lines(&registry, COUNT).len(), sum(&registry, COUNT)), (3 + 64 + 1, 900.0));
    assert_eq!(sum(&registry, "cupola_metrics_overflow_total{instrument=\"http.server.request.duration\"}"), 897.0);
    assert_eq!((lines(&registry, ACTIVE).len(), sum(&registry, ACTIVE)), (1, 0.0));
    assert_eq!(sum(&registry, "cupola_metrics_refused_total"), 0.0);
}

#[test]
fn a_route_is_its_text_and_not_its_address() {
    let (registry, metrics) = metrics();
    for scheme in ["http", "https", String::from("http").leak()] {
        let mut exchange = exchange("GET", Some("/a"));
        exchange.scheme = scheme;
        served(&metrics, &exchange, Some(200), Outcome::Complete, 1);
    }
    assert_eq!((lines(&registry, COUNT).len(), lines(&registry, ACTIVE).len()), (2, 2));
}

#[test]
fn threads_lose_nothing() {
    let (registry, metrics) = metrics();
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let metrics = &metrics;
            scope.spawn(move || {
                let exchange = exchange("GET", Some("/a"));
                let done = ended(&exchange, Some(200), Outcome::Complete, Duration::from_millis(thread + 1));
                for _ in 0..10_000 {
                    metrics.opened(&exchange);
                    metrics.record(Record::Exchange(&exchange, &done));
                }
            });
        }
    });
    assert_eq!(sum(&registry, COUNT), 40_000.0);
    assert_eq!(sum(&registry, "http_server_request_duration_seconds_sum"), 100.0);
    assert_eq!(sum(&registry, ACTIVE), 0.0);
}

#[test]
fn a_series_that_exists_is_counted_without_allocation() {
    let (_registry, metrics) = metrics();
    let exchange = exchange("GET", Some("/api/v1/vms/{id}"));
    let done = ended(&exchange, Some(200), Outcome::Complete, Duration::from_millis(3));
    let sink: Arc<dyn Sink> = Arc::new(metrics);
    let count = || {
        sink.opened(&exchange);
        sink.record(Record::Exchange(&exchange, &done));
    };
    assert!(measure(count).count_total > 0, "the first one makes its series");
    assert_eq!(measure(|| (0..1_000).for_each(|_| count())).count_total, 0);
}
