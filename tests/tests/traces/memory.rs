//! A collector that takes nothing costs bounded memory, and every span is accounted for.

use std::net::TcpListener;

use cupola_tests::{Process, metric};

use crate::collector::{Answer, Collector};

const MIB: usize = 1024 * 1024;

/// Unique, so that nothing of it is found in any memory.
fn ask(process: &Process, numbers: std::ops::Range<u32>) {
    let mut client = process.client();
    for number in numbers {
        let filler = "x".repeat(200);
        assert_eq!(client.get(&format!("/hello/{number}?{filler}={number}"), "").status, 200);
    }
}

fn check(collector: &str) {
    let vars = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_LOGS_EXPORTER", "none"),
        ("CUPOLA_OTLP_QUEUE_BYTES", "2097152"),
        ("CUPOLA_SHUTDOWN_MS", "1000"),
    ];
    let process = Process::start(env!("CARGO_BIN_EXE_service"), &vars);
    ask(&process, 0..4_000);
    let (before, _) = process.resident();
    ask(&process, 4_000..14_000);
    let (after, _) = process.resident();
    assert!(after < before + 3 * MIB, "{} KiB more", (after - before) / 1024);

    let metrics = process.metrics();
    let items = |rest: &str| metric(&metrics, &format!(r#"cupola_otlp_items_total{{signal="traces",outcome={rest}}}"#));
    assert_eq!(items(r#""exported""#), 0.0);
    assert!(items(r#""dropped",reason="queue_full""#) > 5_000.0, "{metrics}");
    process.terminate();
    let (status, lines) = process.end();
    assert!(status.success());
    let lost = lines.iter().filter(|line| line["message"] == "items to be exported were lost");
    assert_eq!(lost.map(|line| line.number("lost")).sum::<f64>(), 14_000.0);
}

#[test]
fn where_it_hangs() {
    check(&Collector::start(vec![Answer::Hangs]).url());
}

#[test]
fn where_it_is_absent() {
    check(&format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()));
}
