//! Wiring that looks right and leads nowhere is told of. One test for the process's own meter, since there is one process.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use axum::Router;
use cupola::telemetry::Memory;
use cupola_tests::{builder, lines};
use opentelemetry::metrics::noop::NoopMeterProvider;

#[test]
fn a_meter_provider_that_somebody_has_replaced_is_told_of() {
    let memory = Memory::new();
    let cupola = builder(&[]).output(memory.clone()).init().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let serve = || {
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let app = Router::new().layer(cupola.layer());
            cupola.serve_requests(listener, app, std::future::ready(())).await.unwrap();
        });
        cupola.telemetry().flush(std::time::Duration::from_secs(10));
        let told = lines(&memory.text());
        let told = told.iter().filter(|line| line["level"] == "WARN").map(|line| line.text("message").to_owned());
        told.collect::<Vec<_>>()
    };
    assert_eq!(serve(), [""; 0]);
    opentelemetry::global::set_meter_provider(NoopMeterProvider::new());
    let told = serve();
    assert!(told.len() == 1 && told[0].starts_with("somebody has replaced OpenTelemetry's global meter"), "{told:?}");
}

/// What a program is built from stands in its file: one with a second version is made of one without.
#[cfg(target_os = "linux")]
#[test]
fn a_program_of_two_versions_is_told_of() {
    use std::io::Write;
    let folder = std::env::temp_dir().join(format!("cupola-wiring-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let program = folder.join("service");
    std::fs::copy(env!("CARGO_BIN_EXE_service"), &program).unwrap();
    let mut file = std::fs::File::options().append(true).open(&program).unwrap();
    file.write_all(format!("/{}-0.31.2/src/lib.rs\0", "opentelemetry").as_bytes()).unwrap();
    drop(file);
    let mut process = cupola_tests::Process::start(program.to_str().unwrap(), &[]);
    let seen = process.until(|line| line.text("message").starts_with("several versions of opentelemetry are linked"));
    process.terminate();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(seen.text("versions").starts_with("0.31.2, 0."), "{seen}");
    assert_eq!(seen["level"], "WARN");
}
