//! Levels where there is one subscriber only, and the thread that changes them has none: a process of its own.

use std::time::Duration;

use cupola_telemetry::{Config, Memory, Telemetry};

#[test]
fn a_change_from_a_thread_without_a_subscriber_silences_nobody() {
    let memory = Memory::new();
    let telemetry = Telemetry::builder(Config::default()).output(memory.clone()).build().unwrap();
    let speak = || {
        tracing::info!("heard");
        tracing::debug!("asked");
    };
    let said = |word: &str| memory.text().matches(word).count();
    tracing::dispatcher::with_default(telemetry.dispatch(), speak);
    telemetry.levels().set("debug").unwrap();
    tracing::dispatcher::with_default(telemetry.dispatch(), speak);
    telemetry.shutdown(Duration::from_secs(10));
    assert_eq!((said("heard"), said("asked")), (2, 1), "{}", memory.text());
}
