//! What is global to a process: one `init`, and a log that outlives its handle. One test, since there is one process.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::io::{self, Write};
use std::time::Duration;

use cupola::context::TrustPolicy;
use cupola::telemetry::Memory;
use cupola_tests::{builder, eventually, lines};

/// An output that logs of its own work, as one that sends lines over a network may.
struct Talkative(Memory);

impl Write for Talkative {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        tracing::error!("the output is at work");
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_process_has_one_init_and_its_log_outlives_the_handle() {
    let memory = Memory::new();
    let said = |message: &str| lines(&memory.text()).iter().any(|line| line["message"] == message);

    let first = builder(&[("CUPOLA_SLOW_MS", "")])
        .trust(TrustPolicy::Never)
        .version("1.2.3")
        .watchdog(Duration::from_secs(60))
        .output(Talkative(memory.clone()))
        .init();
    let first = first.unwrap();
    let unused = Memory::new();
    let second = builder(&[]).output(unused.clone()).init().unwrap_err();
    assert!(second.is_already_installed());
    assert_eq!(second.to_string(), "the process has a tracing subscriber already: install one, once");
    tracing::info!("after the second");
    assert!(first.telemetry().flush(Duration::from_secs(10)));
    assert!(said("after the second") && unused.text().is_empty(), "the first is still the process's own");

    let summary = lines(&memory.text()).remove(0);
    assert_eq!((summary.text("message"), summary.text("service")), ("cupola is on", "tested"));
    assert_eq!((summary.text("trust"), summary.has("settings")), ("never", false), "what the code chose is told");
    assert_eq!((summary.text("chosen"), summary.text("service_version")), ("watchdog=60s output", "1.2.3"));

    assert!(!said("the output is at work"), "an output never hears itself");
    assert_eq!(first.telemetry().counts().accepted, 2);

    drop(first);
    tracing::info!("after the handle");
    eventually("a line after the handle is gone", || said("after the handle"));
}
