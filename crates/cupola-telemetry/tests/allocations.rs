//! A warm line without a secret allocates nothing on the thread that says it.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::time::Duration;

use cupola_telemetry::{Config, Memory, Telemetry};

fn say() {
    let error = std::io::ErrorKind::NotFound;
    tracing::info!(vm_id = "vm-7", ?error, url = %"https://x/?page=2", tokens = 12, "took {}ms: {:?}", 12, Some("a=b"));
}

#[test]
fn a_warm_line_allocates_nothing() {
    let telemetry = Telemetry::builder(Config::default()).output(Memory::new()).build().unwrap();
    tracing::dispatcher::with_default(telemetry.dispatch(), || {
        // The queue's two buffers grow while the first lines come.
        (0..2000).for_each(|_| say());
        assert!(telemetry.flush(Duration::from_secs(60)));
        (0..2000).for_each(|_| say());
        assert!(telemetry.flush(Duration::from_secs(60)));
        let counted = allocation_counter::measure(|| (0..200).for_each(|_| say()));
        assert!(counted.count_total < 20, "{counted:?}");
    });
}
