//! Whole requests through Cupola, and through nothing: `request MODE COUNT [post] [--allocations]`.
//!
//! | mode | stack |
//! |---|---|
//! | `bare` | nothing |
//! | `cupola` | everything that `init` and `.layer()` switch on |
//! | `cupola-otel` | sampled server spans too, handed in batches to an exporter that discards them |
//! | `cupola-bodies` | bodies on the access line too |
//!
//! The peers' modes (`tower-http`, `tower-http+prometheus`, `all-peers`) are handed to a package of their own, since
//! they are heavy to build: `benches/peers`, with the same loop. Lines go to `/dev/null`. `compare.py` runs both
//! packages and prints the table.

use std::fs::File;
use std::process::{Command, ExitCode};

use axum::Router;
use cupola::http::BodyRules;
use cupola::{Builder, Cupola};
use cupola_telemetry::otel_0_33::ServerSpans;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SpanData, SpanExporter};

#[path = "../driver.rs"]
#[allow(unreachable_pub, reason = "both packages compile it as they are")]
mod driver;

use driver::Mode;

#[cfg(feature = "allocations")]
#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

const MODES: [Mode; 4] = [
    Mode { name: "bare", wrap: |app| app },
    Mode { name: "cupola", wrap: |app| observed(app, |cupola| cupola) },
    Mode { name: "cupola-otel", wrap: |app| observed(app, |cupola| cupola.sink(spans())) },
    Mode { name: "cupola-bodies", wrap: |app| observed(app, |cupola| cupola.bodies(BodyRules::default())) },
];

const PEERS: [&str; 3] = ["tower-http", "tower-http+prometheus", "all-peers"];

fn main() -> ExitCode {
    match std::env::args().nth(1) {
        Some(mode) if PEERS.contains(&mode.as_str()) => peer(),
        _ => driver::main(&MODES, allocations()),
    }
}

/// Builds and runs the peers' package with the same arguments.
fn peer() -> ExitCode {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/Cargo.toml");
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--quiet", "--release", "--manifest-path", manifest]);
    if cfg!(feature = "allocations") {
        cargo.args(["--features", "allocations"]);
    }
    let status = cargo.arg("--").args(std::env::args().skip(1)).status();
    let code = status.ok().and_then(|status| status.code()).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

#[cfg(feature = "allocations")]
fn allocations() -> Option<fn() -> usize> {
    Some(|| {
        let stats = ALLOCATOR.stats();
        stats.allocations + stats.reallocations
    })
}

#[cfg(not(feature = "allocations"))]
fn allocations() -> Option<fn() -> usize> {
    None
}

fn observed(app: Router, choose: fn(Builder) -> Builder) -> Router {
    let null = File::options().write(true).open("/dev/null").expect("every Unix has it");
    let builder = choose(Cupola::builder("bench").vars(|_| None).output(null));
    // One process measures one mode, so that what is installed stays until it ends.
    let cupola = Box::leak(Box::new(builder.build().expect("no variable is set")));
    cupola.telemetry().install().expect("nobody else installs");
    app.merge(cupola.routes()).layer(cupola.layer())
}

fn spans() -> ServerSpans {
    ServerSpans::new("bench", BatchSpanProcessor::builder(Discard).build())
}

/// Takes every batch and keeps nothing: what encoding and sending cost is left out, here as with the peers.
#[derive(Debug)]
struct Discard;

impl SpanExporter for Discard {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}
