//! Prometheus' own opinion.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use cupola_metrics::{Family, Registry, RouteMetrics};
use cupola_record::Outcome;

use crate::support::{exchange, served};

#[test]
#[ignore = "needs promtool"]
fn promtool_finds_nothing_to_say() {
    let text = everything().render();
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = promtool.spawn().unwrap();
    running.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = running.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && said.is_empty(), "{}\n{text}", String::from_utf8_lossy(&said));
}

/// A registry with a series of each kind, and with texts that want to break out.
fn everything() -> Registry {
    const LINES: Family = Family::counter("log.lines", "Lines,\nby \\ \"file\".").unit("{line}");
    const LOAD: Family = Family::gauge("system.load", "Load.").unit("1");
    let registry = Registry::new();
    let metrics = RouteMetrics::new(&registry);
    served(&metrics, &exchange("GET", Some("/vms/{id}")), Some(200), Outcome::Complete, 30);
    served(&metrics, &exchange("GET", Some("/\"\n\\{ü}")), None, Outcome::ClosedBeforeHead, 30);
    served(&metrics, &exchange("GET", Some("/ws")), Some(101), Outcome::Upgraded, 30);
    registry.counter("jobs.done", "Jobs that are done.").unwrap().increment();
    registry.gauge("queue.depth", "Jobs that wait.").unwrap().set(-1);
    let waits = registry.duration_histogram("queue.wait", "How long jobs wait.", &[0.1, 1.0]).unwrap();
    waits.observe(Duration::MAX);
    registry.source(|encoder| {
        encoder.family(&LINES).value(&[("file", "a\"b\\c\nd")], 1);
        encoder.family(&LOAD).value(&[], f64::INFINITY);
    });
    registry
}
