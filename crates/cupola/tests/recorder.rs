//! A process that has a recorder of the `metrics` facade already keeps it, and is told. One test, since there is one process.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::time::Duration;

use cupola::Cupola;
use cupola::telemetry::Memory;

#[test]
fn a_recorder_that_was_there_first_is_told_of() {
    metrics::set_global_recorder(metrics::NoopRecorder).unwrap();
    let memory = Memory::new();
    let cupola = Cupola::builder("hello").vars(|_| None).output(memory.clone()).init().unwrap();
    cupola.telemetry().flush(Duration::from_secs(10));
    let told = "the process has a recorder of the metrics facade already: what libraries tell it is not on /metrics";
    assert_eq!(memory.text().matches(told).count(), 1, "{}", memory.text());
}
