//! Collectors with a fault.

use std::net::TcpListener;
use std::time::Duration;

use cupola_telemetry::otlp::Message;

use crate::collector::{Answer, Collector};
use crate::support::{Exports, PATIENCE, time};

/// An address where nobody listens.
fn nobody() -> std::net::SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn where_there_is_none_nothing_waits_and_all_is_counted() {
    let exports = Exports::to(&format!("http://{}", nobody()), &[]);
    assert!((0..100).all(|_| exports.offer(1, 10)));
    assert!(!exports.exporter.flush(Duration::from_millis(50)));
    let took = time(|| {
        let log = exports.end(PATIENCE);
        assert!(log.contains(r#""message":"the collector does not take what is exported""#), "{log}");
        assert!(log.contains(r#""error":"no connection""#) && log.contains(r#""lost_shutdown_total":1000"#), "{log}");
    });
    assert!(took < PATIENCE / 2, "an absent collector is not waited for: {took:?}");
    let counts = exports.exporter.counts();
    assert_eq!((counts.accepted, counts.exported, counts.dropped_shutdown), (1000, 0, 1000));
    assert_eq!(exports.exporter.waiting_bytes(), 0);
}

#[test]
fn what_waits_is_bounded_in_bytes() {
    let exports = Exports::to(&format!("http://{}", nobody()), &[("CUPOLA_OTLP_QUEUE_BYTES", "1048576")]);
    let taken = (0..100).filter(|_| exports.exporter.offer(Message::new(vec![0; 65_536], 1))).count();
    assert_eq!(taken, 16);
    assert!(exports.exporter.waiting_bytes() <= 1_048_576);
    assert_eq!(exports.exporter.counts().dropped_queue_full, 84);
    let log = exports.end(PATIENCE);
    assert!(log.contains(r#""lost_queue_full_total":84"#), "{log}");
}

#[test]
fn one_that_comes_later_gets_everything() {
    let address = nobody();
    let exports = Exports::to(&format!("http://{address}"), &[]);
    (0..10).for_each(|byte| assert!(exports.offer(byte, 1)));
    assert!(!exports.exporter.flush(Duration::from_millis(50)));
    let collector = Collector::serve(TcpListener::bind(address).unwrap(), vec![Answer::ok()]);
    assert!(exports.exporter.flush(PATIENCE));
    let bodies: Vec<u8> = (0..10).flat_map(|_| collector.next().body).collect();
    assert_eq!(bodies, (0..10).collect::<Vec<u8>>());
    let counts = exports.exporter.counts();
    assert!(counts.exported == 10 && counts.dropped() == 0 && counts.retries > 0, "{counts:?}");
    assert!(exports.end(PATIENCE).contains(r#""message":"the collector takes what is exported again""#));
}

#[test]
fn one_that_hangs_is_left_at_the_deadline() {
    let collector = Collector::start(vec![Answer::Hangs]);
    let exports = Exports::to(&collector.url(), &[]);
    assert!(exports.offer(1, 7));
    collector.next();
    let took = time(|| assert!(exports.end(Duration::from_millis(400)).contains(r#""lost_shutdown_total":7"#)));
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(exports.exporter.counts().dropped_shutdown, 7);
}

#[test]
fn one_that_hangs_once_is_asked_again() {
    let collector = Collector::start(vec![Answer::Hangs, Answer::ok()]);
    let exports = Exports::to(&collector.url(), &[("OTEL_EXPORTER_OTLP_TIMEOUT", "100")]);
    assert!(exports.offer(9, 1) && exports.exporter.flush(PATIENCE));
    assert_eq!((collector.next().body, collector.next().body), (vec![9], vec![9]));
    assert_eq!((exports.exporter.counts().exported, exports.exporter.counts().retries), (1, 1));
    assert!(exports.end(PATIENCE).contains(r#""error":"no answer in time""#));
}

#[test]
fn one_that_is_overwhelmed_says_when_to_come_back() {
    let busy = || Answer::Says("429 Too Many Requests\r\nretry-after: 1", Vec::new());
    let collector = Collector::start(vec![busy(), Answer::ok()]);
    let exports = Exports::to(&collector.url(), &[]);
    let took = time(|| assert!(exports.offer(1, 1) && exports.exporter.flush(PATIENCE)));
    assert!(took >= Duration::from_secs(1), "{took:?}");
    assert_eq!((exports.exporter.counts().exported, exports.exporter.counts().retries), (1, 1));
}

#[test]
fn what_may_be_taken_another_time_is_sent_again() {
    let again = |status| Answer::Says(status, Vec::new());
    let first = "503 Service Unavailable\r\nretry-after: 0";
    let second = "502 Bad Gateway\r\nretry-after: 0";
    let collector = Collector::start(vec![Answer::Closes, Answer::Babbles, again(first), again(second), Answer::ok()]);
    let exports = Exports::to(&collector.url(), &[]);
    assert!(exports.offer(1, 1) && exports.exporter.flush(PATIENCE));
    assert_eq!((exports.exporter.counts().exported, exports.exporter.counts().retries), (1, 4));
}

#[test]
fn what_is_refused_is_not_sent_again() {
    let check = |status| {
        let collector = Collector::start(vec![Answer::Says(status, Vec::new()), Answer::ok()]);
        let exports = Exports::to(&collector.url(), &[]);
        assert!(exports.offer(1, 4) && exports.offer(2, 3) && exports.exporter.flush(PATIENCE));
        assert_eq!((collector.next().body, collector.next().body), (vec![1], vec![2]), "{status}");
        let counts = exports.exporter.counts();
        assert_eq!((counts.exported, counts.dropped_rejected, counts.retries), (3, 4, 0), "{status}");
    };
    check("400 Bad Request");
    check("401 Unauthorized");
    check("500 Internal Server Error");
    check("307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/");
}

#[test]
fn a_partial_success_is_counted_as_one() {
    // `partial_success { rejected_spans: 2 }`.
    let collector = Collector::start(vec![Answer::Says("200 OK", vec![10, 2, 8, 2])]);
    let exports = Exports::to(&collector.url(), &[]);
    assert!(exports.offer(1, 5) && exports.exporter.flush(PATIENCE));
    let counts = exports.exporter.counts();
    assert_eq!((counts.accepted, counts.exported, counts.dropped_rejected), (5, 3, 2));
}

#[test]
fn after_the_shutdown_nothing_is_taken() {
    let collector = Collector::start(vec![Answer::ok()]);
    let exports = Exports::to(&collector.url(), &[]);
    exports.end(PATIENCE);
    assert!(!exports.offer(1, 5));
    assert_eq!(exports.exporter.counts().dropped_shutdown, 5);
}
